"""How a map does on test samples: the metrics of its card, and the three regimes of the published table."""

import platform
from typing import Any

import numba
import numpy as np
import safetensors
import scipy
import torch

from core.dataset import Dataset
from core.inverse_map import InverseMap
from core.metrics import median_ape, r_squared, rmse
from core.training import TEST_STREAM, TrainingSettings

N_TEST = 2000


def published_test_set() -> Dataset:
    """Return the 2,000 test samples of the published prior and noise: the same ones at each call."""
    return TrainingSettings().dataset(N_TEST, TEST_STREAM)


def evaluate(inverse_map: InverseMap, data: Dataset) -> dict[str, Any]:
    """Return R², Median-APE and RMSE on the clean and on the noisy traces, for each parameter and in the mean."""
    results: dict[str, Any] = {"n_samples": len(data.theta)}
    for kind, traces in (("clean", data.clean), ("noisy", data.noisy)):
        estimate = inverse_map.predict(traces).mean
        figures = {}
        for name, metric in (("r2", r_squared), ("median_ape", median_ape), ("rmse", rmse)):
            values = metric(data.theta, estimate)
            figures[name] = {
                **{
                    parameter: float(value)
                    for parameter, value in zip(inverse_map.parameter_names, values, strict=True)
                },
                "mean": float(np.mean(values)),
            }
        results[kind] = figures
    return results


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that a training depends on."""
    return {
        "python": platform.python_version(),
        **{library.__name__: library.__version__ for library in (np, scipy, numba, torch, safetensors)},
    }
