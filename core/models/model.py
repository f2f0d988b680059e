"""The contract of a model: its quantities, and the functions that compute trajectories and their derivatives.

Problems, optimisers, posteriors, trainings and pages use a model through this contract alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.noise import Noise, ResidualSums

TOLERANCE = 1e-4  # default error of the observed state, in its unit


class Status(IntEnum):
    """How a trajectory ended, with a sentence for the reader."""

    FINITE = 0
    DIVERGED = 1
    STEP_LIMIT = 2

    @property
    def sentence(self) -> str:
        """The sentence for the reader."""
        return {
            Status.FINITE: "The trajectory was followed to its end.",
            Status.DIVERGED: "The trajectory diverged: it left the range in which the model is a neuron.",
            Status.STEP_LIMIT: "The trajectory was given up: it needs too many steps to meet the tolerance.",
        }[self]


@dataclass(frozen=True)
class Quantity:
    """A parameter or a state of a model.

    name: in code.
    symbol: in formulas.
    label: in words.
    unit: "" where it has none.
    lower, upper: ends of its slider or axis.
    default: the value of a parameter, or of a state at the first sample, unless another one is given.
    positive: whether only values above zero make sense.
    """

    name: str
    symbol: str
    label: str
    unit: str
    lower: float
    upper: float
    default: float
    positive: bool = False


class Simulate(Protocol):
    """Integrate trajectories.

    parameters: (..., p).
    times: (n_times,) in ms, increasing.
    initial_state: (n_states,) or (..., n_states), at the first of the times; by default that of the model.
    tolerance: the error of the observed state to aim for.
    step: a step from `Model.frozen_step`, with which the result depends smoothly on the parameters.
    Returns the states, (..., n_times, n_states), NaN from the divergence of a trajectory on. Raises ValueError for
    wrong shapes or times.
    """

    def __call__(
        self,
        parameters: ArrayLike,
        times: ArrayLike,
        initial_state: ArrayLike | None = None,
        tolerance: float = TOLERANCE,
        step: float | None = None,
    ) -> NDArray[np.float64]:
        """Integrate."""


class Sensitivities(Protocol):
    """Return states (..., n_times, n_states) and their derivatives (..., n_times, n_states, p + n_states).

    The last axis holds the derivatives by the parameters, then by the initial state. Arguments are those of `Simulate`.
    """

    def __call__(
        self,
        parameters: ArrayLike,
        times: ArrayLike,
        initial_state: ArrayLike | None = None,
        step: float | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Integrate states and derivatives."""


class FrozenStep(Protocol):
    """Return a step in ms that resolves all of the trajectories, or None where every error is as small as rounding.

    Arguments are those of `Simulate`. Trajectories that no step resolves are ignored.
    """

    def __call__(
        self, parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None, tolerance: float
    ) -> float | None:
        """Find the step."""


@dataclass(frozen=True, eq=False)
class Expansion:
    """A misfit (...) with its gradient (..., p) and, where asked for, its Hessian (..., p, p).

    status: how each trajectory ended, (...). Unless it is FINITE, the misfit is infinite and the derivatives are NaN.
    """

    misfit: NDArray[np.float64]
    gradient: NDArray[np.float64]
    hessian: NDArray[np.float64] | None
    status: NDArray[np.int64]


class ExpandMisfit(Protocol):
    """Expand the misfit to a trace of the observed state, (n_times,), at parameters (..., p), at a frozen step."""

    def __call__(
        self, parameters: ArrayLike, times: ArrayLike, data: ArrayLike, noise: Noise, *, step: float | None = None
    ) -> Expansion:
        """Return misfit, gradient and, if the function computes it, Hessian by the parameters."""


class SumResiduals(Protocol):
    """Return the `ResidualSums`, each (...), of a trace, (n_times,), for parameters (..., p)."""

    def __call__(
        self, parameters: ArrayLike, times: ArrayLike, data: ArrayLike, *, step: float | None = None
    ) -> ResidualSums:
        """Integrate and sum."""


@dataclass(frozen=True)
class FusedTrace:
    """A model's own, faster functions for one trace of its observed state, from the default initial state.

    observed: simulates the observed state alone, (..., n_times), in single precision, for large stores of trajectories.
    residual_sums: integrates without storing trajectories.
    gradient, gauss_newton, hessian: expand the misfit, the last two with the Hessian that they name.
    """

    observed: Callable[[ArrayLike, ArrayLike], NDArray[np.float32]]
    residual_sums: SumResiduals
    gradient: ExpandMisfit
    gauss_newton: ExpandMisfit
    hessian: ExpandMisfit


class Nullclines(Protocol):
    """Return the nullcline of each of two states: the curve on which the state does not change.

    parameters: (p,). Each curve: (n, 2), points in the plane of the two states.
    """

    def __call__(self, parameters: ArrayLike, n: int = 400) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw both."""


@dataclass(frozen=True, eq=False)
class Model:
    """A system of differential equations in time [ms].

    parameters, states: in the order that all arrays use.
    observed: the name of the state that a trace records.
    spike_level: the value that the observed state crosses upwards in a spike.
    excited_floor: a neuron that stays above this value without spiking counts as excited.
    fused: the model's own faster functions for a trace, if it has any.
    nullclines: the nullclines of a model with two states.
    """

    name: str
    title: str
    parameters: tuple[Quantity, ...]
    states: tuple[Quantity, ...]
    observed: str
    spike_level: float
    excited_floor: float
    simulate: Simulate
    sensitivities: Sensitivities
    frozen_step: FrozenStep
    fused: FusedTrace | None = None
    nullclines: Nullclines | None = None

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(quantity.name for quantity in self.parameters)

    @property
    def state_names(self) -> tuple[str, ...]:
        """The names of the states, in order."""
        return tuple(quantity.name for quantity in self.states)

    @property
    def initial_names(self) -> tuple[str, ...]:
        """The names of the states at the first sample: u0 for the state u."""
        return tuple(f"{name}0" for name in self.state_names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, then of the initial state."""
        return self.parameter_names + self.initial_names

    @property
    def defaults(self) -> tuple[float, ...]:
        """The default values of parameters and initial state, in the order of `names`."""
        return tuple(quantity.default for quantity in self.parameters + self.states)

    @property
    def observed_column(self) -> int:
        """The position of the observed state among the states."""
        return self.state_names.index(self.observed)
