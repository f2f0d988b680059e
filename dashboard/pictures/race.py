"""The race of the Landscape page: the player above the pictures, what is said of the paths, and their table."""

from collections.abc import Sequence
from enum import Enum
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core.learned_optimiser.kind import LEARNED, of_its_kind
from core.optimisation.path import Ending, OptimiserPath
from core.problem.problem import Problem
from core.sampling.langevin import UnadjustedLangevin
from core.sampling.samplers import SAMPLERS
from dashboard.background.optimisers import KINDS, racing
from dashboard.background.sampling import Sampled
from dashboard.background.wish import Wish
from dashboard.figures import swarm
from dashboard.figures.race import LOOKS, REACHED
from dashboard.pictures.controls import button, controls_at, progress
from dashboard.pictures.shown import Cell
from dashboard.pictures.shown import Race as Player
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Area, Slider
from dashboard.scene.scene import Scene
from dashboard.scene.settings import shown_at
from dashboard.wording.numbers import count, fixed, percent, significant
from dashboard.wording.samplers import End, Steps, about_samplers


def unknown_to_learned(experiment: Experiment, problem: Problem) -> str:
    """Say why the learned optimiser does not race, where it is asked to; "" where it does."""
    return of_its_kind(problem) if LEARNED in experiment.methods and experiment.starts else ""


def _hint(experiment: Experiment, scene: Scene, problem: Problem) -> str:
    """Return what stands in the place of the player where there is no race."""
    if not experiment.starts:
        number = len(experiment.methods)
        who = experiment.methods[0] if number == 1 else f"{number} methods"
        if number := len(experiment.samplers):
            samplers = experiment.samplers[0] if number == 1 else f"{number} samplers"
            return f"Click the map: {who} will race downhill from there, and {samplers} spread from around it."
        return f"Click the map: {who} will race downhill from there. Drag the orange candidate to look around."
    if scene.dragging:
        return "The race is run anew once you let go."
    if not racing(experiment.methods, problem) and not experiment.samplers:
        return "No other method is chosen: choose one to race."
    if scene.holdings.race.task is None:
        return "The race was stopped before a run had ended: click the map to start another."
    return "The race is being run …"


def idle(experiment: Experiment) -> list[str]:
    """Return the settings of samplers that do nothing now."""
    if not experiment.samplers:
        return [row.name for row in shown_at(Area.SAMPLERS) if isinstance(row, Slider)]
    steps = (SAMPLERS[method].steps for method in experiment.samplers)
    return [] if any(isinstance(each, UnadjustedLangevin) for each in steps) else ["langevin_step"]


def about(sampled: Sequence[Sampled], bounds: NDArray[np.float64]) -> list[str]:
    """Say which samplers reached the exact posterior, the answer first, and what temperature and step decide.

    bounds: of the map, (2, 2).
    """
    ends = [End(each.path.method, each.ratio) for each in sampled]
    langevin = None
    for each in sampled:
        if each.sampling.step is not None:
            langevin = Steps(each.sampling.step, each.path.evaluations[-1] / each.n_particles)
    exact, width = sampled[0].exact, 1.0
    if exact is not None:
        width = float(np.max(exact.positions.std(axis=0) / np.ptp(bounds, axis=1)))
    return about_samplers(ends, sampled[0].sampling.temperature, langevin, width)


def player(scene: Scene, problem: Problem, paths: Sequence[OptimiserPath], sampled: Sequence[Sampled] = ()) -> Player:
    """Return what stands above the pictures: the player of the paths on screen, or how to start a race."""
    experiment, held = scene.experiment, scene.holdings.race
    ran = [path.positions for path in paths] + [each.path.positions for each in sampled]
    tools = controls_at(Area.RACE, experiment)
    if held.task is not None:
        done, total = len(held.task.pieces()), len(held.runs)
        said = f"{done} of {total} runs have ended"
        tools.append(progress("race share", "share of the race that is computed", done / total, said))
        tools.append(button("wish", "Stop", Wish.STOP_RACING))
    elif experiment.starts:
        tools.append(button("starts", "Clear the starts", ""))
    return Player(
        id=str(crc32(b"".join(positions.tobytes() for positions in ran))) if ran else "",
        begin=repr((held.starts, [each.sampling for each in sampled])),
        hint=_hint(experiment, scene, problem),
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


def table(paths: Sequence[OptimiserPath], lowest: float, sampled: Sequence[Sampled] = ()) -> list[list[Cell]]:
    """Return a row for each method and a column for each start: where the run ended, after how many evaluations.

    The rows of samplers have their distance from the exact posterior.
    """
    begins = [path.positions[0] for path in paths] + [each.path.start for each in sampled]
    if not begins:
        return []
    starts = list(dict.fromkeys(tuple(start.tolist()) for start in begins))
    runs = {(path.method, tuple(path.positions[0].tolist())): path for path in paths}
    signs = ", ".join(" ".join(each.value) for each in Fate)
    rows: list[list[Cell]] = [[signs, *(", ".join(fixed(value, 2) for value in start) for start in starts)]]
    for method in dict.fromkeys(path.method for path in paths):
        cells: list[Cell] = [_cell(runs[method, start], lowest) if (method, start) in runs else "" for start in starts]
        rows.append([{"text": method, "colour": LOOKS[method][1], "help": KINDS[method]}, *cells])
    ends = {(each.path.method, tuple(each.path.start.tolist())): each for each in sampled}
    for method in dict.fromkeys(each.path.method for each in sampled):
        cells = [_sampled_cell(ends[method, start]) if (method, start) in ends else "" for start in starts]
        head = {"text": method, "colour": swarm.LOOKS[method].colour, "help": SAMPLERS[method].kind}
        rows.append([head, *cells])
    return rows


def _sampled_cell(each: Sampled) -> Cell:
    """Return how far a sampler is from the exact posterior in the end."""
    spent, share = int(each.path.evaluations[-1]), each.path.acceptance
    accepted = "" if np.isnan(share) else f" {percent(share)} of its proposals were accepted."
    if each.exact is None:
        return {"text": "–", "until": spent, "help": f"There is no exact posterior here.{accepted}"}
    distance, variation = (significant(float(way[-1]), 2) for way in (each.distances, each.variations))
    return {
        "text": f"distance {distance}",
        "until": spent,
        "help": f"After {count(spent)} evaluations its particles are an energy distance of {distance} from the "
        f"exact posterior; the total variation of the marginals is {variation}.{accepted}",
    }


def _cell(path: OptimiserPath, lowest: float) -> Cell:
    """Return how a run has ended, with all that is known of its end as help."""
    end = ", ".join(fixed(value, 3) for value in path.positions[-1])
    gap, norm = _gap(path.losses[-1] - lowest), significant(float(path.gradient_norms[-1]), 2)
    return {
        "text": f"{fate(path, lowest).value[0]} {count(path.evaluations[-1])}",
        "until": int(path.evaluations[-1]),
        "help": f"{path.sentence} J − lowest {gap} at ({end}), norm of the gradient {norm}.",
    }
