"""The yardstick: what any estimator can reach on the 2,000 published test traces, and how well calibrated it is."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, kstest

from core.experiments.context import Context, traces
from core.experiments.record import EXACT, Result, Table, Target
from core.maps.dataset import Dataset
from core.maps.evaluation import N_TEST, published_test_set
from core.metrics import median_ape, r_squared, rmse, squared_distances
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.posterior.exact import Posterior, posterior
from core.posterior.joint import estimate_with_noise
from core.posterior.laplace import laplace
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, published_noise, published_noise_law, published_prior, time_grid

MASSES = (0.5, 0.9)
CURVE = tuple(np.round(np.arange(0.05, 1.0, 0.05), 2).tolist())  # masses of the calibration curve
CHUNK = 20  # traces
N_QUICK = 40
KNOWN, WHITE = "exact posterior, noise known", "exact posterior, white misfit"
MAP, LAPLACE, JOINT = "MAP, noise known", "Laplace, noise known", "MAP with the noise"


def problem_of(data: Dataset, i: int) -> Problem:
    """Return the inverse problem of one noisy trace, with its own noise known."""
    trace, noise = data.noisy[i].astype(float), published_noise(*data.noise_parameters[i])
    known = {"zeta": ZETA, "gamma": GAMMA}
    return Problem.of_trace(
        FITZHUGH_NAGUMO, trace, time_grid(), published_prior().names, known, noise, published_prior()
    )


def _described(found: Posterior, truth: NDArray[np.float64]) -> dict[str, Any]:
    """Return what is kept of a posterior: its mean, how probable the truth is in it, and the truth's ranks."""
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
        EXACT: _described(posterior(problem, published_noise_law()), truth),
        WHITE: _described(posterior(problem.with_noise(problem.noise[0].white)), truth),
        MAP: {"mean": approximation.mean[0].tolist()},
        LAPLACE: {"mean": approximation.mean[0].tolist()},
        JOINT: {"mean": estimate_with_noise(problem, published_noise_law()).mean[0, :2].tolist()},
    }
    if approximation.covariance is not None:
        distance = squared_distances(truth[None] - approximation.mean, approximation.covariance)
        described[LAPLACE]["credibility"] = float(chi2.cdf(distance[0], 2))
    return described


def _chunk(first: int) -> dict[str, Any]:
    data = published_test_set()
    return {"traces": [_one_trace(data, i) for i in range(first, first + CHUNK)]}


def _row(
    name: str, truth: NDArray[np.float64], mean: NDArray[np.float64], rows: list[dict[str, Any]]
) -> tuple[Any, ...]:
    metrics = [value for metric in (r_squared, median_ape, rmse) for value in metric(truth, mean)]
    credibility = np.array([row["credibility"] for row in rows if "credibility" in row])
    coverage = [float(np.mean(credibility < mass)) if credibility.size else None for mass in MASSES]
    described = credibility.size / len(truth) if credibility.size else None
    return name, *map(float, metrics), float(np.mean(median_ape(truth, mean))), *coverage, described


def estimates(context: Context) -> dict[str, list[dict[str, Any]]]:
    """Return what every estimator says of each trace; what the folder of results does not hold is computed first."""
    found = traces(_chunk, N_QUICK if context.quick else N_TEST, CHUNK, context, "limit")
    return {name: [trace[name] for trace in found] for name in found[0]}


def run(context: Context) -> Result:
    """Compute every estimator on every trace."""
    found = estimates(context)
    n = len(found[EXACT])
    truth = published_test_set().theta[:n]
    rows = [_row(name, truth, np.array([row["mean"] for row in found[name]]), found[name]) for name in found]
    columns = (
        "estimator", "R² θ₀", "R² θ₁", "Median-APE θ₀", "Median-APE θ₁", "RMSE θ₀", "RMSE θ₁", "Median-APE",
        *(f"coverage of {mass:.0%}" for mass in MASSES), "share of traces it refers to",
    )  # fmt: skip
    return Result(
        f"What any estimator can reach on {n:,} noisy test traces of the published prior and noise. No mean squared "
        "error can be expected below that of the posterior mean; a median error can, as that of the MAP.",
        {"n_traces": n, "masses": list(MASSES)},
        (Table("The limit", columns, tuple(rows)), _calibration(found), _curve(found)),
        _targets(found),
    )


def _curve(found: dict[str, list[dict[str, Any]]]) -> Table:
    """Return the share of truths inside the region of each mass."""
    described = {
        name: np.array([row["credibility"] for row in rows if "credibility" in row]) for name, rows in found.items()
    }
    described = {name: credibility for name, credibility in described.items() if credibility.size}
    rows: tuple[tuple[str | float | None, ...], ...] = tuple(
        (f"{mass:g}", *(float(np.mean(credibility < mass)) for credibility in described.values())) for mass in CURVE
    )
    return Table("Share of truths inside the region of each mass", ("mass", *described), rows)


def _rank_p_values(rows: list[dict[str, Any]]) -> list[float]:
    """Return the probability, for each parameter, of ranks at least as far from uniform (Kolmogorov–Smirnov)."""
    ranks = np.array([row["ranks"] for row in rows])
    return [float(kstest(ranks[:, axis], "uniform").pvalue) for axis in (0, 1)]


def _calibration(found: dict[str, list[dict[str, Any]]]) -> Table:
    rows: list[tuple[str | float | None, ...]] = []
    for name in (KNOWN, EXACT, WHITE):
        credibility = np.array([row["credibility"] for row in found[name]])
        unresolved = float(np.mean([row["unresolved"] for row in found[name]]))
        coverage = [float(np.mean(credibility < mass)) for mass in MASSES]
        rows.append((name, *coverage, *_rank_p_values(found[name]), unresolved))
    columns = ("posterior", *(f"{mass:.0%} region holds the truth" for mass in MASSES))
    return Table(
        "Calibration of the exact posterior",
        (*columns, "p of the ranks of θ₀", "p of the ranks of θ₁", "share not resolved in full"),
        tuple(rows),
    )


def _targets(found: dict[str, list[dict[str, Any]]]) -> tuple[Target, ...]:
    targets = []
    for name in (KNOWN, EXACT):
        credibility = np.array([row["credibility"] for row in found[name]])
        for mass, width in zip(MASSES, (0.03, 0.02), strict=True):
            covered = float(np.mean(credibility < mass))
            targets.append(Target(f"{name}: {mass:.0%} region holds the truth", covered, mass - width, mass + width))
        for symbol, p in zip(("θ₀", "θ₁"), _rank_p_values(found[name]), strict=True):
            targets.append(Target(f"{name}: p of the ranks of {symbol}", p, at_least=0.01))
    return tuple(targets)
