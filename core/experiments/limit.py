"""The limit of accuracy of any estimator on the 2,000 published test traces, and the posterior's calibration."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, kstest

from core.experiments.context import Context, traces
from core.experiments.estimators import EXACT, JOINT, KNOWN, LAPLACE, MAP, NOISY_TRACES, WHITE
from core.experiments.limits import accuracy
from core.experiments.records import Key, Measurement, Result, Target
from core.maps.dataset import Dataset
from core.maps.test_sets import N_TEST, published_test_set
from core.metrics import squared_distances
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.posterior.exact import Posterior, posterior
from core.posterior.laplace import laplace
from core.posterior.parameters_and_noise import estimate_with_noise
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, published_noise, published_noise_prior, published_prior, time_grid

PARAMETERS = ("theta0", "theta1")
MASSES = (0.5, 0.9)
CURVE = tuple(np.round(np.arange(0.05, 1.0, 0.05), 2).tolist())  # masses of the calibration curve
CHUNK = 20  # traces
N_QUICK = 40  # traces


def problem_of(data: Dataset, i: int) -> Problem:
    """Return the inverse problem of one noisy trace, with its own noise known."""
    trace, noise = data.noisy[i].astype(float), published_noise(*data.noise_parameters[i])
    known = {"zeta": ZETA, "gamma": GAMMA}
    return Problem.of_trace(
        FITZHUGH_NAGUMO, trace, time_grid(), published_prior().names, known, noise, published_prior()
    )


def _described(found: Posterior, truth: NDArray[np.float64]) -> dict[str, Any]:
    """Return the figures of a posterior: its mean, the credibility and the ranks of the truth, and its resolution."""
    return {
        "mean": found.mean.tolist(),
        "credibility": float(found.credibility(truth)),
        "ranks": [float(found.distribution(axis, truth[axis])) for axis in (0, 1)],
        "unresolved": not found.resolved,
    }


def _one_trace(data: Dataset, i: int) -> dict[str, dict[str, Any]]:
    """Return the estimates of every method for one trace."""
    problem, truth = problem_of(data, i), data.theta[i]
    approximation = laplace(problem)
    described: dict[str, dict[str, Any]] = {
        KNOWN: _described(posterior(problem), truth),
        EXACT: _described(posterior(problem, published_noise_prior()), truth),
        WHITE: _described(posterior(problem.with_noise(problem.noise[0].white)), truth),
        MAP: {"mean": approximation.mean[0].tolist()},
        LAPLACE: {"mean": approximation.mean[0].tolist()},
        JOINT: {"mean": estimate_with_noise(problem, published_noise_prior()).mean[0, :2].tolist()},
    }
    if approximation.covariance is not None:
        distance = squared_distances(truth[None] - approximation.mean, approximation.covariance)
        described[LAPLACE]["credibility"] = float(chi2.cdf(distance[0], 2))
    return described


def _chunk(first: int) -> dict[str, Any]:
    data = published_test_set()
    return {"traces": [_one_trace(data, i) for i in range(first, first + CHUNK)]}


def estimates(context: Context) -> dict[str, list[dict[str, Any]]]:
    """Return each estimator's figures for each trace; compute those that are not stored yet."""
    found = traces(_chunk, N_QUICK if context.quick else N_TEST, CHUNK, context, "limit")
    return {name: [trace[name] for trace in found] for name in found[0]}


def run(context: Context) -> Result:
    """Compute every estimator on every trace."""
    found = estimates(context)
    n = len(found[EXACT])
    truth = published_test_set().theta[:n]
    measurements: list[Measurement] = []
    for name, rows in found.items():
        measurements += _measured(name, truth, rows)
    return Result(
        f"What any estimator can reach on {n:,} noisy test traces of the published prior and noise. No mean squared "
        "error can be expected below that of the posterior mean; a median error can, as that of the MAP.",
        {"n_traces": n, "masses": list(MASSES)},
        tuple(measurements),
        _targets(),
    )


def _measured(name: str, truth: NDArray[np.float64], rows: list[dict[str, Any]]) -> list[Measurement]:
    """Return an estimator's accuracy, its coverage if it has regions, and the calibration of a posterior."""

    def of(metric: str, value: float, parameter: str = "", at: float | None = None) -> Measurement:
        return Measurement(Key(name, metric, parameter, NOISY_TRACES, at=at), float(value))

    mean = np.array([row["mean"] for row in rows])
    measurements = accuracy(name, NOISY_TRACES, PARAMETERS, truth, mean)
    credibility = np.array([row["credibility"] for row in rows if "credibility" in row])
    if credibility.size:
        measurements += [of("coverage", float(np.mean(credibility < mass)), at=mass) for mass in CURVE]
        measurements.append(of("covered_share", credibility.size / len(truth)))
    if "ranks" in rows[0]:
        measurements += [of("rank_p", p, parameter) for parameter, p in _rank_p_values(rows).items()]
        measurements.append(of("unresolved", float(np.mean([row["unresolved"] for row in rows]))))
    return measurements


def _rank_p_values(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return for each parameter the p-value of the ranks under a uniform distribution (Kolmogorov–Smirnov)."""
    ranks = np.array([row["ranks"] for row in rows])
    return {name: float(kstest(ranks[:, axis], "uniform").pvalue) for axis, name in enumerate(PARAMETERS)}


def _targets() -> tuple[Target, ...]:
    targets = []
    for name in (KNOWN, EXACT):
        for mass, width in zip(MASSES, (0.03, 0.02), strict=True):
            targets.append(Target(Key(name, "coverage", "", NOISY_TRACES, at=mass), mass - width, mass + width))
        targets += [Target(Key(name, "rank_p", each, NOISY_TRACES), at_least=0.01) for each in PARAMETERS]
    return tuple(targets)
