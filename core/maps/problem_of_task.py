"""The inverse problem of a map's task."""

import numpy as np
from numpy.typing import NDArray

from core.maps.task import Task
from core.problem.problem import Problem
from core.published import published_noise

LEAST_SHARE = 1e-3  # of the largest σ, where its mean is 0


def problem_of(task: Task, n_times: int | None = None, given: NDArray[np.float64] | None = None) -> Problem:
    """Return the inverse problem of a map's task, with the mean of its noise distribution, and zeros as its trace.

    n_times: samples of the trace; by default those of the longest traces.
    given: (g,), the given parameters, for a task that has any.
    Raises ValueError for a task on clean traces.
    """
    if task.noise is None:
        raise ValueError("A problem needs noise to weigh the misfit by, and this map knows clean traces alone.")
    # The mean of a Gaussian can lie outside of the bounds that truncate it.
    rho, sigma = np.clip(task.noise.mean, task.noise.lower, task.noise.upper).tolist()
    noise = published_noise(rho, max(sigma, LEAST_SHARE * task.noise.upper[1]))
    times, known = task.times[:n_times], dict(task.known)
    if task.given is not None:
        assert given is not None, "a task with given parameters needs their values"
        known |= dict(zip(task.given.names, given.tolist(), strict=True))
    nothing = np.zeros(times.size)
    return Problem.of_trace(task.model, nothing, times, task.prior.names, known, noise, task.prior)
