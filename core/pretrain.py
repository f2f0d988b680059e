"""Fill pretrained/: `python -m core.pretrain` trains the published networks on clean and noisy data, three seeds each.

The best seed by validation error is kept; its card holds the spread over all three. Finished seeds are kept in the
work folder, so that a run that was stopped goes on where it was.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from joblib import Parallel, delayed
from safetensors.torch import load_file, save_file

from core.evaluation import describe, evaluate, published_test_set
from core.files import read_json, write_json
from core.inverse_map import PRETRAINED, InverseMap, inverse_map
from core.training import TrainingSettings, train

SEEDS = (0, 1, 2)
EPOCHS = {"noisy": 60, "clean": 200}  # by validation error: noise is learnt by heart if its draws are seen more often
COMMAND = "python -m core.pretrain"


def _train_seed(settings: TrainingSettings, name: str, work: Path) -> None:
    """Train one seed to the end and leave its weights and validation error in the work folder."""
    record = work / f"{name}-{settings.seed}.json"
    if record.exists() and TrainingSettings.from_json(read_json(record)["settings"]) == settings:
        return
    torch.set_num_threads(1)
    report = None
    for report in train(settings):
        if report.epoch % 20 == 0 or report.epoch == 1:
            sys.stderr.write(f"{name} seed {settings.seed}: epoch {report.epoch}, {report.validation_loss:.2e}\n")
    assert report is not None
    save_file(report.best_weights, record.with_suffix(".safetensors"))
    write_json(
        record,
        {
            "settings": settings.as_json(),
            "validation_loss": report.best_validation_loss,
            "best_epoch": report.best_epoch,
            "seconds": round(report.seconds, 1),
        },
    )


def _best_of_seeds(base: TrainingSettings, name: str, work: Path) -> InverseMap:
    """Return the map of the best seed by validation, its card with the metrics of all."""
    data = published_test_set()
    candidates = []
    for seed in SEEDS:
        settings = TrainingSettings.from_json({**base.as_json(), "seed": seed})
        record = read_json(work / f"{name}-{seed}.json")
        weights = load_file(work / f"{name}-{seed}.safetensors")
        candidates.append((record, inverse_map(name, settings, weights, {})))
    results = [evaluate(candidate, data) for _, candidate in candidates]
    best = int(np.argmin([record["validation_loss"] for record, _ in candidates]))
    record, chosen = candidates[best]
    return describe(
        chosen,
        "The published network on the published prior (Rudi, Bessac and Lenzi 2021, arXiv:2012.06691).",
        COMMAND,
        {
            **{key: record[key] for key in ("best_epoch", "seconds", "validation_loss")},
            "threads": 1,
            "device": "cpu",
            "chosen": "the lowest validation error of three seeds",
        },
        {"published": results[best]},
        seeds=[
            {"seed": seed, "validation_loss": other["validation_loss"], "metrics": {"published": result}}
            for seed, (other, _), result in zip(SEEDS, candidates, results, strict=True)
        ],
    )


def main() -> None:
    """Train what the work folder lacks, then write the maps and their cards."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("runs/pretrain"), help="folder of finished seeds")
    parser.add_argument("--out", type=Path, default=PRETRAINED, help="folder to fill")
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time, one thread each")
    parser.add_argument("--samples", type=int, default=8000, help="size N of the training set")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    bases = {
        f"{architecture}-{kind}": TrainingSettings(
            architecture, noisy=kind == "noisy", n_samples=options.samples, epochs=epochs
        )
        for architecture in ("cnn", "dense")
        for kind, epochs in EPOCHS.items()
    }
    Parallel(n_jobs=options.processes)(
        delayed(_train_seed)(TrainingSettings.from_json({**base.as_json(), "seed": seed}), name, options.work)
        for name, base in bases.items()
        for seed in SEEDS
    )
    for name, base in bases.items():
        _best_of_seeds(base, name, options.work).save(options.out)


if __name__ == "__main__":
    main()
