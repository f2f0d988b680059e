"""The FitzHugh–Nagumo neuron as a `Model`."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.fitzhugh_nagumo.equations import REST, rates, u_nullcline, v_nullcline
from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.lag_products import sum_lag_products
from core.models.fitzhugh_nagumo.misfit import residual_sums
from core.models.fitzhugh_nagumo.sensitivities import sensitivities
from core.models.fitzhugh_nagumo.simulate import resolving_step, simulate, simulate_potential
from core.models.model import TOLERANCE, FusedTrace, Model, Quantity
from core.published import GAMMA, GAMMA_RANGE, ZETA, ZETA_RANGE, published_prior

_PRIOR = published_prior()
_U, _V = (-2.5, 2.5), (-2.0, 2.0)  # ranges of the axes


def _start(initial_state: ArrayLike | None) -> ArrayLike:
    return REST if initial_state is None else initial_state


def _simulate(
    parameters: ArrayLike,
    times: ArrayLike,
    initial_state: ArrayLike | None = None,
    tolerance: float = TOLERANCE,
    step: float | None = None,
) -> NDArray[np.float64]:
    return simulate(parameters, times, _start(initial_state), tolerance, step)


def _sensitivities(
    parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None = None, step: float | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return sensitivities(parameters, times, _start(initial_state), step)


def _frozen_step(parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None, tolerance: float) -> float:
    """Return the shortest of the steps that the trajectories need, but at most the longest sampling interval."""
    steps = resolving_step(parameters, times, _start(initial_state), tolerance)
    return float(np.min(steps, where=np.isfinite(steps), initial=float(np.max(np.diff(np.asarray(times))))))


def _nullclines(parameters: ArrayLike, n: int = 400) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    theta0, theta1, zeta, _ = np.asarray(parameters, dtype=float)
    u, v = np.linspace(*_U, n), np.linspace(*_V, n)
    return np.column_stack([u, u_nullcline(u, zeta)]), np.column_stack([v_nullcline(v, theta0, theta1), v])


FITZHUGH_NAGUMO = Model(
    name="fitzhugh-nagumo",
    title="FitzHugh–Nagumo",
    parameters=(
        Quantity("theta0", "θ₀", "offset of the recovery", "", _PRIOR.lower[0], _PRIOR.upper[0], _PRIOR.mean[0]),
        Quantity("theta1", "θ₁", "decay of the recovery", "", _PRIOR.lower[1], _PRIOR.upper[1], _PRIOR.mean[1]),
        Quantity("zeta", "ζ", "stimulus", "", *ZETA_RANGE, ZETA),
        Quantity("gamma", "γ", "damping", "", *GAMMA_RANGE, GAMMA, positive=True),
    ),
    states=(
        Quantity("u", "u", "membrane potential", "", *_U, REST[0]),
        Quantity("v", "v", "recovery variable", "", *_V, REST[1]),
    ),
    observed="u",
    spike_level=1.5,
    excited_floor=0.0,
    time_derivatives=rates,
    simulate=_simulate,
    sensitivities=_sensitivities,
    frozen_step=_frozen_step,
    fused=FusedTrace(simulate_potential, residual_sums, misfit_gradient, gauss_newton, full_hessian, sum_lag_products),
    nullclines=_nullclines,
)
