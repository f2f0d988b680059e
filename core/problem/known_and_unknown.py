"""Combine unknown and known values into parameters and initial states, and choose the frozen step for a prior's box."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import qmc

from core.models.model import TOLERANCE, Model, Quantity
from core.priors import TruncatedGaussian, shape_sentence

COARSE_POINTS = 5  # points along each unknown of the grid from which the step is chosen
MOST_POINTS = 4096  # of that grid; with more unknowns, half as many points of Sobol's sequence, and the corners
FINEST_TOLERANCE = 1e-9
NOISE_OVER_ERROR = 100  # smallest standard deviation of the noise over the integration error to aim for


@dataclass(frozen=True, eq=False)
class Values:
    """The unknowns of a problem, and the values of all other parameters and initial states.

    known: values of the other parameters, and of initial states that differ from the model's defaults.
    directions: the positions of the unknowns among the model's names.
    Raises ValueError unless each parameter is either unknown or known, and where a known value makes no sense.
    """

    model: Model
    unknown: tuple[str, ...]
    known: Mapping[str, float]
    directions: tuple[int, ...] = field(init=False, repr=False)
    _complete: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names = self.model.names
        _check(self.model, self.unknown, self.known)
        rest = {**dict(zip(names, self.model.defaults, strict=True)), **self.known}
        complete = np.array([rest[name] for name in names], dtype=float)
        complete.setflags(write=False)
        object.__setattr__(self, "directions", tuple(names.index(name) for name in self.unknown))
        object.__setattr__(self, "_complete", complete)

    def parameters(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return all parameters of the model, (..., n_parameters), for values of the unknowns, (..., p)."""
        return self._of(unknown)[..., : len(self.model.parameters)]

    def initial_state(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return the states at the first sample, (..., n_states), for values of the unknowns, (..., p)."""
        return self._of(unknown)[..., len(self.model.parameters) :]

    def checked(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return values of the unknowns, (..., p), as an array; raises ValueError for another last axis."""
        unknown = np.asarray(unknown, dtype=float)
        if unknown.shape[-1:] != (len(self.unknown),):
            raise ValueError(shape_sentence(self.unknown, unknown.shape))
        return unknown

    def _of(self, unknown: ArrayLike) -> NDArray[np.float64]:
        unknown = self.checked(unknown)
        values = np.empty((*unknown.shape[:-1], self._complete.size))
        values[:] = self._complete
        values[..., list(self.directions)] = unknown
        return values


def _check(model: Model, unknown: tuple[str, ...], known: Mapping[str, float]) -> None:
    for name in (*unknown, *known):
        if name not in model.names:
            raise ValueError(f"Unknowns are among {', '.join(model.names)}; {name!r} is not.")
    if not unknown or len(set(unknown)) < len(unknown):
        raise ValueError("Name at least one unknown, and each of them once.")
    if both := set(unknown) & set(known):
        raise ValueError(f"{', '.join(sorted(both))} cannot be known and unknown: leave it out of one of them.")
    if missing := set(model.parameter_names) - {*unknown, *known}:
        raise ValueError(f"Give a value for {', '.join(sorted(missing))}, or name it among the unknowns.")
    if not np.all(np.isfinite(list(known.values()))):
        raise ValueError("The known values must be finite numbers.")
    for quantity in model.parameters:
        if quantity.positive and not known.get(quantity.name, 1.0) > 0:
            raise ValueError(positive_sentence(quantity))


def positive_sentence(quantity: Quantity) -> str:
    """Return the sentence for a value or a lower bound at or below zero of a quantity that must lie above zero."""
    return f"The {quantity.label} {quantity.symbol} must be above zero, and so must its lower bound."


@dataclass(frozen=True)
class Box:
    """Everything that a frozen step depends on, in hashable form: bounds are (2, p), times are the array's bytes."""

    model: Model
    unknown: tuple[str, ...]
    known: tuple[tuple[str, float], ...]
    bounds: tuple[tuple[float, ...], tuple[float, ...]]
    times: bytes
    tolerance: float


def box_of(values: Values, prior: TruncatedGaussian, times: NDArray[np.float64], smallest_sd: float) -> Box:
    """Return the box of a prior of the unknowns, at times (n_times,) in ms.

    smallest_sd: the smallest standard deviation of the noises. The integration error is kept below a hundredth of it.
    """
    # A power of two, so that a small change of the noise does not change the step.
    tolerance = float(np.clip(2.0 ** np.floor(np.log2(smallest_sd / NOISE_OVER_ERROR)), FINEST_TOLERANCE, TOLERANCE))
    known = tuple(sorted(values.known.items()))
    return Box(values.model, values.unknown, known, (prior.lower, prior.upper), times.tobytes(), tolerance)


@lru_cache(maxsize=64)
def frozen_step(box: Box) -> float | None:
    """Return the step in ms that resolves points all over the box, corners included; None if the model needs none."""
    if box.model.frozen_step is None:
        return None
    values, points = Values(box.model, box.unknown, dict(box.known)), _points(*np.array(box.bounds))
    times = np.frombuffer(box.times)
    return box.model.frozen_step(values.parameters(points), times, values.initial_state(points), box.tolerance)


def _points(lower: NDArray[np.float64], upper: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points all over a box, (..., p)."""
    p = len(lower)
    if COARSE_POINTS**p <= MOST_POINTS:
        axes = np.linspace(lower, upper, COARSE_POINTS, axis=-1)
        return np.stack(np.meshgrid(*axes), axis=-1)
    inside = qmc.Sobol(p, scramble=False).random(MOST_POINTS // 2)
    # The first 2^p points lie in one orthant each, so that up to eleven unknowns have all of their corners.
    corners = np.unique(inside >= 0.5, axis=0)
    shares = np.concatenate([corners, inside])
    return (1 - shares) * lower + shares * upper
