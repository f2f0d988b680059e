"""Training and test sets: draw parameters, simulate, add noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.maps.recipe import Data, Fixed, NewSimulations
from core.maps.task import Task
from core.models.model import Model
from core.noise import sample_ar1
from core.priors import TruncatedGaussian
from core.published import SAMPLING_INTERVAL

TRACES_AT_ONCE = 250  # noise is drawn for this many together, which fit into the processor's cache
SIMULATIONS_AT_ONCE = 2000  # the states of this many are in memory together
MAX_REDRAWS = 20
# The first entry of each seed sequence, so that training, validation and test sets never share draws.
TRAINING_STREAM, VALIDATION_STREAM, TEST_STREAM, CALIBRATION_STREAM, REFINEMENT_STREAM, NOVELTY_STREAM = range(6)
EXAMINATION_STREAM, POSTERIOR_STREAM, OPTIMISER_STREAM = 6, 7, 8


@dataclass(frozen=True, eq=False)
class Dataset:
    """n samples of a task.

    theta: (n, q), the model's parameters that a map estimates.
    noise_parameters: (n, 2), rho and sigma [ms] of each trace.
    clean, noisy: (n, n_times), traces. For a task without noise, both are the same and the noise parameters are zero.
    given: (n, g), the parameters that a map is told; g = 0 for a task without any.
    lengths: (n,), how many samples of each trace a map gets.
    """

    theta: NDArray[np.float64]
    noise_parameters: NDArray[np.float64]
    clean: NDArray[np.float32]
    noisy: NDArray[np.float32]
    given: NDArray[np.float64]
    lengths: NDArray[np.int64]

    def truth(self, task: Task) -> NDArray[np.float64]:
        """Return the true values, (n, p), of all that a map of the task estimates."""
        return np.column_stack([self.theta, self.noise_parameters[:, ::-1]]) if task.estimates_noise else self.theta


def observed_traces(model: Model, parameters: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a model's observed state, (n, n_times), for all its parameters, (n, all); NaN where it diverged."""
    if model.fused is not None:
        return model.fused.observed(parameters, times)
    traces = np.empty((len(parameters), len(times)), np.float32)
    for first in range(0, len(parameters), SIMULATIONS_AT_ONCE):
        part = slice(first, first + SIMULATIONS_AT_ONCE)
        traces[part] = model.simulate(parameters[part], times)[..., model.observed_column]
    return traces


def make_dataset(task: Task, n: int, times: NDArray[np.float64], rng: np.random.Generator) -> Dataset:
    """Draw n samples of a task, each with its own noise, and simulate them at times, (n_times,) in ms.

    Parameters with a diverging trajectory are drawn again. Raises ValueError where most trajectories diverge.
    """
    theta, given = task.prior.sample(n, rng), _given(task, n, rng)
    clean = observed_traces(task.model, task.complete(theta, given), times)
    for _ in range(MAX_REDRAWS):
        diverged = np.flatnonzero(~np.isfinite(clean[:, -1]))
        if diverged.size == 0:
            break
        theta[diverged], given[diverged] = task.prior.sample(diverged.size, rng), _given(task, diverged.size, rng)
        clean[diverged] = observed_traces(task.model, task.complete(theta[diverged], given[diverged]), times)
    else:
        symbols = {quantity.name: quantity.symbol for quantity in task.model.parameters}
        known = f", or bring {' and '.join(symbols[name] for name in task.known_names)} back into range"
        also = known if task.known_names else ""
        raise ValueError(f"Most trajectories of this prior diverge: narrow the bounds{also}.")
    return Dataset(theta, *_with_noise(clean, task.noise, rng), given, lengths_of(task, n, rng))


def _given(task: Task, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.empty((n, 0)) if task.given is None else task.given.sample(n, rng)


def lengths_of(task: Task, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw numbers of samples, (n,), log-uniformly between the smallest and the largest of a task."""
    shortest, longest = task.n_times
    if not task.has_window:
        return np.full(n, longest)
    return np.rint(np.exp(rng.uniform(np.log(shortest), np.log(longest), n))).astype(np.int64)


def dataset(task: Task, n: int, stream: int, seed: int = 0, epoch: int = 0) -> Dataset:
    """Draw n samples of a task, of its longest traces; stream, seed and epoch fix the random numbers."""
    return make_dataset(task, n, task.times, np.random.default_rng([stream, seed, epoch]))


def epoch_dataset(task: Task, data: Data, seed: int, epoch: int, before: Dataset | None) -> Dataset:
    """Return the training set of an epoch; before: that of the previous epoch, or None where there is none."""
    lasting = data.epochs_each if isinstance(data, NewSimulations) else None
    first = 1 if lasting is None else 1 + (epoch - 1) // lasting * lasting
    if before is None or epoch == first:
        before = dataset(task, data.n, TRAINING_STREAM, seed, first - 1)
    if isinstance(data, Fixed) or task.noise is None or epoch == first:
        return before
    rng = np.random.default_rng([TRAINING_STREAM, seed, 0, epoch])
    noisy = _with_noise(before.clean, task.noise, rng)
    return Dataset(before.theta, *noisy, before.given, lengths_of(task, len(before.theta), rng))


def _with_noise(
    clean: NDArray[np.float32], noise: TruncatedGaussian | None, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Return noise parameters, the unchanged clean traces, and noisy traces."""
    n, n_times = clean.shape
    if noise is None:
        return np.zeros((n, 2)), clean, clean
    noise_parameters = noise.sample(n, rng)
    noisy = np.empty_like(clean)
    for first in range(0, n, TRACES_AT_ONCE):
        part = slice(first, first + TRACES_AT_ONCE)
        rho, sigma = noise_parameters[part].T
        noisy[part] = clean[part] + sample_ar1(rho, sigma / SAMPLING_INTERVAL, n_times, rng)
    return noise_parameters, clean, noisy
