"""The exact posterior of two parameters and the noise together: mean and covariance of all four.

p(m, σ, ρ | d) = p(m | d) p(σ, ρ | d, m). The first factor is the posterior with the noise integrated out. The second
gives each node of the quadrature over the noise a weight, which follows from the residual sums at a cell's centre.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.posterior.exact import Posterior
from core.published import SAMPLING_INTERVAL

CELLS_AT_ONCE = 1000  # the weights of this many cells' nodes are in memory together

Array = NDArray[np.float64]


def joint_moments(found: Posterior) -> Estimate:
    """Return mean (1, 4) and covariance (1, 4, 4) of the two parameters, σ [ms] and ρ, from the posterior of a trace.

    Raises ValueError where the noise was known: its posterior is then a point.
    """
    if found.nodes.rho.size == 1:
        raise ValueError("A known noise has no posterior: compute the posterior with a prior of the noise.")
    noise = np.column_stack([found.nodes.marginal_sd * SAMPLING_INTERVAL, found.nodes.rho])
    node_masses, cross = np.zeros(len(noise)), np.zeros((2, 2))
    for centres, masses in _joint_masses(found):
        node_masses += masses.sum(axis=0)
        cross += (centres - found.mean).T @ masses @ noise
    mean = node_masses @ noise
    deviations = noise - mean
    covariance = np.block([[found.covariance, cross], [cross.T, (node_masses[:, None] * deviations).T @ deviations]])
    return Estimate(np.concatenate([found.mean, mean])[None], covariance[None], (*found.names, "sigma", "rho"))


def _joint_masses(found: Posterior) -> Iterator[tuple[Array, Array]]:
    """Return for one part of the cells after another their centres, (k, 2), and the joint masses with the m nodes.

    The joint masses, (k, m), of all parts add up to one.
    """
    n_times = found.problem.times.size
    for first in range(0, found.masses.size, CELLS_AT_ONCE):
        part = slice(first, first + CELLS_AT_ONCE)
        centres = found.cells.centres[part]
        terms = found.nodes.log_terms(found.problem.residual_sums(centres), n_times)
        weights = np.exp(terms - np.max(terms, axis=1, keepdims=True))
        yield centres, weights * (found.masses[part] / weights.sum(axis=1))[:, None]
