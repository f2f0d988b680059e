"""Search for the size and the learning rate of the shipped map: `python -m core.search`.

Optuna proposes trials with its tree-structured Parzen estimator and prunes those that are worse than the median. All
trials train on the same number of noisy traces and are compared on the validation set. A journal in the work folder
holds the finished trials, so that a stopped search resumes there.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import optuna
import torch
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from core.files import write_json
from core.learning.training_settings import Dense
from core.maps.recipe import NewSimulations, Recipe
from core.maps.recipes import gaussian_recipe, published_task
from core.maps.train import train
from core.maps.untrained_network import untrained_network
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.search"
WORK = Path("runs/search")
SUMMARY = "summary.json"  # file in the work folder that the card of the best map quotes
TRIALS = "trials.json"  # all trials, of which the laboratory shows those in pretrained/search.json
N_TRIALS = 16
N_SAMPLES, EPOCHS = 8000, 25
UNPRUNED_EPOCHS = 6  # no trial is pruned earlier, because its learning rate has only just reached the maximum
_ENDED = [optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED]
MOST_WEIGHTS = 2_300_000  # they take 9.2 MB on disk


def proposed(trial: optuna.Trial) -> Recipe:
    """Return the recipe that Optuna proposes for a trial."""
    first = trial.suggest_categorical("first width", (512, 768, 1024))
    width = trial.suggest_categorical("further widths", (256, 384, 512, 640))
    depth = trial.suggest_int("layers", 3, 5)
    batch_size = trial.suggest_categorical("batch size", (128, 256))
    rate = trial.suggest_float("learning rate", 3e-4, 3e-3, log=True)
    body = Dense((first, *[width] * (depth - 1)))
    return gaussian_recipe(published_task(), body, NewSimulations(N_SAMPLES), EPOCHS, batch_size, rate)


def _objective(trial: optuna.Trial) -> float:
    recipe = proposed(trial)
    n_weights = sum(tensor.numel() for tensor in untrained_network(recipe).parameters())
    if n_weights > MOST_WEIGHTS:
        raise optuna.TrialPruned(f"{n_weights:,} weights are too many.")
    report = None
    for report in train(recipe):
        trial.report(report.validation_loss, report.epoch)
        if trial.should_prune():
            raise optuna.TrialPruned
    assert report is not None
    trial.set_user_attr("seconds", round(report.seconds, 1))
    return report.best_validation_loss


def summary(study: optuna.Study) -> dict[str, Any]:
    """Return the best trials of a study, and how many trials were completed and pruned."""
    pruned = study.get_trials(states=[optuna.trial.TrialState.PRUNED])
    done = sorted(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]), key=lambda trial: trial.value or 0.0)
    return {
        "command": COMMAND,
        "about": "Mean absolute error of scaled parameters on the validation set, after as many noisy traces each.",
        "n_samples": N_SAMPLES * EPOCHS,
        "trials": len(done) + len(pruned),
        "completed": len(done),
        "pruned": len(pruned),
        "importance": optuna.importance.get_param_importances(study) if len(done) > 1 else {},
        "best": [{"error": trial.value, **trial.params, **trial.user_attrs} for trial in done[:5]],
    }


def all_trials(study: optuna.Study) -> dict[str, Any]:
    """Return every trial of a study in order: its state, its settings, and the lowest error of its epochs."""
    trials = []
    for trial in study.get_trials(states=_ENDED):
        errors = trial.intermediate_values
        reached = {"error": min(errors.values(), default=None), "epochs": max(errors, default=0)}
        trials.append({"number": trial.number, "state": trial.state.name.lower(), **reached, **trial.params})
    settings = {"command": COMMAND, "epochs": EPOCHS, "n_samples": N_SAMPLES, "most_weights": MOST_WEIGHTS}
    return {**settings, "trials": trials}


def main() -> None:
    """Continue the search after the last trial in the journal, and write the summary."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK, help="folder of the journal")
    parser.add_argument("--trials", type=int, default=N_TRIALS, help="number of trials in all")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(options.work / "journal.log"))),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=UNPRUNED_EPOCHS),
        study_name="wide",
        load_if_exists=True,
    )
    # Each start needs a new seed, because the old one would propose the same trials again.
    study.sampler = optuna.samplers.TPESampler(seed=len(study.trials), n_startup_trials=8)
    ended = len(study.get_trials(states=_ENDED))
    if ended < options.trials:
        study.optimize(_objective, n_trials=options.trials - ended)
    write_json(options.work / SUMMARY, summary(study))
    write_json(options.work / TRIALS, all_trials(study))
    sys.stdout.write(f"{options.work / SUMMARY} written after {len(study.trials)} trials.\n")


if __name__ == "__main__":
    main()
