"""Mend the estimates of a map with learned steps where its own training cannot have taught it better.

An estimate descends to the nearest minimum in two cases. A residual smaller than any noise of the training shows a
nearly clean trace, whose posterior is narrow. A residual that is not Gaussian noise shows an estimate in the wrong
valley. Where it stays unexplained after the descent, the whole box is searched for a second start of two parameters.

A noisy trace is explained about as well in neighbouring valleys, of which the curvature at a minimum knows nothing: the
map's own covariance stays. Of more than two parameters the map's own mean stays too, because one minimum is farther
from the truth than the mean over several valleys.
"""

import numpy as np
from numpy.typing import NDArray

from core.maps.dataset import observed_traces
from core.maps.inputs import TraceInputs
from core.maps.problem_of_task import problem_of
from core.maps.residual_noise import ResidualNoise, residual_noise
from core.maps.step_inputs import expansion
from core.maps.task import Task
from core.optimisation.minima import coarse_grid, find_minima
from core.published import SAMPLING_INTERVAL

SIMULATION_ERROR = 1e-3  # a residual below this is that of the simulations
FARTHEST = 10.0  # a residual with this many times the noise's largest sd is no neuron's, and stays as it is
KURTOSIS_SDS = 6.0  # a residual is unexplained when its kurtosis lies this many standard errors above Gaussian noise's
KURTOSIS_VARIANCE_TIMES_N = 24.0  # variance of the kurtosis of n Gaussian samples, times n
ITERATIONS = 30  # of a descent, at most
LEAST_GAIN = 1e-3  # a descent ends when an iteration makes the residual smaller by a smaller share than this
LARGEST_DAMPING = 1e8  # a descent ends where only smaller steps would make the residual smaller
ROUNDING = 1e-12
DAMPING, DAMPING_FACTOR = 1e-3, 10.0  # of Levenberg and Marquardt: at first, and from one iteration to the next
SMALLEST_SD = 1e-6  # of a residual, for its covariance
HESSIAN_FLOOR = 1e-6  # added to the diagonal of a Hessian in widths of the box, which makes it regular

Array = NDArray[np.float64]


def mended(task: Task, inputs: TraceInputs, mean: Array, covariance: Array) -> tuple[Array, Array]:
    """Return means (n, p) and covariances (n, p, p), mended where the residuals at the means ask for it."""
    law, q = task.noise, len(task.prior.names)
    assert law is not None, "maps of clean traces have no learned steps"
    least, most = law.bounds[1] / SAMPLING_INTERVAL
    own_mean, own_covariance = mean, covariance
    mean, covariance = mean.copy(), covariance.copy()
    noise = _noise_at(task, inputs, mean[:, :q])
    unexplained = _unexplained(noise, inputs.lengths, most)
    _descend(task, inputs, np.flatnonzero(unexplained | (noise.marginal_sd < least)), mean, covariance)
    if not unexplained.any():
        return mean, covariance
    noise = _noise_at(task, inputs, mean[:, :q])
    noisy = unexplained & (noise.marginal_sd >= least)
    covariance[noisy] = own_covariance[noisy]
    if q != 2:
        mean[noisy] = own_mean[noisy]
        return mean, covariance  # the search over the whole box is made for two parameters
    again = np.flatnonzero(_unexplained(noise, inputs.lengths, most))
    for i in again:
        _start_again(task, _part(inputs, np.array([i])), mean[i], covariance[i])
    _descend(task, inputs, again, mean, covariance)
    return mean, covariance


def _part(inputs: TraceInputs, which: NDArray[np.int64]) -> TraceInputs:
    return TraceInputs(inputs.traces[which], inputs.given[which], inputs.lengths[which])


def _noise_at(task: Task, inputs: TraceInputs, mean: Array) -> ResidualNoise:
    n_times = int(inputs.lengths.max())
    simulated = observed_traces(task.model, task.complete(mean, inputs.given), task.times[:n_times])
    return residual_noise(inputs.traces[:, :n_times].astype(float) - simulated, inputs.lengths)


def _unexplained(noise: ResidualNoise, lengths: NDArray[np.int64], most: float) -> NDArray[np.bool_]:
    """Return which residuals, (n,), are not Gaussian noise, by their kurtosis.

    Residuals below the error of simulations do not count, nor those too large for a neuron's trace.
    most: the noise's largest marginal standard deviation.
    """
    heavy_tailed = noise.kurtosis > 3 + KURTOSIS_SDS * np.sqrt(KURTOSIS_VARIANCE_TIMES_N / lengths)
    return heavy_tailed & (noise.marginal_sd > SIMULATION_ERROR) & (noise.marginal_sd < FARTHEST * most)


def _start_again(task: Task, trace: TraceInputs, mean: Array, covariance: Array) -> None:
    """Replace mean (p,) and covariance (p, p) of one trace by those of the lowest minimum, where that is better."""
    q, n_times = len(task.prior.names), int(trace.lengths[0])
    data = trace.traces[0, :n_times].astype(float)
    problem = problem_of(task, n_times, trace.given[0]).with_data(data)
    minima = find_minima(problem, coarse_grid(problem))
    if not len(minima.positions) or not np.linalg.eigvalsh(minima.hessians[0])[0] > 0:
        return
    before, after = (_noise_at(task, trace, each[None]) for each in (mean[:q], minima.positions[0]))
    if not after.innovation_sd[0] < before.innovation_sd[0]:
        return
    mean[:q], covariance[:] = minima.positions[0], 0.0
    covariance[:q, :q] = np.linalg.inv(minima.hessians[0])
    if task.estimates_noise:
        _set_noise(task, after, trace.lengths, mean[None], covariance[None])


def _descend(task: Task, inputs: TraceInputs, which: NDArray[np.int64], mean: Array, covariance: Array) -> None:
    """Replace means (n, p) and covariances (n, p, p) of some traces by those of minima (Levenberg and Marquardt)."""
    if not which.size:
        return
    q, inputs = len(task.prior.names), _part(inputs, which)
    low, widths = np.array(task.prior.lower), np.subtract(task.prior.upper, task.prior.lower)
    unit = np.broadcast_to(np.eye(q), (which.size, q, q))
    scaled, damping = (mean[which, :q] - low) / widths, np.full(which.size, DAMPING)
    found, moving = expansion(task, inputs, scaled, unit), np.arange(which.size)
    for _ in range(ITERATIONS):
        hessian, gradient = found.hessian[moving], found.gradient[moving]
        # The trace of the matrix keeps it regular where a parameter has no influence.
        least = ROUNDING * np.einsum("nii->n", hessian) + HESSIAN_FLOOR
        damped = hessian + unit[moving] * (damping[moving, None, None] * hessian + least[:, None, None])
        trial = np.clip(scaled[moving] - np.linalg.solve(damped, gradient[..., None])[..., 0], 0, 1)
        new = expansion(task, _part(inputs, moving), trial, unit[moving])
        before = found.innovation_sd[moving]
        lower = new.innovation_sd < before
        scaled[moving[lower]] = trial[lower]
        found = found.replaced(moving[lower], new, lower)
        damping[moving] *= np.where(lower, 1 / DAMPING_FACTOR, DAMPING_FACTOR)
        still = (new.innovation_sd > SMALLEST_SD) & (damping[moving] < LARGEST_DAMPING)
        moving = moving[still & ~(lower & (new.innovation_sd > (1 - LEAST_GAIN) * before))]
        if not moving.size:
            break
    mean[which, :q] = np.clip(low + scaled * widths, task.prior.lower, task.prior.upper)
    # The Hessian is that of a noise within the bounds of the training; the residual's own noise may be smaller.
    share = (np.maximum(found.marginal_sd, SMALLEST_SD) / found.weighed_sd) ** 2
    regular = found.hessian + HESSIAN_FLOOR * unit
    new_covariance = np.zeros((which.size, *covariance.shape[1:]))
    new_covariance[:, :q, :q] = share[:, None, None] * np.linalg.inv(regular) * np.outer(widths, widths)
    if task.estimates_noise:
        new_mean = mean[which]
        noise = _noise_at(task, inputs, new_mean[:, :q])
        _set_noise(task, noise, inputs.lengths, new_mean, new_covariance)
        mean[which] = new_mean
    covariance[which] = new_covariance


def _set_noise(task: Task, noise: ResidualNoise, lengths: NDArray[np.int64], mean: Array, covariance: Array) -> None:
    """Set σ [ms] and ρ to those of residuals, within their bounds, and their variances to Cramér and Rao's bound."""
    values = np.column_stack([noise.marginal_sd * SAMPLING_INTERVAL, noise.correlation])
    mean[:, -2:] = np.clip(values, *task.law.bounds[-2:].T)
    sigma, rho = mean[:, -2:].T
    covariance[:, -2, -2] = sigma**2 * (1 + rho**2) / (1 - rho**2) / (2 * lengths)
    covariance[:, -1, -1] = (1 - rho**2) / lengths
