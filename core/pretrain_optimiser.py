"""Fill pretrained/optimiser: `python -m core.pretrain_optimiser` trains the learned steps, on one thread.

The work folder keeps each finished step, so that a stopped training does not train it again.
"""

import argparse
from pathlib import Path

from core.learned_optimiser.recipe import ANYWHERE, FROM_BEST, RECIPES
from core.learned_optimiser.store import OPTIMISER, save_steps
from core.learned_optimiser.training import train_steps
from core.maps.evaluation import versions
from core.parallel import report
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.pretrain_optimiser"
ABOUT = {
    ANYWHERE: (
        "A step reads the whitened residual, the loss at the iterate, its gradient and Gauss–Newton Hessian "
        "there, the noise, and the Gaussian that the step before it left: what Levenberg–Marquardt computes, and "
        "no more. The first iterate is any point of the prior, and the noise is known."
    ),
    FROM_BEST: (
        "A step reads the loss at the iterate, its gradient and Gauss–Newton Hessian there, the noise, and the "
        "Gaussian that the step before it left: one simulation with sensitivities each. The first iterate is the "
        "estimate of the map best, and the noise is estimated from each residual. The steps have learnt mean and "
        "covariance of the learned posterior theta."
    ),
}


def main() -> None:
    """Train the learned steps and write them with their cards."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/optimiser"), help="folder of finished steps")
    parser.add_argument("--out", type=Path, default=OPTIMISER, help="folder to fill")
    parser.add_argument("--steps", nargs="+", choices=tuple(RECIPES), default=list(RECIPES), help="which to write")
    options = parser.parse_args()
    for folder in (options.work, options.out):
        folder.mkdir(parents=True, exist_ok=True)
    for name in options.steps:
        report(f"{name}:")
        steps, record = train_steps(RECIPES[name], options.work, report)
        card = {
            "name": name,
            "about": ABOUT[name],
            "n_weights": sum(each.numel() for each in steps.parameters()),
            "command": COMMAND,
            "versions": versions(),
            "training": record,
        }
        save_steps(name, steps, RECIPES[name], card, options.out)


if __name__ == "__main__":
    main()
