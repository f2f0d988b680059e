"""Where the neuron of the lessons stops spiking, by bisection."""

from functools import lru_cache

import numpy as np

from core.models.spikes import SPIKE_THRESHOLD, regime
from core.published import ZETA
from dashboard.lessons import facts

BEYOND = 0.9  # θ₀ where the neuron no longer spikes at the published stimulus
JUST_ABOVE = 0.001  # of an edge of the spiking, in ζ
THRESHOLD_DIGITS = 1e-5  # width to which an edge of the spiking is bisected


def spikes_for_ever(theta0: float, zeta: float = ZETA) -> bool:
    """Say whether a neuron spikes again and again."""
    return regime(facts.potential(theta0, zeta=zeta)) == "spiking"


@lru_cache
def end_of_spiking() -> float:
    """Return θ₀ above which the neuron stops spiking, at the truth's θ₁."""
    low, high = facts.THETA[0], 1.0
    while high - low > THRESHOLD_DIGITS:
        middle = (low + high) / 2
        low, high = (middle, high) if spikes_for_ever(middle) else (low, middle)
    return high


@lru_cache
def stimulus_that_spikes() -> float:
    """Return the highest stimulus ζ at which the neuron with θ₀ beyond the edge spikes again."""
    low, high = -0.8, ZETA
    while high - low > THRESHOLD_DIGITS:
        middle = (low + high) / 2
        low, high = (middle, high) if spikes_for_ever(BEYOND, middle) else (low, middle)
    return low


def swings_before_it_spikes() -> bool:
    """Say whether, just above that ζ, its potential goes on swinging without a spike."""
    late = facts.potential(BEYOND, zeta=stimulus_that_spikes() + JUST_ABOVE, t_end=1000.0)[-1000:]
    return bool(np.ptp(late) > 0.1 and late.max() < SPIKE_THRESHOLD)
