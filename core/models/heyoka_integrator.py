"""Integrate with heyoka: compiled Taylor series, with one trajectory in each lane of the processor's vectors.

F. Biscani and D. Izzo, Revisiting high-order Taylor methods for astrodynamics and celestial mechanics, Monthly Notices
of the Royal Astronomical Society 504 (2021).
"""

import copy
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from core.models.equations import Equations, most_steps
from core.models.heyoka_lanes import IDLE, Lanes, Work, advance
from core.models.rate_functions import heyoka_functions

# The relative error of a step. With errors near rounding, a trajectory depends smoothly on its parameters although its
# steps change with them. An error of 1e-6 would only save a third of the time.
STEP_ERROR = 1e-13
MOST_IDLE = 16  # integrators kept for the next call
TRAJECTORIES_ALONE = 32  # one thread integrates up to this many trajectories
# Vectors that one integrator advances together; more are not faster, and take longer to compile.
VECTORS, VECTORS_WITH_SENSITIVITIES = 4, 2


class HeyokaIntegrator:
    """Integrates equations, with or without sensitivities. Compiled on first use; many threads may call it."""

    def __init__(self, equations: Equations, with_sensitivities: bool) -> None:
        self._equations, self._with_sensitivities = equations, with_sensitivities
        self._lock = threading.Lock()
        self._compiled: Any = None
        self._idle: list[Any] = []

    def __reduce__(self) -> tuple[Any, ...]:
        """Let joblib send models to other processes, each of which compiles its own code."""
        return HeyokaIntegrator, (self._equations, self._with_sensitivities)

    def _compile(self) -> Any:
        import heyoka

        equations = self._equations
        parameters = [heyoka.par[i] for i in range(len(equations.parameters))]
        states = [heyoka.expression(quantity.name) for quantity in equations.states]
        rates = [
            rate if isinstance(rate, heyoka.expression) else heyoka.expression(float(rate))
            for rate in equations.rates(states, parameters, heyoka_functions())
        ]
        system: Any = list(zip(states, rates, strict=True))
        if self._with_sensitivities:
            system = heyoka.var_ode_sys(system, [*parameters, *states], order=1)
        vectors = VECTORS_WITH_SENSITIVITIES if self._with_sensitivities else VECTORS
        lanes = vectors * heyoka.recommended_simd_size()
        state, pars = np.zeros((len(states), lanes)), np.zeros((len(parameters), lanes))
        return heyoka.taylor_adaptive_batch(system, state, pars=pars, tol=STEP_ERROR)

    @contextmanager
    def _integrator(self) -> Iterator[Any]:
        """Provide an integrator that no other thread uses at the same time."""
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
        """Integrate some of the trajectories.

        parameters: (n, p).
        starts: (n, columns) from `Equations.starts`, at the first of the times.
        times: (n_times,).
        which: the rows to integrate; their parameters and starts must be finite.
        out: (n, n_times, columns), filled in these rows, NaN from where a trajectory diverges or is given up.
        """
        times = times - times[0]
        limits, most = self._equations.divergence_limits, most_steps(float(times[-1]))
        work = Work(parameters, starts, times, which, limits, out, most)
        n_threads = numba.get_num_threads() if len(which) > TRAJECTORIES_ALONE else 1
        if n_threads == 1:
            self._run(work)
            return
        with ThreadPoolExecutor(n_threads) as threads:
            parts = [work._replace(which=which[first::n_threads].copy()) for first in range(n_threads)]
            list(threads.map(self._run, parts))  # list() raises the errors of the threads

    def _run(self, work: Work) -> None:
        with self._integrator() as integrator:
            n, place = integrator.batch_size, np.zeros((3, integrator.batch_size), np.int64)
            place[0] = IDLE
            lanes = Lanes(integrator.state, integrator.pars, integrator.tc, integrator.last_h, np.zeros(n), place)
            begun, busy = advance(*work, *lanes, 0)
            while busy:
                integrator.step(write_tc=True)
                begun, busy = advance(*work, *lanes, begun)
