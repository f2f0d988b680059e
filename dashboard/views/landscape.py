"""The Landscape page: where does the optimiser end up, and why?"""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.simulate import simulate_with_status
from core.models.model import Status
from core.models.spikes import regime, spike_count
from core.noise import whiten
from core.optimisation.basins import Basins
from core.problem.problem import Problem
from dashboard import session
from dashboard.figures import landscape as figures
from dashboard.figures.race import course
from dashboard.live import Plot
from dashboard.panels.controls import controls_at, options
from dashboard.panels.sidebar import beside_sidebar, candidate_group
from dashboard.panels.stage import question, stage
from dashboard.pictures import basins, race, results
from dashboard.pictures.lowest import Place, lowest_known
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.scene.problem import landscape_of, problem_of
from dashboard.scene.settings import Area
from dashboard.wording.numbers import difference, fixed, significant

BEAT = 0.5  # s between two looks at what is computed in the background
MANY_SPIKES = 5  # of the best fit, from which on rings of fewer are seen around it


def _two(experiment: Experiment, problem: Problem) -> tuple[float, float]:
    """Return the true values of the two unknown parameters."""
    first, second = (float(getattr(experiment, name)) for name in problem.unknown)
    return first, second


def _first_look(problem: Problem, lowest: Place | None, candidate: NDArray[np.float64], found: Basins | None) -> str:
    """Say what the map shows before anything has raced on it; lowest: None where the whole grid is infinite.

    candidate: its potential, (n_times,).
    """
    if lowest is None:
        return "No point of this grid can be simulated: bring the known parameters back towards the sliders’ ranges."
    best = problem.states(lowest.position)[:, 0]
    said = f"The best fit, at the cross, fires {_spikes(best)}"
    said += f"; the candidate fires {_spikes(candidate)}." if np.isfinite(candidate[-1]) else "."
    if set(problem.unknown) == {"theta0", "theta1"}:
        if regime(best) != "spiking":
            said += " It does not go on firing, so that no rings of other valleys lie around it."
        elif spike_count(best) >= MANY_SPIKES:
            said += " Many valleys: from ring to ring outwards, candidates fire one spike fewer."
    return f"{said} {basins.count_of_best(found, lowest.loss)}"


def _spikes(potential: NDArray[np.float64]) -> str:
    count = spike_count(potential)
    return "1 spike" if count == 1 else f"{count or 'no'} spikes"


def _notes(experiment: Experiment, problem: Problem, ended: Status) -> list[str]:
    """Return a sentence for each way in which the loss is not what it seems; ended: how the candidate's run did."""
    notes = []
    if experiment.sigma < LEAST_SIGMA:
        notes.append(
            f"The loss divides by the noise: it is drawn for σ = {LEAST_SIGMA} ms, since σ = 0 makes it infinite."
        )
    if ended != Status.FINITE:
        notes.append(f"The candidate’s loss is infinite. {ended.sentence}")
    if np.isinf(problem.prior.regularisation(experiment.candidate)):
        notes.append("The candidate lies outside the prior’s box, and so outside the map: its loss is infinite.")
    return notes


def _body() -> None:
    experiment, observation = session.experiment(), session.observation()
    notes = [observation.note]
    plots: list[Plot] = []
    more: dict[str, Any] = {}
    problem = problem_of(experiment, observation) if observation.usable else None
    best = None
    # The wait is there in every run: an element less would mount those after it anew.
    with results.waiting("lowest", "Searching for the lowest loss …"):
        if problem is not None:
            best = results.map_estimate(problem)
    wish = st.session_state.pop("wish", None)
    found = basins.attend(problem, experiment, wish)
    paths = race.attend(problem, experiment, wish)
    if problem is not None:
        grid = landscape_of(problem, int(experiment.grid), st.session_state.settled)
        candidate = experiment.candidate
        states, ended = simulate_with_status(problem.parameters(candidate), observation.times)
        notes += _notes(experiment, problem, Status(int(ended)))
        clean = observation.clean(experiment)
        truth = _two(experiment, problem) if clean is not None else None
        lowest = lowest_known(problem, grid, candidate, best, paths, found, truth)
        zero = np.inf if lowest is None else lowest.loss
        sought = best is None and not st.session_state.settled  # the search for it waits for the release
        handle = (candidate, (f"candidate_{experiment.axis_x}", f"candidate_{experiment.axis_y}"))
        prior_mean = (problem.prior.mean[0], problem.prior.mean[1])
        heat_map = figures.loss_map(grid, candidate, None if sought else lowest, prior_mean, truth, paths)
        fit = Plot("fit", figures.fit(problem.times, problem.data, states[:, 0], clean))
        more["metrics"] = _metrics(problem, candidate, truth, lowest, sought)
        more["race"] = race.player(experiment, paths)
        if paths:
            more["said"] = race.sentences(paths, zero, race.missing())
        elif sought:
            more["said"] = ["Let go to see where the lowest loss lies."]
        else:
            more["said"] = [_first_look(problem, lowest, states[:, 0], found)]
        plots = [Plot("map", heat_map, "start", handle)]
        if experiment.beside == "basins":
            shown = basins.show(problem, found, zero, truth)
            plots += shown.plots
            more |= {"said": shown.said, "table": shown.table, "tools": basins.tools(experiment)}
            more["stale"] = any(plot.stale for plot in shown.plots)
        elif experiment.beside == "race":
            plots += [Plot("course", course(paths, zero)), fit]
            more["table"] = race.table(paths, zero) if paths else []
        elif experiment.beside == "surface":
            surface = None
            if st.session_state.settled:
                at, true = (place and Place(place, float(problem.loss(place))) for place in (candidate, truth))
                surface = figures.surface(grid, at, lowest, true)
            plots.append(Plot("surface", surface, stale=surface is None))
        else:
            residual = whiten(problem.data - states[:, 0], problem.noise[0])
            plots += [fit, Plot("residual", figures.residual(problem.times, residual, problem.noise[0].rho != 0))]
    if best is not None and best.fit is not None and best.fit.sentence:
        more["said"] = [best.fit.sentence, *more["said"]]
    with beside_sidebar("landscape", [candidate_group(experiment)]):
        options("landscape", controls_at(Area.LANDSCAPE, experiment), controls_at(Area.METHODS, experiment))
        stage("landscape", f"landscape-{experiment.beside}", plots, notes=notes, **more)
    if _works() != st.session_state.beating:
        st.rerun()


def _works() -> bool:
    """Say whether something is being computed in the background."""
    return basins.is_active() or race.current() is not None


def _metrics(
    problem: Problem,
    candidate: tuple[float, float],
    truth: tuple[float, ...] | None,
    lowest: Place | None,
    sought: bool,
) -> list[tuple[str, str, str]]:
    """Return the cards; lowest: None where all losses are infinite; sought: it waits until a slider is let go."""
    where = "–"
    if sought:
        where = "let go to update"
    elif lowest is not None:
        place = ", ".join(fixed(value, 3) for value in lowest.position)
        where = f"{significant(lowest.loss)} at {place}"
    misfit, penalty = float(problem.misfit(candidate)), float(problem.prior.regularisation(candidate))
    metrics = [
        ("loss J of the candidate", significant(misfit + penalty), "Misfit plus regularisation."),
        ("misfit", significant(misfit), "The data’s part of the loss."),
        ("prior", significant(penalty), "The regularisation; infinite outside the prior’s box."),
        ("lowest J", where, "Of the whole box, not of the map’s points alone: the MAP estimate, or what lies lower."),
    ]
    if truth is not None:
        errors = ", ".join(difference(value - true) for value, true in zip(candidate, truth, strict=True))
        metrics.insert(3, ("error of m", errors, "Candidate minus truth."))
    return metrics


def show() -> None:
    """Show the page, which looks again and again at what is computed in the background, as long as something is."""
    question("Where does the optimiser end up, and why?")
    st.session_state.beating = _works()
    st.fragment(_body, run_every=BEAT if st.session_state.beating else None)()
