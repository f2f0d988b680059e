"""The labels of the published test traces, and the Gaussians of estimators that learn from no labels."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.experiments.context import Context, records
from core.experiments.estimators import BEST, EXACT, LAPLACE, POLISHED
from core.experiments.limit import problem_of
from core.experiments.limit_joint import estimates as limit_estimates
from core.experiments.limits import N_QUICK
from core.experiments.shipped_maps import shipped
from core.maps.dataset import Dataset
from core.maps.local_gaussian_labels import Labels, labels_of
from core.maps.polish import polish
from core.maps.recipes import published_task
from core.maps.test_sets import N_TEST, published_test_set
from core.published import published_noise_prior

CHUNK = 40  # traces
ROUNDS = 2  # of Gauss–Newton steps from a network's mean: the first have the noise of a residual that is too large

Array = NDArray[np.float64]
Gaussians = tuple[Array, Array]  # means (n, 2) and covariances (n, 2, 2)


@dataclass(frozen=True, eq=False)
class LabelledTraces:
    """The first n test traces, (n, n_times), their labels, and the Gaussians of other estimators by their codes."""

    traces: NDArray[np.float32]
    labels: Labels
    others: dict[str, Gaussians]


def labelled_traces(noisy: bool, context: Context) -> LabelledTraces:
    """Return the clean or the noisy test traces with their labels; compute what is not stored yet."""
    n = N_QUICK if context.quick else N_TEST
    version = shipped(BEST).fingerprint if noisy else "clean"
    keys = {f"{version}-{first}": (noisy, first) for first in range(0, n, CHUNK)}
    found = records(_chunk, keys, context, "covariance")
    chunks = [found[key] for key in keys]
    labels = Labels(*_together(chunks, "labels"), np.concatenate([chunk["validity"] for chunk in chunks]))
    others = {name: _together(chunks, name) for name in ((BEST, POLISHED, LAPLACE) if noisy else ())}
    if noisy:
        limit = limit_estimates(context)
        others[EXACT] = limit.mean[:, :2], limit.covariance[:, :2, :2]
    return LabelledTraces(_test_traces(noisy, 0, n).noisy, labels, others)


def _chunk(noisy: bool, first: int) -> dict[str, Any]:
    """Return the labels of some test traces; for noisy ones, with the Gaussians of estimators that need no training."""
    data = _test_traces(noisy, first, CHUNK)
    labels = labels_of(published_task(noisy), data)
    found = {"labels": (labels.mean, labels.covariance)}
    if noisy:
        problems = [problem_of(data, i) for i in range(CHUNK)]
        curved = zip(problems, labels.mean, strict=True)
        found[LAPLACE] = labels.mean, np.array([np.linalg.inv(problem.hessian(mean)) for problem, mean in curved])
        best = shipped(BEST).predict(data.noisy)
        refined = polish(problems[0], data.noisy, best.mean, published_noise_prior())
        found |= {BEST: gaussians_of(best), POLISHED: gaussians_of(refined)}
    gaussians = {name: [part.tolist() for part in both] for name, both in found.items()}
    return {**gaussians, "validity": labels.validity.tolist()}


def polished(mean: Array, name: str, context: Context) -> Gaussians:
    """Return what Gauss–Newton steps make of a map's means, (n, 2), for the first n noisy test traces.

    name: of the map, under which results are stored; what is missing is computed.
    """
    firsts = range(0, len(mean), CHUNK)
    tasks = {f"{name}-{first}": (first, mean[first : first + CHUNK].tolist()) for first in firsts}
    found = records(_polished, tasks, context, "covariance-polished")
    return _together([found[key] for key in tasks], POLISHED)


def _polished(first: int, mean: list[list[float]]) -> dict[str, Any]:
    data, found = _test_traces(True, first, len(mean)), np.array(mean)
    for _ in range(ROUNDS):
        refined = polish(problem_of(data, 0), data.noisy, found, published_noise_prior())
        found = refined.mean
    return {POLISHED: [part.tolist() for part in gaussians_of(refined)]}


def gaussians_of(estimate: Estimate) -> Gaussians:
    """Return means and covariances of an estimate that has both."""
    assert estimate.covariance is not None
    return estimate.mean, estimate.covariance


def _test_traces(noisy: bool, first: int, n: int) -> Dataset:
    """Return n of the published test samples; without noise, the clean traces take the place of the noisy ones."""
    data, part = published_test_set(), slice(first, first + n)
    values = {field.name: getattr(data, field.name)[part] for field in fields(Dataset)}
    return Dataset(**values if noisy else {**values, "noisy": values["clean"]})


def _together(chunks: list[dict[str, Any]], name: str) -> Gaussians:
    mean, covariance = (np.concatenate([chunk[name][part] for chunk in chunks]) for part in (0, 1))
    return mean, covariance
