"""The published set-up of Rudi, Bessac and Lenzi (2021): constants, priors and time grid."""

import numpy as np
from numpy.typing import NDArray

from core.checks import as_count, as_float
from core.noise import Noise
from core.priors import TruncatedGaussian

GAMMA = 3.0
ZETA = -0.4
SAMPLING_INTERVAL = 0.2  # Δt in ms; the noise has the marginal standard deviation σ/Δt
T_END = 200.0  # ms
N_TIMES = 1000
RHO = 0.8
SIGMA = 0.07  # ms
ZETA_RANGE = (-0.8, 0.0)
GAMMA_RANGE = (2.0, 5.0)


def time_grid(t_end: float = T_END, n_times: int = N_TIMES) -> NDArray[np.float64]:
    """Return n_times sample times in ms: 0, t_end/n_times and so on. By default the published 0, 0.2, …, 199.8.

    Raises ValueError unless t_end is finite and above zero, and n_times a whole number above zero.
    """
    n_times = as_count(n_times, "times")
    if not 0 < as_float(t_end) < np.inf:
        raise ValueError(f"A time grid needs a finite end above zero; it is {t_end}.")
    return np.arange(n_times, dtype=np.float64) * (t_end / n_times)


def published_prior() -> TruncatedGaussian:
    """Return the prior of (theta0, theta1): N(0.4, 0.3²) and N(0.4, 0.4²), each truncated at ±2 sd."""
    return TruncatedGaussian(("theta0", "theta1"), (0.4, 0.4), (0.3, 0.4), (-0.2, -0.4), (1.0, 1.2))


def published_noise_prior() -> TruncatedGaussian:
    """Return the prior of (rho, sigma [ms]): N(0.80, 0.057²) and N(0.070, 0.0097²), each truncated at ±3 sd."""
    mean, sd = (RHO, SIGMA), (0.057, 0.0097)
    lower = tuple(m - 3 * s for m, s in zip(mean, sd, strict=True))
    upper = tuple(m + 3 * s for m, s in zip(mean, sd, strict=True))
    return TruncatedGaussian(("rho", "sigma"), mean, sd, lower, upper)


def published_noise(rho: float = RHO, sigma: float = SIGMA) -> Noise:
    """Return AR(1) noise with ρ and marginal standard deviation σ/Δt, for σ in ms."""
    return Noise(rho, sigma / SAMPLING_INTERVAL)


def full_prior() -> TruncatedGaussian:
    """Return the prior of all four parameters: the published one of θ, uniform for ζ and γ on their ranges."""
    theta = published_prior()
    return TruncatedGaussian(
        (*theta.names, "zeta", "gamma"),
        (*theta.mean, sum(ZETA_RANGE) / 2, sum(GAMMA_RANGE) / 2),
        (*theta.sd, np.inf, np.inf),
        (*theta.lower, ZETA_RANGE[0], GAMMA_RANGE[0]),
        (*theta.upper, ZETA_RANGE[1], GAMMA_RANGE[1]),
    )


def with_constants(theta: NDArray[np.float64], zeta: float = ZETA, gamma: float = GAMMA) -> NDArray[np.float64]:
    """Append known constants to θ, (..., 2), to make full parameters, (..., 4)."""
    theta = np.asarray(theta, dtype=float)
    constants = np.broadcast_to([zeta, gamma], (*theta.shape[:-1], 2))
    return np.concatenate([theta, constants], axis=-1)
