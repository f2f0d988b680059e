"""The best map against the limit: accuracy, how often its regions hold the truth, and what it takes for a stranger."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import Estimate
from core.experiments.context import Context, records
from core.experiments.limit import CURVE, MASSES
from core.experiments.record import EXACT, Result, Table, Target, limit_row, stored
from core.maps.evaluation import N_TEST, published_test_set
from core.maps.inverse_map import available_inverse_maps, load_inverse_map
from core.maps.out_of_distribution import FALSE_ALARM_RATE, N_REFERENCE, problem_of, with_novelty
from core.maps.polish import polish, reweight
from core.metrics import median_ape, r_squared, rmse, squared_distances
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.noise import sample_ar1
from core.published import (
    GAMMA,
    RHO,
    SAMPLING_INTERVAL,
    SIGMA,
    ZETA,
    published_noise_law,
    time_grid,
    with_constants,
)  # fmt: skip

BEST = "best"
POLISHED, REWEIGHTED = "best after polishing", "best after weighted draws"
CHUNK, N_QUICK = 100, 100
N_STRANGE = 200  # traces of each kind
SEED = 6060
# What differs from the training: σ [ms], ρ, ζ, γ.
STRANGE = {
    "σ = 0.14 ms": {"sigma": 0.14},
    "σ = 0.03 ms": {"sigma": 0.03},
    "ρ = 0.5": {"rho": 0.5},
    "white noise": {"rho": 0.0},
    "γ = 3.3": {"gamma": 3.3},
    "γ = 4": {"gamma": 4.0},
    "ζ = −0.2": {"zeta": -0.2},
}

Array = NDArray[np.float64]


def _chunk(first: int) -> dict[str, Any]:
    """Return what becomes of the best map's estimates for some of the test traces."""
    best = load_inverse_map(BEST)
    traces = published_test_set().noisy[first : first + CHUNK]
    estimate = best.predict(traces)
    law, problem = published_noise_law(), problem_of(best.recipe.task)
    found = {
        BEST: estimate,
        POLISHED: polish(problem, traces, estimate.mean, law),
        REWEIGHTED: reweight(problem, traces, estimate, law, np.random.default_rng([SEED, first])),
    }
    return {
        **{name: {"mean": each.mean.tolist(), "covariance": _listed(each)} for name, each in found.items()},
        "novelty": _scores(with_novelty(best, traces, estimate)),
    }


def _listed(estimate: Estimate) -> list[Any]:
    assert estimate.covariance is not None
    return estimate.covariance.tolist()


def _scores(estimate: Estimate) -> list[float]:
    assert estimate.novelty is not None
    return estimate.novelty.tolist()


def strange(sigma: float = SIGMA, rho: float = RHO, zeta: float = ZETA, gamma: float = GAMMA) -> Array:
    """Return traces, (n, n_times), of the test set's θ under another noise or another neuron; all are finite."""
    rng = np.random.default_rng(SEED)
    potentials = simulate_potential(with_constants(published_test_set().theta[:N_STRANGE], zeta, gamma), time_grid())
    potentials = potentials[np.isfinite(potentials[:, -1])]
    n, n_times = potentials.shape
    return potentials + sample_ar1(np.full(n, rho), np.full(n, sigma / SAMPLING_INTERVAL), n_times, rng)


def _strange_scores(name: str) -> dict[str, Any]:
    best, traces = load_inverse_map(BEST), strange(**STRANGE[name])
    return {"novelty": _scores(with_novelty(best, traces, best.predict(traces)))}


def credibilities(truth: Array, mean: Array, covariance: Array) -> Array:
    """Return the mass, (n,), of the normal law's region on whose edge the truth lies: all (n, p), (n, p), (n, p, p)."""
    return np.asarray(chi2.cdf(squared_distances(truth - mean, covariance), truth.shape[1]))


def _row(name: str, truth: Array, mean: Array, inside: Array, limit: dict[str, Any] | None) -> tuple[Any, ...]:
    error, ape = float(rmse(truth, mean).mean()), float(median_ape(truth, mean).mean())
    ratios: list[float | None] = [None, None]
    if limit is not None:
        ratios = [error / limit["RMSE"], ape / limit["Median-APE"]]
    coverage = [float(np.mean(inside < mass)) for mass in MASSES]
    return (name, *r_squared(truth, mean).tolist(), error, ape, *ratios, *coverage)


def run(context: Context) -> Result:
    """Polish what is missing and hold everything against the stored limit."""
    if BEST not in available_inverse_maps():
        raise SystemExit("There is no map called best: run `python -m core.pretrain` first.")
    n = N_QUICK if context.quick else N_TEST
    version = load_inverse_map(BEST).fingerprint
    found = records(_chunk, {f"{version}-{i}": (i,) for i in range(0, n, CHUNK)}, context, "calibration")
    chunks = [found[f"{version}-{i}"] for i in range(0, n, CHUNK)]
    strangers = records(_strange_scores, {f"{version}-{name}": (name,) for name in STRANGE}, context, "novelty")
    truth = published_test_set().theta[:n]
    limit = None if context.quick else limit_row()
    rows, inside = [], {}
    for name in (BEST, POLISHED, REWEIGHTED):
        mean = np.concatenate([chunk[name]["mean"] for chunk in chunks])
        inside[name] = credibilities(truth, mean, np.concatenate([chunk[name]["covariance"] for chunk in chunks]))
        rows.append(_row(name, truth, mean, inside[name], limit))
    targets = _targets(rows) if limit is not None else []
    if limit is not None:
        r2 = (limit["R² θ₀"], limit["R² θ₁"])
        coverage = [limit[f"coverage of {mass:.0%}"] for mass in MASSES]
        rows.append((EXACT, *r2, limit["RMSE"], limit["Median-APE"], 1.0, 1.0, *coverage))
    novelty = np.concatenate([chunk["novelty"] for chunk in chunks])
    false_alarms = float(np.mean(novelty > 1))
    flagged = {name: float(np.mean(np.array(strangers[f"{version}-{name}"]["novelty"]) > 1)) for name in STRANGE}
    # Four standard errors of a share of n traces, and as many of the threshold's, which others set.
    width = 4 * float(np.sqrt(FALSE_ALARM_RATE * (1 - FALSE_ALARM_RATE) * (1 / n + 1 / N_REFERENCE)))
    targets.append(Target("false alarms on the test set", false_alarms, at_most=FALSE_ALARM_RATE + width))
    columns = (
        "estimator", "R² θ₀", "R² θ₁", "RMSE", "Median-APE", "RMSE / limit", "Median-APE / limit",
        *(f"coverage of {mass:.0%}" for mass in MASSES),
    )  # fmt: skip
    return Result(
        f"The best map on {n:,} noisy test traces, alone, polished by Gauss–Newton, and by weighted draws, against the "
        "exact posterior mean with the noise integrated out.",
        {"map": version, "n_test": n, "n_strange": N_STRANGE, "seed": SEED, "false_alarm_rate": FALSE_ALARM_RATE},
        (
            _curve(inside),
            Table("The best map against the limit", columns, tuple(rows)),
            Table(
                "Share of traces with an out-of-distribution score above 1",
                ("traces", "share"),
                (("as in the training", false_alarms), *flagged.items()),
            ),
        ),
        tuple(targets),
    )


def _curve(inside: dict[str, Array]) -> Table:
    """Return the share of truths inside the region of each mass, with those of the stored limit."""
    names, columns = list(inside), [[float(np.mean(each < mass)) for mass in CURVE] for each in inside.values()]
    limit = stored("limit")
    curve = next((table for table in limit["tables"] if table["columns"][0] == "mass"), None) if limit else None
    if curve is not None:
        for name, shown in (("Laplace, noise known", "Laplace"), (EXACT, "exact posterior")):
            names.append(shown)
            columns.append([row[curve["columns"].index(name)] for row in curve["rows"]])
    rows = tuple((f"{mass:g}", *cells) for mass, *cells in zip(CURVE, *columns, strict=True))
    return Table("Share of truths inside the region of each mass", ("mass", *names), rows)


def _targets(rows: list[tuple[Any, ...]]) -> list[Target]:
    targets = []
    for name, most in ((BEST, 1.10), (POLISHED, 1.06), (REWEIGHTED, 1.06)):
        row = next(row for row in rows if row[0] == name)
        targets.append(Target(f"{name}: RMSE / that of the exact posterior mean", row[5], at_most=most))
        targets.append(Target(f"{name}: Median-APE / that of the exact posterior mean", row[6], at_most=most))
    targets.append(Target("best: share of truths in 90 % regions", rows[0][8], 0.88, 0.92))
    return targets
