"""A system of differential equations in a form that every integrator can use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.model import Quantity
from core.models.rate_expression_check import check_rates

# A trajectory whose state is more axis widths than this from the middle of the axis has diverged.
DIVERGENCE_LIMIT_WIDTHS = 100

# A trajectory is given up beyond a number of steps that grows with its time. Over three times the ranges of the
# Morris–Lecar neurons, trajectories need at most 55 steps for the first 20 ms, and 1.6 steps per ms; Hodgkin–Huxley
# neurons need ten steps per ms under strong currents. A step takes some ten microseconds.
STEPS_ALWAYS, STEPS_PER_MS, MOST_STEPS = 1_000, 15, 30_000

# rates(state, parameters, functions) returns the time derivative of each state [1/ms]. state and parameters hold
# symbols, numbers or arrays, which may be complex. `functions` has those of rate_functions.py, such as functions.exp;
# functions.exp_linear(x) is x/(1 − e⁻ˣ), which a rate cannot write as a quotient because it is 0/0 at x = 0. A cube is
# written u * u * u: heyoka's series of u**3 fails at u = 0.
Rates = Callable[[Any, Any, Any], Sequence[Any]]


def most_steps(span: float) -> int:
    """Return the largest number of steps that a trajectory over a span of time [ms] may take."""
    return int(min(STEPS_ALWAYS + STEPS_PER_MS * span, MOST_STEPS))


@dataclass(frozen=True, eq=False)
class Equations:
    """The rates of a model's states, and its parameters and states in the order that all arrays use.

    Raises ValueError where an integrator could not follow the rates.
    """

    rates: Rates
    parameters: tuple[Quantity, ...]
    states: tuple[Quantity, ...]

    def __post_init__(self) -> None:
        check_rates(self.rates, len(self.parameters), len(self.states))

    @property
    def state_widths(self) -> NDArray[np.float64]:
        """The width of each state's axis, (n_states,)."""
        return np.array([quantity.upper - quantity.lower for quantity in self.states])

    @property
    def widths(self) -> NDArray[np.float64]:
        """The widths of the ranges of the parameters, then of the initial state, (p + n_states,)."""
        return np.append([quantity.upper - quantity.lower for quantity in self.parameters], self.state_widths)

    def starts(self, states: NDArray[np.float64], with_sensitivities: bool) -> NDArray[np.float64]:
        """Return the initial values of an integration, (n, columns), for initial states (n, n_states).

        The columns are the states and, with sensitivities, the derivatives of each state: zero by the parameters, and
        the identity matrix by the initial state.
        """
        if not with_sensitivities:
            return states
        n_states = len(self.states)
        derivatives = np.hstack([np.zeros((n_states, len(self.parameters))), np.eye(n_states)])
        return np.hstack([states, np.broadcast_to(derivatives.ravel(), (len(states), derivatives.size))])

    @property
    def divergence_limits(self) -> NDArray[np.float64]:
        """The middle of each state's axis, and the distance from it at which a trajectory diverges, (2, n_states)."""
        middle = [(quantity.upper + quantity.lower) / 2 for quantity in self.states]
        return np.array([middle, DIVERGENCE_LIMIT_WIDTHS * self.state_widths])
