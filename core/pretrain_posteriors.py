"""Fill pretrained/posteriors: `python -m core.pretrain_posteriors` trains the learned posteriors.

The work folder keeps the examples, so that a stopped training does not compute them again.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from core.maps.evaluation import versions
from core.maps.learned_posterior.posterior_map import POSTERIORS, posterior_map
from core.maps.learned_posterior.recipe import PosteriorRecipe
from core.maps.learned_posterior.training import train_posterior
from core.parallel import PROCESSES, report, workers
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.pretrain_posteriors"
RECIPES = {
    "theta": (PosteriorRecipe("best", (160_000, 960_000)), "The posterior of θ₀ and θ₁, with the noise unknown."),
    "noise": (PosteriorRecipe("joint", (160_000, 640_000)), "The posterior of θ₀, θ₁, σ and ρ together."),
}
ABOUT = (
    "{what} The Gaussian of a shipped map is the first frame. Each stage simulates 33 trajectories around it, and a "
    "network turns the rise of the loss there into a mixture of Gaussians, whose moments are the next frame. A flow in "
    "the last frame carries a standard normal to the posterior."
)


def main() -> None:
    """Train the learned posteriors and write them with their cards."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/posteriors"), help="folder of the examples")
    parser.add_argument("--out", type=Path, default=POSTERIORS, help="folder to fill")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="of the simulations, one thread each")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the networks learn")
    parser.add_argument("--posteriors", nargs="+", choices=tuple(RECIPES), default=list(RECIPES), help="which to write")
    parser.add_argument("--share", type=float, default=1.0, help="share of the simulations, for a trial")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.posteriors:
        recipe, what = RECIPES[name]
        if options.share != 1:
            recipe = replace(recipe, simulations=tuple(max(int(options.share * n), 1000) for n in recipe.simulations))
        with workers(None, options.processes):
            network, record = train_posterior(recipe, options.work, report, options.device)
        card = {
            "name": name,
            "about": ABOUT.format(what=what),
            "n_weights": sum(each.numel() for each in network.parameters()),
            "command": COMMAND,
            "versions": versions(),
            "training": record,
        }
        posterior_map(name, recipe, network.state_dict(), card).save(options.out)


if __name__ == "__main__":
    main()
