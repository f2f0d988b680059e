"""The neuron that the surrogates stand in for: the published one, of which θ alone varies."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import SAMPLING_INTERVAL, published_prior, time_grid, with_constants

TOLERANCE = 1e-9  # of the solver, whose errors no surrogate is to learn
PRIOR = published_prior()
PARAMETERS = tuple(each for each in FITZHUGH_NAGUMO.parameters if each.name in PRIOR.names)
TIMES = time_grid()
INTERVAL = SAMPLING_INTERVAL

Array = NDArray[np.float64]


def trajectories(theta: ArrayLike, times: ArrayLike = TIMES, initial_state: ArrayLike = (0.0, 0.0)) -> Array:
    """Return the solver's states, (..., n_times, 2), for θ, (..., 2), at times (n_times,) in ms.

    initial_state: (2,) or (..., 2), at the first of the times.
    """
    return simulate(with_constants(np.asarray(theta, dtype=float)), times, initial_state, TOLERANCE)


def wide_draws(n: int, rng: np.random.Generator) -> Array:
    """Draw n values of θ, (n, 2): the first half from the prior, the others uniformly from its box.

    Landscapes show the whole box, the corners of which the prior hardly visits.
    """
    lower, upper = PRIOR.bounds.T
    return np.concatenate([PRIOR.sample(n // 2, rng), rng.uniform(lower, upper, (n - n // 2, 2))])
