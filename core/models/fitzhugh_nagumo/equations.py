"""The FitzHugh–Nagumo neuron: its equations, their Jacobian, its nullclines and fixed points.

    du/dt = γ (u − u³/3 + v + ζ)
    dv/dt = −(1/γ) (u − θ₀ + θ₁ v)

u is the membrane potential and v the recovery variable, both dimensionless; t is in ms. The inverse problem asks for θ₀
and θ₁; ζ is the stimulus and γ the damping (Rudi, Bessac and Lenzi 2021, arXiv:2012.06691).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

PARAMETER_NAMES = ("theta0", "theta1", "zeta", "gamma")
REST = (0.0, 0.0)  # default (u, v) at the first sample
DIVERGENCE_LIMIT = 20.0  # a trajectory with a larger |u| has diverged; |u| of a neuron stays below 3


def rates(state: ArrayLike, parameters: ArrayLike) -> NDArray[Any]:
    """Return (du/dt, dv/dt) in 1/ms, (..., 2), at states (..., 2) of neurons with parameters (..., 4)."""
    u, v = np.moveaxis(np.asarray(state), -1, 0)
    theta0, theta1, zeta, gamma = np.moveaxis(np.asarray(parameters), -1, 0)
    return np.stack([gamma * (u - u**3 / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma], axis=-1)


def jacobian(state: ArrayLike, parameters: ArrayLike) -> NDArray[np.float64]:
    """Return the derivatives of the `rates` by (u, v), (2, 2), at one state (2,) of one neuron (4,)."""
    u, _ = np.asarray(state, dtype=float)
    _, theta1, _, gamma = np.asarray(parameters, dtype=float)
    return np.array([[gamma * (1 - u**2), gamma], [-1 / gamma, -theta1 / gamma]])


def u_nullcline(u: ArrayLike, zeta: float) -> NDArray[np.float64]:
    """Return v on the nullcline du/dt = 0, which is v = u³/3 − u − ζ, for potentials u of any shape."""
    u = np.asarray(u, dtype=float)
    return u**3 / 3 - u - zeta


def v_nullcline(v: ArrayLike, theta0: float, theta1: float) -> NDArray[np.float64]:
    """Return u on the nullcline dv/dt = 0, which is u = θ₀ − θ₁ v, for recovery variables v of any shape."""
    return theta0 - theta1 * np.asarray(v, dtype=float)


@dataclass(frozen=True)
class FixedPoint:
    """A fixed point (u, v); it is stable if small deviations from it decay."""

    u: float
    v: float
    stable: bool


def fixed_points(parameters: ArrayLike) -> tuple[FixedPoint, ...]:
    """Return the one to three fixed points of the neuron with parameters (4,), ordered by u.

    They are the real roots of θ₁ (u³/3 − u − ζ) + u − θ₀ = 0. A fixed point is stable if both eigenvalues of the
    Jacobian have negative real parts. Raises ValueError unless all parameters are finite and γ is not zero.
    """
    theta0, theta1, zeta, gamma = np.asarray(parameters, dtype=float)
    if not np.all(np.isfinite(parameters)) or gamma == 0:
        raise ValueError("Fixed points need finite parameters and a γ other than zero.")
    polynomial = np.polynomial.Polynomial([-theta0 - theta1 * zeta, 1 - theta1, 0.0, theta1 / 3])
    roots = polynomial.trim(1e-14).roots()
    real = np.sort(roots[np.abs(roots.imag) < 1e-7].real)
    real = real[np.diff(real, prepend=-np.inf) > 1e-7]  # a multiple root is one fixed point
    points = []
    for u in real:
        v = float(u_nullcline(u, zeta))
        eigenvalues = np.linalg.eigvals(jacobian((u, v), parameters))
        points.append(FixedPoint(float(u), v, bool(eigenvalues.real.max() < 0)))
    return tuple(points)
