"""What the lessons ask and claim about noise and estimates, computed by core alone."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

import core
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise, residual_sums, sample_ar1
from core.optimisation.least_squares_fit import cramer_rao
from core.optimisation.minima import descend_together
from core.problem.problem import Problem
from core.published import GAMMA, RHO, SIGMA, ZETA, full_prior, published_noise, time_grid
from dashboard.lessons import facts

Array = NDArray[np.float64]
BOTH = ("theta0", "theta1")
N_DRAWS = 12  # of the noise, for each estimator
SEED = 5
DESCENT_STEPS = 20  # from the estimate of the best map, which is close
MAP = "MAP"


def problem(noise: Noise, data: Array | None = None, unknown: tuple[str, ...] = BOTH) -> Problem:
    """Return the inverse problem of one trace in the published window; data only matter for estimates."""
    truth = dict(zip(BOTH, facts.THETA, strict=True)) | {"zeta": ZETA, "gamma": GAMMA}
    known = {name: value for name, value in truth.items() if name not in unknown}
    times = time_grid()
    trace = np.zeros(times.size) if data is None else data
    return Problem.of_trace(FITZHUGH_NAGUMO, trace, times, unknown, known, noise, full_prior())


@lru_cache
def bound(rho: float = RHO, sigma: float = SIGMA, unknown: tuple[str, ...] = BOTH) -> Array:
    """Return the Cramér–Rao bound at the truth: the smallest covariance, (p, p), of an unbiased estimate."""
    truth = [value for name, value in zip(BOTH, facts.THETA, strict=True) if name in unknown]
    return cramer_rao(problem(published_noise(rho, sigma), unknown=unknown), truth)


def smallest_sd(rho: float = RHO, sigma: float = SIGMA, unknown: tuple[str, ...] = BOTH) -> float:
    """Return the smallest standard deviation of an unbiased estimate of θ₀."""
    return float(np.sqrt(bound(rho, sigma, unknown)[0, 0]))


def correlation() -> float:
    """Return the correlation of the errors of θ₀ and θ₁ in the best estimate."""
    covariance = bound()
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def widening_of_mean(rho: float = RHO) -> float:
    """Return how many times as widely the mean of AR(1) noise scatters as that of white noise of the same sd.

    The variance of the mean of n samples is the sum of their covariances over n².
    """
    n = time_grid().size
    lags = np.arange(1, n)
    return float(np.sqrt(1 + 2 * np.sum((1 - lags / n) * rho**lags)))


def misfit_between(theta: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the AR(1) misfit of one noiseless potential to another, at the published noise."""
    return float(residual_sums(facts.potential(*theta) - facts.potential(*other)).misfit(published_noise()))


def _traces(sigma: float) -> Array:
    """Return the truth's potential with N_DRAWS draws of the published noise at σ, (N_DRAWS, n_times)."""
    noise = published_noise(sigma=sigma)
    drawn = sample_ar1(np.full(N_DRAWS, noise.rho), noise.marginal_sd, time_grid().size, np.random.default_rng(SEED))
    return facts.potential(facts.THETA[0]) + drawn


@lru_cache
def scatter(estimator: str, sigma: float = SIGMA) -> float:
    """Return the root mean square distance of an estimator's (θ₀, θ₁) from the middle of its estimates.

    estimator: the name of a shipped map, or MAP: the minimum of the loss next to the best map's estimate.
    """
    traces = _traces(sigma)
    estimates = core.load_inverse_map("best" if estimator == MAP else estimator).predict(traces).mean
    if estimator == MAP:
        problems = [problem(published_noise(sigma=sigma), trace) for trace in traces]
        ends = [
            descend_together(each, start[None], DESCENT_STEPS) for each, start in zip(problems, estimates, strict=True)
        ]
        estimates = np.array([each.positions[0] for each in ends])
    return float(np.linalg.norm(estimates.std(axis=0)))


def noise_curve(rho: float, n_times: int = 120, sd: float = 0.8) -> Array:
    """Return n_times samples of AR(1) noise from a fixed seed, for a small picture."""
    return sample_ar1(rho, sd, n_times, np.random.default_rng(SEED))
