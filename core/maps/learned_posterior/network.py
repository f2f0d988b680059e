"""The networks of a learned posterior: a mixture for each stage, and the velocity of a transport in the last frame."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.learning.networks.mixture import Mixture, MixtureNetwork
from core.learning.networks.velocity import VelocityNetwork
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import InverseMap
from core.maps.learned_posterior.frame import Frame, features, n_features
from core.maps.learned_posterior.recipe import PosteriorRecipe
from core.maps.task import Task

LAYERS = 3  # of each mixture
SMALLEST_VARIANCE = 1e-6  # added to the variances of a new frame, in units of those of the frame before

Array = NDArray[np.float64]


def can_learn_posterior(task: Task) -> bool:
    """Return whether a posterior of a task can be learned: two parameters of the model, of noisy traces of one kind."""
    return len(task.prior.names) == 2 and task.noise is not None and task.given is None and not task.has_window


class PosteriorNetwork(nn.Module):
    """The stages of a learned posterior, and its transport."""

    def __init__(self, task: Task, recipe: PosteriorRecipe):
        super().__init__()
        p, k, width = len(task.names), n_features(task), recipe.width
        self.stages = nn.ModuleList(
            MixtureNetwork(k, p, recipe.components, (width,) * LAYERS) for _ in recipe.simulations
        )
        self.transport = VelocityNetwork(k, p, width, width // 2)

    def stage(self, i: int) -> MixtureNetwork:
        """Return one of the stages."""
        stage = self.stages[i]
        assert isinstance(stage, MixtureNetwork)
        return stage


def first_frame(base: InverseMap, inputs: TraceInputs) -> Frame:
    """Return the frame of a map's own Gaussians."""
    estimate = base.estimate(inputs)
    assert estimate.covariance is not None, "checked where the map is made"
    return Frame(np.asarray(estimate.mean), np.asarray(np.linalg.cholesky(estimate.covariance)))


def mixtures(network: MixtureNetwork, found: NDArray[np.float32]) -> Mixture:
    """Return a stage's mixtures for features, (n, k), in double precision."""
    with torch.inference_mode():
        return Mixture(*(part.double() for part in network(torch.from_numpy(found))))


def next_frame(task: Task, frame: Frame, mixture: Mixture) -> Frame:
    """Return the frame with mean and covariance of mixtures that a frame's coordinates describe.

    The background is left out. Means stay in the box of the prior.
    """
    weights = mixture.log_weights[:, :-1].softmax(1).numpy()
    mean, inverse = mixture.mean.numpy(), np.linalg.inv(mixture.factor.numpy())
    centre = np.einsum("nk,nki->ni", weights, mean)
    deviations = mean - centre[:, None]
    covariances = inverse @ np.swapaxes(inverse, -1, -2) + deviations[..., :, None] * deviations[..., None, :]
    covariance = np.einsum("nk,nkij->nij", weights, covariances) + SMALLEST_VARIANCE * np.eye(mean.shape[2])
    low, high = task.law.bounds.T
    return Frame(np.clip(frame.values(centre[:, None])[:, 0], low, high), frame.factor @ np.linalg.cholesky(covariance))


def frame_and_features(
    base: InverseMap, stages: list[MixtureNetwork], inputs: TraceInputs
) -> tuple[Frame, NDArray[np.float32]]:
    """Return the frame after some stages, and the features of traces around it."""
    task, frame = base.recipe.task, first_frame(base, inputs)
    found = features(task, inputs, frame)
    for stage in stages:
        frame = next_frame(task, frame, mixtures(stage, found))
        found = features(task, inputs, frame)
    return frame, found
