"""Accuracy of the dense network and the CNN as published, and of ours, trained and tested on noisy traces."""

from core.experiments.context import Context
from core.experiments.maps import (
    Scores,
    best,
    kinds,
    label,
    scores,
    seeds,
    sizes,
    trained,
)
from core.experiments.record import Result, Table, limit_row
from core.learning.design import Cnn
from core.maps.evaluation import N_TEST
from core.maps.recipes import REFERENCE_SIZE, published_recipe

# Rudi, Bessac and Lenzi's own code, N = 1,024 with noise, tested on 2,048 samples: R² of θ₀, of θ₁, and the mean.
REFERENCE_RUNS = {"authors' TensorFlow run": (0.9625, 0.9344, 0.9484), "authors' PyTorch run": (0.9605, 0.9285, 0.9445)}
COLUMNS = ("map", "N", "R² θ₀", "R² θ₁", "R²", "± over seeds", "Median-APE", "± over seeds", "RMSE θ₀", "RMSE θ₁")


def _row(name: str, n: int | None, found: Scores) -> tuple[str | float | None, ...]:
    return (
        name,
        None if n is None else float(n),
        *found.r_squared.mean(axis=0).tolist(),
        found.mean("r_squared"),
        found.spread("r_squared"),
        found.mean("median_ape"),
        found.spread("median_ape"),
        *found.rmse.mean(axis=0).tolist(),
    )


def run(context: Context) -> Result:
    """Train what is missing and compare everything on the noisy test traces."""
    largest = sizes(context)[-1]
    reference = {
        f"CNN {seed}": published_recipe(Cnn(), REFERENCE_SIZE, noisy=True, seed=seed) for seed in seeds(context)
    }
    rows: list[tuple[str | float | None, ...]] = [
        (name, float(REFERENCE_SIZE), *figures, None, None, None, None, None)
        for name, figures in REFERENCE_RUNS.items()
    ]
    rows.append(_row("CNN, as published", REFERENCE_SIZE, scores(trained(reference, context).values(), noisy=True)))
    for kind, maps in kinds(context, largest, noisy=True).items():
        rows.append(_row(label(kind), largest, scores(maps, noisy=True)))
    rows += [_row(name, None, scores(maps, noisy=True)) for name, maps in best().items()]
    limit = limit_row()
    if limit is not None:
        r2, errors = ([limit[f"{metric} {symbol}"] for symbol in ("θ₀", "θ₁")] for metric in ("R²", "RMSE"))
        rows.append(("the limit", None, *r2, limit["R²"], None, limit["Median-APE"], None, *errors))
    return Result(
        "Accuracy on noisy test traces, trained on noisy ones; the mean over the seeds.",
        {"seeds": list(seeds(context)), "n_test": N_TEST},
        (Table("Accuracy of dense and convolutional networks", COLUMNS, tuple(rows)),),
    )
