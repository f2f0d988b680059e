"""The accuracy of a map on test samples, and the card that quotes it."""

import math
import platform
from typing import Any

import numba
import numpy as np
import safetensors
import scipy
import torch

from core.estimate import Estimate
from core.maps.calibration import tails
from core.maps.dataset import Dataset
from core.maps.gauss_newton_step import learned_steps_of
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import InverseMap, inverse_map
from core.metrics import median_ape, r_squared, rmse
from core.published import SAMPLING_INTERVAL
from core.regions import CALIBRATED_MASS


def predictions(trained: InverseMap, data: Dataset) -> dict[str, Estimate]:
    """Return a map's estimates of clean and of noisy traces."""
    both = (("clean", data.clean), ("noisy", data.noisy))
    return {kind: trained.estimate(TraceInputs(traces, data.given, data.lengths)) for kind, traces in both}


def evaluate(trained: InverseMap, data: Dataset, estimates: dict[str, Estimate] | None = None) -> dict[str, Any]:
    """Return R², Median-APE and RMSE on clean and noisy traces, for each parameter and as the mean over parameters.

    On clean traces, there is no noise to estimate. On noisy ones, a map with a covariance has its coverage too: the
    share of truths in its 90 % regions.
    estimates: the map's `predictions` on the data, where they are known already.
    """
    results: dict[str, Any] = {"n_samples": len(data.theta)}
    task = trained.recipe.task
    for kind, estimate in (predictions(trained, data) if estimates is None else estimates).items():
        figures: dict[str, Any] = {}
        names = task.prior.names if kind == "clean" else task.names
        truth = data.truth(task)[:, : len(names)]
        for name, metric in (("r2", r_squared), ("median_ape", median_ape), ("rmse", rmse)):
            values = metric(truth, estimate.mean[:, : len(names)])
            figures[name] = {
                **{parameter: float(value) for parameter, value in zip(names, values, strict=True)},
                "mean": float(np.mean(values)),
            }
        if kind == "noisy" and estimate.covariance is not None:
            figures["coverage"] = float(np.mean(estimate.credibilities(truth) <= CALIBRATED_MASS))
        results[kind] = figures
    return results


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that a training depends on."""
    return {
        "python": platform.python_version(),
        **{library.__name__: library.__version__ for library in (np, scipy, numba, torch, safetensors)},
    }


def describe(
    trained: InverseMap, about: str, command: str, training: dict[str, Any], metrics: dict[str, Any], **more: Any
) -> InverseMap:
    """Return the map with its card: description, time grid, training and metrics, and the tails of its regions."""
    freedom = tails(trained.recipe, trained.network)
    card = {
        "name": trained.name,
        "about": about,
        "parameter_names": list(trained.parameter_names),
        "initial_state": [state.default for state in trained.recipe.task.model.states],
        "time_grid": {"n_times": trained.times.size, "interval_ms": SAMPLING_INTERVAL},
        "n_weights": sum(weights.numel() for weights in trained.network.parameters()),
        "command": command,
        "versions": versions(),
        "training": {**training, "learned_steps": learned_steps_of(trained.network)},
        "metrics": metrics,
        **({} if math.isinf(freedom) else {"freedom": freedom}),
        **more,
    }
    return inverse_map(trained.name, trained.recipe, trained.network.state_dict(), card)
