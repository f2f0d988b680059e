"""Integrate with SciPy where heyoka is not installed: slower, one trajectory at a time, with the same interface.

The Jacobians of the variational equations come from complex steps of the rates, which are exact to rounding: W. Squire
and G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40 (1998).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DOP853

from core.models.equations import Equations, most_steps
from core.models.rate_functions import NUMPY_FUNCTIONS

STEP_ERROR = 1e-10  # error of a step, relative to the state, and to the width of its axis
STEPS_OVER_TAYLOR = 4  # steps of this method for one of a Taylor series, which are longer
COMPLEX_STEP = 1e-30  # the derivative is exact to rounding for any step this small


class ScipyIntegrator:
    """Integrates equations, with or without sensitivities."""

    def __init__(self, equations: Equations, with_sensitivities: bool) -> None:
        self._equations, self._with_sensitivities = equations, with_sensitivities

    def solve(
        self,
        parameters: NDArray[np.float64],
        starts: NDArray[np.float64],
        times: NDArray[np.float64],
        which: NDArray[np.int64],
        out: NDArray[np.float64],
    ) -> None:
        """Integrate some of the trajectories, as `HeyokaIntegrator.solve` does."""
        scales = self._equations.state_widths
        if self._with_sensitivities:
            scales = np.append(scales, np.divide.outer(scales, self._equations.widths))
        middle, farthest = self._equations.divergence_limits
        out[which] = np.nan
        with np.errstate(all="ignore"):  # a trajectory that overflows becomes NaN
            for i in which:
                _follow(self._slopes(parameters[i]), starts[i], times - times[0], STEP_ERROR * scales, out[i])
                inside = np.all(np.abs(out[i, :, : len(middle)] - middle) <= farthest, axis=1)
                out[i, ~np.logical_and.accumulate(inside)] = np.nan

    def _slopes(self, parameters: NDArray[np.float64]) -> Callable[[float, NDArray[np.float64]], NDArray[np.float64]]:
        """Return the right-hand side: a function of time and (columns,) that returns their time derivatives."""
        rates, n_states = self._equations.rates, len(self._equations.states)

        def slopes(_: float, state: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.array(rates(state, parameters, NUMPY_FUNCTIONS))

        if not self._with_sensitivities:
            return slopes
        n = len(parameters) + n_states
        directions = 1j * COMPLEX_STEP * np.eye(n)
        moved_parameters = parameters[:, None] + directions[: len(parameters)]

        def with_sensitivities(_: float, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
            state, derivatives = numbers[:n_states], numbers[n_states:].reshape(n_states, n)
            moved = rates(state[:, None] + directions[len(parameters) :], moved_parameters, NUMPY_FUNCTIONS)
            jacobian = np.array([np.broadcast_to(rate, n) for rate in moved]).imag / COMPLEX_STEP
            change = jacobian[:, len(parameters) :] @ derivatives
            change[:, : len(parameters)] += jacobian[:, : len(parameters)]
            return np.append(slopes(0.0, state), change)

        return with_sensitivities


def _follow(
    slopes: Callable[[float, NDArray[np.float64]], NDArray[np.float64]],
    start: NDArray[np.float64],
    times: NDArray[np.float64],
    errors: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the trajectory from time 0 on to out, (n_times, columns), until it ends or is given up."""
    if not np.all(np.isfinite(slopes(0.0, start))):
        return
    out[0] = start
    if len(times) == 1:
        return
    solver = DOP853(slopes, 0.0, start, times[-1], rtol=STEP_ERROR, atol=errors)
    for _ in range(STEPS_OVER_TAYLOR * most_steps(float(times[-1]))):
        if solver.status != "running":
            break
        solver.step()
        if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
            break
        passed = (times > solver.t_old) & (times <= solver.t)
        if passed.any():
            out[passed] = solver.dense_output()(times[passed]).T
