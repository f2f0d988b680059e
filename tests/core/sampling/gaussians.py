"""Gaussian targets with known moments, and runs of a sampler on them."""

import numpy as np

from core.sampling.effective_size import standard_error
from core.sampling.samplers import walk
from core.sampling.target import Target
from tests.core.optimisation.objectives import quadratic

MEAN = np.array([0.3, -0.2])
COVARIANCE = np.array([[0.04, 0.018], [0.018, 0.0225]])
WIDE = [[-5, 5], [-5, 5]]  # 25 standard deviations and more from the mean


def gaussian(scale=None, bounds=WIDE, temperature=1.0):
    """Return the target N(MEAN, COVARIANCE): half the square of a whitened deviation is its loss."""
    whitening = np.linalg.inv(np.linalg.cholesky(COVARIANCE))
    scale = np.linalg.cholesky(COVARIANCE) if scale is None else scale
    return Target(quadratic(MEAN, bounds, whitening), scale, temperature)


def run(steps, target, n, burn_in, kept, seed=0):
    """Return the positions, (kept, n, p), of n particles that begin around the mean."""
    rng = np.random.default_rng(seed)
    z = target.reflected(target.coordinates(MEAN + 0.3 * rng.standard_normal((n, 2))))
    found = []
    for k, (state, _) in enumerate(walk(steps, target, z, rng)):
        if k >= burn_in:
            found.append(state.positions)
        if k == burn_in + kept - 1:
            return target.positions(np.array(found))
    return None


def z_scores(positions, mean, covariance):
    """Return by how many standard errors the run's means, variances and product moment are off, (5,).

    The errors come from batch means, so that they hold for correlated particles too.
    """
    off = positions - mean
    x, y = off[..., 0], off[..., 1]
    series = np.stack([x, y, x * x, y * y, x * y], axis=-1).mean(axis=1)
    expected = [0, 0, covariance[0, 0], covariance[1, 1], covariance[0, 1]]
    return (series.mean(axis=0) - expected) / standard_error(series)
