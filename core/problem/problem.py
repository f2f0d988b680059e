"""The MAP loss, split into misfit and regularisation, and its landscape over two parameters.

J(m) = misfit(d − u_m) + ½ Σ ((m − m̄)/sd)²
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.estimate import GoodnessOfFit, goodness_of_fit
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton, misfit_gradient
from core.models.fitzhugh_nagumo.misfit import check_noise, misfit, residual_sums, simulated_misfit
from core.models.fitzhugh_nagumo.sensitivities import sensitivities
from core.models.fitzhugh_nagumo.simulate import resolving_step, simulate, simulate_potential
from core.models.fitzhugh_nagumo.taylor import PARAMETER_NAMES
from core.noise import Noise, whiten
from core.priors import TruncatedGaussian
from core.published import GAMMA, SAMPLING_INTERVAL, SIGMA, ZETA, full_prior, time_grid

COARSE = 5  # points along each unknown parameter


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
        if not self.unknown or len(set(self.unknown)) != len(self.unknown):
            raise ValueError("Name at least one unknown parameter, and each of them once.")
        if len(self.known) != len(PARAMETER_NAMES):
            raise ValueError(
                f"Known are all four parameters, {', '.join(PARAMETER_NAMES)}; {len(self.known)} are given."
            )
        if np.shape(self.data) != np.shape(self.times) or np.ndim(self.data) != 1 or np.size(self.data) < 2:
            raise ValueError(
                f"The trace needs two samples or more, and one a time: the shapes are {np.shape(self.data)} and "
                f"{np.shape(self.times)}."
            )
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

    @cached_property
    def step(self) -> float:
        """The step in ms that suits a coarse grid over the bounds' box; frozen, it makes the loss smooth."""
        axes = [np.linspace(lower, upper, COARSE) for lower, upper in self.bounds]
        steps = resolving_step(self.complete(np.stack(np.meshgrid(*axes), axis=-1)), self.times)
        return float(np.min(steps, where=np.isfinite(steps), initial=float(np.max(np.diff(self.times)))))

    def with_noise(self, rho: float, marginal_sd: float) -> "Problem":
        """Return the same problem under another noise, which does not change the step."""
        problem = replace(self, rho=rho, marginal_sd=marginal_sd)
        problem.__dict__["step"] = self.step
        return problem

    def with_data(self, data: NDArray[np.float64]) -> "Problem":
        """Return the same problem for another trace, (n_times,), which does not change the step."""
        problem = replace(self, data=data)
        problem.__dict__["step"] = self.step
        return problem

    def regularisation(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return the prior's part of the loss, (...), for values (..., p): +∞ outside the bounds, 0 where it is off."""
        penalty = self._law.regularisation(unknown)
        return penalty if self.regularised else np.where(np.isinf(penalty), penalty, 0.0)

    def prior_log_density(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return the prior's log density, (...), of values (..., p), −∞ outside the bounds; uniform where it is off."""
        if self.regularised:
            return self._law.log_density(unknown)
        volume = float(np.prod(self.bounds[:, 1] - self.bounds[:, 0]))
        return -self.regularisation(unknown) - np.log(volume)

    def misfit(self, unknown: ArrayLike, step: float | None = None) -> NDArray[np.float64]:
        """Return the data's part of the loss, (...), for values (..., p); step: frozen, in ms, or chosen for each."""
        parameters = self.complete(unknown)
        return simulated_misfit(parameters, self.times, self.data, self.marginal_sd, self.rho, step=step)

    def loss(self, unknown: ArrayLike, step: float | None = None) -> NDArray[np.float64]:
        """Return misfit + regularisation, (...), for values (..., p); step: frozen, in ms, or chosen for each."""
        return self.misfit(unknown, step) + self.regularisation(unknown)

    def goodness_of_fit(self, unknown: ArrayLike) -> GoodnessOfFit:
        """Judge by its residuals a fit that ends at values (p,), at the frozen step."""
        sums = residual_sums(self.complete(unknown), self.times, self.data, step=self.step)
        whitened, plain = (float(sums.quadratic_form(rho)) / self.marginal_sd**2 for rho in (self.rho, 0.0))
        return goodness_of_fit(whitened, plain, self.times.size, len(self.unknown))

    def gradient(self, unknown: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the loss (...) and its gradient (..., p) for values (..., p) inside the bounds, at the frozen step."""
        unknown = np.asarray(unknown, dtype=float)
        expansion = misfit_gradient(
            self.complete(unknown), self.times, self.data, self.marginal_sd, self.rho, step=self.step
        )
        gradient = expansion.gradient[..., self.columns]
        if self.regularised:
            gradient = gradient - self._law.gradient(unknown)
        return expansion.misfit + self.regularisation(unknown), gradient

    def hessian(self, unknown: ArrayLike, exact: bool = True) -> NDArray[np.float64]:
        """Return the Hessian of the loss, (..., p, p), for values (..., p) inside the bounds, at the frozen step.

        exact: with the curvature of the trajectory, or without it, which is the Gauss–Newton Hessian.
        """
        expand = full_hessian if exact else gauss_newton
        expansion = expand(self.complete(unknown), self.times, self.data, self.marginal_sd, self.rho, step=self.step)
        assert expansion.hessian is not None
        hessian = expansion.hessian[..., self.columns, :][..., self.columns]
        return hessian + np.diag(1 / np.square(self._law.sd)) if self.regularised else hessian

    def expansion(self, unknown: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return loss (...), gradient (..., p) and Gauss–Newton Hessian (..., p, p) for values (..., p), in one go.

        At the frozen step; outside the bounds the loss is infinite.
        """
        unknown = np.asarray(unknown, dtype=float)
        data, noise = (self.times, self.data), (self.marginal_sd, self.rho)
        expansion = gauss_newton(self.complete(unknown), *data, *noise, step=self.step)
        assert expansion.hessian is not None
        gradient = expansion.gradient[..., self.columns]
        hessian = expansion.hessian[..., self.columns, :][..., self.columns]
        if self.regularised:
            gradient = gradient - self._law.gradient(unknown)
            hessian = hessian + np.diag(1 / np.square(self._law.sd))
        return expansion.misfit + self.regularisation(unknown), gradient, hessian

    def residuals(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return the whitened residuals, (r,), for values (p,) inside the bounds, at the frozen step.

        They are n_times of the data and, where the loss is regularised, one for each unknown parameter whose prior is
        Gaussian; half the sum of their squares is the loss. NaN from where the trajectory diverges on.
        """
        check_noise(self.marginal_sd, self.rho)
        potential = simulate(self.complete(unknown), self.times, step=self.step)[:, 0]
        white = whiten(self.data - potential, Noise(self.rho, self.marginal_sd))
        if not self.regularised:
            return white
        law, gaussian = self._law, np.isfinite(self._law.sd)
        return np.concatenate([white, ((np.asarray(unknown) - law.mean) / law.sd)[gaussian]])

    def jacobian(self, unknown: ArrayLike) -> NDArray[np.float64]:
        """Return the derivatives of the residuals, (r, p), for values (p,) inside the bounds, at the frozen step."""
        check_noise(self.marginal_sd, self.rho)
        _, derivatives = sensitivities(self.complete(unknown), self.times, step=self.step)
        white = whiten(-derivatives[:, 0, self.columns].T, Noise(self.rho, self.marginal_sd)).T
        if not self.regularised:
            return white
        return np.vstack([white, np.diag(1 / np.asarray(self._law.sd))[np.isfinite(self._law.sd)]])

    def sample_prior(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw n values of the unknown parameters from their prior, (n, p)."""
        return self._law.sample(n, rng)

    @cached_property
    def _law(self) -> TruncatedGaussian:
        """The prior of the unknown parameters."""
        prior = self.prior
        return TruncatedGaussian(
            self.unknown,
            *(tuple(values[i] for i in self.columns) for values in (prior.mean, prior.sd, prior.lower, prior.upper)),
        )


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


def parameter_grid(
    axes: tuple[str, str], known: tuple[float, ...], prior: TruncatedGaussian, n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return x (n,), y (n,) and all parameters, (n, n, 4), on a grid over the prior's box of two parameters.

    known: all four parameters, of which those on the axes are ignored. Raises ValueError unless axes are two different
    parameter names.
    """
    if len(set(axes)) != 2 or not set(axes) <= set(PARAMETER_NAMES):
        raise ValueError(f"The axes must be two different ones of {', '.join(PARAMETER_NAMES)}; they are {axes}.")
    columns = [PARAMETER_NAMES.index(name) for name in axes]
    x, y = (np.linspace(prior.lower[i], prior.upper[i], n) for i in columns)
    parameters = np.array(np.broadcast_to(known, (n, n, 4)), dtype=float)
    parameters[..., columns[0]], parameters[..., columns[1]] = x[None, :], y[:, None]
    return x, y, parameters


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
    x, y, parameters = parameter_grid(axes, known, prior, n)
    return TrajectoryStore(axes, x, y, times, simulate_potential(parameters, times))


def landscape(problem: Problem, store: TrajectoryStore) -> Landscape:
    """Return the loss of a problem on the grid of a store whose axes are the problem's unknown parameters, in order."""
    if problem.unknown != store.axes or not np.array_equal(problem.times, store.times):
        raise ValueError("The store's axes and times must be those of the problem.")
    misfits = misfit(problem.data, store.potentials, problem.marginal_sd, problem.rho)
    return _landscape(problem, store.x, store.y, misfits)


def fused_landscape(problem: Problem, n: int = 100) -> Landscape:
    """Return the loss of a problem on an n × n grid over its two unknown parameters, storing no trajectory.

    Raises ValueError unless exactly two parameters are unknown.
    """
    if len(problem.unknown) != 2:
        raise ValueError("A landscape needs exactly two unknown parameters.")
    axes = (problem.unknown[0], problem.unknown[1])
    x, y, parameters = parameter_grid(axes, problem.known, problem.prior, n)
    misfits = simulated_misfit(parameters, problem.times, problem.data, problem.marginal_sd, problem.rho)
    return _landscape(problem, x, y, misfits)


def _landscape(
    problem: Problem, x: NDArray[np.float64], y: NDArray[np.float64], misfits: NDArray[np.float64]
) -> Landscape:
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    return Landscape((problem.unknown[0], problem.unknown[1]), x, y, misfits, problem.regularisation(grid))


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
    return fused_landscape(problem, n)
