"""What the Uncertainty page shows above: the posterior, what stands beside it, and how to read them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate, Outcome
from core.maps.inverse_map import InverseMap
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from dashboard.figures import joint as figures
from dashboard.figures.density import SIDE, Raster, raster, widened
from dashboard.figures.regions import outside
from dashboard.maps import inverse_maps
from dashboard.pictures import compared, results
from dashboard.pictures.answers import about_standard, described, standard_of, whole_readers
from dashboard.pictures.controls import controls_at
from dashboard.pictures.equations import posterior_equations
from dashboard.pictures.own_maps import chooser
from dashboard.pictures.posterior import Point, estimates_of, follows, posterior_of, truth_of, window_on_screen
from dashboard.pictures.released import at_release
from dashboard.pictures.shown import Plot, Shown
from dashboard.scene.kinds import Area
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene
from dashboard.scene.settings import DEFAULTS
from dashboard.wording import entries
from dashboard.wording.estimates import about_laplace, about_maps
from dashboard.wording.maps import about_training
from dashboard.wording.noise import about_least_sigma, about_noise
from dashboard.wording.numbers import decimals_for, sds
from dashboard.wording.posterior import HOW_TO_READ, KEY, about_others, about_truth, answer, form, size
from dashboard.wording.shape import shape_of

QUESTION = "How sure can one be, and what is the best possible answer?"
SIDE_DRAGGED = 60  # pixels of the density while a control is dragged: its regions are then found six times as fast

Array = NDArray[np.float64]


def picture(scene: Scene) -> Shown:
    """Return what the page shows; a posterior that cannot follow a dragged control stays as it was, dimmed."""
    if not scene.dragging:
        return at_release(_picture, scene)
    if not scene.observation.usable or follows(scene):
        return _picture(scene)
    before = at_release(_picture, scene).as_it_is(stale=True)
    return replace(before, notes=_notes(scene))


def _picture(scene: Scene) -> Shown:
    observation = scene.observation
    maps, _ = inverse_maps(scene.experiment.own_maps)
    # Those that can be drawn on these axes, for this trace.
    drawable = whole_readers(scene, maps) if _of_theta(scene.experiment.axes) else {}
    scene, switched = _with_standard(scene, drawable)
    experiment = scene.experiment
    truth_known = observation.clean(experiment) is not None
    # A noise that is integrated out is always AR(1).
    idle = () if experiment.noise_known else ("misfit",)
    tools = controls_at(Area.UNCERTAINTY, experiment, without=idle)
    shown = _posterior(scene, drawable)
    shown = replace(shown, tools=tools, said=[*shown.said, *filter(None, [switched])])
    return shown.under(QUESTION, [compared.ticks(experiment, drawable, truth_known), *chooser(scene)])


def _with_standard(scene: Scene, maps: Mapping[str, InverseMap]) -> tuple[Scene, str]:
    """Return the scene with the map that is made for its data, where the visitor has chosen none, and why it is."""
    standard = standard_of(scene, maps)
    if scene.experiment.compared != DEFAULTS["compared"] or not standard:
        return scene, ""
    return replace(scene, experiment=replace(scene.experiment, compared=(standard,))), about_standard(scene, maps)


def _of_theta(names: Sequence[str]) -> bool:
    return set(names) == {"theta0", "theta1"}


def _notes(scene: Scene) -> list[str]:
    notes = [scene.observation.note, *inverse_maps(scene.experiment.own_maps)[1]]
    if scene.observation.usable and scene.experiment.sigma < LEAST_SIGMA:
        notes.append(about_least_sigma(LEAST_SIGMA))
    return notes


def _posterior(scene: Scene, maps: Mapping[str, InverseMap]) -> Shown:
    """Return the posterior beside what is ticked.

    While a control is dragged the Laplace approximation is left out, which takes as long again.
    """
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
    density = raster(found, box, side) if experiment.whole_prior else near
    estimates = estimates_of(scene, problem, compared.wanted(experiment, maps))
    ticked = {name: each for name, each in estimates.items() if name in experiment.compared}
    # With its noise integrated out, a posterior's problem has the noise's mean.
    normal = None if scene.dragging else results.laplace(found.problem)
    beside = compared.beside(experiment, ticked, normal)
    prior = None
    if entries.PRIOR in experiment.compared:
        prior = prior_density(found.problem, 0, density.x), prior_density(found.problem, 1, density.y)
    names = (found.names[0], found.names[1])
    framed = zoom if experiment.whole_prior else None
    figure = figures.joint(names, box, density, near, beside, truth, problem.bounds, prior, framed, found.mean)
    explained = found.fit.outcome == Outcome.EXPLAINED
    exact = Estimate(found.mean[None], found.covariance[None], found.names)
    said, why = _words(scene, found, near, truth)
    laws = {name: each for name, (_, each) in ticked.items() if each.covariance is not None}
    shown = {name: maps[name] for name in ticked}
    # Of a fit that explains nothing, neither form nor neighbours of its posterior mean anything.
    if explained:
        law = normal if entries.MAP_AND_LAPLACE in experiment.compared else None
        why += HOW_TO_READ
        why += ["" if law is None else about_laplace(found, law), about_maps(found, laws)]
    why += about_training(shown, described(scene, shown))
    why += [_about_outside(box, beside, truth, found), "" if framed is None else _ABOUT_FRAME]
    table = compared.covariances(exact, normal, estimates) if explained else ()
    plots, key = [Plot("posterior", figure)], [KEY] if explained else []
    equations = posterior_equations(problem, experiment)
    return Shown(
        "uncertainty",
        plots,
        answer=said,
        why=why,
        equations=equations,
        table=table,
        said=key,
        notes=notes,
    )


_ABOUT_FRAME = "The green frame is where the other view zooms in."


def _words(scene: Scene, found: Posterior, near: Raster, truth: Point | None) -> tuple[str, list[str]]:
    """Return the answer, and the sentences on what the posterior tells; near: its raster where its probability is."""
    experiment, problem = scene.experiment, found.problem
    shape = shape_of(found, near.pieces(0.9))
    white = experiment.noise_known and problem.noise[0].rho == 0 and experiment.rho != 0
    truth_lies = about_truth(found, truth, scene.observation.trajectory is None, white)
    said = answer(found, shape, truth_lies)
    noise = "" if experiment.noise_known else about_noise(found)
    if found.fit.outcome != Outcome.EXPLAINED:
        return said, [found.status, noise]
    why = [found.status, size(found, shape), form(found, shape), truth_lies, noise]
    return said, [each for each in why if each not in said.replace("\u00a0", " ")]


def _about_outside(box: Array, beside: Sequence[figures.Beside], truth: Point | None, found: Posterior) -> str:
    """Name what lies outside a box, (2, 2), on screen."""
    places = {each.name: each.mean for each in beside}
    places |= {} if truth is None else {entries.TRUTH: np.array(truth)}
    beyond = {name: place for name, place in places.items() if outside(box, place)}
    first, second = (decimals_for(sd) for sd in sds(found.covariance))
    return about_others(beyond, (first, second), _of_theta(found.problem.unknown))


def prior_density(problem: Problem, axis: int, values: Array) -> Array:
    """Return the prior density, (n,), of one of the two unknown parameters."""
    return np.exp(problem.prior.select((problem.unknown[axis],)).log_density(values[:, None]))
