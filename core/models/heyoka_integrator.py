"""Trajectories by heyoka: Taylor series compiled for the processor, one trajectory in each lane of a vector.

F. Biscani and D. Izzo, Revisiting high-order Taylor methods for astrodynamics and celestial mechanics, Monthly Notices
of the Royal Astronomical Society 504 (2021).
"""

import copy
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from core.models.equations import Equations

# The relative error of a step. Errors of 1e-6 would save a quarter of the time of 1,000 samples; with errors near
# rounding a trajectory depends smoothly on its parameters, although its steps change with them.
STEP_ERROR = 1e-13
MOST_STEPS = 1_000_000  # of a trajectory, before it is given up rather than the caller kept waiting
MOST_IDLE = 16  # integrators kept for the next call
BLOCKS_ALONE = 4  # as many are left to one thread
POWER = re.compile(r"\*\*(?:[3-9]|[1-9]\d+)\.0*(?!\d)")  # a whole one above the second, as heyoka prints it


class HeyokaIntegrator:
    """Integrates equations, with or without sensitivities; compiled on first use, safe to call from many threads."""

    def __init__(self, equations: Equations, with_sensitivities: bool) -> None:
        self._equations, self._with_sensitivities = equations, with_sensitivities
        self._lock = threading.Lock()
        self._compiled: Any = None
        self._idle: list[Any] = []

    def _compile(self) -> Any:
        import heyoka

        equations = self._equations
        parameters = [heyoka.par[i] for i in range(len(equations.parameters))]
        states = [heyoka.expression(quantity.name) for quantity in equations.states]
        system: Any = list(zip(states, equations.rates(states, parameters, heyoka), strict=True))
        if any(POWER.search(str(rate)) for _, rate in system):
            raise ValueError(
                "Write whole powers above the second as products, u * u * u: the series of u**3 fails at 0."
            )
        if self._with_sensitivities:
            system = heyoka.var_ode_sys(system, [*parameters, *states], order=1)
        lanes = heyoka.recommended_simd_size()
        state, pars = np.zeros((len(states), lanes)), np.zeros((len(parameters), lanes))
        return heyoka.taylor_adaptive_batch(system, state, pars=pars, tol=STEP_ERROR)

    @contextmanager
    def _integrator(self) -> Iterator[Any]:
        """Lend an integrator that no other thread uses meanwhile."""
        with self._lock:
            if self._compiled is None:
                self._compiled = self._compile()
            integrator = self._idle.pop() if self._idle else copy.deepcopy(self._compiled)
        yield integrator
        with self._lock:
            if len(self._idle) < MOST_IDLE:
                self._idle.append(integrator)

    def solve(
        self,
        parameters: NDArray[np.float64],
        starts: NDArray[np.float64],
        times: NDArray[np.float64],
        which: NDArray[np.int64],
        out: NDArray[np.float64],
    ) -> None:
        """Integrate some of the trajectories, from what `Equations.starts` gives at the first of the times.

        parameters: (n, p). starts: (n, columns). which: the rows to integrate, whose numbers are finite. out: (n,
        n_times, columns), filled in those rows; NaN from where a trajectory diverges or cannot be followed on.
        """
        import heyoka

        lanes = heyoka.recommended_simd_size()
        blocks = [which[first : first + lanes] for first in range(0, len(which), lanes)]
        n_threads = numba.get_num_threads() if len(blocks) > BLOCKS_ALONE else 1

        def work(first: int) -> None:
            with self._integrator() as integrator:
                for block in blocks[first::n_threads]:
                    found = _solve_block(integrator, parameters[block], starts[block], times)
                    self._equations.mark_divergence(found)
                    out[block] = found

        if n_threads == 1:
            work(0)
        else:
            with ThreadPoolExecutor(n_threads) as threads:
                list(threads.map(work, range(n_threads)))  # the list raises what a thread raised


def _solve_block(
    integrator: Any, parameters: NDArray[np.float64], starts: NDArray[np.float64], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Integrate at most as many trajectories as the integrator has lanes; return (n, n_times, columns).

    One that cannot be followed on stops all lanes. Then each is integrated in a block of its own, so that none depends
    on its neighbours.
    """
    import heyoka

    n, lanes = len(parameters), integrator.batch_size
    filled = np.minimum(np.arange(lanes), n - 1)  # lanes to spare repeat the last trajectory
    integrator.set_time(0.0)
    integrator.state[:] = starts[filled].T
    integrator.pars[:] = parameters[filled].T
    grid = np.repeat((times - times[0])[:, None], lanes, axis=1)
    _, found = integrator.propagate_grid(grid, max_steps=MOST_STEPS)
    finished = all(outcome == heyoka.taylor_outcome.time_limit for outcome, *_ in integrator.propagate_res)
    if finished or n == 1:
        return np.moveaxis(found, -1, 0)[:n]
    alone = [_solve_block(integrator, parameters[[i]], starts[[i]], times) for i in range(n)]
    return np.concatenate(alone)
