"""Training and test sets: draw parameters, simulate, add noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.noise import sample_ar1
from core.priors import TruncatedGaussian
from core.published import SAMPLING_INTERVAL, with_constants

CHUNK = 250  # traces whose noise is drawn at once: what lies in the cache is touched many times faster


@dataclass(frozen=True, eq=False)
class Dataset:
    """n samples: theta (n, 2), noise parameters (rho, sigma) (n, 2), clean and noisy traces (n, n_times) in float32."""

    theta: NDArray[np.float64]
    noise_parameters: NDArray[np.float64]
    clean: NDArray[np.float32]
    noisy: NDArray[np.float32]


def make_dataset(
    n: int,
    prior: TruncatedGaussian,
    noise_law: TruncatedGaussian,
    times: NDArray[np.float64],
    zeta: float,
    gamma: float,
    rng: np.random.Generator,
) -> Dataset:
    """Draw n samples of θ from prior, each with its own noise, and simulate them at times, (n_times,) in ms.

    noise_law is the law of (rho, sigma [ms]). A θ whose trajectory diverges is drawn again. Raises ValueError where
    most of the prior diverges.
    """
    theta = prior.sample(n, rng)
    clean = simulate_potential(with_constants(theta, zeta, gamma), times)
    for _ in range(20):
        diverged = np.flatnonzero(~np.isfinite(clean[:, -1]))
        if diverged.size == 0:
            break
        theta[diverged] = prior.sample(diverged.size, rng)
        clean[diverged] = simulate_potential(with_constants(theta[diverged], zeta, gamma), times)
    else:
        raise ValueError(
            "Most trajectories of this prior diverge: narrow the bounds, or bring ζ and γ back into range."
        )
    return Dataset(theta, *_noise(clean, noise_law, rng))


def with_new_noise(data: Dataset, noise_law: TruncatedGaussian, rng: np.random.Generator) -> Dataset:
    """Return the same trajectories with noise drawn anew, each with its own (rho, sigma [ms]) from noise_law."""
    return Dataset(data.theta, *_noise(data.clean, noise_law, rng))


def _noise(
    clean: NDArray[np.float32], noise_law: TruncatedGaussian, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Return noise parameters, the clean traces as they are, and the noisy ones."""
    n, n_times = clean.shape
    noise_parameters = noise_law.sample(n, rng)
    noisy = np.empty_like(clean)
    for first in range(0, n, CHUNK):
        part = slice(first, first + CHUNK)
        rho, sigma = noise_parameters[part].T
        noisy[part] = clean[part] + sample_ar1(rho, sigma / SAMPLING_INTERVAL, n_times, rng)
    return noise_parameters, clean, noisy
