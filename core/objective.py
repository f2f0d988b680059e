"""The MAP loss, split into misfit and regularisation, and its landscape over two parameters.

    J(m) = misfit(d − u_m) + ½ Σ ((m − m̄)/sd)²

With r = d − u and marginal noise sd s, the white misfit is ½ Σ (r_i/s)², and the AR(1) one, the negative log-likelihood
up to a constant, is ½ (r₀/s)² + ½ Σ_{i≥1} (r_i − ρ r_{i−1})² / (s² (1 − ρ²)). The first is the second with ρ = 0.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.fitzhugh_nagumo import PARAMETER_NAMES, simulate, simulate_potential
from core.priors import TruncatedGaussian
from core.published import GAMMA, SAMPLING_INTERVAL, SIGMA, ZETA, full_prior, time_grid

FEW = 16


@numba.njit(cache=True, fastmath={"contract", "reassoc", "arcp", "nsz"})
def _misfit(potential: NDArray[np.floating], data: NDArray[np.float64], rho: float, marginal_sd: float) -> float:
    first = data[0] - potential[0]
    total = 0.0
    for t in range(1, data.shape[0]):
        innovation = (data[t] - potential[t]) - rho * (data[t - 1] - potential[t - 1])
        total += innovation * innovation
    return 0.5 * (first / marginal_sd) ** 2 + 0.5 * total / (marginal_sd**2 * (1 - rho**2))


@numba.njit(parallel=True, cache=True)
def _misfits(
    potentials: NDArray[np.floating],
    data: NDArray[np.float64],
    rho: float,
    marginal_sd: float,
    out: NDArray[np.float64],
) -> None:
    for i in numba.prange(potentials.shape[0]):
        out[i] = _misfit(potentials[i], data, rho, marginal_sd)


def misfit(data: ArrayLike, potentials: ArrayLike, marginal_sd: float, rho: float = 0.0) -> NDArray[np.float64]:
    """Return the misfit, (...), of potentials, (..., n_times), to one trace, (n_times,); rho = 0 is the white one.

    A diverged potential, with NaN, has an infinite misfit. Raises ValueError for a noise of no size or |rho| ≥ 1.
    """
    if not marginal_sd > 0 or not -1 < rho < 1:
        raise ValueError("The misfit needs a noise σ above zero and a correlation ρ strictly between −1 and 1.")
    potentials = np.asarray(potentials)
    flat = potentials.reshape(-1, potentials.shape[-1])
    trace = np.array(data, dtype=float)
    if len(flat) > FEW:
        out = np.empty(len(flat))
        _misfits(flat, trace, float(rho), float(marginal_sd), out)
    else:
        # Waking a team of threads would take longer than the work.
        out = np.array([_misfit(potential, trace, float(rho), float(marginal_sd)) for potential in flat])
    out[np.isnan(out)] = np.inf
    return out.reshape(potentials.shape[:-1])


@dataclass(frozen=True, eq=False)
class Problem:
    """The inverse problem for one trace: which parameters are unknown, and what is known about the rest.

    data, times: (n_times,); unknown: names of the parameters to estimate; known: all four parameters (4,), of which the
    unknown ones are ignored; marginal_sd and rho describe the noise (rho = 0: taken as white); prior: of all four
    parameters, whose bounds hold even where the loss is not regularised.
    """

    data: NDArray[np.float64]
    times: NDArray[np.float64]
    unknown: tuple[str, ...]
    known: tuple[float, ...]
    marginal_sd: float
    rho: float
    prior: TruncatedGaussian
    regularised: bool = True

    def __post_init__(self) -> None:
        for name in self.unknown:
            if name not in PARAMETER_NAMES:
                raise ValueError(f"Unknown parameters are among {', '.join(PARAMETER_NAMES)}; {name!r} is not.")
        if len(self.data) != len(self.times):
            raise ValueError(f"The trace has {len(self.data)} samples but {len(self.times)} times.")
        if not np.all(np.isfinite(self.data)):
            raise ValueError("The trace must hold finite numbers only.")

    @property
    def columns(self) -> list[int]:
        """The positions of the unknown parameters among all four."""
        return [PARAMETER_NAMES.index(name) for name in self.unknown]

    @property
    def bounds(self) -> NDArray[np.float64]:
        """The prior's lower and upper bounds of the unknown parameters, (p, 2)."""
        return np.column_stack([self.prior.lower, self.prior.upper])[self.columns]

    def complete(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return all four parameters, (..., 4), for values of the unknown ones, (..., p)."""
        unknown = np.asarray(unknown, dtype=float)
        parameters = np.array(np.broadcast_to(self.known, (*unknown.shape[:-1], 4)))
        parameters[..., self.columns] = unknown
        return parameters

    def regularisation(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return the prior's part of the loss, (...), for values (..., p): +∞ outside the bounds, 0 where it is off."""
        law = TruncatedGaussian(
            self.unknown, *(tuple(values[i] for i in self.columns) for values in self._prior_values())
        )
        penalty = law.regularisation(unknown)
        return penalty if self.regularised else np.where(np.isinf(penalty), penalty, 0.0)

    def misfit(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return the data's part of the loss, (...), for values (..., p) of the unknown parameters."""
        trajectories = simulate(self.complete(unknown), self.times)
        return misfit(self.data, np.ascontiguousarray(trajectories[..., 0]), self.marginal_sd, self.rho)

    def loss(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return misfit + regularisation, (...), for values (..., p) of the unknown parameters."""
        return self.misfit(unknown) + self.regularisation(unknown)

    def _prior_values(self) -> tuple[tuple[float, ...], ...]:
        return self.prior.mean, self.prior.sd, self.prior.lower, self.prior.upper


@dataclass(frozen=True, eq=False)
class TrajectoryStore:
    """Potentials on a grid over two parameters, kept while only the data move.

    axes: names of the parameters along x and y; x: (nx,), y: (ny,); potentials: (ny, nx, n_times), float32.
    """

    axes: tuple[str, str]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    times: NDArray[np.float64]
    potentials: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Landscape:
    """The loss on a grid over two parameters: misfit and regularisation, each (ny, nx), over x (nx,) and y (ny,)."""

    axes: tuple[str, str]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    misfit: NDArray[np.float64]
    regularisation: NDArray[np.float64]

    @property
    def loss(self) -> NDArray[np.float64]:
        """Misfit + regularisation, (ny, nx)."""
        return self.misfit + self.regularisation

    def lowest(self) -> tuple[float, float]:
        """Return (x, y) of the grid's lowest loss."""
        row, column = np.unravel_index(np.argmin(self.loss), self.loss.shape)
        return float(self.x[column]), float(self.y[row])


def trajectory_store(
    axes: tuple[str, str],
    known: tuple[float, ...],
    times: NDArray[np.float64],
    prior: TruncatedGaussian,
    n: int = 100,
) -> TrajectoryStore:
    """Simulate an n × n grid over the prior's box of two parameters, the other two as in known (4,).

    Raises ValueError unless axes are two different parameter names.
    """
    if len(set(axes)) != 2 or not set(axes) <= set(PARAMETER_NAMES):
        raise ValueError(f"The axes must be two different ones of {', '.join(PARAMETER_NAMES)}; they are {axes}.")
    columns = [PARAMETER_NAMES.index(name) for name in axes]
    x, y = (np.linspace(prior.lower[i], prior.upper[i], n) for i in columns)
    parameters = np.array(np.broadcast_to(known, (n, n, 4)), dtype=float)
    parameters[..., columns[0]], parameters[..., columns[1]] = x[None, :], y[:, None]
    return TrajectoryStore(axes, x, y, times, simulate_potential(parameters, times))


def landscape(problem: Problem, store: TrajectoryStore) -> Landscape:
    """Return the loss of a problem on the grid of a store whose axes are the problem's unknown parameters, in order."""
    if problem.unknown != store.axes or not np.array_equal(problem.times, store.times):
        raise ValueError("The store's axes and times must be those of the problem.")
    grid = np.stack(np.meshgrid(store.x, store.y), axis=-1)
    losses = misfit(problem.data, store.potentials, problem.marginal_sd, problem.rho)
    return Landscape(store.axes, store.x, store.y, losses, problem.regularisation(grid))


def loss_landscape(
    data: ArrayLike,
    times: ArrayLike | None = None,
    axes: tuple[str, str] = ("theta0", "theta1"),
    known: tuple[float, ...] = (0.4, 0.4, ZETA, GAMMA),
    marginal_sd: float = SIGMA / SAMPLING_INTERVAL,
    rho: float = 0.0,
    prior: TruncatedGaussian | None = None,
    n: int = 100,
) -> Landscape:
    """Return the loss of one trace on an n × n grid over the prior's box of any two of the four parameters.

    data: (n_times,); times: (n_times,) in ms, by default the published grid; known: all four parameters, of which those
    on the axes are ignored; rho: 0 for the white misfit; prior: of all four, by default the published one.
    """
    prior = full_prior() if prior is None else prior
    grid = time_grid() if times is None else np.asarray(times, dtype=float)
    problem = Problem(np.asarray(data, dtype=float), grid, axes, tuple(known), marginal_sd, rho, prior)
    return landscape(problem, trajectory_store(axes, tuple(known), grid, prior, n))
