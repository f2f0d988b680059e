"""Fixed points of a model while one of its parameters varies, followed as curves with their stability.

A curve is followed by its arclength, because it turns back where two fixed points merge: H. B. Keller, Numerical
solution of bifurcation and nonlinear eigenvalue problems, in Applications of Bifurcation Theory (Rabinowitz, 1977).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import root
from scipy.stats import qmc

from core.models.model import Model

# Lengths are relative to the widths of the states' axes and to the range of the varied parameter.
SEARCHED_VALUES, SEARCHES = 5, 32  # values of the parameter at which fixed points are sought, and starts at each
LONGEST_STEP, SHORTEST_STEP = 0.01, 1e-8
LARGEST_TURN = 0.97  # the least cosine between the directions of two neighbouring points
FARTHEST = 3.0  # a curve ends this far from the middle of an axis
MOST_POINTS = 5_000
NEWTON_ERROR, NEWTON_STEPS = 1e-12, 10
SAME = 1e-6
COMPLEX_STEP = 1e-30  # the derivative is exact to rounding for any step this small


@dataclass(frozen=True, eq=False)
class OneParameterFamily:
    """A model whose parameters are fixed but one, which varies from lower to upper.

    parameters: (p,), in the model's order; that of the varied parameter does not matter.
    name: the varied parameter.

    Raises ValueError for a name that the model has not, parameters that are not finite, and limits out of order.
    """

    model: Model
    parameters: tuple[float, ...]
    name: str
    lower: float
    upper: float

    def __post_init__(self) -> None:
        names = self.model.parameter_names
        if self.name not in names:
            raise ValueError(f"The varied parameter is one of {', '.join(names)}; {self.name!r} is not.")
        if len(self.parameters) != len(names) or not np.all(np.isfinite(self.parameters)):
            raise ValueError(f"Give a finite number for each of the parameters {', '.join(names)}.")
        if not (np.isfinite([self.lower, self.upper]).all() and self.lower < self.upper):
            raise ValueError(f"The varied parameter needs finite limits in order; they are {self.lower}, {self.upper}.")

    def parameters_at(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the parameters, (..., p), at values (...) of the varied one."""
        values = np.asarray(values)
        parameters = np.array(np.broadcast_to(self.parameters, (*values.shape, len(self.parameters))), values.dtype)
        parameters[..., self.model.parameter_names.index(self.name)] = values
        return parameters

    @cached_property
    def scales(self) -> NDArray[np.float64]:
        """The widths of the states' axes and of the parameter's range, (n_states + 1,)."""
        return np.array([state.upper - state.lower for state in self.model.states] + [self.upper - self.lower])

    @cached_property
    def middle(self) -> NDArray[np.float64]:
        """The scaled middle of the axes and of the range, (n_states + 1,)."""
        middle = [(state.upper + state.lower) / 2 for state in self.model.states]
        return np.array([*middle, (self.lower + self.upper) / 2]) / self.scales

    def linearised(self, point: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the scaled rates, (n_states,), and their Jacobian, (n_states, n_states + 1), at a scaled point.

        A point holds the state, then the varied parameter, over the `scales`. The first n_states columns of the
        Jacobian have the eigenvalues of the unscaled one.
        """
        moved = (point + COMPLEX_STEP * 1j * np.eye(point.size)) * self.scales
        with np.errstate(all="ignore"):
            rates = self.model.time_derivatives(moved[:, :-1], self.parameters_at(moved[:, -1])) / self.scales[:-1]
        return rates[0].real, rates.imag.T / COMPLEX_STEP

    def eigenvalues(self, point: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Return the eigenvalues [1/ms] of the Jacobian by the state, (n_states,), at a scaled point."""
        return np.linalg.eigvals(self.linearised(point)[1][:, :-1]).astype(complex)

    def fixed_point(self, guess: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Return the fixed point in the plane through a guess, by Newton's method, or None where it fails."""
        point = guess
        for _ in range(NEWTON_STEPS):
            rates, jacobian = self.linearised(point)
            system, miss = np.vstack([jacobian, normal]), np.append(rates, normal @ (point - guess))
            if not (np.isfinite(system).all() and np.isfinite(miss).all()) or np.linalg.matrix_rank(system) < miss.size:
                return None
            change = np.linalg.solve(system, -miss)
            point = point + change
            if np.abs(change).max() <= NEWTON_ERROR:
                return point
        return None

    def direction(self, point: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the unit tangent of the curve at a fixed point, on the side of another direction."""
        tangent = np.linalg.svd(self.linearised(point)[1])[2][-1]
        return tangent if tangent @ along >= 0 else -tangent


@dataclass(frozen=True, eq=False)
class Branch:
    """A curve of fixed points, in order along it.

    values: (n,), the varied parameter, which may turn back.
    states: (n, n_states).
    eigenvalues: (n, n_states), of the Jacobian [1/ms].
    """

    values: NDArray[np.float64]
    states: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Whether small deviations from each fixed point decay, (n,)."""
        return np.asarray(self.eigenvalues.real.max(axis=1) < 0)


def fixed_point_branches(family: OneParameterFamily) -> tuple[Branch, ...]:
    """Return the curves of fixed points over the range of the varied parameter.

    Found are those that pass near the axes' ranges at one of a few values of the parameter, its limits among them.
    """
    curves: list[NDArray[np.float64]] = []
    for value in np.linspace(family.lower, family.upper, SEARCHED_VALUES):
        for point in _fixed_points(family, float(value)):
            if all(np.linalg.norm(curve - point, axis=1).min() > LONGEST_STEP for curve in curves):
                upwards = np.append(np.zeros(point.size - 1), 1.0)
                back = _followed(family, point, -upwards)
                closed = len(back) > 1 and back[-1] is point
                forth = [point] if closed else _followed(family, point, upwards)
                curves.append(np.array([*back[:0:-1], *forth]))
    return tuple(
        Branch(
            curve[:, -1] * family.scales[-1],
            curve[:, :-1] * family.scales[:-1],
            np.array([family.eigenvalues(point) for point in curve]),
        )
        for curve in curves
    )


def _fixed_points(family: OneParameterFamily, value: float) -> list[NDArray[np.float64]]:
    """Return the scaled fixed points at a value of the varied parameter that searches from all over the axes find."""
    n_states, scaled = len(family.model.states), value / family.scales[-1]
    spread = qmc.Halton(n_states, seed=0).random(SEARCHES) - 0.5
    defaults = [state.default for state in family.model.states] / family.scales[:-1]
    at_value = np.append(np.zeros(n_states), 1.0)
    points: list[NDArray[np.float64]] = []
    for start in np.vstack([defaults, family.middle[:-1] + spread]):
        found = root(
            lambda state: [part[..., :n_states] for part in family.linearised(np.append(state, scaled))],
            start,
            jac=True,
        )
        point = family.fixed_point(np.append(found.x, scaled), at_value) if found.success else None
        if point is None or np.abs(point - family.middle).max() > FARTHEST:
            continue
        if all(np.abs(point - other).max() > SAME for other in points):
            points.append(point)
    return points


def _followed(
    family: OneParameterFamily, start: NDArray[np.float64], along: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return the scaled points of the curve from a fixed point on to where it leaves the range, fails or closes."""
    points, tangent, step = [start], family.direction(start, along), LONGEST_STEP / 10
    lower, upper = family.lower / family.scales[-1], family.upper / family.scales[-1]
    while step >= SHORTEST_STEP and len(points) < MOST_POINTS:
        guess = points[-1] + step * tangent
        point = family.fixed_point(guess, tangent)
        turned = None if point is None else family.direction(point, tangent)
        if point is None or turned is None or turned @ tangent < LARGEST_TURN or np.abs(point - guess).max() > step:
            step /= 2
            continue
        if not lower <= point[-1] <= upper:
            return points + _end(family, points[-1], point, lower if point[-1] < lower else upper)
        if np.abs(point - family.middle).max() > FARTHEST:
            break
        closes = len(points) > 2 and np.linalg.norm(point - start) < np.linalg.norm(point - points[-1])
        points.append(start if closes else point)
        if closes:
            break
        tangent, step = turned, min(1.5 * step, LONGEST_STEP)
    return points


def _end(
    family: OneParameterFamily, last: NDArray[np.float64], beyond: NDArray[np.float64], limit: float
) -> list[NDArray[np.float64]]:
    """Return the fixed point at a limit of the range, between two points of the curve; none if the last is there."""
    share = (limit - last[-1]) / (beyond[-1] - last[-1])
    guess = last + share * (beyond - last)
    point = family.fixed_point(guess, np.append(np.zeros(last.size - 1), 1.0))
    return [] if point is None or np.abs(point - last).max() <= SAME else [point]
