"""Where learned steps start, and what they know of the noise: anywhere in the prior, or at a map's estimate."""

from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from core.learned_optimiser.kind import trained_task
from core.learned_optimiser.recipe import StepsRecipe
from core.learned_optimiser.steps import start_gaussian
from core.learning.networks.heads import Gaussian
from core.maps.dataset import Dataset
from core.maps.inverse_map import InverseMap, load_inverse_map
from core.maps.learned_posterior.posterior_map import PosteriorMap, load_posterior_map
from core.maps.step_inputs import lower_square_root
from core.maps.task import Task
from core.published import SAMPLING_INTERVAL

Array = NDArray[np.float64]


class Targets(NamedTuple):
    """What a step is to learn of n traces: means, (n, p), and covariances, (n, p, p), of scaled parameters."""

    mean: torch.Tensor
    covariance: torch.Tensor


class Starts(Protocol):
    """The starts of traces, and what steps from there are to learn."""

    @property
    def task(self) -> Task:
        """The task of the traces."""

    def gaussian(self, data: Dataset, rng: np.random.Generator) -> Gaussian:
        """Return the Gaussian of each trace's start in the unit box."""

    def noise(self, data: Dataset) -> Array | None:
        """Return what is known of the noise, as in `evaluated`."""

    def targets(self, data: Dataset) -> Targets:
        """Return what steps are to learn of the traces."""


class Anywhere:
    """Starts at draws of the prior, with the noise known."""

    task = trained_task()

    def gaussian(self, data: Dataset, rng: np.random.Generator) -> Gaussian:
        """Return the Gaussians of starts that know nothing of the traces."""
        return start_gaussian(self.task.scale(self.task.prior.sample(len(data.noisy), rng)))

    def noise(self, data: Dataset) -> Array:
        """Return correlation and marginal standard deviation of each trace, (n, 2)."""
        return data.noise_parameters / [1.0, SAMPLING_INTERVAL]

    def targets(self, data: Dataset) -> Targets:
        """Return the true parameters, without covariance."""
        truth = torch.from_numpy(self.task.scale(data.theta).astype(np.float32))
        return Targets(truth, torch.zeros(*truth.shape, truth.shape[1]))


class FromMap:
    """Starts at a map's estimates, with the noise unknown, as it is to the map; labels from a learned posterior."""

    def __init__(self, base: InverseMap, labels: PosteriorMap):
        self.base, self.labels, self.task = base, labels, base.recipe.task

    def gaussian(self, data: Dataset, rng: np.random.Generator) -> Gaussian:
        """Return the Gaussians that the map states."""
        del rng
        return map_gaussian(self.base, data.noisy)

    def noise(self, data: Dataset) -> None:
        """Return None: it is estimated from each residual."""

    def targets(self, data: Dataset) -> Targets:
        """Return mean and covariance of the learned posterior, which vary less from trace to trace than the truth."""
        laws, widths = self.labels.posteriors(data.noisy), self.task.widths
        mean = self.task.scale(np.array([law.mean for law in laws]))
        covariance = np.array([law.covariance for law in laws]) / np.outer(widths, widths)
        return Targets(*(torch.from_numpy(part.astype(np.float32)) for part in (mean, covariance)))


def map_gaussian(base: InverseMap, traces: NDArray[np.floating]) -> Gaussian:
    """Return a map's estimates of traces, (n, n_times), as Gaussians in the unit box."""
    estimate, task = base.predict(traces), base.recipe.task
    assert estimate.covariance is not None, "the maps that steps start from state a covariance"
    covariance = np.asarray(estimate.covariance) / np.outer(task.widths, task.widths)
    factor = lower_square_root(np.asarray(np.linalg.inv(covariance), dtype=np.float64))
    scaled = task.scale(np.asarray(estimate.mean))
    return Gaussian(*(torch.from_numpy(part.astype(np.float32)) for part in (scaled, factor)))


def starts_of(recipe: StepsRecipe) -> Starts:
    """Return the starts of a recipe."""
    if not recipe.base:
        return Anywhere()
    return FromMap(load_inverse_map(recipe.base), load_posterior_map(recipe.labels))
