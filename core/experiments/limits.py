"""What the limits share: the figures of a posterior for each trace, how they are stored, and their accuracy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context, records
from core.experiments.limit_traces import LimitTraces
from core.experiments.records import Key, Measurement
from core.metrics import METRICS
from core.optimisation.minima import Points, coarse_grid
from core.posterior.exact import Posterior, posterior
from core.published import published_noise_prior

CHUNK = 20  # traces
N_QUICK = 40  # traces

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Limit:
    """The posterior of each of the first n traces of a set, noise integrated out.

    names: of the p quantities. mean: (n, p). covariance: (n, p, p).
    figures: further figures of each trace, (n,) or (n, p): credibility and ranks of the truth, whether the quadrature
    is unresolved, or the effective number of draws.
    """

    names: tuple[str, ...]
    mean: Array
    covariance: Array
    figures: dict[str, Array]


def theta_posterior(traces: LimitTraces, i: int) -> Posterior:
    """Return the exact posterior of the two unknown parameters of trace i, noise integrated out.

    The truth is among the points that the search for modes may start from: the coarse grid alone misses the narrow mode
    that holds it for about one trace in 2,000, and then the figures are not a limit.
    """
    problem, truth = traces.problem(i), traces.truth[i : i + 1, :2]
    grid = coarse_grid(problem)
    coarse = Points(np.vstack([grid.positions, truth]), np.append(grid.losses, problem.loss(truth)))
    return posterior(problem, published_noise_prior(), coarse)


def theta_row(traces: LimitTraces, i: int) -> dict[str, Any]:
    """Return the exact posterior of the two unknown parameters of trace i, as a JSON object."""
    found = theta_posterior(traces, i)
    return {"mean": found.mean.tolist(), "covariance": found.covariance.tolist(), **calibration(found, traces.truth[i])}


def calibration(found: Posterior, truth: Array) -> dict[str, Any]:
    """Return where the truth, (2,) at least, lies in the posterior of two parameters, and whether it is resolved."""
    return {
        "credibility": float(found.credibility(truth[:2])),
        "ranks": [float(found.distribution(axis, truth[axis])) for axis in (0, 1)],
        "unresolved": float(not found.resolved),
    }


def chunk_of(row: Callable[[LimitTraces, int], dict[str, Any]], traces: LimitTraces, first: int) -> dict[str, Any]:
    """Return the rows of the next CHUNK traces, as "traces"."""
    return {"traces": [row(traces, i) for i in range(first, min(first + CHUNK, len(traces.noisy)))]}


def n_used(traces: LimitTraces, context: Context) -> int:
    """Return how many of a set's traces a run uses."""
    return min(N_QUICK, len(traces.noisy)) if context.quick else len(traces.noisy)


def computed(work: Callable[[int], dict[str, Any]], traces: LimitTraces, context: Context, name: str) -> Limit:
    """Return the limit on a set of traces; compute what is not stored yet.

    work: returns the rows of CHUNK traces from an index on. Files are stored under the name of the limit, and called
    after the fingerprint of the traces and the first index.
    """
    n = n_used(traces, context)
    keys = {f"{traces.fingerprint}-{first}": (first,) for first in range(0, n, CHUNK)}
    found = records(work, keys, context, name)
    rows = [row for key in keys for row in found[key]["traces"]]
    columns = {column: np.array([row[column] for row in rows], dtype=float) for column in rows[0]}
    return Limit(traces.names, columns.pop("mean"), columns.pop("covariance"), columns)


def accuracy(estimator: str, regime: str, names: tuple[str, ...], truth: Array, mean: Array) -> list[Measurement]:
    """Return R², Median-APE and RMSE of estimates, (n, p), of each parameter and as the mean over the parameters."""
    found = []
    for code, metric in METRICS.items():
        values = dict(zip(names, map(float, metric(truth, mean)), strict=True))
        values["mean"] = float(np.mean(list(values.values())))
        found += [Measurement(Key(estimator, code, name, regime), value) for name, value in values.items()]
    return found
