"""A system of differential equations, written once for every integrator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.model import Quantity
from core.models.rate_check import check_rates

# Widths of a state's axis: a trajectory that is farther from the middle of the axis has diverged.
DIVERGENCE_LIMIT_WIDTHS = 100

# rates(state, parameters, functions) returns the time derivative of each state [1/ms]. state and parameters hold
# symbols, numbers or arrays, which may be complex. `functions` is NumPy or heyoka; rate_check.py names those that both
# have. A cube is written u * u * u: heyoka's series of u**3 fails at u = 0.
Rates = Callable[[Any, Any, Any], Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Equations:
    """The rates of a model's states, with its quantities in the order of all arrays.

    Raises ValueError where an integrator could not follow the rates.
    """

    rates: Rates
    parameters: tuple[Quantity, ...]
    states: tuple[Quantity, ...]

    def __post_init__(self) -> None:
        check_rates(self.rates, len(self.parameters), len(self.states))

    @property
    def state_widths(self) -> NDArray[np.float64]:
        """How wide the axis of each state is, (n_states,)."""
        return np.array([quantity.upper - quantity.lower for quantity in self.states])

    @property
    def widths(self) -> NDArray[np.float64]:
        """How wide the ranges of the parameters and of the initial state are, (p + n_states,)."""
        return np.append([quantity.upper - quantity.lower for quantity in self.parameters], self.state_widths)

    def starts(self, states: NDArray[np.float64], with_sensitivities: bool) -> NDArray[np.float64]:
        """Return what an integrator starts from, (n, columns), at states (n, n_states).

        The columns are the states and, with sensitivities, the derivatives of each by the parameters, which are 0, and
        by the initial state, which are those of the identity.
        """
        if not with_sensitivities:
            return states
        n_states = len(self.states)
        derivatives = np.hstack([np.zeros((n_states, len(self.parameters))), np.eye(n_states)])
        return np.hstack([states, np.broadcast_to(derivatives.ravel(), (len(states), derivatives.size))])

    @property
    def divergence_limits(self) -> NDArray[np.float64]:
        """The middle of each state's axis, and how far from it a trajectory has not diverged, (2, n_states)."""
        middle = [(quantity.upper + quantity.lower) / 2 for quantity in self.states]
        return np.array([middle, DIVERGENCE_LIMIT_WIDTHS * self.state_widths])
