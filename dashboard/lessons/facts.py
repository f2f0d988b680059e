"""What the lessons ask and claim about the neuron, computed by core alone."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.spikes import spike_counts
from core.published import GAMMA, SAMPLING_INTERVAL, ZETA, time_grid, with_constants

Array = NDArray[np.float64]
THETA = (0.4, 0.4)  # the published prior's mean, which the lessons take for the truth
POINTS = 2401  # along a line


@dataclass(frozen=True, eq=False)
class Line:
    """The squared distance from the truth's potential along θ₀, with θ₁ at the truth, without noise.

    theta0: (n,). loss: (n,), half the summed squares. spikes: (n,).
    """

    theta0: Array
    loss: Array
    spikes: NDArray[np.int64]

    @property
    def valleys(self) -> list[tuple[float, int]]:
        """θ₀ and the number of spikes at the lowest loss among all neighbours with as many spikes, from low θ₀ on."""
        inner = np.arange(1, self.loss.size - 1)
        lowest = inner[(self.loss[inner] < self.loss[inner - 1]) & (self.loss[inner] <= self.loss[inner + 1])]
        return [(float(self.theta0[i]), int(self.spikes[i])) for i in lowest]


def potential(theta0: float, theta1: float = THETA[1], zeta: float = ZETA, t_end: float = 200.0) -> Array:
    """Return the potential u, (n_times,), of a neuron with the published damping."""
    n = round(t_end / SAMPLING_INTERVAL)
    return np.asarray(simulate_potential(np.array([theta0, theta1, zeta, GAMMA]), time_grid(t_end, n)), dtype=float)


def spikes_of(theta0: float, **others: float) -> int:
    """Return how often a neuron spikes."""
    return int(spike_counts(potential(theta0, **others)))


@lru_cache
def line(t_end: float = 200.0, low: float = -0.2, high: float = 1.0) -> Line:
    """Return the loss along θ₀ for the published truth, in a window of t_end ms."""
    n = round(t_end / SAMPLING_INTERVAL)
    theta0 = np.linspace(low, high, POINTS)
    parameters = with_constants(np.column_stack([theta0, np.full(POINTS, THETA[1])]), ZETA, GAMMA)
    u = np.asarray(simulate_potential(parameters, time_grid(t_end, n)), dtype=float)
    loss = 0.5 * np.sum((u - potential(THETA[0], t_end=t_end)) ** 2, axis=1)
    return Line(theta0, loss, spike_counts(u))


def flat_loss(t_end: float = 200.0) -> float:
    """Return the loss of a curve without spikes: the mean of the truth's potential at all times."""
    u = potential(THETA[0], t_end=t_end)
    return float(0.5 * np.sum((u - u.mean()) ** 2))
