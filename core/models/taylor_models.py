"""Make a model from its equations. heyoka integrates it or, where heyoka is not installed, SciPy."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.buffers import result_array
from core.models.equations import Equations, Rates
from core.models.heyoka_integrator import HeyokaIntegrator
from core.models.model import TOLERANCE, Model, Nullclines, Quantity
from core.models.rate_functions import NUMPY_FUNCTIONS
from core.models.scipy_integrator import ScipyIntegrator


def taylor_model(
    rates: Rates,
    *,
    name: str,
    title: str,
    parameters: tuple[Quantity, ...],
    states: tuple[Quantity, ...],
    observed: str,
    spike_level: float,
    excited_floor: float,
    nullclines: Nullclines | None = None,
) -> Model:
    """Return the model with these equations; the other arguments are the fields of `Model`.

    All trajectories are integrated with errors near rounding, whatever the tolerance, because larger errors save little
    time. So they depend smoothly on the parameters without a frozen step: there is no `frozen_step`, and passing a step
    raises ValueError. The model may be called from many threads at once.
    """
    equations = Equations(rates, parameters, states)
    trajectories, with_sensitivities = _Solver(equations, False), _Solver(equations, True)

    def time_derivatives(states: ArrayLike, parameters: ArrayLike) -> NDArray[Any]:
        states, parameters = np.moveaxis(np.asarray(states), -1, 0), np.moveaxis(np.asarray(parameters), -1, 0)
        return np.stack(np.broadcast_arrays(*rates(states, parameters, NUMPY_FUNCTIONS)), axis=-1)

    def check(tolerance: float, step: float | None) -> None:
        if not 0 < tolerance < np.inf:
            raise ValueError(f"The tolerance must be a finite number above zero; it is {tolerance}.")
        if step is not None:
            raise ValueError(f"{title} is integrated with errors near rounding: leave the step out; it is {step}.")

    def simulate(
        parameters: ArrayLike,
        times: ArrayLike,
        initial_state: ArrayLike | None = None,
        tolerance: float = TOLERANCE,
        step: float | None = None,
    ) -> NDArray[np.float64]:
        check(tolerance, step)
        return trajectories.solve(parameters, times, initial_state)

    def sensitivities(
        parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None = None, step: float | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        check(TOLERANCE, step)
        found = with_sensitivities.solve(parameters, times, initial_state)
        derivatives = found[..., len(states) :]
        shape = (*derivatives.shape[:-1], len(states), len(equations.widths))
        return found[..., : len(states)], derivatives.reshape(shape)

    return Model(
        name=name,
        title=title,
        parameters=parameters,
        states=states,
        observed=observed,
        spike_level=spike_level,
        excited_floor=excited_floor,
        time_derivatives=time_derivatives,
        simulate=simulate,
        sensitivities=sensitivities,
        nullclines=nullclines,
    )


class _Solver:
    """Integrates batches of any shape with heyoka or, where it is not installed, with SciPy."""

    def __init__(self, equations: Equations, with_sensitivities: bool) -> None:
        self._equations, self._with_sensitivities = equations, with_sensitivities
        self._by_heyoka = HeyokaIntegrator(equations, with_sensitivities)
        self._by_scipy = ScipyIntegrator(equations, with_sensitivities)

    def solve(self, parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None) -> NDArray[np.float64]:
        """Return (..., n_times, columns), NaN from the divergence of a trajectory on."""
        equations = self._equations
        parameters, times, states = _validated(equations, parameters, times, initial_state)
        flat = np.array(parameters, order="C").reshape(-1, parameters.shape[-1])
        flat_states = states.reshape(-1, states.shape[-1])
        starts = np.array(
            equations.starts(flat_states, self._with_sensitivities), order="C"
        )  # kernels are compiled for this layout
        out = result_array((len(flat), len(times), starts.shape[1]), np.float64)
        possible = np.all(np.isfinite(flat), axis=1) & np.all(np.isfinite(flat_states), axis=1)
        out[~possible] = np.nan
        self._integrator().solve(flat, starts, times, np.flatnonzero(possible), out)
        return out.reshape(*parameters.shape[:-1], *out.shape[1:])

    def _integrator(self) -> HeyokaIntegrator | ScipyIntegrator:
        try:
            import heyoka  # noqa: F401
        except ImportError:
            return self._by_scipy
        return self._by_heyoka


def _validated(
    equations: Equations, parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return parameters (..., p), times (n_times,), states (..., n_states), or raise ValueError."""
    parameters, times = np.array(parameters, dtype=float), np.array(times, dtype=float)
    names = [quantity.name for quantity in equations.parameters]
    state_names = [quantity.name for quantity in equations.states]
    if parameters.shape[-1:] != (len(names),):
        raise ValueError(
            f"Parameters need a last axis of length {len(names)} ({', '.join(names)}); their shape is "
            f"{parameters.shape}."
        )
    if times.ndim != 1 or times.size == 0 or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
        raise ValueError("Times must be a one-dimensional array of finite, strictly increasing numbers.")
    defaults = [quantity.default for quantity in equations.states]
    state = np.asarray(defaults if initial_state is None else initial_state, dtype=float)
    shape = (*parameters.shape[:-1], len(state_names))
    if state.shape not in ((len(state_names),), shape):
        raise ValueError(
            f"The initial state needs a last axis of length {len(state_names)} ({', '.join(state_names)}) that fits "
            f"the parameters; its shape is {state.shape}."
        )
    return parameters, times, np.broadcast_to(state, shape)
