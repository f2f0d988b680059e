"""Adversarial training: each step is taken on the worst perturbations that are found within its batch.

min over weights of E max over |w| ≤ size of |m̂(d + L w) − m|², where L L' is the covariance of a noise (Madry and
others 2018, with the norm of the noise). The maximum is approached by projected gradient ascent, from no perturbation.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.learning.training_settings import PointEstimate, TimeSeries
from core.maps.recipe import Recipe
from core.maps.train import Trained, run_training
from core.noise import Noise
from core.perturbations.whitened import by_whitened_trace, perturbation_of

STEPS = 5  # of an ascent
STEP_SHARE = 2.5 / STEPS  # of the size: a step, so that all together can go round the ball, as published


@dataclass(frozen=True)
class Adversary:
    """Perturbs the traces of a batch; noise: whose norm measures perturbations. size: their largest."""

    noise: Noise
    size: float

    def __call__(self, network: nn.Module, traces: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return perturbed traces, (b, n_times), that raise the squared errors of scaled parameters, (b, p)."""
        white, perturbed = np.zeros(traces.shape), traces
        for _ in range(STEPS):
            gradient = by_whitened_trace(_gradient(network, perturbed, targets).numpy(), self.noise)
            white += STEP_SHARE * self.size * gradient / _norms(gradient)
            white *= np.minimum(1.0, self.size / _norms(white))
            perturbed = traces + torch.from_numpy(perturbation_of(white, self.noise)).to(traces.dtype)
        return perturbed


def run_adversarial_training(recipe: Recipe, adversary: Adversary) -> Trained:
    """Train as `run_training` does, with the traces of each batch perturbed by an adversary.

    Raises ValueError unless the network gets the time series alone, and returns a point estimate.
    """
    alone = type(recipe.inputs) is TimeSeries and recipe.task.given is None and not recipe.task.has_window
    if not (alone and isinstance(recipe.head, PointEstimate)):
        raise ValueError("Adversarial training takes maps of the time series alone that return a point estimate.")
    weights, record = run_training(recipe, attack=adversary)
    return weights, {**record, "adversary": {"size": adversary.size, "steps": STEPS}}


def _gradient(network: nn.Module, traces: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the gradients, (b, n_times), of the squared error of each trace."""
    inputs = traces.clone().requires_grad_()
    return torch.autograd.grad((network(inputs) - targets).square().sum(), inputs)[0]


def _norms(rows: np.ndarray) -> np.ndarray:
    return np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
