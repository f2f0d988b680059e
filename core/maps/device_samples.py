"""Training sets for a GPU: the processor simulates the traces, and the GPU draws their noise."""

from dataclasses import replace

import numpy as np
import torch

from core.learning.loop import DeviceSamples
from core.maps.dataset import TRAINING_STREAM, Dataset, epoch_dataset, lengths_of
from core.maps.inputs import TraceInputs, as_columns
from core.maps.recipe import Recipe
from core.published import SAMPLING_INTERVAL


def coloured(normals: torch.Tensor, rho: torch.Tensor, marginal_sd: torch.Tensor) -> torch.Tensor:
    """Turn independent standard normals, (n, n_times), in place into AR(1) noise of correlations and sds, (n,) each.

    η_i = Σ_k ρᵏ ε_{i−k} is summed in rounds, each of which doubles the number of terms.
    """
    rho = rho[:, None]
    normals[:, 1:] *= (1 - rho**2).sqrt()
    done = 1
    while done < normals.shape[1]:
        normals[:, done:] += rho**done * normals[:, :-done].clone()
        done *= 2
    return normals.mul_(marginal_sd[:, None])


class NoiseOnDevice:
    """The training sets of a recipe on noisy traces that are not fixed, as tensors on a device."""

    def __init__(self, recipe: Recipe, device: str):
        self.recipe, self.device = recipe, device
        self.generator = torch.Generator(device)
        self.before: Dataset | None = None
        self.clean = torch.empty(0)

    def __call__(self, epoch: int) -> DeviceSamples:
        """Return the inputs, (n, columns), and scaled values, (n, p), of an epoch, counted from 1."""
        task, seed = self.recipe.task, self.recipe.seed
        assert task.noise is not None, "clean traces are the same on every device"
        without_noise = replace(task, noise=None, estimates_noise=False)
        clean = epoch_dataset(without_noise, self.recipe.data, seed, epoch, self.before)
        if clean is not self.before:
            self.before, self.clean = clean, torch.from_numpy(clean.clean).to(self.device)
        rng = np.random.default_rng([TRAINING_STREAM, seed, 0, epoch])
        n = len(clean.theta)
        data = replace(clean, noise_parameters=task.noise.sample(n, rng), lengths=lengths_of(task, n, rng))
        rho, sigma = torch.from_numpy(data.noise_parameters.astype(np.float32)).to(self.device).T
        self.generator.manual_seed(seed + epoch)
        normals = torch.randn(self.clean.shape, generator=self.generator, device=self.device)
        noisy = self.clean + coloured(normals, rho, sigma / SAMPLING_INTERVAL)
        # The columns beside the samples are made by the processor, from traces without samples.
        nothing = np.empty((n, 0), np.float32)
        columns = as_columns(task, TraceInputs(nothing, data.given, data.lengths))
        if task.has_window:
            lengths = torch.from_numpy(data.lengths).to(self.device)
            noisy *= torch.arange(noisy.shape[1], device=self.device) < lengths[:, None]
        targets = torch.from_numpy(task.scale(data.truth(task)).astype(np.float32))
        return torch.cat([noisy, torch.from_numpy(columns).to(self.device)], dim=1), targets.to(self.device)
