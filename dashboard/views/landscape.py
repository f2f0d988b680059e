"""The Landscape page: where does the optimiser end up, and why?"""

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from core.fitzhugh_nagumo import PARAMETER_NAMES
from core.noise import whiten
from core.objective import Landscape, Problem
from core.optimizers import METHODS, OptimiserPath, descend
from core.simulation import Status, simulate_with_status
from dashboard import live, session
from dashboard.figures import landscape as figures
from dashboard.figures.plain import SYMBOLS
from dashboard.live import Plot
from dashboard.problem import LEAST_SIGMA, landscape_of, problem_of
from dashboard.state import Experiment
from dashboard.views import frame


def paths_from(problem: Problem, start: tuple[float, float]) -> list[OptimiserPath]:
    """Return the path of each method from start; kept until the problem or the start changes."""
    key = (
        problem.data.tobytes(),
        problem.times.tobytes(),
        problem.unknown,
        problem.known,
        problem.marginal_sd,
        problem.rho,
        problem.regularised,
        start,
    )
    if st.session_state.get("paths_key") != key:
        if not st.session_state.settled:
            return []
        st.session_state.paths = [descend(problem, start, method) for method in METHODS]
        st.session_state.paths_key = key
    return st.session_state.paths


def count_minima(losses: NDArray[np.float64]) -> int:
    """Return the number of grid points that lie below all their neighbours."""
    neighbours = np.ones((3, 3), bool)
    neighbours[1, 1] = False
    lowest = minimum_filter(losses, footprint=neighbours, mode="constant", cval=np.inf)
    return int(np.sum(losses < lowest))


def _two(parameters: tuple[float, ...], problem: Problem) -> tuple[float, float]:
    """Return the values of the two unknown parameters."""
    first, second = problem.columns
    return parameters[first], parameters[second]


def _sentence(paths: list[OptimiserPath], grid: Landscape, minima: int) -> str:
    lowest = float(np.min(grid.loss))
    if np.isinf(lowest):
        return "No point of this grid can be simulated: bring the known parameters back towards the sliders’ ranges."
    if not paths:
        count = "1 point of the grid lies" if minima == 1 else f"{minima:,} points of the grid lie"
        return (
            f"{count} below all neighbours: a method that walks downhill can end near any such point. Click the map to "
            "start a gradient-based and a gradient-free method there; drag the orange candidate to look around."
        )
    parts = []
    for path in paths:
        gap = path.losses[-1] - lowest
        where = f"{frame.number(gap, 3)} above the grid’s lowest loss" if gap > 0 else "below the grid’s lowest loss"
        count = "1 evaluation" if path.evaluations == 1 else f"{path.evaluations:,} evaluations"
        parts.append(f"{path.method} ({METHODS[path.method]}) ended {where} after {count}. {path.status}")
    return " ".join(parts)


def _options(experiment: Experiment) -> None:
    names = {name: SYMBOLS[name] for name in PARAMETER_NAMES}
    items = [
        frame.choice("axis_x", "axes", experiment.axis_x, names),
        frame.choice("axis_y", "and", experiment.axis_y, names),
        frame.choice(
            "misfit", "misfit", experiment.misfit, {"ar1": "AR(1), as simulated", "white": "white, as published"}
        ),
        frame.choice("grid", "grid", experiment.grid, {"100": "100 × 100", "200": "200 × 200"}),
        frame.toggle(
            "regularised", "prior", experiment.regularised, help="Add the prior’s regularisation to the loss."
        ),
        frame.button("start_x", "Clear the paths", None),
    ]
    live.controls(
        "landscape_options", [{"title": "", "items": items}], partial(session.receive, "landscape_options"), inline=True
    )


@st.fragment
def _body() -> None:
    experiment, observation = session.experiment(), session.observation()
    notes = [observation.note]
    plots: list[Plot] = []
    metrics: list[tuple[str, str, str]] = []
    sentence = ""
    if observation.usable:
        problem = problem_of(experiment, observation)
        if experiment.sigma < LEAST_SIGMA:
            notes.append(
                f"The loss divides by the noise: it is drawn for σ = {LEAST_SIGMA} ms, since σ = 0 makes it infinite."
            )
        grid = landscape_of(problem, int(experiment.grid), st.session_state.settled)
        candidate = experiment.candidate
        states, ended = simulate_with_status(problem.complete(candidate), observation.times)
        potential = states[:, 0]
        if ended != Status.FINITE:
            notes.append(f"The candidate’s loss is infinite. {Status(int(ended)).sentence}")
        clean = observation.clean(experiment)
        truth = _two(experiment.parameters, problem) if clean is not None else None
        lowest = grid.lowest()
        start = (experiment.start_x, experiment.start_y)
        paths = [] if start[0] is None or start[1] is None else paths_from(problem, (start[0], start[1]))
        prior_mean = _two(problem.prior.mean, problem)
        minima = count_minima(grid.loss)
        handle = (candidate, (f"candidate_{experiment.axis_x}", f"candidate_{experiment.axis_y}"))
        surface = figures.surface(grid, candidate, lowest, truth) if st.session_state.settled else None
        plots = [
            Plot(
                "map",
                figures.loss_map(grid, candidate, lowest, prior_mean, truth, paths),
                ("start_x", "start_y"),
                handle,
            ),
            Plot("surface", surface),
            Plot(
                "fit",
                figures.fit(
                    observation.times,
                    observation.data,
                    potential,
                    clean,
                ),
            ),
            Plot(
                "residual",
                figures.residual(
                    observation.times,
                    whiten(observation.data - potential, problem.rho, problem.marginal_sd),
                    problem.rho != 0,
                ),
            ),
        ]
        metrics = _metrics(problem, candidate, truth, grid, minima)
        sentence = _sentence(paths, grid, minima)
        if np.isinf(problem.regularisation(candidate)):
            notes.append("The candidate lies outside the prior’s box, and so outside the map: its loss is infinite.")
    with frame.beside_rail("landscape", [frame.candidate_group(experiment)]):
        _options(experiment)
        frame.stage("landscape", "landscape", plots, metrics=metrics, said=[sentence], notes=notes)


def _metrics(
    problem: Problem, candidate: tuple[float, float], truth: tuple[float, ...] | None, grid: Landscape, minima: int
) -> list[tuple[str, str, str]]:
    misfit, penalty = float(problem.misfit(candidate)), float(problem.regularisation(candidate))
    metrics = [
        ("loss J of the candidate", frame.number(misfit + penalty), "Misfit plus regularisation."),
        ("misfit", frame.number(misfit), "The data’s part of the loss."),
        ("prior", frame.number(penalty), "The regularisation; infinite outside the prior’s box."),
        (
            f"lowest J of {grid.x.size} × {grid.y.size}",
            frame.number(float(np.min(grid.loss))),
            "Over the map’s points.",
        ),
        ("minima of the map", f"{minima:,}", "Points lower than all their neighbours."),
    ]
    if truth is not None:
        errors = ", ".join(
            f"{value - true:+.3f}".replace("-", "−") for value, true in zip(candidate, truth, strict=True)
        )
        metrics.insert(3, ("error of m", errors, "Candidate minus truth."))
    return metrics


def show() -> None:
    """Show the page."""
    frame.question("Where does the optimiser end up, and why?")
    _body()
