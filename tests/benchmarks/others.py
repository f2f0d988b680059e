"""What people would use instead of the compiled solver, written as their documentation has it.

All start at u = v = 0 and save u at evenly spaced times, on two threads. A setting counts as meeting a tolerance if the
largest error in u over the samples of a trajectory, against DOP853, is within it for 99 % of draws of the prior.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import torch
import torchdiffeq
from scipy.integrate import odeint, solve_ivp

THREADS = 2
jax.config.update("jax_enable_x64", True)
torch.set_num_threads(THREADS)

# Found on 300 draws of seed 7: the cheapest settings whose error is within the tolerance for 99 % of them.
TOLERANCES_OF_SCIPY = {  # (rtol, atol)
    "odeint": {1e-3: (5e-8, 5e-8), 1e-4: (1e-8, 1e-9), 1e-6: (7e-11, 7e-11)},
    "RK45": {1e-4: (5e-8, 5e-8)},
    "LSODA": {1e-4: (1e-8, 1e-9)},
}
STEPS_OF_PYTORCH = {1e-3: 5, 1e-4: 9, 1e-6: 28}  # per sample, of the classical rule
STEPS_OF_TORCHDIFFEQ = {1e-3: 4, 1e-4: 6, 1e-6: 14}  # per sample, of the 3/8 rule, which is the more accurate one here
TOLERANCES_OF_DIFFRAX = {1e-3: 1e-6, 1e-4: 5e-8, 1e-6: 1e-9}  # rtol = atol of Tsit5
ONE_BY_ONE = 40  # trajectories that stand for all where each is solved alone
ADAPTIVE_TOGETHER = 500  # and where all wait for the one that takes most steps: more take longer each


@dataclass(frozen=True)
class Solver:
    """A contender: its settings, and how it solves parameters, (n, 4), at times, (n_times,).

    solve(parameters, times) returns u, (n, n_times); misfit(parameters, times, data, marginal_sd) returns
    ½ Σ (data − u)² / marginal_sd², (n,). sample: how many trajectories stand for a large batch, where it takes long.
    """

    name: str
    settings: dict[str, Any]
    solve: Callable[[np.ndarray, np.ndarray], np.ndarray]
    misfit: Callable[[np.ndarray, np.ndarray, np.ndarray, float], np.ndarray] | None = None
    sample: int | None = None


def right_hand_side(_: float, state: np.ndarray, theta0: float, theta1: float, zeta: float, gamma: float) -> tuple:
    """Return (du/dt, dv/dt) from plain floats, which Python handles faster than NumPy's."""
    u, v = state.tolist()
    return gamma * (u - u * u * u / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma


def solve_with_odeint(parameters: np.ndarray, times: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Return u, (n, n_times)."""
    rows = [
        odeint(right_hand_side, (0.0, 0.0), times, args=tuple(row), rtol=rtol, atol=atol, tfirst=True)
        for row in parameters.tolist()
    ]
    return np.array(rows)[..., 0]


def solve_with_solve_ivp(
    parameters: np.ndarray, times: np.ndarray, method: str, rtol: float, atol: float
) -> np.ndarray:
    """Return u, (n, n_times)."""
    span = (times[0], times[-1])
    rows = [
        solve_ivp(right_hand_side, span, (0.0, 0.0), method, times, args=tuple(row), rtol=rtol, atol=atol).y[0]
        for row in parameters.tolist()
    ]
    return np.array(rows)


def slopes(u: Any, v: Any, theta0: Any, theta1: Any, zeta: Any, gamma: Any) -> tuple[Any, Any]:
    """Return (du/dt, dv/dt), of arrays of any library."""
    return gamma * (u - u**3 / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma


def torch_field(parameters: np.ndarray) -> Callable[[Any, torch.Tensor], torch.Tensor]:
    """Return the right-hand side of a whole batch as one state, (2, n)."""
    rows = torch.as_tensor(parameters).T
    return lambda _, state: torch.stack(slopes(*state, *rows))


@torch.no_grad()
def solve_with_torch(parameters: np.ndarray, times: np.ndarray, steps: int) -> np.ndarray:
    """Return u, (n, n_times), by the classical Runge–Kutta rule."""
    field, h = torch_field(parameters), (times[1] - times[0]) / steps
    state = torch.zeros(2, len(parameters), dtype=torch.float64)
    potential = torch.zeros(len(times), len(parameters), dtype=torch.float64)
    for row in potential[1:]:
        for _ in range(steps):
            k1 = field(0, state)
            k2 = field(0, state + h / 2 * k1)
            k3 = field(0, state + h / 2 * k2)
            k4 = field(0, state + h * k3)
            state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        row.copy_(state[0])
    return potential.T.numpy()


@torch.no_grad()
def solve_with_torchdiffeq(parameters: np.ndarray, times: np.ndarray, steps: int) -> np.ndarray:
    """Return u, (n, n_times)."""
    start = torch.zeros(2, len(parameters), dtype=torch.float64)
    options = {"step_size": (times[1] - times[0]) / steps}
    states = torchdiffeq.odeint(torch_field(parameters), start, torch.as_tensor(times), method="rk4", options=options)
    return states[:, 0].T.numpy()


@functools.partial(jax.jit, static_argnames="tolerance")
def potentials_with_diffrax(parameters: jax.Array, times: jax.Array, tolerance: float) -> jax.Array:
    """Return u, (n, n_times)."""

    def potential(row: jax.Array) -> jax.Array:
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda _, state, row: jnp.stack(slopes(*state, *row))),
            diffrax.Tsit5(),
            t0=times[0],
            t1=times[-1],
            dt0=None,
            y0=jnp.zeros(2),
            args=row,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            max_steps=100_000,
        )
        return solution.ys[:, 0]

    return jax.vmap(potential)(parameters)


def solve_with_diffrax(parameters: np.ndarray, times: np.ndarray, tolerance: float) -> np.ndarray:
    """Return u, (n, n_times)."""
    return np.asarray(potentials_with_diffrax(parameters, times, tolerance=tolerance))


def misfit_of(solve: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., np.ndarray]:
    """Return a function that takes the misfit of what solve returns."""

    def misfit(parameters: np.ndarray, times: np.ndarray, data: np.ndarray, marginal_sd: float) -> np.ndarray:
        return 0.5 * ((solve(parameters, times) - data) ** 2).sum(axis=1) / marginal_sd**2

    return misfit


def scipy_solvers(tolerance: float) -> list[Solver]:
    """Return those of SciPy that have settings for the tolerance."""
    found = []
    for method, tolerances in TOLERANCES_OF_SCIPY.items():
        if tolerance in tolerances:
            rtol, atol = tolerances[tolerance]
            settings = {"rtol": rtol, "atol": atol}
            if method == "odeint":
                solve, name = functools.partial(solve_with_odeint, **settings), "SciPy odeint"
            else:
                solve = functools.partial(solve_with_solve_ivp, method=method, **settings)
                name = f"SciPy solve_ivp {method}"
            found.append(Solver(name, settings, solve, sample=ONE_BY_ONE))
    return found


def batched_solvers(tolerance: float) -> list[Solver]:
    """Return those that solve a batch at once, with the settings that meet a tolerance of 1e-3, 1e-4 or 1e-6."""
    steps, steps_of_torchdiffeq = STEPS_OF_PYTORCH[tolerance], STEPS_OF_TORCHDIFFEQ[tolerance]
    torch_solve = functools.partial(solve_with_torch, steps=steps)
    torchdiffeq_solve = functools.partial(solve_with_torchdiffeq, steps=steps_of_torchdiffeq)
    diffrax_solve = functools.partial(solve_with_diffrax, tolerance=TOLERANCES_OF_DIFFRAX[tolerance])
    return [
        Solver("PyTorch", {"method": "classical RK4", "steps": steps}, torch_solve, misfit_of(torch_solve)),
        Solver(
            "torchdiffeq",
            {"method": "rk4", "steps": steps_of_torchdiffeq},
            torchdiffeq_solve,
            misfit_of(torchdiffeq_solve),
        ),
        Solver(
            "diffrax",
            {"method": "Tsit5, PIDController, jit, vmap", "tolerance": TOLERANCES_OF_DIFFRAX[tolerance]},
            diffrax_solve,
            misfit_of(diffrax_solve),
            sample=ADAPTIVE_TOGETHER,
        ),
    ]
