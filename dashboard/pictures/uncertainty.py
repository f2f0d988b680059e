"""What the Uncertainty page shows above: the posterior on the plane, its marginals, and how to read them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from core.estimate import Estimate, Outcome
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from core.symbols import symbol_of
from dashboard.figures import uncertainty as figures
from dashboard.figures.density import SIDE, Raster, raster, widened
from dashboard.figures.regions import outside
from dashboard.maps import inverse_maps
from dashboard.pictures import results
from dashboard.pictures.controls import controls_at
from dashboard.pictures.posterior import Point, estimates_of, follows, posterior_of, truth_of, window_on_screen
from dashboard.pictures.released import at_release
from dashboard.pictures.shown import Plot, Shown
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene
from dashboard.scene.settings import Area
from dashboard.wording.estimates import about_laplace, about_map
from dashboard.wording.maps import about_training
from dashboard.wording.noise import about_noise
from dashboard.wording.numbers import decimals_for, sds
from dashboard.wording.posterior import about_others, about_truth, form, size
from dashboard.wording.shape import shape_of

QUESTION = "How sure can one be, and what is the best possible answer?"
SIDE_DRAGGED = 60  # pixels of the density while a control is dragged: its regions are then drawn six times as fast

Array = NDArray[np.float64]


def picture(scene: Scene) -> Shown:
    """Return what the page shows."""
    # A noise that is integrated out is always AR(1).
    idle = () if scene.experiment.noise_known else ("misfit",)
    return _picture(scene).under(QUESTION, controls_at(Area.UNCERTAINTY, scene.experiment, without=idle))


def _picture(scene: Scene) -> Shown:
    """Return the posterior; one that cannot follow a dragged control stays as it was at the last release, dimmed."""
    if not scene.dragging:
        return at_release(_posterior, scene)
    if not scene.observation.usable or follows(scene):
        return _posterior(scene)
    before = at_release(_posterior, scene).as_it_is(stale=True)
    return replace(before, notes=_notes(scene))


def _notes(scene: Scene) -> list[str]:
    notes = [scene.observation.note]
    if scene.observation.usable and scene.experiment.sigma < LEAST_SIGMA:
        notes.append(f"Without noise the posterior is a point: it is drawn for σ = {LEAST_SIGMA} ms.")
    return notes


def _posterior(scene: Scene) -> Shown:
    """Return the posterior; while a control is dragged without the Laplace approximation, which takes as long again."""
    notes = _notes(scene)
    if not scene.observation.usable:
        return Shown("uncertainty", notes=notes)
    try:
        found = posterior_of(scene)
    except ValueError as error:
        return Shown("uncertainty", notes=[*notes, str(error)])
    experiment = scene.experiment
    problem = problem_of(experiment, scene.observation)
    truth = truth_of(scene, problem)
    zoom = window_on_screen(scene, found)
    box = widened(problem.bounds, 0.03) if experiment.whole_prior else zoom
    side = SIDE_DRAGGED if scene.dragging else SIDE
    near = raster(found, zoom, side)
    maps, _ = inverse_maps()
    estimates = estimates_of(scene, problem, maps)
    # With its noise integrated out, a posterior's problem has the noise's mean.
    normal = None if scene.dragging else results.laplace(found.problem)
    title = "Posterior in the prior’s box" if experiment.whole_prior else "Posterior, with its 50 % and 90 % regions"
    figure = figures.plane(
        (found.names[0], found.names[1]),
        box,
        raster(found, box, side) if experiment.whole_prior else near,
        problem.bounds,
        None if normal is None else _law(normal),
        {name: (look, *_law(each)) for name, (look, each) in estimates.items()},
        truth,
        title,
        zoom if experiment.whole_prior else None,
    )
    plots = [Plot("posterior", figure), *_marginals(found, near, normal, truth)]
    others = {name: each for name, (_, each) in estimates.items()}
    trained = {name: maps[name] for name, each in others.items() if each.covariance is not None}
    trace = scene.observation.described(experiment)
    said = [
        _about_posterior(scene, problem, found, near, truth),
        _about_others(scene, box, found, normal, others, about_training(trained, trace), truth),
    ]
    answer, *why = (" ".join(filter(None, part)) for part in said)
    return Shown("uncertainty", plots, answer=answer, why=why, notes=notes)


def _about_posterior(
    scene: Scene, problem: Problem, found: Posterior, near: Raster, truth: Point | None
) -> tuple[str, ...]:
    """Say what the posterior tells; near: its raster where its probability is."""
    experiment = scene.experiment
    shape = shape_of(found, near.pieces(0.9))
    white = problem.noise[0].rho == 0 and experiment.rho != 0 and experiment.noise_known
    return (
        found.status,
        size(found, shape),
        form(found, shape) if found.fit.outcome == Outcome.EXPLAINED else "",
        about_truth(found, truth, scene.observation.trajectory is None, white),
    )


def _about_others(
    scene: Scene,
    box: Array,
    found: Posterior,
    normal: Estimate | None,
    maps: Mapping[str, Estimate],
    training: Sequence[str],
    truth: Point | None,
) -> tuple[str, ...]:
    """Say what other estimators make of the same data.

    box: (2, 2), on screen; normal: Laplace’s distribution; training: sentences about that of the maps.
    """
    laws = {name: each for name, each in maps.items() if each.covariance is not None}
    others = {name: each.mean[0] for name, each in maps.items()}
    others |= {} if normal is None else {"MAP": normal.mean[0]}
    others |= {} if truth is None else {"truth": np.array(truth)}
    beyond = {name: place for name, place in others.items() if outside(box, place)}
    of_theta = set(found.problem.unknown) == {"theta0", "theta1"}
    first, second = (decimals_for(sd) for sd in sds(found.covariance))
    # Of a fit that explains nothing, neither form nor neighbours of its posterior mean anything.
    comparisons = []
    if found.fit.outcome == Outcome.EXPLAINED:
        comparisons = [
            "" if normal is None else about_laplace(found, normal),
            *(about_map(found, name, each) for name, each in laws.items()),
        ]
    return (
        "" if scene.experiment.noise_known else about_noise(found),
        *comparisons,
        *training,
        about_others(beyond, (first, second), of_theta),
        "The green frame is where the other view zooms in." if scene.experiment.whole_prior else "",
    )


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
