"""Mend the estimates of a map with learned steps where its own training cannot have taught it better.

A residual smaller than any noise of the training shows a nearly clean trace. Its posterior is narrow, so that the
estimate descends to the nearest minimum. A residual that no such noise explains shows a wrong valley. A
second start then searches the whole box, and is taken where the loss is lower there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.maps.dataset import observed_traces
from core.maps.inputs import TraceInputs
from core.maps.task import Task
from core.noise import Noise
from core.optimisation.minima import coarse_grid, descend_together, find_minima
from core.problem.problem import Problem
from core.published import SAMPLING_INTERVAL

MAX_CORRELATION = 0.99
MIN_NOISE_SD = 0.01  # a descent weighs the misfit by no smaller noise: its end would be the same, but take longer
FARTHEST = 10.0  # a residual with this many times the noise's largest sd is no neuron's, and stays as it is
STRANGE_SDS = 6.0  # a residual is strange when its tails or size lie this far, in standard errors, from the noise's
SMALLEST = 1e-10  # added to variances, against division by zero
ROUNDS = 2  # of descents, each with the noise of the residual before it
STEPS = 20  # of each descent

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Residuals:
    """The noise that residuals of n traces show: correlation, marginal_sd, and the innovations' tails, (n,) each.

    tails: the fourth moment over the square of the second, which is 3 for Gaussian noise.
    """

    correlation: Array
    marginal_sd: Array
    tails: Array


def residual_noise(residuals: Array, lengths: NDArray[np.int64]) -> Residuals:
    """Describe residuals, (n, n_times), of which the first lengths, (n,), count."""
    real = np.arange(residuals.shape[1]) < lengths[:, None]
    residuals = np.where(real, np.nan_to_num(residuals), 0.0)
    pairs = np.sum(residuals[:, 1:] * residuals[:, :-1], axis=1)
    squares = np.sum(np.where(real[:, 1:], residuals[:, :-1], 0.0) ** 2, axis=1)
    correlation = np.clip(pairs / np.maximum(squares, SMALLEST), -MAX_CORRELATION, MAX_CORRELATION)
    innovations = np.where(real[:, 1:], residuals[:, 1:] - correlation[:, None] * residuals[:, :-1], 0.0)
    variance = np.sum(innovations**2, axis=1) / (lengths - 1) + SMALLEST
    tails = np.sum(innovations**4, axis=1) / (lengths - 1) / variance**2
    return Residuals(correlation, np.sqrt(variance / (1 - correlation**2)), tails)


def mended(task: Task, inputs: TraceInputs, mean: Array, covariance: Array) -> tuple[Array, Array]:
    """Return means (n, p) and covariances (n, p, p), mended where the residuals at the means ask for it."""
    q, law = len(task.prior.names), task.noise
    assert law is not None, "maps of clean traces have no learned steps"
    noise = _noise_at(task, inputs, mean[:, :q])
    least, most = np.array([law.lower[1], law.upper[1]]) / SAMPLING_INTERVAL
    errors = STRANGE_SDS / np.sqrt(inputs.lengths)
    # The sample variances of s and of the tails of Gaussian noise: s²/2n for independent samples, and 24/n.
    small = noise.marginal_sd < least
    strange = ~small & ((noise.tails > 3 + errors * np.sqrt(24)) | (noise.marginal_sd > most * (1 + errors)))
    mean, covariance = mean.copy(), covariance.copy()
    strange &= noise.marginal_sd < FARTHEST * most
    for i in np.flatnonzero(strange | small):
        trace = TraceInputs(inputs.traces[i : i + 1], inputs.given[i : i + 1], inputs.lengths[i : i + 1])
        found = _mended(task, trace, mean[i, :q], bool(strange[i]))
        if found is None:
            continue
        mean[i, :q], covariance[i] = found[0], 0.0
        covariance[i, :q, :q] = found[1]
        if task.estimates_noise:
            mean[i, q:], variances = _noise_of(task, trace, found[0])
            covariance[i, range(q, q + 2), range(q, q + 2)] = variances
    return mean, covariance


def _noise_of(task: Task, trace: TraceInputs, mean: Array) -> tuple[Array, Array]:
    """Return σ [ms] and ρ of the residual of one trace within their bounds, and their variances by Cramér and Rao."""
    noise, n = _noise_at(task, trace, mean[None]), trace.lengths[0]
    values = np.array([noise.marginal_sd[0] * SAMPLING_INTERVAL, noise.correlation[0]])
    sigma, rho = np.clip(values, *task.law.bounds[-2:].T)
    return np.array([sigma, rho]), np.array([sigma**2 * (1 + rho**2) / (1 - rho**2) / (2 * n), (1 - rho**2) / n])


def _noise_at(task: Task, inputs: TraceInputs, mean: Array) -> Residuals:
    n_times = int(inputs.lengths.max())
    simulated = observed_traces(task.model, task.complete(mean, inputs.given), task.times[:n_times])
    return residual_noise(inputs.traces[:, :n_times].astype(float) - simulated, inputs.lengths)


def _mended(task: Task, trace: TraceInputs, mean: Array, strange: bool) -> tuple[Array, Array] | None:
    """Return mean (q,) and covariance (q, q) of one trace at a lower loss, or None where there is none."""
    problem, own = _problem(task, trace), _loss(task, trace, mean)
    starts = [mean]
    if strange and len(mean) == 2:
        starts.append(find_minima(problem, coarse_grid(problem)).positions[0])
    best: tuple[float, Array, Array] | None = None
    for start in starts:
        position = start
        for _ in range(ROUNDS):
            noise = _noise_at(task, trace, position[None])
            weighed = problem.with_noise(
                Noise(float(noise.correlation[0]), float(max(noise.marginal_sd[0], MIN_NOISE_SD)))
            )
            descent = descend_together(weighed, position[None], STEPS)
            position = descent.positions[0]
        loss = _loss(task, trace, position)
        if best is None or loss < best[0]:
            best = loss, position, descent.hessians[0]
    if best is None or not best[0] < own or not np.linalg.eigvalsh(best[2])[0] > 0:
        return None
    return best[1], np.asarray(np.linalg.inv(best[2]), dtype=np.float64)


def _loss(task: Task, trace: TraceInputs, mean: Array) -> float:
    """Return the negative log-likelihood of one trace up to a constant, with the noise that its residual shows."""
    noise = _noise_at(task, trace, mean[None])
    innovation_sd = noise.marginal_sd[0] * np.sqrt(1 - noise.correlation[0] ** 2)
    return float(trace.lengths[0] * np.log(innovation_sd))


def _problem(task: Task, trace: TraceInputs) -> Problem:
    n_times = int(trace.lengths[0])
    known = dict(task.known)
    if task.given is not None:
        known |= dict(zip(task.given.names, trace.given[0].tolist(), strict=True))
    assert task.noise is not None, "maps of clean traces have no learned steps"
    noise = Noise(task.noise.mean[0], task.noise.mean[1] / SAMPLING_INTERVAL)
    data = trace.traces[0, :n_times].astype(float)
    return Problem.of_trace(task.model, data, task.times[:n_times], task.prior.names, known, noise, task.prior)
