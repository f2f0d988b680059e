"""The test traces on which limits are computed: joint, fresh, windows, conditional and four unknowns; without torch."""

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from core.maps.dataset import TEST_STREAM, Dataset, make_dataset
from core.maps.recipes import published_task
from core.maps.task import MAX_SD, Task
from core.maps.test_sets import published_test_set
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.problem.problem import Problem
from core.published import (
    GAMMA,
    N_TIMES,
    SAMPLING_INTERVAL,
    ZETA,
    full_prior,
    published_noise,
    published_noise_prior,
    time_grid,
)  # fmt: skip

WINDOWS = (100, 200, 500, 1000, 2000)  # samples
N_WINDOW = 1000  # traces of each window
N_FRESH, N_FRESH_LIMIT = 10_000, 6000  # traces, and those of them with a limit
N_CONDITIONAL = 2000
N_FOUR = 300
WINDOW_SEED, FULL_SEED, FRESH_SEED = 1, 2, 3  # second entries of the seed sequence


@dataclass(frozen=True, eq=False)
class LimitTraces:
    """n noisy traces of the neuron, with what an estimator is given and what it is to find.

    times: (n_times,) in ms.
    noisy: (n, n_times).
    names: of the p quantities to estimate: model parameters, then sigma [ms] and rho where the noise is among them.
    truth: (n, p).
    known_names: of the k parameters whose values an estimator is given.
    known: (n, k).
    """

    times: NDArray[np.float64]
    noisy: NDArray[np.float32]
    names: tuple[str, ...]
    truth: NDArray[np.float64]
    known_names: tuple[str, ...]
    known: NDArray[np.float64]

    @property
    def fingerprint(self) -> str:
        """A hash of traces and known values, under which stored estimates are found only for these very traces."""
        return sha256(self.noisy.tobytes() + self.known.tobytes()).hexdigest()[:12]

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The model parameters among the names."""
        return tuple(name for name in self.names if name in FITZHUGH_NAGUMO.parameter_names)

    def problem(self, i: int) -> Problem:
        """Return the inverse problem of trace i, with the published mean noise to begin a search with."""
        known = dict(zip(self.known_names, map(float, self.known[i]), strict=True))
        data = self.noisy[i].astype(float)
        return Problem.of_trace(
            FITZHUGH_NAGUMO, data, self.times, self.parameter_names, known, published_noise(), full_prior()
        )


def _published_constants(n: int) -> NDArray[np.float64]:
    return np.tile([ZETA, GAMMA], (n, 1))


@lru_cache(maxsize=1)
def joint_traces() -> LimitTraces:
    """Return the 2,000 published test traces, of which θ₀, θ₁, σ [ms] and ρ are to be estimated."""
    data = published_test_set()
    truth = np.concatenate([data.theta, data.noise_parameters[:, ::-1]], axis=1)
    names = (*published_task().names, "sigma", "rho")
    return LimitTraces(time_grid(), data.noisy, names, truth, ("zeta", "gamma"), _published_constants(len(truth)))


@lru_cache(maxsize=1)
def fresh_set() -> Dataset:
    """Return 10,000 samples of the published prior and noise, clean and noisy, that no choice has looked at."""
    return make_dataset(published_task(), N_FRESH, time_grid(), np.random.default_rng([TEST_STREAM, FRESH_SEED]))


@lru_cache(maxsize=1)
def fresh_traces() -> LimitTraces:
    """Return the first 6,000 of the fresh samples, of which θ is to be estimated."""
    data, constants = fresh_set(), _published_constants(N_FRESH_LIMIT)
    noisy, theta = data.noisy[:N_FRESH_LIMIT], data.theta[:N_FRESH_LIMIT]
    return LimitTraces(time_grid(), noisy, published_task().names, theta, ("zeta", "gamma"), constants)


@lru_cache(maxsize=len(WINDOWS))
def window_traces(n_times: int) -> LimitTraces:
    """Return 1,000 test traces of n_times samples at 0.2 ms, of which θ is to be estimated: other ones each length."""
    times = time_grid(n_times * SAMPLING_INTERVAL, n_times)
    rng = np.random.default_rng([TEST_STREAM, WINDOW_SEED, n_times])
    data = make_dataset(published_task(), N_WINDOW, times, rng)
    constants = _published_constants(N_WINDOW)
    return LimitTraces(times, data.noisy, published_task().names, data.theta, ("zeta", "gamma"), constants)


@lru_cache(maxsize=1)
def _full_set() -> Dataset:
    """Return test traces whose θ, ζ and γ are all drawn, θ from the published prior, ζ and γ uniformly.

    A task has finite standard deviations; over these ranges MAX_SD is uniform to one part in a million.
    """
    prior = full_prior()
    prior = replace(prior, sd=tuple(min(sd, MAX_SD) for sd in prior.sd))
    task = Task(FITZHUGH_NAGUMO.name, prior, (), published_noise_prior())
    return make_dataset(task, N_CONDITIONAL, time_grid(), np.random.default_rng([TEST_STREAM, FULL_SEED, N_TIMES]))


def conditional_traces() -> LimitTraces:
    """Return 2,000 test traces with ζ and γ drawn uniformly and known, of which θ is to be estimated."""
    data, names = _full_set(), FITZHUGH_NAGUMO.parameter_names
    return LimitTraces(time_grid(), data.noisy, names[:2], data.theta[:, :2], names[2:], data.theta[:, 2:])


def four_traces() -> LimitTraces:
    """Return the first N_FOUR of the conditional traces, of which all four parameters are to be estimated."""
    data, names = _full_set(), FITZHUGH_NAGUMO.parameter_names
    return LimitTraces(time_grid(), data.noisy[:N_FOUR], names, data.theta[:N_FOUR], (), np.empty((N_FOUR, 0)))
