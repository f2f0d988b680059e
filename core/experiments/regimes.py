"""The three regimes of noise: what becomes of a map that is tested on noisier traces than it was trained on."""

from core.experiments.context import Context
from core.experiments.maps import PUBLISHED, REGIMES, best, kinds, label, scores, seeds, sizes
from core.experiments.record import Result, Table, limit_row
from core.experiments.training_size import TITLES
from core.maps.evaluation import N_TEST

COLUMNS = (
    "map",
    "R² θ₀",
    "R² θ₁",
    "R²",
    "± over seeds",
    "Median-APE θ₀",
    "Median-APE θ₁",
    "Median-APE",
    "± over seeds",
)


def run(context: Context) -> Result:
    """Compare all kinds of maps at the largest N, a table for each regime."""
    n = sizes(context)[-1]
    maps = {noisy: kinds(context, n, noisy) for noisy in (False, True)}
    tables = []
    for regime, (trained_noisy, tested_noisy) in REGIMES.items():
        published = PUBLISHED[regime][n]
        rows: list[tuple[str | float | None, ...]] = [
            ("published CNN", None, None, published.r_squared, None, None, None, published.median_ape, None)
        ]
        compared = {**maps[trained_noisy], **(best() if trained_noisy else {})}
        for kind, of_kind in compared.items():
            found = scores(of_kind, tested_noisy)
            rows.append(
                (
                    label(kind),
                    *found.r_squared.mean(axis=0).tolist(),
                    found.mean("r_squared"),
                    found.spread("r_squared"),
                    *found.median_ape.mean(axis=0).tolist(),
                    found.mean("median_ape"),
                    found.spread("median_ape"),
                )
            )
        limit = limit_row() if tested_noisy else None
        if limit is not None:
            r2, apes = ([limit[f"{metric} {symbol}"] for symbol in ("θ₀", "θ₁")] for metric in ("R²", "Median-APE"))
            rows.append(("the limit", *r2, limit["R²"], None, *apes, limit["Median-APE"], None))
        tables.append(Table(TITLES[regime], COLUMNS, tuple(rows)))
    return Result(
        f"Three regimes of noise at N = {n:,}, and the best map. A map trained without noise takes every wiggle of the "
        "noise for the neuron's; the cure is to train on noisy traces, and to draw the noise anew in each epoch.",
        {"seeds": list(seeds(context)), "n_test": N_TEST, "n_samples": n},
        tuple(tables),
    )
