"""Fill pretrained/: `python -m core.pretrain` trains the published networks, the best map, and one of a narrow prior.

Each published network is trained with three seeds. The map with the lowest validation error is kept, and its card lists
all three. The work folder holds finished trainings and is shared with the experiments. A stopped training resumes from
its checkpoint.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.experiments.compared_maps import SEEDS
from core.files import read_json
from core.learning.training_settings import Cnn
from core.maps.evaluation import describe, evaluate
from core.maps.inverse_map import PRETRAINED, InverseMap
from core.maps.out_of_distribution import novelty_reference
from core.maps.recipe import Recipe
from core.maps.recipes import PUBLISHED_DENSE, best_recipe, narrow_recipe, published_recipe
from core.maps.test_sets import own_test_set, published_test_set
from core.maps.train import Trained, key_of, map_of, read_trained, run_training, write_trained
from core.parallel import completed, report, workers
from core.published import published_prior
from core.search import SUMMARY, WORK
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.pretrain"
PUBLISHED_ABOUT = "The published network on the published prior (Rudi, Bessac and Lenzi 2021, arXiv:2012.06691)."
BEST_ABOUT = (
    "Our best map for one trace at a time: wide dense layers on whitened traces that give a Gaussian with full "
    "covariance, trained on the negative log-likelihood with simulations and noise that never end; then a Gauss–Newton "
    "step from one simulation at the estimate, learnt from further simulations."
)
NARROW_ABOUT = (
    "A small map of a narrow prior, to show what a map makes of traces from outside its prior: no estimate leaves its "
    "box, θ₀ from 0 to 0.4 and θ₁ from 0.2 to 0.6."
)


def published(samples: int) -> dict[str, list[Recipe]]:
    """Return the recipes of the published networks, all seeds of each map."""
    return {
        f"{name}-{kind}": [published_recipe(body, samples, noisy=kind == "noisy", seed=seed) for seed in SEEDS]
        for name, body in (("cnn", Cnn()), ("dense", PUBLISHED_DENSE))
        for kind in ("noisy", "clean")
    }


def _described(name: str, seeds: list[Recipe], work: Path, about: str, **more: Any) -> InverseMap:
    """Return the map of the seed with the lowest validation error; its card lists the metrics of all seeds."""
    data = published_test_set()
    records = [read_json(work / f"{key_of(recipe)}.json") for recipe in seeds]
    maps = [map_of(work, recipe, name) for recipe in seeds]
    results = [evaluate(each, data) for each in maps]
    chosen = int(np.argmin([record["validation_loss"] for record in records]))
    training = {key: records[chosen][key] for key in ("best_epoch", "seconds", "validation_loss", "threads", "device")}
    if len(seeds) > 1:
        training["chosen"] = f"the lowest validation error of {len(seeds)} seeds"
        more["seeds"] = [
            {"seed": recipe.seed, "validation_loss": record["validation_loss"], "metrics": {"published": result}}
            for recipe, record, result in zip(seeds, records, results, strict=True)
        ]
    metrics = {"published": results[chosen]}
    if maps[chosen].recipe.task.prior != published_prior():
        metrics["own"] = evaluate(maps[chosen], own_test_set(maps[chosen].recipe.task))
    return describe(maps[chosen], about, COMMAND, training, metrics, **more)


def _wanted(samples: int) -> dict[str, tuple[list[Recipe], str]]:
    """Return the recipes of each map, all seeds, and what its card says about it; what takes longest comes first."""
    return {
        "best": ([best_recipe()], BEST_ABOUT),
        "narrow": ([narrow_recipe()], NARROW_ABOUT),
        **{name: (seeds, PUBLISHED_ABOUT) for name, seeds in published(samples).items()},
    }


def main() -> None:
    """Train what the work folder lacks, then write the maps and their cards."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/experiments/trainings"), help="folder of trainings")
    parser.add_argument("--out", type=Path, default=PRETRAINED, help="folder to fill")
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time, one thread each")
    parser.add_argument("--samples", type=int, default=8000, help="size N of the published training sets")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the best map is trained")
    parser.add_argument("--maps", nargs="+", metavar="NAME", help="the maps to write; all of them by default")
    options = parser.parse_args()
    maps = _wanted(options.samples)
    if unknown := set(options.maps or ()) - set(maps):
        parser.error(f"There is no map {', '.join(sorted(unknown))}; there are {', '.join(maps)}.")
    maps = {name: each for name, each in maps.items() if not options.maps or name in options.maps}
    options.work.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = {key_of(recipe): (recipe, "cpu") for seeds, _ in maps.values() for recipe in seeds}
    if "best" in maps:
        wanted[key_of(best_recipe())] = (best_recipe(), options.device)
    checkpoints = {key: options.work / f"{key}.checkpoint" for key in wanted}

    def write(key: str, trained: Trained) -> None:
        write_trained(options.work, wanted[key][0], trained)
        checkpoints[key].unlink(missing_ok=True)

    with workers(None, options.processes):
        completed(
            run_training,
            {key: (recipe, checkpoints[key], device) for key, (recipe, device) in wanted.items()},
            report,
            lambda key: read_trained(options.work, wanted[key][0]),
            write,
        )
    for name, (seeds, about) in maps.items():
        more: dict[str, Any] = {}
        if name == "best":
            more["search"] = read_json(WORK / SUMMARY) if (WORK / SUMMARY).is_file() else {}
        if seeds[0].gives_covariance:
            more["novelty"] = novelty_reference(map_of(options.work, seeds[0], name)).as_json()
        _described(name, seeds, options.work, about, **more).save(options.out)


if __name__ == "__main__":
    main()
