"""The basins of the Landscape page: their map and their waterfall, what is said of them, and the list of minima."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.optimisation.basins import Basins
from core.problem.problem import Problem
from core.symbols import symbol_of
from dashboard.background.task import Progress
from dashboard.background.wish import Wish
from dashboard.figures import basins as figures
from dashboard.figures.race import REACHED
from dashboard.pictures.controls import button, controls_at
from dashboard.pictures.controls import progress as progress_bar
from dashboard.pictures.shown import Cell, Plot
from dashboard.scene.kinds import Area
from dashboard.scene.scene import Scene
from dashboard.wording.numbers import count, fixed, percent, significant


def tools(scene: Scene) -> list[dict[str, Any]]:
    """Return the controls of an exploration, and how far it is."""
    experiment, exploration = scene.experiment, scene.holdings.basins.exploration
    progress = exploration.task.progress() if exploration else None
    items = [
        *controls_at(Area.BASINS, experiment),
        button("wish", "Explore basins", Wish.EXPLORE)
        if progress is None or not progress.active
        else button("wish", "Stop", Wish.STOP_EXPLORING),
    ]
    if progress is not None:
        items.append(
            progress_bar(
                "explored share",
                "share of the starts that is explored",
                progress.done / progress.total,
                _status(progress),
            )
        )
    return items


def _status(progress: Progress) -> str:
    starts = f"{count(progress.done)} of {count(progress.total)} starts"
    if progress.state == "waiting":
        return "Waiting for another exploration to end."
    if progress.state == "running":
        left = "" if progress.seconds_left is None else f", about {fixed(progress.seconds_left, 0)} s left"
        return f"{starts}{left}"
    if progress.state == "failed":
        return f"The exploration failed after {starts}. What was found stays."
    return starts if progress.state == "done" else f"Stopped at {starts}"


def plots(scene: Scene, problem: Problem, lowest: float, truth: tuple[float, float] | None) -> list[Plot]:
    """Return the basin map and the waterfall; lowest: the lowest loss known.

    While a control is dragged both stay as they are; basins of another problem than is on screen wait for the release.
    """
    held = scene.holdings.basins
    if scene.dragging:
        stale = held.exploration is not None and not held.is_of(problem)
        return [Plot(name, None, stale=stale) for name in ("basins", "waterfall")]
    found = held.found_for(problem)
    if found is None:
        hint = "Press “Explore basins”: the map grows as starts end."
        if held.gone:
            hint = "The problem has changed since: explore its basins anew."
        basin_map = figures.empty(problem.unknown, problem.bounds, hint)
    else:
        basin_map = figures.basin_map(found, problem.unknown, problem.bounds, lowest, truth)
    return [Plot("basins", basin_map, "start"), Plot("waterfall", figures.waterfall(found, lowest))]


def count_of_best(found: Basins | None, lowest: float) -> str:
    """Say how many starts find the lowest loss that is known, or how to count them."""
    if found is None or not np.any(found.evaluations):
        return "“Explore basins”, beside the map, counts the starts from which a method finds the best fit."
    run = found.evaluations > 0
    best = [number for number, minimum in enumerate(found.minima) if minimum.loss <= lowest + REACHED]
    number = int(np.sum(np.isin(found.labels[run], best)))
    finds = "1 finds" if number == 1 else f"{count(number)} find"
    return f"Of {count(int(np.sum(run)))} starts of {found.method}, {finds} the best fit."


def _shares(found: Basins) -> list[float]:
    """Return the share of each minimum among the starts that have run."""
    run = found.labels[found.evaluations > 0]
    return [float(np.mean(run == number)) for number in range(len(found.minima))]


def sentences(found: Basins | None, lowest: float) -> list[str]:
    """Say what the exploration has found, and how its pictures are read; lowest: the lowest loss known."""
    if found is None or not found.minima:
        return [
            "A basin holds all starts from which a method ends in the same minimum. Explore them to see how far a "
            "start may lie from the MAP."
        ]
    run = found.evaluations > 0
    many = "1 minimum" if len(found.minima) == 1 else f"{count(len(found.minima))} minima"
    share = percent(_shares(found)[0], 1)
    said = f"{found.method} found {many} from {count(int(np.sum(run)))} starts; {share} of them end in the lowest one"
    why = []
    if figures.is_global(found, lowest):
        said += "."
        why.append(f"The lowest minimum has J = {significant(found.minima[0].loss)}; its basin is drawn in green.")
    else:
        gap = significant(found.minima[0].loss - lowest, 3)
        said += f". That lies {gap} above the lowest loss known, which no start has found."
    nowhere = int(np.sum(found.labels[run] < 0))
    if nowhere:
        why.append(f"{count(nowhere)} {'start ends' if nowhere == 1 else 'starts end'} in no minimum: dark grey.")
    why.append(f"Half of the runs need more than {count(float(np.median(found.evaluations[run])))} evaluations.")
    return [
        said,
        *why,
        "Each cell or dot of the basin map is a start, coloured by the minimum it ends in; the numbers of the list "
        "stand where the minima are. The waterfall sorts the final losses: each step is a minimum, and the wider the "
        "first, the easier the lowest one is found.",
    ]


def table(found: Basins | None, lowest: float, unknown: Sequence[str]) -> list[list[Cell]]:
    """Return the list of the minima that have a colour of their own, lowest first, and a row for all others."""
    if found is None or not found.minima:
        return []
    names = ", ".join(symbol_of(name) for name in unknown)
    rows: list[list[Cell]] = [
        ["minimum", names, "J − lowest", "eigenvalues of the Hessian", "on the edge", "share of the starts run"]
    ]
    shares = _shares(found)
    own = figures.tones(found, lowest)
    for number, colour in own.items():
        minimum = found.minima[number]
        rows.append(
            [
                {"text": str(number + 1), "colour": colour},
                ", ".join(fixed(value, 4) for value in minimum.position),
                significant(round(max(minimum.loss - lowest, 0.0), 2), 3),
                " and ".join(significant(float(value), 3) for value in minimum.eigenvalues),
                "yes" if minimum.on_edge else "no",
                percent(shares[number], 1),
            ]
        )
    others = [share for number, share in enumerate(shares) if number not in own]
    if others:
        label = "1 other" if len(others) == 1 else f"{count(len(others))} others"
        rows.append([{"text": label, "colour": figures.OTHERS}, "", "", "", "", percent(sum(others), 1)])
    return rows
