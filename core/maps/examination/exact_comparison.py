"""What a map states beside the exact posterior of the same trace."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.maps.dataset import Dataset
from core.maps.examination.stated_law import StatedLaw
from core.maps.problem_of_task import problem_of
from core.maps.task import Task
from core.posterior.exact import posterior

MASS = 0.9  # of the intervals whose lengths are compared
NORMAL_HALF_LENGTH = 1.6448536269514722  # of the central 90 % interval of a normal distribution, in its sd


@dataclass(frozen=True)
class Comparison:
    """One trace: for each parameter how far the map's mean is off the exact one, and how long its interval is.

    shifts: (p,), map's mean − exact mean, in exact sds. lengths: (p,), of the map's 90 % intervals over the exact ones.
    divergence: KL(exact ‖ stated) in nats.
    """

    shifts: tuple[float, ...]
    lengths: tuple[float, ...]
    divergence: float


def can_compare(task: Task) -> bool:
    """Return whether the exact posterior of a task's traces can be computed: two parameters, of noisy traces."""
    return len(task.prior.names) == 2 and task.noise is not None and task.is_one_problem


def comparisons(task: Task, data: Dataset, law: StatedLaw, n: int) -> Iterator[Comparison]:
    """Compare the first n traces of a task with their exact posteriors, the noise integrated out, one after another."""
    problem = problem_of(task)
    for i in range(n):
        exact = posterior(problem.with_data(data.noisy[i].astype(float)), task.noise)
        sd = np.sqrt(np.diag(exact.covariance))
        intervals = np.array([exact.interval(axis, MASS) for axis in (0, 1)])
        logs = exact.cells.log_densities - law.log_density(i, exact.cells.centres)
        yield Comparison(
            tuple(((law.mean[i] - exact.mean) / sd).tolist()),
            tuple((2 * NORMAL_HALF_LENGTH * law.sd[i] / np.ptp(intervals, axis=1)).tolist()),
            float(exact.masses @ logs),
        )
