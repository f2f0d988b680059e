"""The out-of-distribution score of a trace, computed from the residual of its best fit.

Levenberg–Marquardt descends from draws of the map's Gaussian to nearby minima. The residual at the lowest one should be
AR(1) noise as in the map's training. A summary holds its correlation, its size, and the whiteness and tails of its
innovations. The score is the summary's squared Mahalanobis distance from summaries of traces like the training's, over
the value that one in a hundred of them exceeds. A trace with a score above 1 counts as out of distribution. A change
that another θ can reproduce, such as a small change of ζ, does not show in the residual, nor in the score.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.checks import with_gaps
from core.estimate import Estimate
from core.learning.training_settings import GaussianLikelihood
from core.maps.card import N_SUMMARY, NoveltyReference
from core.maps.dataset import NOVELTY_STREAM, dataset, observed_traces
from core.maps.inverse_map import InverseMap
from core.maps.problem_of_task import problem_of
from core.maps.recipe import Recipe
from core.metrics import squared_distances_by_precision
from core.noise import autocorrelation
from core.optimisation.minima import descend_together
from core.problem.problem import Problem

FALSE_ALARM_RATE = 0.01
N_STARTS = 16  # the mean of the Gaussian and draws from it
STEPS = 12  # of each descent
N_LAGS = N_SUMMARY - 3  # the other three numbers are correlation, size and tails
N_REFERENCE = 6000  # traces
TRACES_AT_ONCE = 100  # after which the share that is done is told
TRIMMED_SHARE = 0.03  # share of the reference left out of mean and precision: fits that ended in a wrong minimum
SEED = 0


def can_score(recipe: Recipe) -> bool:
    """Return whether the maps of a recipe can have a reference."""
    return isinstance(recipe.loss, GaussianLikelihood) and recipe.noisy and recipe.task.is_one_problem


def novelty_reference(
    trained: InverseMap, n: int = N_REFERENCE, tell: Callable[[float], None] = lambda _: None
) -> NoveltyReference:
    """Return the reference of a map with covariance, from n traces of its own prior and noise that nothing else uses.

    tell: is told the share that is done; it ends the work by an exception.
    """
    task = trained.recipe.task
    problem, traces, found = problem_of(task), dataset(task, n, NOVELTY_STREAM).noisy, []
    for first in range(0, n, TRACES_AT_ONCE):
        tell(first / n)
        few = traces[first : first + TRACES_AT_ONCE]
        found.append(residual_summaries(problem, few, trained.predict(few)))
    return _reference(np.concatenate(found))


def with_novelty(trained: InverseMap, data: ArrayLike, estimate: Estimate) -> Estimate:
    """Add the scores of traces, (n, n_times), to a map's estimates; a map without reference leaves them unchanged."""
    content = trained.card.get("novelty")
    if content is None:
        return estimate
    summaries = residual_summaries(problem_of(trained.recipe.task), data, estimate)
    return replace(estimate, novelty=NoveltyReference.from_json(content).scores(summaries))


def _reference(summaries: NDArray[np.float64]) -> NoveltyReference:
    """Return the reference from summaries, (n, k), of traces like the training's."""
    kept = summaries
    for _ in range(5):
        mean, precision = kept.mean(axis=0), np.asarray(np.linalg.inv(np.cov(kept.T)), dtype=np.float64)
        distances = squared_distances_by_precision(summaries - mean, precision)
        kept = summaries[distances <= np.quantile(distances, 1 - TRIMMED_SHARE)]
    threshold = float(np.quantile(distances, 1 - FALSE_ALARM_RATE))
    return NoveltyReference(tuple(mean.tolist()), tuple(map(tuple, precision.tolist())), threshold)


def _starts(
    mean: NDArray[np.float64], covariance: NDArray[np.float64], bounds: NDArray[np.float64]
) -> NDArray[np.float64]:
    normals = np.random.default_rng(SEED).standard_normal((N_STARTS, mean.size))
    normals[0] = 0
    return np.clip(mean + normals @ np.linalg.cholesky(covariance).T, *bounds.T)


def residual_summaries(problem: Problem, data: ArrayLike, estimate: Estimate) -> NDArray[np.float64]:
    """Return the summaries, (n, k), of traces, (n, n_times), with a map's estimates, which must have a covariance.

    problem: the trace in it is not used. Raises ValueError for estimates without covariance, and unless there is a
    finite one of the problem's unknowns for each trace.
    """
    if estimate.covariance is None:
        raise ValueError("The novelty of a trace needs an estimate with a covariance.")
    data = np.asarray(with_gaps(data), dtype=float)
    estimate.check(problem.unknown, len(data))
    fits = []
    for trace, mean, covariance in zip(data, estimate.mean, estimate.covariance, strict=True):
        starts = _starts(mean, covariance, problem.bounds)
        descents = descend_together(problem.with_data(trace), starts, STEPS)
        fits.append(descents.positions[np.argmin(descents.losses)])
    traces = observed_traces(problem.model, problem.parameters(np.array(fits)), problem.times)
    return np.array([_summary(residual) for residual in data - traces])


def _summary(residual: NDArray[np.float64]) -> NDArray[np.float64]:
    rho = np.clip(residual[1:] @ residual[:-1] / (residual[:-1] @ residual[:-1]), -0.999, 0.999)
    innovations = residual[1:] - rho * residual[:-1]
    size = np.sqrt(np.mean(innovations**2))
    tails = np.log(np.mean((innovations / size) ** 4))
    return np.array([np.arctanh(rho), np.log(size), tails, *autocorrelation(innovations, N_LAGS)[1:]])
