"""The misfit of potentials to a trace: of stored ones, and of parameters without storing anything.

With r = d − u and marginal noise sd s, the white misfit is ½ Σ (r_i/s)², and the AR(1) one, the negative log-likelihood
up to a constant, is ½ (r₀/s)² + ½ Σ_{i≥1} (r_i − ρ r_{i−1})² / (s² (1 − ρ²)). The first is the second with ρ = 0. For
every ρ and s it follows from four sums over the residual (`ResidualSums`), so that one integration serves them all.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.compiled import inlined_as_written, kernel, parallel_kernel
from core.models.fitzhugh_nagumo.simulate import (
    FEW,
    TILE,
    TOLERANCE,
    Status,
    Work,
    advance_tile,
    check_tile,
    new_block,
    run_kernel,
    validated,
)
from core.models.fitzhugh_nagumo.taylor import REST, SCALE

SMALLEST_NOISE = 1e-100  # whose square still is a number


class ResidualSums(NamedTuple):
    """All that the noise model needs to know of residuals r, each (...); infinite where a trajectory was lost.

    first: r₀²; squares: Σ_{i≥1} r_i²; products: Σ_{i≥1} r_i r_{i−1}; last: the square of the last residual.
    """

    first: NDArray[np.float64]
    squares: NDArray[np.float64]
    products: NDArray[np.float64]
    last: NDArray[np.float64]

    def quadratic_form(self, rho: ArrayLike) -> NDArray[np.float64]:
        """Return r₀² + Σ_{i≥1} (r_i − ρ r_{i−1})² / (1 − ρ²), (...), which is twice the misfit times s²."""
        rho = np.asarray(rho, dtype=float)
        before = self.first + self.squares - self.last
        innovations = self.squares - 2 * rho * self.products + rho**2 * before
        return self.first + innovations / (1 - rho**2)


@kernel
def _misfit(potential: NDArray[np.floating], data: NDArray[np.float64], rho: float, marginal_sd: float) -> float:
    first = data[0] - potential[0]
    total = 0.0
    for t in range(1, data.shape[0]):
        innovation = (data[t] - potential[t]) - rho * (data[t - 1] - potential[t - 1])
        total += innovation * innovation
    return 0.5 * (first / marginal_sd) ** 2 + 0.5 * total / (marginal_sd**2 * (1 - rho**2))


@parallel_kernel
def _misfits(
    potentials: NDArray[np.floating],
    data: NDArray[np.float64],
    rho: float,
    marginal_sd: float,
    out: NDArray[np.float64],
) -> None:
    for i in numba.prange(potentials.shape[0]):
        out[i] = _misfit(potentials[i], data, rho, marginal_sd)


@inlined_as_written
def _observed(squares: float, products: float, before: float, residual: float) -> tuple[float, float, float]:
    """Return the sums of squares and of products of neighbours, and the residual, after a sample."""
    return squares + residual * residual, products + residual * before, residual


@kernel
def _fused_block(
    work: Work, first: int, data: NDArray[np.float64], out: NDArray[np.float64], status: NDArray[np.int64]
) -> None:
    """Fill out[i] with the four sums over the residual of the scaled equations; data: the trace over √3."""
    block = new_block(work, first)
    squares, products = np.zeros(work.lanes), np.zeros(work.lanes)
    residual, first_square = np.empty(work.lanes), np.empty(work.lanes)
    for lane in range(work.lanes):
        residual[lane] = data[0] - block.state[lane]
        first_square[lane] = residual[lane] * residual[lane]
    h = 0.0
    for start in range(0, work.intervals.shape[0], TILE):
        samples = min(TILE, work.intervals.shape[0] - start)
        h = advance_tile(block, work, start, samples, h)
        alive = check_tile(block, work, samples)
        for s in range(samples):
            value = data[start + s + 1]
            for lane in range(work.lanes):
                squares[lane], products[lane], residual[lane] = _observed(
                    squares[lane], products[lane], residual[lane], value - block.x[s, lane]
                )
        if not alive:
            break
    for lane in range(min(work.lanes, work.which.shape[0] - first)):
        i = work.which[first + lane]
        out[i, 0], out[i, 1] = first_square[lane], squares[lane]
        out[i, 2], out[i, 3] = products[lane], residual[lane] * residual[lane]
        status[i] = block.status[lane]


@parallel_kernel
def _fused_blocks(work: Work, data: NDArray[np.float64], out: NDArray[np.float64], status: NDArray[np.int64]) -> None:
    for block in numba.prange((work.which.shape[0] + work.lanes - 1) // work.lanes):
        _fused_block(work, block * work.lanes, data, out, status)


def check_noise(marginal_sd: float, rho: float) -> None:
    """Raise ValueError for a noise of no size or |rho| ≥ 1."""
    if not SMALLEST_NOISE < marginal_sd < np.inf or not -1 < rho < 1:
        raise ValueError("The misfit needs a noise σ above zero and a correlation ρ strictly between −1 and 1.")


def checked_trace(data: ArrayLike, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a trace scaled as the kernels have it, or raise ValueError unless it has a finite sample at each time."""
    trace = np.array(data, dtype=float) / SCALE
    if trace.shape != times.shape:
        raise ValueError(f"The trace needs one sample a time, {times.shape}; its shape is {trace.shape}.")
    if not np.all(np.isfinite(trace)):
        raise ValueError("The trace must hold finite numbers only.")
    return trace


def misfit(data: ArrayLike, potentials: ArrayLike, marginal_sd: float, rho: float = 0.0) -> NDArray[np.float64]:
    """Return the misfit, (...), of potentials, (..., n_times), to one trace, (n_times,); rho = 0 is the white one.

    A diverged potential, with NaN, has an infinite misfit. Raises ValueError for a noise of no size or |rho| ≥ 1.
    """
    check_noise(marginal_sd, rho)
    potentials = np.asarray(potentials)
    trace = np.array(data, dtype=float)
    if trace.shape != potentials.shape[-1:]:
        raise ValueError(f"The trace has {trace.size} samples but the potentials have {potentials.shape[-1]}.")
    flat = potentials.reshape(-1, potentials.shape[-1])
    if len(flat) > FEW:
        out = np.empty(len(flat))
        _misfits(flat, trace, float(rho), float(marginal_sd), out)
    else:
        # Waking a team of threads would take longer than the work.
        out = np.array([_misfit(potential, trace, float(rho), float(marginal_sd)) for potential in flat])
    out[np.isnan(out)] = np.inf
    return out.reshape(potentials.shape[:-1])


def residual_sums(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
    step: float | None = None,
) -> ResidualSums:
    """Return the sums over the residual of one trace, (n_times,), to the neuron with parameters (..., 4).

    No trajectory is stored. times, initial_state, tolerance and step are those of `simulate`. Raises ValueError as
    `simulate` does, or when the trace has not a sample a time.
    """
    parameters, times, states = validated(parameters, times, initial_state, tolerance, step)
    trace = checked_trace(data, times)
    flat = parameters.reshape(-1, 4)
    out = np.empty((len(flat), 4))
    status, _ = run_kernel(_fused_blocks, flat, states.reshape(-1, 2), times, tolerance, step, (trace,), out)
    out[status != Status.FINITE] = np.inf
    out *= SCALE**2
    return ResidualSums(*(column.reshape(parameters.shape[:-1]) for column in out.T))


def simulated_misfit(
    parameters: ArrayLike,
    times: ArrayLike,
    data: ArrayLike,
    marginal_sd: float,
    rho: float = 0.0,
    initial_state: ArrayLike = REST,
    tolerance: float = TOLERANCE,
    step: float | None = None,
) -> NDArray[np.float64]:
    """Return the misfit, (...), of the neuron with parameters (..., 4) to one trace, (n_times,), storing no trajectory.

    times, initial_state, tolerance and step are those of `simulate`; rho = 0 is the white misfit. A trajectory that
    diverges or cannot be followed has an infinite misfit. Raises ValueError as `simulate` and `misfit` do, or when the
    trace has not a sample a time.
    """
    check_noise(marginal_sd, rho)
    sums = residual_sums(parameters, times, data, initial_state, tolerance, step)
    return _scaled(sums, marginal_sd, rho)


def _scaled(sums: ResidualSums, marginal_sd: float, rho: float) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # where a trajectory was lost, the sums are infinite
        misfits = 0.5 * sums.quadratic_form(rho) / marginal_sd**2
    return np.where(np.isfinite(sums.squares), misfits, np.inf)
