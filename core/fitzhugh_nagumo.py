"""The FitzHugh–Nagumo neuron: its equations, a compiled batch solver, nullclines and fixed points.

    du/dt = γ (u − u³/3 + v + ζ)
    dv/dt = −(1/γ) (u − θ₀ + θ₁ v)

u is the membrane potential, v the recovery variable, both dimensionless; t is in ms (Rudi, Bessac and Lenzi 2021,
arXiv:2012.06691). The right-hand side is a polynomial, so the Taylor coefficients of a solution follow from each other
by a short recurrence. The solver sums eight of them a step: at equal error that takes fewer operations than
Runge–Kutta, and the last coefficient says for each trajectory whether the step was short enough.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.memory import result_array

# Numba's own `workqueue` layer aborts when several sessions call at once; OpenMP allows it.
numba.config.THREADING_LAYER = "omp"  # type: ignore[attr-defined]

PARAMETER_NAMES = ("theta0", "theta1", "zeta", "gamma")
REST = (0.0, 0.0)
DIVERGENCE_LIMIT = 20.0  # |u| beyond which a trajectory counts as diverged; neurons stay below 3

_LANES = 16  # trajectories abreast: two AVX-512 or four AVX2 registers a variable
_STEP_TIMES_GAMMA = 1 / 3  # step · γ that meets a tolerance of 1e-4 for nearly all of the sliders' range
_HALVINGS = 8  # how often the step of a trajectory that misses the tolerance is halved before it is given up
# The number of steps between two samples at which a trajectory is given up rather than the caller kept waiting.
_MOST_STEPS = 4096
# NaN marks divergence, so the flags that let a compiler assume it away stay off.
_FAST_MATH = {"contract", "reassoc", "arcp", "nsz"}


@numba.njit(fastmath=_FAST_MATH, inline="always")
def _taylor_step(
    h: float, theta0: float, theta1: float, zeta: float, gamma: float, inverse_gamma: float, u0: float, v0: float
) -> tuple[float, float, float]:
    """Return u and v after a step h, and the size of the last Taylor term.

    uₖ and vₖ are Taylor coefficients times hᵏ, wₖ those of u². Written out, the compiler keeps them in registers.
    """
    a = h * gamma
    b = -h * inverse_gamma
    third = 1 / 3
    w0 = u0 * u0
    u1 = a * (u0 - third * (w0 * u0) + v0 + zeta)
    v1 = b * (u0 - theta0 + theta1 * v0)
    w1 = 2 * (u0 * u1)
    u2 = a * (1 / 2) * (u1 - third * (w0 * u1 + w1 * u0) + v1)
    v2 = b * (1 / 2) * (u1 + theta1 * v1)
    w2 = 2 * (u0 * u2) + u1 * u1
    u3 = a * (1 / 3) * (u2 - third * (w0 * u2 + w1 * u1 + w2 * u0) + v2)
    v3 = b * (1 / 3) * (u2 + theta1 * v2)
    w3 = 2 * (u0 * u3 + u1 * u2)
    u4 = a * (1 / 4) * (u3 - third * (w0 * u3 + w1 * u2 + w2 * u1 + w3 * u0) + v3)
    v4 = b * (1 / 4) * (u3 + theta1 * v3)
    w4 = 2 * (u0 * u4 + u1 * u3) + u2 * u2
    u5 = a * (1 / 5) * (u4 - third * (w0 * u4 + w1 * u3 + w2 * u2 + w3 * u1 + w4 * u0) + v4)
    v5 = b * (1 / 5) * (u4 + theta1 * v4)
    w5 = 2 * (u0 * u5 + u1 * u4 + u2 * u3)
    u6 = a * (1 / 6) * (u5 - third * (w0 * u5 + w1 * u4 + w2 * u3 + w3 * u2 + w4 * u1 + w5 * u0) + v5)
    v6 = b * (1 / 6) * (u5 + theta1 * v5)
    w6 = 2 * (u0 * u6 + u1 * u5 + u2 * u4) + u3 * u3
    u7 = a * (1 / 7) * (u6 - third * (w0 * u6 + w1 * u5 + w2 * u4 + w3 * u3 + w4 * u2 + w5 * u1 + w6 * u0) + v6)
    v7 = b * (1 / 7) * (u6 + theta1 * v6)
    w7 = 2 * (u0 * u7 + u1 * u6 + u2 * u5 + u3 * u4)
    cube7 = w0 * u7 + w1 * u6 + w2 * u5 + w3 * u4 + w4 * u3 + w5 * u2 + w6 * u1 + w7 * u0
    u8 = a * (1 / 8) * (u7 - third * cube7 + v7)
    v8 = b * (1 / 8) * (u7 + theta1 * v7)
    u = u8 + u7 + u6 + u5 + u4 + u3 + u2 + u1 + u0
    v = v8 + v7 + v6 + v5 + v4 + v3 + v2 + v1 + v0
    return u, v, abs(u8) + abs(v8)


@numba.njit(fastmath=_FAST_MATH, cache=True)
def _integrate_block(
    first: int,
    parameters: NDArray[np.float64],
    states: NDArray[np.float64],
    times: NDArray[np.float64],
    index: NDArray[np.int64],
    longest_step: float,
    largest_term: float,
    out: NDArray[np.floating],
    resolved: NDArray[np.bool_],
) -> None:
    """Fill out[i, t, :] for up to 16 trajectories i from index[first] on.

    resolved[i] says whether every step of trajectory i met largest_term. out holds (u, v), or u alone where its last
    axis has length one.
    """
    n_times = times.shape[0]
    theta0, theta1 = np.empty(_LANES), np.empty(_LANES)
    zeta, gamma, inverse_gamma = np.empty(_LANES), np.empty(_LANES), np.empty(_LANES)
    u, v = np.empty(_LANES), np.empty(_LANES)
    term = np.empty(_LANES)
    alive, missed, n_valid = np.ones(_LANES), np.zeros(_LANES), np.ones(_LANES)
    n_lanes = min(_LANES, index.shape[0] - first)
    for lane in range(_LANES):
        i = index[first + min(lane, n_lanes - 1)]
        theta0[lane], theta1[lane] = parameters[i, 0], parameters[i, 1]
        zeta[lane], gamma[lane] = parameters[i, 2], parameters[i, 3]
        inverse_gamma[lane] = 1 / gamma[lane]
        u[lane], v[lane] = states[i, 0], states[i, 1]
    for t in range(1, n_times):
        interval = times[t] - times[t - 1]
        n_steps = max(1, int(np.ceil(interval / longest_step - 1e-9)))
        h = interval / n_steps
        term[:] = 0.0
        for _ in range(n_steps):
            for lane in range(_LANES):
                u[lane], v[lane], last = _taylor_step(
                    h, theta0[lane], theta1[lane], zeta[lane], gamma[lane], inverse_gamma[lane], u[lane], v[lane]
                )
                term[lane] = term[lane] if term[lane] > last else last
        n_alive = 0.0
        for lane in range(_LANES):
            # Comparisons are written so that NaN counts as missed.
            missed[lane] += 0.0 if term[lane] <= largest_term else alive[lane]
            in_range = abs(u[lane]) <= DIVERGENCE_LIMIT and missed[lane] == 0.0
            alive[lane] = alive[lane] if in_range else 0.0
            n_valid[lane] += alive[lane]
            n_alive += alive[lane]
        for lane in range(n_lanes):
            i = index[first + lane]
            out[i, t, 0] = u[lane]
            if out.shape[2] > 1:
                out[i, t, 1] = v[lane]
        if n_alive == 0.0:
            break
    for lane in range(n_lanes):
        i = index[first + lane]
        out[i, int(n_valid[lane]) :, :] = np.nan
        resolved[i] = missed[lane] == 0.0


@numba.njit(parallel=True, cache=True)
def _integrate_blocks(
    parameters: NDArray[np.float64],
    states: NDArray[np.float64],
    times: NDArray[np.float64],
    index: NDArray[np.int64],
    longest_step: float,
    largest_term: float,
    out: NDArray[np.floating],
    resolved: NDArray[np.bool_],
) -> None:
    for block in numba.prange((index.shape[0] + _LANES - 1) // _LANES):
        _integrate_block(block * _LANES, parameters, states, times, index, longest_step, largest_term, out, resolved)


def _solve(
    parameters: NDArray[np.float64],
    states: NDArray[np.float64],
    times: NDArray[np.float64],
    tolerance: float,
    out: NDArray[np.floating],
) -> None:
    """Integrate each trajectory with the longest step that meets the tolerance for it.

    The step depends on a trajectory's own parameters alone, so that no result depends on its neighbours in the batch.
    """
    scale = (tolerance / 1e-4) ** (1 / 8)  # the error of an eighth-order step
    shortest_step = np.max(np.diff(times), initial=0.0) / _MOST_STEPS
    with np.errstate(divide="ignore", invalid="ignore"):
        stiffness = np.maximum(np.abs(parameters[:, 3]), np.abs(parameters[:, 1] / parameters[:, 3]))
    # Steps come in classes a quarter of γ apart, so that neighbours share blocks of lanes.
    classes = np.maximum(np.ceil(4 * stiffness - 1e-9), 1.0) / 4
    out[:, 0, :] = states[:, : out.shape[2]]
    out[:, 1:, :] = np.nan
    for stiffness_class in np.unique(classes[np.isfinite(classes)]):
        index = np.flatnonzero(classes == stiffness_class)
        step = scale * _STEP_TIMES_GAMMA / stiffness_class
        for _ in range(_HALVINGS):
            if index.size == 0 or step < shortest_step:
                break
            resolved = np.empty(len(parameters), np.bool_)
            arguments = (parameters, states, times, index, step, 10 * tolerance, out, resolved)
            if index.size > _LANES:
                _integrate_blocks(*arguments)
            else:
                # Waking a team of threads would take longer than the work.
                _integrate_block(0, *arguments)
            index = index[~resolved[index]]
            step /= 2


def _validated(
    parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike, tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    parameters = np.asarray(parameters, dtype=float)
    times = np.array(times, dtype=float)
    if parameters.ndim == 0 or parameters.shape[-1] != 4:
        raise ValueError(
            f"Parameters need a last axis of length 4 (theta0, theta1, zeta, gamma); their shape is {parameters.shape}."
        )
    if times.ndim != 1 or times.size == 0 or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise ValueError("Times must be a one-dimensional array of finite, strictly increasing numbers.")
    if not 1e-12 <= tolerance <= 1e-1:
        raise ValueError(f"The tolerance must lie between 1e-12 and 0.1; it is {tolerance}.")
    try:
        states = np.broadcast_to(np.asarray(initial_state, dtype=float), (*parameters.shape[:-1], 2)).copy()
    except ValueError:
        raise ValueError("The initial state needs a last axis of length 2 (u, v) that fits the parameters.") from None
    return parameters, times, states


def simulate(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = 1e-4,
) -> NDArray[np.float64]:
    """Integrate the neuron for many parameters at once.

    parameters: (..., 4), the last axis (theta0, theta1, zeta, gamma). times: (n_times,) in ms, strictly increasing; the
    initial state (u, v), of shape (2,) or (..., 2), holds at the first of them. tolerance: the error in u to aim for;
    where the solution is very sensitive to its parameters the error can be larger.

    Returns the states, (..., n_times, 2). A trajectory with |u| > 20, or one that no step resolves, is NaN from there
    on. Raises ValueError for wrong shapes, times or tolerance.
    """
    parameters, times, states = _validated(parameters, times, initial_state, tolerance)
    batch = parameters.shape[:-1]
    out = result_array((int(np.prod(batch)), times.size, 2), np.float64)
    _solve(parameters.reshape(-1, 4), states.reshape(-1, 2), times, tolerance, out)
    return out.reshape(*batch, times.size, 2)


def simulate_potential(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = 1e-4,
) -> NDArray[np.float32]:
    """Integrate as `simulate` does and keep the membrane potential alone, in single precision.

    Returns u, (..., n_times): a quarter of the memory of the full states, for large stores of trajectories.
    """
    parameters, times, states = _validated(parameters, times, initial_state, tolerance)
    batch = parameters.shape[:-1]
    out = result_array((int(np.prod(batch)), times.size, 1), np.float32)
    _solve(parameters.reshape(-1, 4), states.reshape(-1, 2), times, tolerance, out)
    return out.reshape(*batch, times.size)


def divergence_time(trajectory: ArrayLike, times: ArrayLike) -> float | None:
    """Return the first time in ms at which one trajectory, (n_times, ...), is NaN, or None where it is finite."""
    values = np.asarray(trajectory).reshape(len(np.asarray(times)), -1)
    lost = np.flatnonzero(np.isnan(values).any(axis=1))
    return float(np.asarray(times)[lost[0]]) if lost.size else None


def u_nullcline(u: ArrayLike, zeta: float) -> NDArray[np.float64]:
    """Return v on the nullcline du/dt = 0, which is v = u³/3 − u − ζ, for potentials u of any shape."""
    u = np.asarray(u, dtype=float)
    return u**3 / 3 - u - zeta


def v_nullcline(v: ArrayLike, theta0: float, theta1: float) -> NDArray[np.float64]:
    """Return u on the nullcline dv/dt = 0, which is u = θ₀ − θ₁ v, for recovery variables v of any shape."""
    return theta0 - theta1 * np.asarray(v, dtype=float)


@dataclass(frozen=True)
class FixedPoint:
    """A state (u, v) at rest, and whether small deviations from it die out."""

    u: float
    v: float
    stable: bool


def fixed_points(parameters: ArrayLike) -> tuple[FixedPoint, ...]:
    """Return the one to three fixed points of the neuron with parameters (4,), ordered by u.

    They are the real roots of θ₁ (u³/3 − u − ζ) + u − θ₀ = 0; one is stable if both eigenvalues of the Jacobian
    [[γ (1 − u²), γ], [−1/γ, −θ₁/γ]] have negative real parts. Raises ValueError unless all parameters are finite and
    γ is not zero.
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
        jacobian = np.array([[gamma * (1 - u**2), gamma], [-1 / gamma, -theta1 / gamma]])
        points.append(FixedPoint(float(u), v, bool(np.linalg.eigvals(jacobian).real.max() < 0)))
    return tuple(points)
