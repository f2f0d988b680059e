"""The race of the Landscape page: its paths, computed once, and what is said of them."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.maps.differences_from_training import listed
from core.optimisation.methods import METHODS
from core.optimisation.path import Ending, OptimiserPath
from core.problem.problem import Problem
from dashboard import live
from dashboard.background.racing import Racing, Run
from dashboard.figures.race import REACHED
from dashboard.panels.controls import button, controls_at
from dashboard.scene.experiment import Experiment
from dashboard.scene.settings import Area
from dashboard.wording.numbers import count, fixed, significant

SOON = 0.5  # s for which the page waits for a race before it shows how far it is


def current() -> Racing | None:
    """Return the race of this session that is being computed, if there is one."""
    return st.session_state.get("racing")


def attend(problem: Problem | None, experiment: Experiment, wish: str | None) -> list[OptimiserPath]:
    """Return the path of each method from each start; what is missing is computed in the background.

    Until it is there, the last race of the same problem stays. While a slider is dragged nothing is computed.
    """
    state = st.session_state
    key = None if problem is None else problem.identity
    if "raced" not in state or state.raced != key:
        _stop()
        if not state.settled:
            return []
        state.raced, state.paths, state.race, state.given_up = key, {}, [], ()
        state.setdefault("begun", experiment.starts)
    wanted = tuple((start, method) for start in experiment.starts for method in experiment.methods)
    if wish == "stop racing":
        state.given_up = wanted
    if problem is not None and state.settled:
        _compute(problem, wanted, is_new=experiment.starts != state.begun)
    if wanted != state.given_up:
        state.given_up = ()
    if current() is None:
        state.race = [state.paths[run] for run in wanted if run in state.paths]
        state.begun = experiment.starts
    return state.race


def missing() -> int:
    """Return how many runs were given up."""
    return sum(run not in st.session_state.paths for run in st.session_state.given_up)


def _stop() -> None:
    racing = current()
    if racing is not None:
        racing.stop()
        st.session_state.racing = None


def _compute(problem: Problem, wanted: tuple[Run, ...], is_new: bool) -> None:
    """Collect the runs that have ended, and begin those that are wanted and missing, unless they were given up."""
    state = st.session_state
    missing = tuple(run for run in wanted if run not in state.paths)
    racing = current()
    if racing is not None and (racing.runs != missing or state.given_up == wanted):
        state.paths |= racing.ended()
        _stop()
        missing = tuple(run for run in wanted if run not in state.paths)
    if missing and state.given_up != wanted:
        if current() is None:
            state.racing = Racing(problem, missing)
            # New starts are waited for; other data are shown first.
            state.racing.wait(SOON if is_new else 0.0)
        if not state.racing.active:
            kept = {run: path for run, path in state.paths.items() if run in wanted}
            state.paths, state.racing = kept | state.racing.ended(), None


def _hint(experiment: Experiment) -> str:
    """Return what stands in the place of the player where there is no race."""
    if not experiment.starts:
        number = len(experiment.methods)
        who = experiment.methods[0] if number == 1 else f"{number} methods"
        return f"Click the map: {who} will race downhill from there. Drag the orange candidate to look around."
    if not st.session_state.settled:
        return "The race is run anew once you let go."
    if current() is None:
        return "The race was stopped before a run had ended: click the map to start another."
    return "The race is being run …"


def player(experiment: Experiment, paths: Sequence[OptimiserPath]) -> live.Race:
    """Return what stands above the pictures: the player, or how to start a race."""
    tools = controls_at(Area.RACE, experiment)
    racing = current()
    if racing is not None:
        done, total = len(racing.ended()), len(racing.runs)
        text = f"{done} of {total} runs have ended"
        tools.append({"kind": "progress", "field": "race share", "value": done / total, "text": text})
        tools.append(button("wish", "Stop", "stop racing"))
    elif experiment.starts:
        tools.append(button("starts", "Clear the starts", ""))
    return live.Race(
        id=str(crc32(b"".join(path.positions.tobytes() for path in paths))) if paths else "",
        begin=repr(st.session_state.begun),
        hint=_hint(experiment),
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


def table(paths: Sequence[OptimiserPath], lowest: float) -> list[list[str | dict[str, str]]]:
    """Return a row for each run: where it began and ended, its loss above the lowest known, its cost, how it ended."""
    rows: list[list[str | dict[str, str]]] = [
        ["method", "from", "to", "J − lowest", "evaluations", "gradient’s norm", "how it ended"]
    ]
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
