"""Fill pretrained/: `python -m core.pretrain` trains the published networks, clean and noisy, and the best map.

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
from core.maps.recipes import PUBLISHED_DENSE, best_recipe, published_recipe
from core.maps.test_sets import published_test_set
from core.maps.train import Trained, key_of, map_of, read_trained, run_training, write_trained
from core.parallel import completed, report, workers
from core.search import SUMMARY, WORK
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.pretrain"
PUBLISHED_ABOUT = "The published network on the published prior (Rudi, Bessac and Lenzi 2021, arXiv:2012.06691)."
BEST_ABOUT = (
    "Our best map for one trace at a time: wide dense layers on whitened traces that give a Gaussian with full "
    "covariance, trained on the negative log-likelihood with simulations and noise that never end; then a Gauss–Newton "
    "step from one simulation at the estimate, learnt from further simulations."
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
    return describe(maps[chosen], about, COMMAND, training, {"published": results[chosen]}, **more)


def main() -> None:
    """Train what the work folder lacks, then write the maps and their cards."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/experiments/trainings"), help="folder of trainings")
    parser.add_argument("--out", type=Path, default=PRETRAINED, help="folder to fill")
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time, one thread each")
    parser.add_argument("--samples", type=int, default=8000, help="size N of the published training sets")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the best map is trained")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    families = published(options.samples)
    # The best map comes first, since it takes longest.
    wanted = {key_of(best_recipe()): (best_recipe(), options.device)}
    wanted |= {key_of(recipe): (recipe, "cpu") for seeds in families.values() for recipe in seeds}
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
    for name, seeds in families.items():
        _described(name, seeds, options.work, PUBLISHED_ABOUT).save(options.out)
    search = read_json(WORK / SUMMARY) if (WORK / SUMMARY).is_file() else {}
    novelty = novelty_reference(map_of(options.work, best_recipe(), "best")).as_json()
    _described("best", [best_recipe()], options.work, BEST_ABOUT, search=search, novelty=novelty).save(options.out)


if __name__ == "__main__":
    main()
