"""The part of the page Uncertainty that shows a learned posterior beside the exact one, and its flow."""

from dataclasses import dataclass
from functools import partial
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.experiments.records import stored
from core.maps.examination.stated_law import StatedLaw
from core.maps.learned_posterior.law import LearnedPosterior
from core.maps.learned_posterior.posterior_map import PosteriorMap, load_posterior_map
from core.posterior.divergence import divergence_and_variation
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from dashboard.figures import learned_posterior as figures
from dashboard.figures.density import SIDE, Raster, raster
from dashboard.figures.joint import Beside
from dashboard.figures.style import Look
from dashboard.maps import inverse_maps, looks
from dashboard.pictures import results
from dashboard.pictures.answers import whole_readers
from dashboard.pictures.compared import LAPLACE_LOOK
from dashboard.pictures.posterior import Point, window_of
from dashboard.pictures.shown import Plot, Race, Shown
from dashboard.scene.scene import Scene
from dashboard.wording import entries
from dashboard.wording import learned_posterior as wording

NAME = "theta"  # of the shipped posterior
PARTICLES = 400
EDGE_SDS = 2.0  # a posterior that comes so near to an edge of the prior is cut by it
LAYOUT = "uncertainty-learned"

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Learned:
    """The learned posterior of a trace, and the way of particles to it, (k, n, 2)."""

    law: LearnedPosterior
    paths: Array


def learned_posterior(scene: Scene, problem: Problem, truth: Point | None) -> Shown:
    """Return the learned posterior of the trace beside the exact one, with the noise of both integrated out."""
    learned = _posterior_map()
    if refused := unreadable(scene, problem):
        return Shown("uncertainty-none", question=wording.QUESTION, answer=refused)
    exact, found = results.posterior(problem, learned.task.noise), _found(learned, problem)
    divergence, variation = divergence_and_variation(exact, found.law.log_density(exact.cells.centres))
    right = 0.5 + 0.5 * variation
    box = window_of(exact, truth)
    near, own, look = raster(exact, box), law_raster(problem, box), map_look(scene)
    estimates = gaussians(scene, exact.problem, is_readable=True)
    beside = [as_ellipse(name, *each) for name, each in estimates.items()]
    divergences = [(name, _divergence(exact, each)) for name, (_, each) in estimates.items()]
    return Shown(
        LAYOUT,
        [
            Plot("learned", figures.beside_exact(exact.names, box, near, own, look, beside, truth)),
            Plot("carried", figures.carried(exact.names, box, near, found.paths, look, truth)),
        ],
        wording.QUESTION,
        wording.answer(right, (near.pieces(0.9), own.pieces(0.9)), _at_edge(exact)),
        why=[wording.HOW_TO_READ, wording.about_stored(stored("posteriors"))],
        metrics=wording.metrics(divergence, right, divergences),
        said=[wording.SEEN],
        race=Race(str(crc32(found.paths.tobytes())), "learned", "", counts="step"),
    )


def unreadable(scene: Scene, problem: Problem) -> str:
    """Say why the learned posterior cannot read the trace, or return ""."""
    learned = _posterior_map()
    if problem.unknown != learned.parameter_names:
        return wording.OF_THETA
    base = learned.base
    return "" if whole_readers(scene, {base.name: base}) else wording.only_read(base.times.size)


def map_look(scene: Scene) -> Look:
    """Return how the map that the learned posterior begins with is drawn, and so the learned posterior."""
    return looks(inverse_maps(scene.experiment.own_maps)[0])[_posterior_map().base.name]


def gaussians(scene: Scene, problem: Problem, is_readable: bool) -> dict[str, tuple[Look, Estimate]]:
    """Return the Gaussian of the map, if it can read the trace, and Laplace's of a problem, if it has one, by name."""
    found = {}
    if is_readable:
        base = _posterior_map().base
        found[base.name] = map_look(scene), base.predict(problem.data[None])
    laplace = results.laplace(problem)
    if laplace.covariance is not None:
        found[entries.LAPLACE] = LAPLACE_LOOK, laplace
    return found


def as_ellipse(name: str, look: Look, estimate: Estimate) -> Beside:
    """Return what is drawn for one of the Gaussians."""
    return Beside(name, look, estimate.mean[0], _covariance(estimate))


def law_raster(problem: Problem, box: Array) -> Raster:
    """Return the learned posterior of a trace that it can read, on the pixels of a box, (2, 2)."""
    return _raster(_found(_posterior_map(), problem).law, box)


def _posterior_map() -> PosteriorMap:
    found: PosteriorMap = results.kept("posterior map", NAME, partial(load_posterior_map, NAME))
    return found


def _found(learned: PosteriorMap, problem: Problem) -> _Learned:
    found: _Learned = results.kept("learned law", problem.identity, partial(_of, learned, problem.data))
    return found


def _of(learned: PosteriorMap, data: Array) -> _Learned:
    frame, features = learned.frame_and_features(data[None])
    normals = np.random.default_rng(0).standard_normal((PARTICLES, len(learned.parameter_names)))
    return _Learned(learned.laws(frame, features)[0], learned.transports(frame, features)[0].paths(normals))


def _raster(law: LearnedPosterior, box: Array) -> Raster:
    """Return a learned posterior on the pixels of a box, (2, 2), as far as it lies within the prior's bounds."""
    low, high = np.clip(box.T, *law.prior.bounds.T)
    size = (high - low) / SIDE
    x, y = (start + (np.arange(SIDE) + 0.5) * step for start, step in zip(low, size, strict=True))
    heights = law.log_density(np.stack(np.meshgrid(x, y), axis=-1))
    return Raster(x, y, np.exp(heights) * np.prod(size))


def _covariance(estimate: Estimate) -> Array:
    assert estimate.covariance is not None, "both Gaussians have one"
    return np.asarray(estimate.covariance[0])


def _divergence(exact: Posterior, estimate: Estimate) -> float:
    """Return KL(exact ‖ Gaussian) in nats."""
    divergence, _ = divergence_and_variation(exact, StatedLaw.of(estimate).log_density(0, exact.cells.centres))
    return divergence


def _at_edge(exact: Posterior) -> bool:
    """Say whether an edge of the prior lies within two standard deviations of the mean."""
    reach = EDGE_SDS * np.sqrt(np.diag(exact.covariance))
    bounds = exact.problem.bounds
    return bool(np.any((exact.mean - reach < bounds[:, 0]) | (exact.mean + reach > bounds[:, 1])))
