"""The race of the Landscape page: the player above the pictures, what is said of the paths, and their table."""

from collections.abc import Sequence
from enum import Enum
from zlib import crc32

from core.optimisation.methods import METHODS
from core.optimisation.path import Ending, OptimiserPath
from dashboard.background.wish import Wish
from dashboard.figures.race import LOOKS, REACHED
from dashboard.pictures.controls import button, controls_at, progress
from dashboard.pictures.shown import Cell
from dashboard.pictures.shown import Race as Player
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Area
from dashboard.scene.scene import Scene
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
        said = f"{done} of {total} runs have ended"
        tools.append(progress("race share", "share of the race that is computed", done / total, said))
        tools.append(button("wish", "Stop", Wish.STOP_RACING))
    elif experiment.starts:
        tools.append(button("starts", "Clear the starts", ""))
    return Player(
        id=str(crc32(b"".join(path.positions.tobytes() for path in paths))) if paths else "",
        begin=repr(held.starts),
        hint=_hint(experiment, scene),
        tools=tools,
    )


def _gap(value: float) -> str:
    """Return how far a loss lies above the lowest; a hundredth of a log-likelihood means nothing."""
    return significant(round(float(value), 2), 3)


class Fate(Enum):
    """Where a run has ended: the sign of it in the table, and what it means there."""

    REACHED = "✓", "best fit"
    OTHER_VALLEY = "○", "other valley"
    SHORT = "✕", "no minimum"


def fate(path: OptimiserPath, lowest: float) -> Fate:
    """Return where a run has ended; lowest: the lowest loss that is known."""
    if path.losses[-1] - lowest <= REACHED:
        return Fate.REACHED
    return Fate.OTHER_VALLEY if path.ending == Ending.CONVERGED else Fate.SHORT


def sentences(paths: Sequence[OptimiserPath], lowest: float, missing: int = 0) -> list[str]:
    """Say how many runs reached the lowest loss known, which was first, and what became of the others.

    missing: how many runs were given up.
    """
    fates = [fate(path, lowest) for path in paths]
    reached, other, short = (fates.count(each) for each in Fate)
    if reached:
        quickest = min(
            (path for path, each in zip(paths, fates, strict=True) if each is Fate.REACHED),
            key=lambda path: int(path.evaluations[-1]),
        )
        spent = int(quickest.evaluations[-1])
        cost = "1 evaluation" if spent == 1 else f"{count(spent)} evaluations"
        said = f"{reached} of {_runs(len(paths))} found the best fit; {quickest.method} needed only {cost}."
    else:
        said = f"None of {_runs(len(paths))} found the best fit."
    lost = []
    if other:
        lost.append(f"{other} {'is' if other == 1 else 'are'} stuck in another valley")
    if short:
        lost.append(f"{short} reached no minimum")
    if lost:
        said += f" {', '.join(lost)}."
    if missing:
        said += f" The race was stopped: {_runs(missing)} {'is' if missing == 1 else 'are'} missing."
    return [
        said,
        "The table counts evaluations. Stuck means that no step downhill leads on, though the best fit lies lower: "
        "point at a cell to see how much lower.",
        "On the map each line is a path, its mark the method’s head, with a cross once it has stopped. Beside it are "
        "the same runs against what they cost. Drag the candidate onto a cross to see the fit there.",
    ]


def _runs(number: int) -> str:
    return "1 run" if number == 1 else f"{count(number)} runs"


def table(paths: Sequence[OptimiserPath], lowest: float) -> list[list[Cell]]:
    """Return a row for each method and a column for each start: where the run ended, after how many evaluations."""
    if not paths:
        return []
    starts = list(dict.fromkeys(tuple(path.positions[0].tolist()) for path in paths))
    runs = {(path.method, tuple(path.positions[0].tolist())): path for path in paths}
    signs = ", ".join(" ".join(each.value) for each in Fate)
    rows: list[list[Cell]] = [[signs, *(", ".join(fixed(value, 2) for value in start) for start in starts)]]
    for method in dict.fromkeys(path.method for path in paths):
        cells: list[Cell] = [_cell(runs[method, start], lowest) if (method, start) in runs else "" for start in starts]
        rows.append([{"text": method, "colour": LOOKS[method][1], "help": METHODS[method].kind}, *cells])
    return rows


def _cell(path: OptimiserPath, lowest: float) -> Cell:
    """Return how a run has ended, with all that is known of its end as help."""
    end = ", ".join(fixed(value, 3) for value in path.positions[-1])
    gap, norm = _gap(path.losses[-1] - lowest), significant(float(path.gradient_norms[-1]), 2)
    return {
        "text": f"{fate(path, lowest).value[0]} {count(path.evaluations[-1])}",
        "until": int(path.evaluations[-1]),
        "help": f"{path.sentence} J − lowest {gap} at ({end}), norm of the gradient {norm}.",
    }
