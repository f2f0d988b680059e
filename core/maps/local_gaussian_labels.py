"""Labels of maps that learn a mean and a covariance: the local Gaussian of each trace of a data set.

The network's targets are the scaled mean and the logarithm of the covariance matrix. In that logarithm, an error is
relative in every direction, though variances differ by orders of magnitude, and every value is a covariance
(log-Euclidean metric; Arsigny and others 2006).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.maps.dataset import Dataset
from core.maps.problem_of_task import problem_of
from core.maps.task import Task
from core.posterior.local_gaussian import Validity, local_gaussian
from core.published import published_noise, published_noise_prior

# Bounds of the logarithms of variances, in widths of the prior's box; labels of the published set-up lie within them.
LOG_VARIANCES = (-26.0, -5.0)

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Labels:
    """The local Gaussians of n traces: mean (n, p), covariance (n, p, p), and validity (n,), codes of `Validity`."""

    mean: Array
    covariance: Array
    validity: NDArray[np.int64]

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which labels are valid, (n,): only these are trained on and compared."""
        return self.validity == Validity.VALID


def labels_of(task: Task, data: Dataset) -> Labels:
    """Return the labels of the noisy traces of a data set, each with its own noise; the descents start at the truth.

    Clean traces, of a task without noise, are taken for traces with the published mean noise.
    """
    noisy = task.noise is not None
    problem = problem_of(task if noisy else replace(task, noise=published_noise_prior()))
    found = []
    for trace, noise, truth in zip(data.noisy, data.noise_parameters, data.theta, strict=True):
        own = problem.with_data(trace).with_noise(published_noise(*noise) if noisy else published_noise())
        found.append(local_gaussian(own, truth))
    means, covariances = (np.array([getattr(each, part) for each in found]) for part in ("mean", "covariance"))
    return Labels(means, covariances, np.array([each.validity for each in found], dtype=np.int64))


def as_targets(task: Task, mean: Array, covariance: Array) -> Array:
    """Return targets between 0 and 1, (n, p + p (p + 1) / 2), for means, (n, p), and covariances, (n, p, p)."""
    variances, directions = np.linalg.eigh(covariance / np.outer(task.widths, task.widths))
    logarithms = directions * np.log(variances)[:, None, :] @ directions.transpose(0, 2, 1)
    rows, columns = np.tril_indices(mean.shape[1])
    scaled = (logarithms[:, rows, columns] - lowest_logarithms(mean.shape[1])) / np.ptp(LOG_VARIANCES)
    return np.clip(np.column_stack([task.scale(mean), scaled]), 0, 1)


def from_targets(task: Task, targets: Array) -> tuple[Array, Array]:
    """Return the means, (n, p), and covariances, (n, p, p), of targets: the inverse of `as_targets`."""
    p = len(task.names)
    rows, columns = np.tril_indices(p)
    logarithms = np.empty((len(targets), p, p))
    logarithms[:, rows, columns] = lowest_logarithms(p) + targets[:, p:] * np.ptp(LOG_VARIANCES)
    logarithms[:, columns, rows] = logarithms[:, rows, columns]
    values, directions = np.linalg.eigh(logarithms)
    covariance = directions * np.exp(values)[:, None, :] @ directions.transpose(0, 2, 1)
    return task.unscale(targets[:, :p]), covariance * np.outer(task.widths, task.widths)


def lowest_logarithms(p: int) -> Array:
    """Return the lowest logarithms, (p (p + 1) / 2,): off the diagonal they lie around zero."""
    rows, columns = np.tril_indices(p)
    return np.where(rows == columns, LOG_VARIANCES[0], -np.ptp(LOG_VARIANCES) / 2)
