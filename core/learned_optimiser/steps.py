"""The learned steps: each turns an evaluation at the iterate into the next iterate and its Gaussian.

An iterate is the mean of a Gaussian, whose covariance says how far the step before it can be off. A step reads the
loss there, its gradient and its Gauss–Newton step, where asked for the whitened residual too, and nothing else of the
trace.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.learned_optimiser.evaluation import Evaluation, evaluated
from core.learned_optimiser.recipe import StepsRecipe
from core.learning.networks.gaussian_step import GaussianStep, triangle
from core.learning.networks.heads import Gaussian
from core.maps.step_inputs import HESSIAN_ROUNDING, MIN_INFORMATION, logarithmic, lower_square_root
from core.maps.task import Task

START_SD = 0.25  # of the Gaussian at a start, in widths of the box
SMALLEST_SHIFT = 1e-9  # in standard deviations
AT_ONCE = 500  # traces that are evaluated together

Array = NDArray[np.float64]


def n_features(p: int, n_times: int) -> int:
    """Return the number of features of a step for p parameters and residuals of n_times samples."""
    return n_times + 2 * p + triangle(p) + 3 + p + triangle(p)


def start_gaussian(unit: Array) -> Gaussian:
    """Return the Gaussians of starts, (n, p), in the unit box."""
    mean = torch.from_numpy(np.asarray(unit, np.float32))
    return Gaussian(mean, (torch.eye(mean.shape[1]) / START_SD).expand(*mean.shape, -1))


def step_inputs(found: Evaluation, before: Gaussian, reads_series: bool) -> torch.Tensor:
    """Return the inputs of a `GaussianStep`, (n, k), from evaluations at the means of Gaussians.

    reads_series: whether the residual at each time is among them.
    """
    mean, factor = (part.double().numpy() for part in before)
    scale = np.linalg.inv(factor)  # a square root of the covariance, as the factor is a square root of the precision
    gradient = np.einsum("nij,ni->nj", scale, found.gradient)
    hessian = scale.transpose(0, 2, 1) @ found.hessian @ scale
    least = MIN_INFORMATION + HESSIAN_ROUNDING * np.einsum("nii->n", hessian)
    hessian += least[:, None, None] * np.eye(mean.shape[1])
    step = -np.linalg.solve(hessian, gradient[..., None])[..., 0]
    precision = logarithmic(lower_square_root(hessian))
    rho, sd = found.noise.T
    # arcsinh and logarithms, because sizes differ by orders of magnitude.
    features = [np.arcsinh(gradient), np.arcsinh(step), precision, np.log(found.loss), np.arctanh(rho), np.log(sd)]
    features += [mean, logarithmic(factor)]
    series = [np.arcsinh(found.residuals)] if reads_series else []
    below = factor[:, *np.tril_indices(mean.shape[1])]
    together = np.column_stack([*series, *features, step, precision, mean, below])
    return torch.from_numpy(together.astype(np.float32))


class LearnedSteps(nn.Module):
    """Learned steps for traces of a task, each with weights of its own."""

    def __init__(self, task: Task, recipe: StepsRecipe):
        super().__init__()
        self.task, self.recipe = task, recipe
        p, n_times = len(task.names), task.n_times[1] if recipe.reads_series else 0
        self.steps = nn.ModuleList(GaussianStep(p, n_features(p, n_times), recipe.width) for _ in range(recipe.n_steps))
        self.eval()

    def step(self, i: int) -> GaussianStep:
        """Return one of the steps."""
        step = self.steps[i]
        assert isinstance(step, GaussianStep)
        return step

    def taken(self, i: int, found: Evaluation, before: Gaussian) -> Gaussian:
        """Return the Gaussians after step i, from evaluations at the means of those before it."""
        return self.after(i, step_inputs(found, before, self.recipe.reads_series), before)

    def after(self, i: int, inputs: torch.Tensor, before: Gaussian) -> Gaussian:
        """Return the Gaussians after step i, from its inputs, (n, k), and the Gaussians before it."""
        with torch.inference_mode():
            after = self.step(i)(inputs)
            shift = after.mean - before.mean
            sds = torch.linalg.vector_norm(before.factor @ shift.unsqueeze(-1), dim=1)
            share = (self.recipe.longest_sds / sds.clamp(min=SMALLEST_SHIFT)).clamp(max=1.0)
            return Gaussian((before.mean + share * shift).clone(), after.factor.clone())

    def path(self, traces: NDArray[np.float32], noise: Array | None, start: Gaussian, n_steps: int) -> list[Gaussian]:
        """Return the Gaussians of traces, (n, n_times), at a start and after each of the first n_steps steps.

        noise: as in `evaluated`.
        """
        pieces = []
        for first in range(0, len(traces), AT_ONCE):
            part = slice(first, first + AT_ONCE)
            found = [Gaussian(*(each[part] for each in start))]
            for i in range(n_steps):
                known = None if noise is None else noise[part]
                evaluation = evaluated(self.task, traces[part], found[-1].mean.double().numpy(), known)
                found.append(self.taken(i, evaluation, found[-1]))
            pieces.append(found)
        return [
            Gaussian(*(torch.cat(parts) for parts in zip(*each, strict=True))) for each in zip(*pieces, strict=True)
        ]
