"""Fill pretrained/: `python -m core.pretrain` trains the published networks, our maps, and one of a narrow prior.

Each published network is trained with three seeds, and so are the maps of mean and covariance, which learn from labels
and lie in pretrained/labelled. The map with the lowest validation error is kept, and its card lists all three. The maps
with a deliberate fault lie in pretrained/planted. The work folder holds finished trainings and is shared with the
experiments. A stopped training resumes from its checkpoint.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.experiments.compared_maps import SEEDS
from core.files import read_json
from core.learning.training_settings import Cnn, MeanAndCovariance
from core.maps.evaluation import describe, evaluate
from core.maps.inverse_map import LABELLED, PLANTED, PRETRAINED, InverseMap
from core.maps.out_of_distribution import can_score, novelty_reference
from core.maps.planted_faults import planted_faults
from core.maps.recipe import Recipe
from core.maps.recipes import (
    PUBLISHED_DENSE,
    best_recipe,
    conditional_recipe,
    four_recipe,
    joint_recipe,
    narrow_recipe,
    our_covariance_recipe,
    published_covariance_recipe,
    published_recipe,
    window_recipe,
)
from core.maps.test_sets import can_read_published, own_test_set, published_test_set
from core.maps.train import Trained, key_of, map_of, read_trained, run_training, write_trained
from core.parallel import completed, report, workers
from core.published import published_prior
from core.search import SUMMARY, WORK
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.pretrain"
PUBLISHED_ABOUT = "The published network on the published prior (Rudi, Bessac and Lenzi 2021, arXiv:2012.06691)."
OURS_ABOUT = (
    "{what} Wide dense layers on whitened traces give a Gaussian with full covariance. They are trained on the "
    "negative log-likelihood, on ever new simulations and noise. Then come learned Gauss–Newton steps, each from one "
    "simulation at the estimate so far."
)
OURS = {
    "best": (best_recipe, "Our best map of θ at the published ζ and γ."),
    "conditional": (conditional_recipe, "A map of θ that is told ζ and γ, from all over their ranges."),
    "joint": (joint_recipe, "A map of θ and of the noise's σ and ρ, which also gets the spectrum of the trace."),
    "four": (four_recipe, "A map of all four parameters of the neuron, none of which it is told."),
    "window": (window_recipe, "A map of θ for traces of 100 to 2,000 samples, 20 to 400 ms."),
}
NARROW_ABOUT = (
    "A small map of a narrow prior, to show what a map makes of traces from outside its prior: no estimate leaves its "
    "box, θ₀ from 0 to 0.4 and θ₁ from 0.2 to 0.6."
)


PLANTED_ABOUT = "{fault} A small map with this one deliberate fault, which its examination on published traces names."


def published(samples: int) -> dict[str, list[Recipe]]:
    """Return the recipes of the published networks, all seeds of each map."""
    return {
        f"{name}-{kind}": [published_recipe(body, samples, noisy=kind == "noisy", seed=seed) for seed in SEEDS]
        for name, body in (("cnn", Cnn()), ("dense", PUBLISHED_DENSE))
        for kind in ("noisy", "clean")
    }


LABELS_ABOUT = (
    "{what} It estimates the MAP point and the inverse of the Gauss–Newton Hessian there, which it has learnt from "
    "such labels of its training traces by the squared error. It has learned from no silent and no excited neuron, 7 % "
    "of the test traces. It is far off on these, which lowers R²."
)


def labelled(samples: int) -> dict[str, tuple[list[Recipe], str]]:
    """Return the recipes of the maps of mean and covariance, all seeds of each, and what their cards say."""
    kinds = {
        "cnn-covariance": (published_covariance_recipe, "The published CNN with five outputs."),
        "covariance": (our_covariance_recipe, "Wide dense layers on the whitened trace and its spectrum."),
    }
    return {
        name: ([recipe(samples, noisy=True, seed=seed) for seed in SEEDS], LABELS_ABOUT.format(what=what))
        for name, (recipe, what) in kinds.items()
    }


def _described(name: str, seeds: list[Recipe], work: Path, about: str, **more: Any) -> InverseMap:
    """Return the map of the seed with the lowest validation error; its card lists the metrics of all seeds."""
    task = seeds[0].task
    sets = {"published": published_test_set()} if can_read_published(task) else {}
    if not sets or task.prior != published_prior():
        sets["own"] = own_test_set(task)
    records = [read_json(work / f"{key_of(recipe)}.json") for recipe in seeds]
    maps = [map_of(work, recipe, name) for recipe in seeds]
    results = [{name: evaluate(each, data) for name, data in sets.items()} for each in maps]
    chosen = int(np.argmin([record["validation_loss"] for record in records]))
    training = {key: records[chosen][key] for key in ("best_epoch", "seconds", "validation_loss", "threads", "device")}
    if len(seeds) > 1:
        training["chosen"] = f"the lowest validation error of {len(seeds)} seeds"
        more["seeds"] = [
            {"seed": recipe.seed, "validation_loss": record["validation_loss"], "metrics": result}
            for recipe, record, result in zip(seeds, records, results, strict=True)
        ]
    return describe(maps[chosen], about, COMMAND, training, results[chosen], **more)


def _wanted(samples: int) -> dict[str, tuple[list[Recipe], str]]:
    """Return the recipes of each map, all seeds, and what its card says about it; what takes longest comes first."""
    return {
        **{name: ([recipe()], OURS_ABOUT.format(what=what)) for name, (recipe, what) in OURS.items()},
        "narrow": ([narrow_recipe()], NARROW_ABOUT),
        **{name: (seeds, PUBLISHED_ABOUT) for name, seeds in published(samples).items()},
        **labelled(samples),
        **{name: ([fault.recipe], PLANTED_ABOUT.format(fault=fault.about)) for name, fault in planted_faults().items()},
    }


def _folder(name: str, recipe: Recipe) -> str:
    """Return the folder within pretrained/ of a map, "" for that folder itself."""
    if name in planted_faults():
        return PLANTED.name
    return LABELLED.name if isinstance(recipe.head, MeanAndCovariance) else ""


def main() -> None:
    """Train what the work folder lacks, then write the maps and their cards."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/experiments/trainings"), help="folder of trainings")
    parser.add_argument("--out", type=Path, default=PRETRAINED, help="folder to fill")
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time, one thread each")
    parser.add_argument("--samples", type=int, default=8000, help="size N of the published training sets")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where our maps are trained")
    parser.add_argument("--maps", nargs="+", metavar="NAME", help="the maps to write; all of them by default")
    options = parser.parse_args()
    maps = _wanted(options.samples)
    if unknown := set(options.maps or ()) - set(maps):
        parser.error(f"There is no map {', '.join(sorted(unknown))}; there are {', '.join(maps)}.")
    maps = {name: each for name, each in maps.items() if not options.maps or name in options.maps}
    options.work.mkdir(parents=True, exist_ok=True)
    for folder in (options.out / LABELLED.name, options.out / PLANTED.name):
        folder.mkdir(parents=True, exist_ok=True)
    wanted = {key_of(recipe): (recipe, "cpu") for seeds, _ in maps.values() for recipe in seeds}
    wanted |= {key_of(maps[name][0][0]): (maps[name][0][0], options.device) for name in OURS if name in maps}
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
        if can_score(seeds[0]):
            more["novelty"] = novelty_reference(map_of(options.work, seeds[0], name)).as_json()
        _described(name, seeds, options.work, about, **more).save(options.out / _folder(name, seeds[0]))


if __name__ == "__main__":
    main()
