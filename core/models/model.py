"""The contract of a model: its quantities, and the functions that compute trajectories and their derivatives.

Problems, optimisers, posteriors, trainings and pages use a model through this contract alone.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.lag_products import SumLagProducts
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

    Raises ValueError unless the numbers are finite and lower is below upper.
    """

    name: str
    symbol: str
    label: str
    unit: str
    lower: float
    upper: float
    default: float
    positive: bool = False

    def __post_init__(self) -> None:
        if not (-math.inf < self.lower < self.upper < math.inf and math.isfinite(self.default)):
            raise ValueError(
                f"{self.name} needs finite limits, the lower one below the upper one, and a finite default; they are "
                f"{self.lower}, {self.upper} and {self.default}."
            )


class TimeDerivatives(Protocol):
    """Return the time derivatives of the states [unit of the state/ms], (..., n_states).

    states: (..., n_states).
    parameters: (..., p). Both may be complex, so that complex steps give the Jacobians.
    """

    def __call__(self, states: ArrayLike, parameters: ArrayLike, /) -> NDArray[Any]:
        """Evaluate the right-hand side."""


class Simulate(Protocol):
    """Integrate trajectories.

    parameters: (..., p).
    times: (n_times,) in ms, increasing.
    initial_state: (n_states,) or (..., n_states), at the first of the times; by default that of the model.
    tolerance: the error of the observed state to aim for; a model takes all from 1e-9 up to the default, and may refuse
    others.
    step: a step from `Model.frozen_step`, with which the result depends smoothly on the parameters.
    Returns the states, (..., n_times, n_states), NaN from the divergence of a trajectory on. Raises ValueError for
    wrong shapes or times, and for a tolerance or a step that the model does not take.
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
    """Return a step in ms that resolves all of the trajectories.

    Arguments are those of `Simulate`. Trajectories that no step resolves are ignored.
    """

    def __call__(
        self, parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None, tolerance: float
    ) -> float:
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

    def of(self, columns: Sequence[int]) -> "Expansion":
        """Return the expansion in some of the parameters alone, in their order."""
        at = list(columns)
        hessian = None if self.hessian is None else self.hessian[..., at, :][..., at]
        return Expansion(self.misfit, self.gradient[..., at], hessian, self.status)


class ExpandMisfit(Protocol):
    """Expand the misfit to a trace of the observed state, (n_times,), at parameters (..., p), at a frozen step."""

    def __call__(
        self,
        parameters: ArrayLike,
        times: ArrayLike,
        data: ArrayLike,
        noise: Noise,
        *,
        step: float | None = None,
        columns: Sequence[int],
    ) -> Expansion:
        """Return misfit, gradient and, if the function computes it, Hessian by the parameters of these columns."""


class SumResiduals(Protocol):
    """Return the `ResidualSums`, each (...), of a trace, (n_times,), for parameters (..., p)."""

    def __call__(
        self, parameters: ArrayLike, times: ArrayLike, data: ArrayLike, *, step: float | None = None
    ) -> ResidualSums:
        """Integrate and sum."""


@dataclass(frozen=True)
class FusedTrace:
    """A model's own, faster functions for traces of its observed state, from the default initial state.

    observed: simulates the observed state alone, (..., n_times), in single precision, for large stores of trajectories.
    residual_sums: integrates without storing trajectories.
    gradient: expands the misfit without a Hessian.
    gauss_newton: expands it with the Hessian that leaves out the curvature of the trajectory.
    hessian: expands it with the exact Hessian.
    lag_products: sums for many traces what expands the misfit of each.
    """

    observed: Callable[[ArrayLike, ArrayLike], NDArray[np.float32]]
    residual_sums: SumResiduals
    gradient: ExpandMisfit
    gauss_newton: ExpandMisfit
    hessian: ExpandMisfit
    lag_products: SumLagProducts


class Nullclines(Protocol):
    """Return the nullcline of each of two states: the curve on which the state does not change.

    parameters: (p,). Each curve: (n, 2), points in the plane of the two states.
    """

    def __call__(self, parameters: ArrayLike, n: int = 400) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw both."""


@dataclass(frozen=True, eq=False)
class Model:
    """A system of differential equations in time [ms].

    name: in files and in the catalogue.
    title: in words.
    parameters, states: in the order that all arrays use.
    observed: the name of the state that a trace records.
    spike_level: the value that the observed state crosses upwards in a spike.
    excited_floor: a neuron that stays above this value without spiking counts as excited.
    time_derivatives: the right-hand side of the equations.
    simulate, sensitivities: trajectories, and trajectories with their derivatives.
    frozen_step: None where trajectories depend smoothly on the parameters without one.
    fused: the model's own faster functions for a trace, if it has any.
    nullclines: the nullclines of a model with two states.

    Raises ValueError where two quantities share a name, the start x0 of a state x included, or no state is observed.
    """

    name: str
    title: str
    parameters: tuple[Quantity, ...]
    states: tuple[Quantity, ...]
    observed: str
    spike_level: float
    excited_floor: float
    time_derivatives: TimeDerivatives
    simulate: Simulate
    sensitivities: Sensitivities
    frozen_step: FrozenStep | None = None
    fused: FusedTrace | None = None
    nullclines: Nullclines | None = None

    def __post_init__(self) -> None:
        counts = Counter(self.parameter_names + self.state_names + self.initial_names)
        if shared := [name for name, count in counts.items() if count > 1]:
            raise ValueError(
                "Give each parameter and each state a name of its own; the start of state x is called x0. "
                f"{', '.join(shared)} stands for more than one."
            )
        if self.observed not in self.state_names:
            raise ValueError(f"The observed state is among {', '.join(self.state_names)}; {self.observed!r} is not.")

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(quantity.name for quantity in self.parameters)

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """The names of the states, in order."""
        return tuple(quantity.name for quantity in self.states)

    @cached_property
    def initial_names(self) -> tuple[str, ...]:
        """The names of the states at the first sample: u0 for the state u."""
        return tuple(f"{name}0" for name in self.state_names)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, then of the initial state."""
        return self.parameter_names + self.initial_names

    @cached_property
    def defaults(self) -> tuple[float, ...]:
        """The default values of parameters and initial state, in the order of `names`."""
        return tuple(quantity.default for quantity in self.parameters + self.states)

    @property
    def observed_column(self) -> int:
        """The position of the observed state among the states."""
        return self.state_names.index(self.observed)
