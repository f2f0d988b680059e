"""The Uncertainty page: how sure can one be, and what is the best possible answer?"""

from collections.abc import Iterable

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from scipy.stats import norm

from core.estimate import Estimate, Outcome
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from core.symbols import symbol_of
from dashboard import maps as registry
from dashboard import session
from dashboard.figures import uncertainty as figures
from dashboard.figures.density import Raster, raster, widened
from dashboard.figures.regions import outside
from dashboard.live import Plot
from dashboard.panels.below import Content, kept, show_below
from dashboard.panels.options import options
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import question, stage
from dashboard.pictures import results
from dashboard.pictures.controls import controls_at
from dashboard.pictures.support import Point, estimates_of, support, truth_of, window_of
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import LEAST_SIGMA, Observation
from dashboard.scene.problem import problem_of
from dashboard.scene.settings import CHOICES, Area
from dashboard.wording.estimates import about_laplace, about_map
from dashboard.wording.maps import about_training
from dashboard.wording.noise import about_noise
from dashboard.wording.numbers import decimals_for, sds
from dashboard.wording.posterior import about_others, about_truth, form, size
from dashboard.wording.shape import shape_of

FOLLOWS = 0.25  # s: a posterior that takes longer waits until the slider is let go

Array = NDArray[np.float64]


def prior_density(problem: Problem, axis: int, values: Array) -> Array:
    """Return the prior density, (n,), of one of the two unknown parameters."""
    return np.exp(problem.prior.select((problem.unknown[axis],)).log_density(values[:, None]))


def _marginals(found: Posterior, density: Raster, normal: Estimate | None, truth: Point | None) -> list[Plot]:
    """Return the plots of both marginals; density: the posterior where its probability is."""
    plots = []
    for axis, (identity, values) in enumerate((("first", density.x), ("second", density.y))):
        exact = density.masses.sum(axis=axis) / (values[1] - values[0])
        law = None
        if normal is not None and normal.covariance is not None:
            law = norm.pdf(values, normal.mean[0, axis], np.sqrt(normal.covariance[0, axis, axis]))
        name = found.names[axis]
        prior = prior_density(found.problem, axis, values)
        known = None if truth is None else truth[axis]
        figure = figures.marginal(name, values, exact, prior, law, known, f"{symbol_of(name)} alone")
        plots.append(Plot(identity, figure))
    return plots


def _law(estimate: Estimate) -> tuple[Array, Array | None]:
    """Return the mean, (2,), and the covariance, (2, 2), of the one estimate, where it has one."""
    return estimate.mean[0], None if estimate.covariance is None else estimate.covariance[0]


def _about_training(names: Iterable[str], experiment: Experiment, observation: Observation) -> list[str]:
    maps, _ = registry.inverse_maps()
    return about_training({name: maps[name] for name in names}, observation.described(experiment))


def _main(
    experiment: Experiment, observation: Observation, problem: Problem, found: Posterior, settled: bool
) -> Content:
    """Return the posterior on the plane, its marginals, and how to read them.

    Until all has settled, the window stays as long as it holds the posterior, and what takes longer is left out.
    """
    truth = truth_of(experiment, problem, observation)
    if settled or outside(st.session_state.uncertainty_window, found.mean):
        st.session_state.uncertainty_window = window_of(found, truth)
    zoom = st.session_state.uncertainty_window
    box = widened(problem.bounds, 0.03) if experiment.whole_prior else zoom
    near = raster(found, zoom)
    maps = estimates_of(observation, problem)
    laws = {name: each for name, (_, each) in maps.items() if each.covariance is not None}
    # With its noise integrated out, a posterior's problem has the noise's mean.
    normal = results.laplace(found.problem) if settled else None
    shape = shape_of(found, near)
    title = "Posterior in the prior’s box" if experiment.whole_prior else "Posterior, with its 50 % and 90 % regions"
    figure = figures.plane(
        (found.names[0], found.names[1]),
        box,
        raster(found, box) if experiment.whole_prior else near,
        problem.bounds,
        None if normal is None else _law(normal),
        {name: (colour, *_law(each)) for name, (colour, each) in maps.items()},
        truth,
        title,
        zoom if experiment.whole_prior else None,
    )
    others = {name: each.mean[0] for name, (_, each) in maps.items()}
    others |= {} if normal is None else {"MAP": normal.mean[0]}
    others |= {} if truth is None else {"truth": np.array(truth)}
    beyond = {name: place for name, place in others.items() if outside(box, place)}
    white = problem.noise[0].rho == 0 and experiment.rho != 0 and experiment.noise_known
    of_theta = set(problem.unknown) == {"theta0", "theta1"}
    first, second = (decimals_for(sd) for sd in sds(found.covariance))
    # Of a fit that explains nothing, neither form nor neighbours of its posterior mean anything.
    comparisons = []
    if found.fit.outcome == Outcome.EXPLAINED:
        comparisons = [
            "" if normal is None else about_laplace(found, normal),
            *(about_map(found, name, each) for name, each in laws.items()),
        ]
    said = [
        [
            found.status,
            size(found, shape),
            form(found, shape) if found.fit.outcome == Outcome.EXPLAINED else "",
            about_truth(found, truth, observation.trajectory is None, white),
        ],
        [
            "" if experiment.noise_known else about_noise(found),
            *comparisons,
            *_about_training(laws, experiment, observation),
            about_others(beyond, (first, second), of_theta),
            "The green frame is where the other view zooms in." if experiment.whole_prior else "",
        ],
    ]
    plots = [Plot("posterior", figure), *_marginals(found, near, normal, truth)]
    return Content(plots, [" ".join(filter(None, part)) for part in said])


def _posterior(experiment: Experiment, problem: Problem) -> Posterior:
    """Return the posterior on screen; raises ValueError where no point of the prior's box can be simulated."""
    return results.posterior(problem, None if experiment.noise_known else results.noise_prior(experiment))


@st.fragment
def _body() -> None:
    experiment, observation = session.experiment(), session.observation()
    notes = [observation.note]
    with beside_sidebar("uncertainty"):
        unused = () if experiment.noise_known else ("misfit",)
        options("uncertainty", controls_at(Area.UNCERTAINTY, experiment, without=unused))
        if not observation.usable:
            stage("uncertainty", "uncertainty", [], notes=notes)
            return
        problem = problem_of(experiment, observation)
        if experiment.sigma < LEAST_SIGMA:
            notes.append(f"Without noise the posterior is a point: it is drawn for σ = {LEAST_SIGMA} ms.")
        main = below = None
        refused = ""
        settled = st.session_state.settled or "uncertainty_shown" not in st.session_state
        # Both waits are there in every run: an element less would mount those after it anew.
        with results.waiting("posterior", "Computing the posterior …"):
            if settled or st.session_state.uncertainty_follows:
                try:
                    found = _posterior(experiment, problem)
                except ValueError as error:
                    refused = str(error)
                else:
                    main = _main(experiment, observation, problem, found, settled)
        if refused:
            stage("uncertainty", "uncertainty", [], notes=[*notes, refused])
            return
        shown = kept("uncertainty", main)
        stage("uncertainty", "uncertainty", shown.plots, said=shown.said, notes=notes, stale=main is None)
        with results.waiting("below", f"Computing {CHOICES['below'][experiment.below]} …"):
            if settled:
                st.session_state.uncertainty_follows = st.session_state.posterior_seconds < FOLLOWS
                below = support(experiment, observation, problem, found, st.session_state.uncertainty_window)
        tools = controls_at(Area.SUPPORT, experiment)
        show_below("uncertainty", experiment.below, below, tools, stale=below is None)


def show() -> None:
    """Show the page."""
    question("How sure can one be, and what is the best possible answer?")
    _body()
