"""How far another law is from an exact posterior, summed over the cells of the posterior."""

import numpy as np
from numpy.typing import NDArray

from core.posterior.exact import Posterior


def divergence_and_variation(exact: Posterior, logs: NDArray[np.float64]) -> tuple[float, float]:
    """Return KL(exact ‖ other) in nats and the total variation; logs: the other's log densities at the cells, (k,)."""
    rise = exact.cells.log_densities - logs
    return float(exact.masses @ rise), float(exact.masses @ np.maximum(1 - np.exp(-rise), 0.0))
