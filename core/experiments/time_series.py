"""Trajectories simulated from a map's estimates: how far they lie from the truth, split into offset and shape."""

import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context
from core.experiments.maps import REGIMES, kinds, seeds, sizes, test_set
from core.experiments.record import Result, Table
from core.experiments.training_size import TITLES
from core.inverse_map import InverseMap
from core.metrics import squared_bias_and_centred_mse
from core.published import time_grid, with_constants
from core.simulation import simulate_potential

PUBLISHED = {"clean/clean": (2.8e-6, 0.061), "clean/noisy": (1.8e-3, 2.001), "noisy/noisy": (1.2e-3, 0.536)}
BAND = (45.0, 55.0)  # percentiles of the mean squared error whose median is reported
COLUMNS = (
    "map", "squared bias, clean reference", "centred MSE, clean reference", "squared bias, noisy reference",
    "centred MSE, noisy reference",
)  # fmt: skip


def _middle(maps: list[InverseMap], tested_noisy: bool, noisy_reference: bool) -> tuple[float, float]:
    """Return the median over the band of percentiles of squared bias and centred MSE, the mean over the seeds."""
    data = test_set()
    reference = data.noisy if noisy_reference else data.clean
    middles: list[NDArray[np.float64]] = []
    for each in maps:
        theta = each.predict(data.noisy if tested_noisy else data.clean).mean
        bias, centred = squared_bias_and_centred_mse(reference, simulate_potential(with_constants(theta), time_grid()))
        low, high = np.percentile(bias + centred, BAND)
        band = (bias + centred >= low) & (bias + centred <= high)
        middles.append(np.array([np.median(bias[band]), np.median(centred[band])]))
    first, second = np.mean(middles, axis=0)
    return float(first), float(second)


def run(context: Context) -> Result:
    """Simulate from the estimates of all kinds of maps at the largest N, a table for each regime."""
    n = sizes(context)[-1]
    tables = []
    for regime, (trained_noisy, tested_noisy) in REGIMES.items():
        rows: list[tuple[str | float | None, ...]] = [("published CNN", *PUBLISHED[regime], None, None)]
        for kind, maps in kinds(context, n, trained_noisy).items():
            figures = [_middle(maps, tested_noisy, noisy_reference) for noisy_reference in (False, True)]
            rows.append((kind if kind == "ours" else f"{kind}, as published", *figures[0], *figures[1]))
        tables.append(Table(TITLES[regime], COLUMNS, tuple(rows)))
    return Result(
        f"Trajectories simulated from the estimates of maps trained on N = {n:,}: medians over the {BAND[0]:.0f}th to "
        f"{BAND[1]:.0f}th percentile of the mean squared error. The paper gives one trace at its median and does not "
        "say which reference it takes; against a noisy one, the noise itself adds about 0.12 to the centred error.",
        {"seeds": list(seeds(context)), "n_test": 2000, "n_samples": n, "percentiles": list(BAND)},
        tuple(tables),
    )
