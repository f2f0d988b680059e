"""The overview of trainings on the page Train: a table, and the curves of those that are ticked, over each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.experiments.estimators import NOISY_REGIME
from core.jobs.epochs import Epoch
from core.published import GAMMA, ZETA
from dashboard.figures import training as figures
from dashboard.figures.style import Look, sign_of
from dashboard.pictures.controls import Control, several, tabs
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.test_set import ERROR, limit_of
from dashboard.pictures.trained_runs import Run, read_run
from dashboard.scene.overview import CURVES, MOST_TICKED, Overview
from dashboard.scene.training import Form
from dashboard.wording.numbers import fixed, percent, percent_to_digits, times
from dashboard.wording.training import differences

MOST_LISTED = len(figures.RUN_LOOKS)  # trainings in the table, the newest ones
QUESTION = "How do your trainings compare?"
HEAD: tuple[Cell, ...] = (
    "training",
    "state",
    {"text": "differs from the form’s first settings in", "help": "As the form stands before anything is changed."},
    {"text": "R²", "help": "Mean over θ₀ and θ₁, on the noisy traces of the published test set."},
    {"text": "Median-APE", "help": "Mean over θ₀ and θ₁, on the noisy traces of the published test set."},
    {"text": "over the limit", "help": "Median-APE over that of the exact posterior mean on the same traces."},
    {"text": "coverage of 90 %", "help": "Share of true θ in the 90 % regions: 90 % where ± is right."},
    "",
)


def picture(folders: Sequence[Path], watched: str, overview: Overview) -> Shown | None:
    """Return the table of the newest trainings, and the curves of those that are ticked; None where there are none.

    folders: of all trainings to look at, the newest first. watched: the name of the one that the page shows.
    """
    listed = {folder.name: read_run(folder) for folder in folders[:MOST_LISTED]}
    if not listed:
        return None
    # From the oldest on, so that a look stays when a training is added.
    looks = {name: figures.RUN_LOOKS[(len(folders) - i) % MOST_LISTED] for i, name in enumerate(listed)}
    drawable = {name: run for name, run in listed.items() if run is not None and run.progress.done}
    ticked = overview.overlaid(tuple(drawable))
    curves = [
        (name, looks[name], [_value(epoch, overview.curve) for epoch in drawable[name].progress.done])
        for name in ticked
    ]
    left = len(folders) - MOST_LISTED
    tools: list[Control] = []
    if drawable:
        tools.append(tabs("train_curve", "curves", overview.curve, CURVES))
        tools.append(
            several("train_ticked", ticked, [{"value": name, **sign_of(looks[name]), "path": ""} for name in drawable])
        )
    return Shown(
        "train-overview" if curves else "train-table",
        [Plot("overlaid", figures.overlaid(overview.curve, curves))] if curves else [],
        question=QUESTION,
        tools=tools,
        table=[HEAD, *(_row(name, run, looks[name], name == watched) for name, run in listed.items())],
        said=[f"… and {left} more, which the list “training” above holds." if left > 0 else ""],
    )


def _value(epoch: Epoch, curve: str) -> float:
    return {
        "validation": epoch.validation_loss,
        "training": epoch.training_loss,
        "gradient": epoch.gradient_norm,
        "rate": epoch.learning_rate,
        "speed": epoch.samples_per_second,
    }[curve]


def _row(name: str, run: Run | None, look: Look, is_watched: bool) -> list[Cell]:
    """Return the row of a training; run: None where its files cannot be read."""
    watch: dict[str, Any] = {"text": "watch", "change": {"train_watched": name}, "help": f"Show {name} above."}
    watched: Cell = "watched" if is_watched else watch
    if run is None:
        return [name_cell(name, look), "cannot be read", *["–"] * 5, watched]
    state, limit = str(run.progress.state), limit_of(NOISY_REGIME)
    if run.progress.state.at_work:
        state = f"{state}, {percent(run.progress.share_done)}"
    over = None if run.median_ape is None or limit is None else run.median_ape / limit[ERROR]
    return [
        name_cell(name, look),
        state,
        "–" if run.recipe is None else differences(run.recipe, Form().recipe(ZETA, GAMMA)),
        "–" if run.r2 is None else fixed(run.r2, 3),
        "–" if run.median_ape is None else percent_to_digits(run.median_ape),
        "–" if over is None else f"{times(over)} ×",
        "–" if run.coverage is None else percent(run.coverage),
        watched,
    ]


def ticked(overview: Overview, asked: str) -> tuple[tuple[str, ...], str]:
    """Return the names that are ticked after a report of them, and a sentence where they were too many."""
    names = tuple(name for name in asked.split(",") if name)
    if len(names) <= MOST_TICKED:
        return names, ""
    before = [name for name in names if overview.ticked is None or name in overview.ticked]
    return tuple(before[:MOST_TICKED]), f"At most {MOST_TICKED} trainings are drawn over each other: untick one first."
