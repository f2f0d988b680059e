"""The accuracy of a map on test samples, and the card that quotes it."""

import math
import platform
from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np
import safetensors
import scipy
import torch

from core.estimate import Estimate
from core.learning.networks.network import TRACES_AT_ONCE
from core.maps.calibration import tails
from core.maps.card import freedom
from core.maps.dataset import Dataset
from core.maps.gauss_newton_step import learned_steps_of
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import InverseMap, inverse_map
from core.maps.kept import KeptFile, KeptRows, Tensors
from core.metrics import median_ape, r_squared, rmse
from core.published import SAMPLING_INTERVAL
from core.regions import CALIBRATED_MASS


def predictions(
    trained: InverseMap, data: Dataset, kept: KeptRows | None = None, add: Callable[[float], None] = lambda _n: None
) -> dict[str, Estimate]:
    """Return a map's estimates of clean and of noisy traces.

    kept: rows of estimates, of which those of this data set are the next; they are computed where they are not there.
    add: is told the numbers of traces that are estimated anew, after each piece; it may raise to end the work.
    """
    kept, found = KeptRows(KeptFile(None, "")) if kept is None else kept, {}
    for kind, traces in (("clean", data.clean), ("noisy", data.noisy)):
        pieces = []
        for first in range(0, len(traces), TRACES_AT_ONCE):
            part = slice(first, first + TRACES_AT_ONCE)
            inputs = TraceInputs(traces[part], data.given[part], data.lengths[part])
            n, is_new = len(inputs.traces), not kept.has_next(len(inputs.traces))
            pieces.append(kept.take(n, partial(_estimates, trained, inputs)))
            if is_new:
                add(n)
        together = {name: np.concatenate([piece[name].numpy() for piece in pieces]) for name in pieces[0]}
        found[kind] = Estimate(
            together["mean"], together.get("covariance"), trained.parameter_names, freedom=freedom(trained.card)
        )
    return found


def _estimates(trained: InverseMap, inputs: TraceInputs) -> Tensors:
    """Return the means, (n, p), and covariances, (n, p, p), of a map that gives any."""
    estimate = trained.estimate(inputs)
    both = {"mean": estimate.mean, "covariance": estimate.covariance}
    return {name: torch.from_numpy(np.array(part)) for name, part in both.items() if part is not None}


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
