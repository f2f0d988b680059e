"""The Landscape page: where does the optimiser end up, and why?"""

from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter

from core.fitzhugh_nagumo import PARAMETER_NAMES
from core.noise import whiten
from core.objective import Landscape, Problem
from core.simulation import Status, simulate_with_status
from dashboard import live, session
from dashboard.figures import landscape as figures
from dashboard.figures.plain import SYMBOLS
from dashboard.figures.race import course
from dashboard.live import Plot
from dashboard.problem import LEAST_SIGMA, landscape_of, problem_of
from dashboard.state import Experiment
from dashboard.views import basins, frame, race

BEAT = 0.5  # s between two looks at what is computed in the background
BESIDE = {"fit": "fit and residual", "surface": "surface", "race": "race", "basins": "basins"}


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


def _first_look(grid: Landscape, minima: int) -> str:
    """Say what the map shows before anything has raced on it."""
    if np.all(np.isinf(grid.loss)):
        return "No point of this grid can be simulated: bring the known parameters back towards the sliders’ ranges."
    count = "1 point of the grid lies" if minima == 1 else f"{minima:,} points of the grid lie"
    return f"{count} below all neighbours: a method that walks downhill can end near any such point."


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
        frame.choice("beside", "beside the map", experiment.beside, BESIDE),
    ]
    live.controls(
        "landscape_options",
        [{"title": "", "items": items}, {"title": "", "items": [race.methods(experiment)]}],
        partial(session.receive, "landscape_options"),
        inline=True,
    )


def _notes(experiment: Experiment, problem: Problem, ended: Status) -> list[str]:
    """Return a sentence for each way in which the loss is not what it seems; ended: how the candidate's run did."""
    notes = []
    if experiment.sigma < LEAST_SIGMA:
        notes.append(
            f"The loss divides by the noise: it is drawn for σ = {LEAST_SIGMA} ms, since σ = 0 makes it infinite."
        )
    if ended != Status.FINITE:
        notes.append(f"The candidate’s loss is infinite. {ended.sentence}")
    if np.isinf(problem.regularisation(experiment.candidate)):
        notes.append("The candidate lies outside the prior’s box, and so outside the map: its loss is infinite.")
    return notes


def _body() -> None:
    experiment, observation = session.experiment(), session.observation()
    notes = [observation.note]
    plots: list[Plot] = []
    more: dict[str, Any] = {}
    problem = problem_of(experiment, observation) if observation.usable else None
    wish = st.session_state.pop("wish", None)
    found = basins.attend(problem, experiment, wish)
    paths = race.attend(problem, experiment, wish)
    if problem is not None:
        grid = landscape_of(problem, int(experiment.grid), st.session_state.settled)
        candidate = experiment.candidate
        states, ended = simulate_with_status(problem.complete(candidate), observation.times)
        notes += _notes(experiment, problem, Status(int(ended)))
        clean = observation.clean(experiment)
        truth = _two(experiment.parameters, problem) if clean is not None else None
        minima = count_minima(grid.loss)
        handle = (candidate, (f"candidate_{experiment.axis_x}", f"candidate_{experiment.axis_y}"))
        heat_map = figures.loss_map(grid, candidate, grid.lowest(), _two(problem.prior.mean, problem), truth, paths)
        fit = Plot("fit", figures.fit(problem.times, problem.data, states[:, 0], clean))
        known = min([float(np.min(grid.loss)), *(float(path.losses[-1]) for path in paths)])
        lowest = min(known, basins.lowest(found))
        more["metrics"] = _metrics(problem, candidate, truth, grid, minima)
        more["race"] = race.player(experiment, paths)
        more["said"] = race.sentences(paths, lowest, race.missing()) if paths else [_first_look(grid, minima)]
        plots = [Plot("map", heat_map, "start", handle)]
        if experiment.beside == "basins":
            plots += basins.plots(problem, found, known, truth)
            more |= {"said": basins.sentences(found, known), "table": basins.table(found, known, problem.unknown)}
            more["tools"] = basins.tools(experiment)
        elif experiment.beside == "race":
            plots += [Plot("course", course(paths, lowest)), fit]
            more["table"] = race.table(paths, lowest) if paths else []
        elif experiment.beside == "surface":
            surface = figures.surface(grid, candidate, grid.lowest(), truth) if st.session_state.settled else None
            plots.append(Plot("surface", surface))
        else:
            residual = whiten(problem.data - states[:, 0], problem.rho, problem.marginal_sd)
            plots += [fit, Plot("residual", figures.residual(problem.times, residual, problem.rho != 0))]
    with frame.beside_rail("landscape", [frame.candidate_group(experiment)]):
        _options(experiment)
        frame.stage("landscape", f"landscape-{experiment.beside}", plots, notes=notes, **more)
    if _works() != st.session_state.beating:
        st.rerun()


def _works() -> bool:
    """Say whether something is being computed in the background."""
    return basins.is_active() or race.current() is not None


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
    """Show the page, which looks again and again at what is computed in the background, as long as something is."""
    frame.question("Where does the optimiser end up, and why?")
    st.session_state.beating = _works()
    st.fragment(_body, run_every=BEAT if st.session_state.beating else None)()
