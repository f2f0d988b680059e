"""Median-APE of every shipped map and of the exact posterior mean at several levels of noise."""

from dataclasses import replace
from typing import Any

import numpy as np

from core.experiments.context import Context, records
from core.experiments.estimators import CHOSEN_SIGMA, KNOWN
from core.experiments.limit import problem_of
from core.experiments.records import Key, Measurement, Result
from core.maps.dataset import Dataset
from core.maps.inverse_map import available_inverse_maps, load_inverse_map
from core.maps.test_sets import can_read_published, published_test_set
from core.metrics import median_ape
from core.noise import sample_ar1
from core.posterior.exact import posterior
from core.published import RHO, SAMPLING_INTERVAL, published_prior

SIGMAS_MS = (0.0, 0.01, 0.02, 0.04, 0.055, 0.07, 0.085, 0.1, 0.14, 0.2)
N_TRACES = 400  # from the beginning of the test set
SEED = 5050
CHUNK = 20  # traces


def noisy_at(sigma: float) -> Dataset:
    """Return the test set with new noise; every trace has the published mean of ρ and this σ [ms]."""
    data = published_test_set()
    n, n_times = data.clean.shape
    rng = np.random.default_rng(SEED)  # the same random numbers at every level
    noise = sample_ar1(np.full(n, RHO), sigma / SAMPLING_INTERVAL, n_times, rng)
    parameters = np.column_stack([np.full(n, RHO), np.full(n, sigma)])
    return replace(data, noise_parameters=parameters, noisy=(data.clean + noise).astype(np.float32))


def _means(sigma: float, first: int) -> dict[str, Any]:
    data = noisy_at(sigma)
    return {"means": [posterior(problem_of(data, i)).mean.tolist() for i in range(first, first + CHUNK)]}


def run(context: Context) -> Result:
    """Compute missing exact posteriors, and test every map at every level of noise."""
    n = CHUNK if context.quick else N_TRACES
    tasks = {f"{sigma:g}-{first}": (sigma, first) for sigma in SIGMAS_MS if sigma > 0 for first in range(0, n, CHUNK)}
    found = records(_means, tasks, context, "noise")
    maps = {name: load_inverse_map(name) for name in available_inverse_maps()}
    maps = {
        name: each
        for name, each in maps.items()
        if can_read_published(each.recipe.task) and each.recipe.task.prior == published_prior()
    }
    measurements = []
    for sigma in SIGMAS_MS:
        data = noisy_at(sigma)
        estimates = {name: each.predict(data.noisy[:n]).mean for name, each in maps.items()}
        if sigma > 0:
            means = [found[f"{sigma:g}-{first}"]["means"] for first in range(0, n, CHUNK)]
            estimates[KNOWN] = np.concatenate(means)
        for name, mean in estimates.items():
            error = float(np.mean(median_ape(data.theta[:n], mean)))
            measurements.append(Measurement(Key(name, "median_ape", "mean", CHOSEN_SIGMA, at=sigma), error))
    return Result(
        f"Median-APE against the noise σ, at ρ = {RHO:g}, on {n} test traces: shipped maps, and the exact posterior "
        "mean, noise known.",
        {
            "sigmas": list(SIGMAS_MS),
            "rho": RHO,
            "seed": SEED,
            "n_traces": n,
            "maps": {name: each.fingerprint for name, each in maps.items()},
        },
        tuple(measurements),
    )
