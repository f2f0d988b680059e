"""Where fixed points of a model merge, or lose their stability to an oscillation, while one parameter varies."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from core.models.fixed_points import Branch, OneParameterFamily

LOCATED = 1e-13  # error of the place between two points of a curve, relative to their distance


class Kind(StrEnum):
    """A bifurcation of fixed points, with its name for the reader."""

    HOPF = "Hopf"
    FOLD = "saddle-node"


@dataclass(frozen=True, eq=False)
class Bifurcation:
    """A bifurcation of fixed points.

    kind: which one.
    value: of the varied parameter.
    state: (n_states,).
    eigenvalues: (n_states,), of the Jacobian [1/ms]. In a Hopf bifurcation, two are ±iω, and 2π/ω [ms] is the period of
    the cycle that begins there. In a saddle-node bifurcation, one is zero.
    """

    kind: Kind
    value: float
    state: NDArray[np.float64]
    eigenvalues: NDArray[np.complex128]


def bifurcations(family: OneParameterFamily, branch: Branch) -> tuple[Bifurcation, ...]:
    """Return the Hopf and saddle-node bifurcations of a curve of fixed points, in order along it.

    In a Hopf bifurcation, the product of the sums λᵢ + λⱼ of any two eigenvalues changes its sign (J. Guckenheimer, M.
    Myers and B. Sturmfels, Computing Hopf bifurcations I, SIAM Journal on Numerical Analysis 34, 1997); in a
    saddle-node bifurcation, so does the product of all eigenvalues, and the parameter turns back.
    """
    points = np.column_stack([branch.states, branch.values]) / family.scales
    found = []
    for (begin, first), (end, last) in itertools.pairwise(zip(points, branch.eigenvalues, strict=True)):
        for kind, product in ((Kind.HOPF, _product_of_sums), (Kind.FOLD, _product)):
            if (product(first) > 0) == (product(last) > 0):
                continue
            share = brentq(_product_between, 0.0, 1.0, args=(family, begin, end, product), xtol=LOCATED)
            point = _between(family, begin, end, share)
            eigenvalues = family.eigenvalues(point)
            if _oscillates(eigenvalues) if kind is Kind.HOPF else _turns_back(family, begin, end):
                state, value = point[:-1] * family.scales[:-1], float(point[-1] * family.scales[-1])
                found.append(Bifurcation(kind, value, state, eigenvalues))
    return tuple(found)


def _between(
    family: OneParameterFamily, begin: NDArray[np.float64], end: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Return the fixed point at a share of the way from one point of a curve to the next."""
    guess = begin + share * (end - begin)
    point = family.fixed_point(guess, end - begin)
    return guess if point is None else point


def _product_between(
    share: float,
    family: OneParameterFamily,
    begin: NDArray[np.float64],
    end: NDArray[np.float64],
    product: Callable[[NDArray[np.complex128]], float],
) -> float:
    return product(family.eigenvalues(_between(family, begin, end, share)))


def _product(eigenvalues: NDArray[np.complex128]) -> float:
    return float(np.prod(eigenvalues).real)


def _pairs(eigenvalues: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return any two eigenvalues, (n_pairs, 2)."""
    return np.array(list(itertools.combinations(eigenvalues, 2)), complex).reshape(-1, 2)


def _product_of_sums(eigenvalues: NDArray[np.complex128]) -> float:
    return float(np.prod(_pairs(eigenvalues).sum(axis=1)).real)


def _oscillates(eigenvalues: NDArray[np.complex128]) -> bool:
    """Say whether the pair whose sum is zero is ±iω, and not the real pair ±λ of a saddle."""
    pairs = _pairs(eigenvalues)
    pair = pairs[np.abs(pairs.sum(axis=1)).argmin()]
    return bool(np.abs(pair.imag).min() > np.abs(pair.real).max())


def _turns_back(family: OneParameterFamily, begin: NDArray[np.float64], end: NDArray[np.float64]) -> bool:
    first, last = (family.direction(point, end - begin)[-1] for point in (begin, end))
    return bool(first * last <= 0)
