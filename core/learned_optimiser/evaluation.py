"""What one simulation with sensitivities says of a trace at an iterate: the residual and the loss's expansion.

The loss is J = ½ Σ w² + ½ Σ ((m − m̄)/sd)², with w the whitened residual. Its derivatives are in the unit box of the
prior, in which the bounds of each parameter are 0 and 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.maps.dataset import observed_traces
from core.maps.task import Task
from core.models.lag_products import LagProducts
from core.published import SAMPLING_INTERVAL

MIN_SUM_OF_SQUARES = 1e-3  # of a residual, where its correlation is estimated

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The losses of n traces at iterates.

    residuals: (n, n_times), whitened, with a standard deviation of one where the iterate is the truth.
    noise: (n, 2), correlation and marginal standard deviation that whiten.
    loss: (n,). gradient: (n, p). hessian: (n, p, p), Gauss–Newton's.
    """

    residuals: NDArray[np.float32]
    noise: Array
    loss: Array
    gradient: Array
    hessian: Array


def evaluated(task: Task, traces: NDArray[np.float32], unit: Array, noise: Array | None) -> Evaluation:
    """Evaluate the losses of traces, (n, n_times), at iterates of the unit box, (n, p).

    noise: (n, 2), known correlations and marginal standard deviations; None to estimate them from each residual,
    within the bounds of the task's noise distribution.
    """
    model, law, widths = task.model, task.prior, task.widths
    assert model.fused is not None, "the training needs the sums that the neuron's own kernels make"
    values = np.clip(task.unscale(unit), *law.bounds.T)  # rounding may lead out of the box, where the loss is infinite
    parameters, lengths = task.complete(values), np.full(len(traces), traces.shape[1])
    sums = model.fused.lag_products(parameters, task.times, traces, lengths, task.columns)
    if noise is None:
        noise = _noise_of(task, sums, traces.shape[1])
    rho, sd = noise.T
    first = sums.first[:, :, None] * sums.first[:, None, :]
    weighed = (first + sums.of_innovations(rho) / (1 - rho**2)[:, None, None]) / sd[:, None, None] ** 2
    residuals = traces - observed_traces(model, parameters, task.times)
    return Evaluation(
        whitened(residuals, noise),
        noise,
        0.5 * weighed[:, 0, 0] + law.regularisation(values),
        (-weighed[:, 0, 1:] - law.gradient(values)) * widths,
        (weighed[:, 1:, 1:] + law.precision) * np.outer(widths, widths),
    )


def _noise_of(task: Task, sums: LagProducts, n_times: int) -> Array:
    """Return correlations and marginal standard deviations, (n, 2), estimated from residuals, within their bounds."""
    assert task.noise is not None, "a task on clean traces has no noise to estimate"
    square, product, last = sums.squares[:, 0, 0], sums.products[:, 0, 0], sums.last[:, 0]
    rho = np.clip(product / np.maximum(square - last**2, MIN_SUM_OF_SQUARES), *task.noise.bounds[0])
    innovations = sums.of_innovations(rho)[:, 0, 0] / (1 - rho**2)
    sd = np.sqrt(np.maximum(innovations, 0.0) / (n_times - 1))
    return np.column_stack([rho, np.clip(sd, *(task.noise.bounds[1] / SAMPLING_INTERVAL))])


def whitened(residuals: ArrayLike, noise: Array) -> NDArray[np.float32]:
    """Whiten residuals, (n, n_times), by correlations and marginal standard deviations, (n, 2).

    Samples of a diverged trajectory count as zero, as in its sums.
    """
    white = np.nan_to_num(np.asarray(residuals, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    rho, sd = noise.T.astype(np.float32)[..., None]
    white /= sd
    white[:, 1:] = (white[:, 1:] - rho * white[:, :-1]) / np.sqrt(1 - rho**2)
    return white


def of_residuals(residuals: Array, jacobian: Array, noise: Array) -> Evaluation:
    """Return the evaluation of one problem from what least squares need of it, in the unit box.

    residuals: (r,), those of the data, then one for each of p parameters with a Gaussian prior. jacobian: (r, p).
    noise: (1, 2), correlation and marginal standard deviation.
    """
    n_times = len(residuals) - jacobian.shape[1]
    return Evaluation(
        residuals[None, :n_times].astype(np.float32),
        noise,
        np.array([0.5 * residuals @ residuals]),
        (jacobian.T @ residuals)[None],
        (jacobian.T @ jacobian)[None],
    )
