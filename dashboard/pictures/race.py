"""The race of the Landscape page: the player above the pictures, what is said of the paths, and their table."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import listed
from core.optimisation.methods import METHODS
from core.optimisation.path import Ending, OptimiserPath
from dashboard.background.wish import Wish
from dashboard.figures.race import REACHED
from dashboard.pictures.controls import button, controls_at, progress
from dashboard.pictures.shown import Cell
from dashboard.pictures.shown import Race as Player
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.settings import Area
from dashboard.wording.numbers import count, fixed, significant


def _hint(experiment: Experiment, scene: Scene) -> str:
    """Return what stands in the place of the player where there is no race."""
    if not experiment.starts:
        number = len(experiment.methods)
        who = experiment.methods[0] if number == 1 else f"{number} methods"
        return f"Click the map: {who} will race downhill from there. Drag the orange candidate to look around."
    if scene.dragging:
        return "The race is run anew once you let go."
    if scene.holdings.race.task is None:
        return "The race was stopped before a run had ended: click the map to start another."
    return "The race is being run …"


def player(scene: Scene, paths: Sequence[OptimiserPath]) -> Player:
    """Return what stands above the pictures: the player of the paths on screen, or how to start a race."""
    experiment, held = scene.experiment, scene.holdings.race
    tools = controls_at(Area.RACE, experiment)
    if held.task is not None:
        done, total = len(held.task.pieces()), len(held.runs)
        tools.append(progress("race share", done / total, f"{done} of {total} runs have ended"))
        tools.append(button("wish", "Stop", Wish.STOP_RACING))
    elif experiment.starts:
        tools.append(button("starts", "Clear the starts", ""))
    return Player(
        id=str(crc32(b"".join(path.positions.tobytes() for path in paths))) if paths else "",
        begin=repr(held.starts),
        hint=_hint(experiment, scene),
        tools=tools,
    )


def _evaluations(number: int) -> str:
    return "1 evaluation" if number == 1 else f"{count(number)} evaluations"


def _gap(value: float) -> str:
    """Return how far a loss lies above the lowest; a hundredth of a log-likelihood means nothing."""
    return significant(round(float(value), 2), 3)


def _above(gaps: NDArray[np.float64]) -> str:
    nearest, furthest = _gap(np.min(gaps)), _gap(np.max(gaps))
    return f"{nearest} above it" if nearest == furthest else f"{nearest} to {furthest} above it"


def sentences(paths: Sequence[OptimiserPath], lowest: float, missing: int = 0) -> list[str]:
    """Say what happened: who reached the lowest loss known, who ended elsewhere, how far above, and at what cost.

    missing: how many runs were given up.
    """
    gaps = np.array([path.losses[-1] for path in paths]) - lowest
    reached = gaps <= REACHED
    caught = ~reached & [path.ending == Ending.CONVERGED for path in paths]
    short = ~reached & ~caught
    names = [
        listed(list(dict.fromkeys(path.method for path, each in zip(paths, of, strict=True) if each)))
        for of in (reached, caught, short)
    ]
    n_starts = len({path.positions[0].tobytes() for path in paths})
    said = ["None reached the lowest loss known."]
    if np.any(reached):
        quickest = min(np.flatnonzero(reached).tolist(), key=lambda i: int(paths[i].evaluations[-1]))
        cost = _evaluations(int(paths[quickest].evaluations[-1]))
        first = "" if names[0] == paths[quickest].method else f"{paths[quickest].method} first, "
        said = [f"{names[0]} reached the lowest loss known, {first}after {cost}."]
        if n_starts > 1:
            which = f"{np.sum(reached)} of {len(paths)} runs from {n_starts} starts"
            said = [f"{which} reached the lowest loss known: {names[0]}, {first}after {cost}."]
    if np.any(caught):
        said.append(f"Caught in other minima, which no step downhill leaves: {names[1]}, {_above(gaps[caught])}.")
    if np.any(short):
        said.append(f"Stopped short of any minimum: {names[2]}, {_above(gaps[short])}.")
    if missing:
        said.append(f"The race was stopped: {'1 run is' if missing == 1 else f'{missing} runs are'} missing.")
    return [
        " ".join(said),
        "On the map each line is a path, its mark the method’s head, with a cross once it has stopped. Beside it the "
        "same runs against what they cost: a curve that stays high is caught. Drag the candidate onto a cross to see "
        "the fit there.",
    ]


def table(paths: Sequence[OptimiserPath], lowest: float) -> list[list[Cell]]:
    """Return a row for each run: where it began and ended, its loss above the lowest known, its cost, how it ended."""
    rows: list[list[Cell]] = [["method", "from", "to", "J − lowest", "evaluations", "gradient’s norm", "how it ended"]]
    for path in paths:
        points = [", ".join(fixed(value, 3) for value in path.positions[place]) for place in (0, -1)]
        rows.append(
            [
                {"text": path.method, "help": METHODS[path.method].kind},
                *points,
                _gap(path.losses[-1] - lowest),
                count(path.evaluations[-1]),
                significant(float(path.gradient_norms[-1]), 2),
                path.sentence,
            ]
        )
    return rows
