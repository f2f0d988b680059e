"""The same libraries as far as they can be driven by hand: compiled, in place, cut to the caches, XLA's flags set.

This is code written for this one problem, as the engine is; it shows what is left of the engine's lead over it. The
rules are those of tests/benchmarks/others.py.
"""

import functools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import torch
import torchdiffeq

from tests.benchmarks.others import Solver

THREADS = 2
# NPROC bounds XLA's threads. They serve pieces of the batch that run at once; XLA would rather split every small loop
# over them, which makes a piece up to three times as slow. This schedule and small pieces prevent it. Vectors as wide
# as the processor's are not XLA's default either. All of it is read when JAX is first used.
ENVIRONMENT = {
    "NPROC": str(THREADS),
    "XLA_FLAGS": "--xla_cpu_scheduler_type=CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED --xla_cpu_prefer_vector_width=512",
}
os.environ |= ENVIRONMENT
jax.config.update("jax_enable_x64", True)
torch.set_num_threads(THREADS)
# Past its limit of compilations a function runs uncompiled without a word.
torch._dynamo.config.recompile_limit = 64

# Found on 300 draws of seed 7: of the settings whose error is within the tolerance for 99 % of them, the fastest. Those
# of the batched contenders meet it on 10,000 draws of the seed as well.
STEPS_OF_RUNGE_KUTTA = {1e-3: 4, 1e-4: 6, 1e-6: 14}  # per sample
DTYPE_OF_RUNGE_KUTTA = {1e-3: "float32", 1e-4: "float64", 1e-6: "float64"}
STEPS_OF_DIFFRAX = {1e-3: ("Tsit5", 2), 1e-4: ("Dopri8", 1), 1e-6: ("Dopri8", 2)}  # per sample
LARGEST_PIECE = {"diffrax": 2000, "scan": 256}  # trajectories
# A call of the compiled PyTorch function costs as much as 2,000 trajectories; to compile more steps takes minutes.
MOST_STEPS_A_CALL = 18


def interval(times: np.ndarray) -> float:
    """Return the time between two samples."""
    return float(times[1] - times[0])


# The equations for arrays of PyTorch and of JAX


def coefficients(parameters: Any) -> tuple[Any, Any, Any, Any]:
    """Return θ₀ + θ₁ ζ, θ₁, γ and 1/γ, what is left of the parameters where v is counted from −ζ."""
    theta0, theta1, zeta, gamma = parameters.T
    return theta0 + theta1 * zeta, theta1, gamma, 1 / gamma


def slopes(u: Any, v: Any, offset: Any, theta1: Any, gamma: Any, inverse_gamma: Any) -> tuple[Any, Any]:
    """Return (du/dt, dv/dt), v counted from −ζ, without a division."""
    return gamma * (u - u * u * u * (1 / 3) + v), inverse_gamma * (offset - u - theta1 * v)


def runge_kutta_step(u: Any, v: Any, h: float, constants: Any) -> tuple[Any, Any]:
    """Return u and v after a step of Kutta's 3/8 rule, here four to seven times as accurate as the classical rule."""
    u1, v1 = slopes(u, v, *constants)
    u2, v2 = slopes(u + h / 3 * u1, v + h / 3 * v1, *constants)
    u3, v3 = slopes(u + h * (u2 - u1 * (1 / 3)), v + h * (v2 - v1 * (1 / 3)), *constants)
    u4, v4 = slopes(u + h * (u1 - u2 + u3), v + h * (v1 - v2 + v3), *constants)
    return u + h / 8 * (u1 + 3 * (u2 + u3) + u4), v + h / 8 * (v1 + 3 * (v2 + v3) + v4)


# PyTorch


def tensors(parameters: np.ndarray, dtype: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the coefficients, (4, n), and the states at the start, (2, n)."""
    values = torch.as_tensor(parameters)
    start = torch.stack((torch.zeros(len(values)), values[:, 2]))
    return torch.stack(coefficients(values)).to(getattr(torch, dtype)), start.to(getattr(torch, dtype))


def eager_potentials(parameters: np.ndarray, times: np.ndarray, steps: int, dtype: str) -> Iterator[torch.Tensor]:
    """Yield u, (n,), at each time after the first, by operations in place that write into buffers."""
    (offset, theta1, gamma, inverse_gamma), state = tensors(parameters, dtype)
    h = interval(times) / steps
    h_gamma, minus_h_gamma = h * gamma, -h * inverse_gamma
    h_offset, h_theta1 = h * inverse_gamma * offset, minus_h_gamma * theta1
    stage, square = torch.empty_like(state), torch.empty_like(offset)
    k1, k2, k3, k4 = (torch.empty_like(state) for _ in range(4))
    views = {id(buffer): tuple(buffer) for buffer in (state, stage, k1, k2, k3, k4)}

    def write_slopes(at: torch.Tensor, out: torch.Tensor) -> None:
        u, v = views[id(at)]
        out_u, out_v = views[id(out)]
        torch.mul(u, u, out=square)
        torch.addcmul(u, u, square, value=-1 / 3, out=square)
        square.add_(v)
        torch.mul(square, h_gamma, out=out_u)
        torch.addcmul(h_offset, minus_h_gamma, u, out=out_v)
        out_v.addcmul_(h_theta1, v)

    for _ in times[1:]:
        for _ in range(steps):
            write_slopes(state, k1)
            torch.add(state, k1, alpha=1 / 3, out=stage)
            write_slopes(stage, k2)
            torch.add(state, k2, out=stage).sub_(k1, alpha=1 / 3)
            write_slopes(stage, k3)
            torch.add(state, k1, out=stage).sub_(k2).add_(k3)
            write_slopes(stage, k4)
            state.add_(k1.add_(k4).add_(k2.add_(k3), alpha=3), alpha=1 / 8)
        yield views[id(state)][0]


@torch.no_grad()
def solve_with_eager_torch(parameters: np.ndarray, times: np.ndarray, steps: int, dtype: str) -> np.ndarray:
    """Return u, (n, n_times)."""
    potential = torch.zeros(len(times), len(parameters), dtype=getattr(torch, dtype))
    for row, u in zip(potential[1:], eager_potentials(parameters, times, steps, dtype), strict=True):
        row.copy_(u)
    return potential.T.numpy()


@torch.no_grad()
def misfit_with_eager_torch(
    parameters: np.ndarray, times: np.ndarray, data: np.ndarray, marginal_sd: float, steps: int, dtype: str
) -> np.ndarray:
    """Return the misfit, (n,), summed up on the way."""
    total = torch.full((len(parameters),), data[0] ** 2, dtype=getattr(torch, dtype))
    residual = torch.empty_like(total)
    for value, u in zip(data[1:].tolist(), eager_potentials(parameters, times, steps, dtype), strict=True):
        torch.sub(u, value, out=residual)
        total.addcmul_(residual, residual)
    return total.numpy() / (2 * marginal_sd**2)


@functools.cache
def compiled_advance(samples: int, steps: int, h: float) -> Callable[..., torch.Tensor]:
    """Return a compiled function that writes u at the next samples into rows and returns the states after them."""

    def advance(state: torch.Tensor, rows: torch.Tensor, constants: torch.Tensor) -> torch.Tensor:
        u, v = state
        for sample in range(samples):
            for _ in range(steps):
                u, v = runge_kutta_step(u, v, h, constants)
            rows[sample] = u
        return torch.stack((u, v))

    return torch.compile(advance, dynamic=False)


@functools.cache
def compiled_misfit(samples: int, steps: int, h: float) -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """Return a compiled function that returns the states after the next samples and the sum of squares up to them."""

    def advance(
        state: torch.Tensor, total: torch.Tensor, data: torch.Tensor, constants: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        u, v = state
        for sample in range(samples):
            for _ in range(steps):
                u, v = runge_kutta_step(u, v, h, constants)
            total = total + (data[sample] - u) ** 2
        return torch.stack((u, v)), total

    return torch.compile(advance, dynamic=False)


def samples_a_call(times: np.ndarray, steps: int) -> int:
    """Return the largest number of samples that divides those after the first and keeps to MOST_STEPS_A_CALL."""
    return next(
        samples for samples in range(max(1, MOST_STEPS_A_CALL // steps), 0, -1) if (len(times) - 1) % samples == 0
    )


@torch.no_grad()
def solve_with_compiled_torch(parameters: np.ndarray, times: np.ndarray, steps: int, dtype: str) -> np.ndarray:
    """Return u, (n, n_times)."""
    constants, state = tensors(parameters, dtype)
    samples = samples_a_call(times, steps)
    advance = compiled_advance(samples, steps, interval(times) / steps)
    potential = torch.empty(len(times), len(parameters), dtype=state.dtype)
    potential[0] = 0
    for rows in potential[1:].split(samples):
        state = advance(state, rows, constants)
    return potential.T.numpy()


@torch.no_grad()
def misfit_with_compiled_torch(
    parameters: np.ndarray, times: np.ndarray, data: np.ndarray, marginal_sd: float, steps: int, dtype: str
) -> np.ndarray:
    """Return the misfit, (n,), summed up on the way."""
    constants, state = tensors(parameters, dtype)
    samples = samples_a_call(times, steps)
    advance = compiled_misfit(samples, steps, interval(times) / steps)
    total = torch.full_like(state[0], data[0] ** 2)
    for values in torch.as_tensor(data[1:]).to(state.dtype).split(samples):
        state, total = advance(state, total, values, constants)
    return total.numpy() / (2 * marginal_sd**2)


# torchdiffeq


@torch.no_grad()
def potential_with_torchdiffeq(parameters: np.ndarray, times: np.ndarray, steps: int, dtype: str) -> torch.Tensor:
    """Return u, (n_times, n), of the whole batch as one state."""
    (offset, theta1, gamma, inverse_gamma), state = tensors(parameters, dtype)
    minus_inverse_gamma = -inverse_gamma
    theta1_gamma, offset_gamma = minus_inverse_gamma * theta1, inverse_gamma * offset

    def field(_: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        u, v = at
        slope = torch.empty_like(at)
        slope_u, slope_v = slope
        torch.mul(u, u, out=slope_u)
        torch.addcmul(u, u, slope_u, value=-1 / 3, out=slope_u)
        slope_u.add_(v).mul_(gamma)
        torch.addcmul(offset_gamma, minus_inverse_gamma, u, out=slope_v)
        slope_v.addcmul_(theta1_gamma, v)
        return slope

    options = {"step_size": interval(times) / steps}
    return torchdiffeq.odeint(field, state, torch.as_tensor(times), method="rk4", options=options)[:, 0]


def solve_with_torchdiffeq(parameters: np.ndarray, times: np.ndarray, steps: int, dtype: str) -> np.ndarray:
    """Return u, (n, n_times)."""
    return potential_with_torchdiffeq(parameters, times, steps, dtype).T.numpy()


def misfit_with_torchdiffeq(
    parameters: np.ndarray, times: np.ndarray, data: np.ndarray, marginal_sd: float, steps: int, dtype: str
) -> np.ndarray:
    """Return the misfit, (n,), of stored trajectories: torchdiffeq has no other."""
    residual = potential_with_torchdiffeq(parameters, times, steps, dtype)
    residual -= torch.as_tensor(data).to(residual.dtype)[:, None]
    return residual.square_().sum(dim=0).numpy() / (2 * marginal_sd**2)


# JAX and diffrax


def over_pieces(
    work: Callable[[np.ndarray], jax.Array], parameters: np.ndarray, dtype: str, largest_piece: int
) -> np.ndarray:
    """Return what work makes of the batch, (..., n), in equal pieces, of which each thread takes its share."""
    n = len(parameters)
    n_pieces = THREADS * -(-n // (THREADS * largest_piece))
    # Whole vectors: XLA takes a tenth longer for a piece that ends within one.
    size = 16 * -(-n // (16 * n_pieces))
    # One shape for all pieces, so that one compilation serves them.
    padded = np.pad(parameters.astype(dtype), ((0, n_pieces * size - n), (0, 0)), mode="edge")
    shape = jax.eval_shape(work, padded[:size]).shape
    out = np.empty((*shape[:-1], n_pieces * size), dtype)

    def fill(first: int) -> None:
        out[..., first : first + size] = work(padded[first : first + size])

    with ThreadPoolExecutor(THREADS) as executor:
        list(executor.map(fill, range(0, n_pieces * size, size)))
    return out[..., :n]


@functools.partial(jax.jit, static_argnames=("n_times", "h", "method", "steps"))
def potential_with_diffrax(parameters: jax.Array, n_times: int, h: float, method: str, steps: int) -> jax.Array:
    """Return u, (n_times, n), of a piece of the batch as one state, every steps-th step saved."""
    _, _, zeta, _ = parameters.T
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda _, state, constants: jnp.stack(slopes(*state, *constants))),
        getattr(diffrax, method)(),
        t0=0.0,
        t1=h * steps * (n_times - 1),
        dt0=h,
        y0=jnp.stack((jnp.zeros_like(zeta), zeta)),
        args=coefficients(parameters),
        saveat=diffrax.SaveAt(t0=True, steps=steps, fn=lambda _, state, __: state[0]),
        stepsize_controller=diffrax.ConstantStepSize(),
        adjoint=diffrax.ForwardMode(),
        max_steps=steps * (n_times - 1),
        throw=False,
    )
    return solution.ys


def solve_with_diffrax(parameters: np.ndarray, times: np.ndarray, method: str, steps: int, dtype: str) -> np.ndarray:
    """Return u, (n, n_times)."""
    h = interval(times) / steps
    return over_pieces(
        lambda piece: potential_with_diffrax(piece, len(times), h, method, steps),
        parameters,
        dtype,
        LARGEST_PIECE["diffrax"],
    ).T


@functools.partial(jax.jit, static_argnames=("h", "method", "steps"))
def squares_with_diffrax(parameters: jax.Array, data: jax.Array, h: float, method: str, steps: int) -> jax.Array:
    """Return the sum of squared residuals, (n,), of trajectories stored within the compiled function."""
    potential = potential_with_diffrax(parameters, len(data), h, method, steps)
    return ((potential - data[:, None]) ** 2).sum(axis=0)


def misfit_with_diffrax(
    parameters: np.ndarray,
    times: np.ndarray,
    data: np.ndarray,
    marginal_sd: float,
    method: str,
    steps: int,
    dtype: str,
) -> np.ndarray:
    """Return the misfit, (n,)."""
    h, data = interval(times) / steps, data.astype(dtype)
    squares = over_pieces(
        lambda piece: squares_with_diffrax(piece, data, h, method, steps), parameters, dtype, LARGEST_PIECE["diffrax"]
    )
    return squares / (2 * marginal_sd**2)


@functools.partial(jax.jit, static_argnames=("h", "steps", "stored"))
def scan(parameters: jax.Array, data: jax.Array, h: float, steps: int, stored: bool) -> jax.Array:
    """Return u, (n_times, n), or the sum of squared residuals, (n,), by steps of our own."""
    constants = coefficients(parameters)
    u, v = jnp.zeros_like(parameters[:, 2]), parameters[:, 2]

    def advance(carry: tuple, value: jax.Array) -> tuple[tuple, jax.Array | None]:
        u, v, total = carry
        # Written out instead, XLA computes a step's results anew for each that needs them.
        u, v = jax.lax.fori_loop(0, steps, lambda _, state: runge_kutta_step(*state, h, constants), (u, v))
        return ((u, v, total), u) if stored else ((u, v, total + (value - u) ** 2), None)

    (_, _, total), potential = jax.lax.scan(advance, (u, v, u + data[0] ** 2), data[1:])
    return jnp.concatenate((u[None], potential)) if stored else total


def solve_with_scan(parameters: np.ndarray, times: np.ndarray, steps: int, dtype: str) -> np.ndarray:
    """Return u, (n, n_times)."""
    h, data = interval(times) / steps, np.zeros(len(times), dtype)
    return over_pieces(
        lambda piece: scan(piece, data, h, steps, stored=True), parameters, dtype, LARGEST_PIECE["scan"]
    ).T


def misfit_with_scan(
    parameters: np.ndarray, times: np.ndarray, data: np.ndarray, marginal_sd: float, steps: int, dtype: str
) -> np.ndarray:
    """Return the misfit, (n,), summed up on the way."""
    h, data = interval(times) / steps, data.astype(dtype)
    squares = over_pieces(
        lambda piece: scan(piece, data, h, steps, stored=False), parameters, dtype, LARGEST_PIECE["scan"]
    )
    return squares / (2 * marginal_sd**2)


# The contenders


def batched_solver(name: str, solve: Callable, misfit: Callable, settings: dict, **remarks: Any) -> Solver:
    """Return a contender whose functions take the settings; remarks are settings that they do not take."""
    bound = (functools.partial(function, **settings) for function in (solve, misfit))
    return Solver(name, settings | remarks | {"threads": THREADS}, *bound)


def tuned_solvers(tolerance: float) -> tuple[Solver, ...]:
    """Return the contenders with the settings that meet a tolerance of 1e-3, 1e-4 or 1e-6."""
    runge_kutta = {"steps": STEPS_OF_RUNGE_KUTTA[tolerance], "dtype": DTYPE_OF_RUNGE_KUTTA[tolerance]}
    method, steps = STEPS_OF_DIFFRAX[tolerance]
    rule = {"method": "Runge-Kutta of order 4, 3/8 rule"}
    return (
        batched_solver("PyTorch, tuned", solve_with_eager_torch, misfit_with_eager_torch, runge_kutta, **rule),
        batched_solver(
            "PyTorch, compiled",
            solve_with_compiled_torch,
            misfit_with_compiled_torch,
            runge_kutta,
            **rule,
            most_steps_a_call=MOST_STEPS_A_CALL,
        ),
        batched_solver(
            "torchdiffeq, tuned", solve_with_torchdiffeq, misfit_with_torchdiffeq, runge_kutta, method="rk4"
        ),
        batched_solver(
            "diffrax, tuned",
            solve_with_diffrax,
            misfit_with_diffrax,
            {"method": method, "steps": steps, "dtype": "float64"},
            controller="ConstantStepSize",
            largest_piece=LARGEST_PIECE["diffrax"],
            environment=ENVIRONMENT,
        ),
        batched_solver(
            "JAX, a scan of our own",
            solve_with_scan,
            misfit_with_scan,
            runge_kutta,
            **rule,
            largest_piece=LARGEST_PIECE["scan"],
            environment=ENVIRONMENT,
        ),
    )
