"""The basins of the Landscape page: explored in the background, shown as they grow, and told in a list of minima."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.optimisation.basins import Basins, prior_starts, start_grid
from core.problem.problem import Problem
from core.symbols import symbol_of
from dashboard.background.exploration import Exploration, Progress
from dashboard.figures import basins as figures
from dashboard.figures.race import REACHED
from dashboard.live import Plot
from dashboard.panels.below import Content, kept
from dashboard.panels.controls import button, controls_at
from dashboard.scene.experiment import Experiment
from dashboard.scene.settings import Area
from dashboard.wording.numbers import count, fixed, percent, significant


def current() -> Exploration | None:
    """Return the exploration of this session, if there is one."""
    return st.session_state.get("exploration")


def is_active() -> bool:
    """Say whether an exploration of this session is under way."""
    exploration = current()
    return exploration is not None and exploration.progress().active


def attend(problem: Problem | None, experiment: Experiment, wish: str | None) -> Basins | None:
    """Start or stop an exploration as the page was told to, end one of another problem, and return what was found.

    None where nothing was explored of this problem. While a slider is dragged no more is added.
    """
    state = st.session_state
    exploration = current()
    if exploration and (problem is None or not exploration.is_of(problem)):
        exploration.stop()
        if state.settled:
            state.exploration, state.basins_gone = None, True
    if wish in ("explore", "stop exploring") and exploration:
        exploration.stop()
    if wish == "explore" and problem is not None:
        kind, number = experiment.explored.split("-")
        if kind == "grid":
            starts = start_grid(problem.bounds, int(number))
        else:
            starts = prior_starts(problem, int(number), np.random.default_rng([experiment.seed, 2]))
        state.exploration, state.basins_gone = Exploration(problem, experiment.explorer, starts), False
    exploration = current()
    if exploration is None or problem is None or not exploration.is_of(problem):
        return None
    return exploration.basins(anew=state.settled)


def tools(experiment: Experiment) -> list[dict[str, Any]]:
    """Return the controls of an exploration, and how far it is."""
    exploration = current()
    progress = exploration.progress() if exploration else None
    items = [
        *controls_at(Area.BASINS, experiment),
        button("wish", "Explore basins", "explore")
        if progress is None or not progress.active
        else button("wish", "Stop", "stop exploring"),
    ]
    if progress is not None:
        items.append(
            {"kind": "progress", "field": "explored share", "value": progress.done / progress.total,
             "text": _status(progress)}
        )  # fmt: skip
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


def show(problem: Problem, found: Basins | None, lowest: float, truth: tuple[float, float] | None) -> Content:
    """Return the basin map and the waterfall, what was found, and the list of minima; lowest: the lowest loss known.

    While a slider is dragged all stays as it is; basins of another problem than is on screen wait until it is let go.
    """
    content = None
    if st.session_state.settled:
        content = Content(_plots(problem, found, lowest, truth), sentences(found, lowest),
                          table=table(found, lowest, problem.unknown))  # fmt: skip
    exploration = current()
    return kept("basins", content, stale=exploration is not None and not exploration.is_of(problem))


def _plots(problem: Problem, found: Basins | None, lowest: float, truth: tuple[float, float] | None) -> list[Plot]:
    if found is None:
        hint = "Press “Explore basins”: the map grows as starts end."
        if st.session_state.get("basins_gone"):
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


def sentences(found: Basins | None, lowest: float) -> list[str]:
    """Say what the exploration has found, and how its pictures are read; lowest: the lowest loss known."""
    if found is None or not found.minima:
        return [
            "A basin is the set of starts from which a method ends in the same minimum. Explored from many starts, it "
            "shows how far a start may lie from the truth, and how many minima there are to be caught in."
        ]
    run = found.evaluations > 0
    many = "1 minimum" if len(found.minima) == 1 else f"{count(len(found.minima))} minima"
    share = significant(100 * float(np.mean(found.labels[run] == 0)), 2)
    said = (
        f"{found.method} found {many} from {count(int(np.sum(run)))} starts; {share} % of them end in the lowest one, "
    )
    if figures.is_global(found, lowest):
        said += f"J = {significant(found.minima[0].loss)}, drawn in green."
    else:
        gap = significant(found.minima[0].loss - lowest, 3)
        said += f"which lies {gap} above the lowest loss known: no start has found that."
    nowhere = int(np.sum(found.labels[run] < 0))
    if nowhere:
        said += f" {count(nowhere)} {'ends' if nowhere == 1 else 'end'} in no minimum, drawn in dark grey."
    said += f" Half of the runs need more than {count(float(np.median(found.evaluations[run])))} evaluations."
    return [
        said,
        "Each cell or dot of the basin map is a start, coloured by the minimum it ends in; the numbers of the list "
        "stand where the minima are. The waterfall sorts the final losses: each step is a minimum, and the wider the "
        "first, the easier the lowest one is found.",
    ]


def table(found: Basins | None, lowest: float, unknown: Sequence[str]) -> list[list[str | dict[str, str]]]:
    """Return the list of the minima that have a colour of their own, lowest first, and a row for all others."""
    if found is None or not found.minima:
        return []
    names = ", ".join(symbol_of(name) for name in unknown)
    rows: list[list[str | dict[str, str]]] = [
        ["minimum", names, "J − lowest", "eigenvalues of the Hessian", "on the edge", "share of starts"]
    ]
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
                percent(minimum.share, 1),
            ]
        )
    others = [minimum.share for number, minimum in enumerate(found.minima) if number not in own]
    if others:
        label = "1 other" if len(others) == 1 else f"{count(len(others))} others"
        rows.append([{"text": label, "colour": figures.OTHERS}, "", "", "", "", percent(sum(others), 1)])
    return rows
