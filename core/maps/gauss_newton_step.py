"""A network followed by a learned Gauss–Newton step (unrolled optimisation; Adler and Öktem 2017).

A simulation with sensitivities at the first network's estimate gives the misfit's gradient and Gauss–Newton Hessian.
Near the lowest minimum, a Gauss–Newton step leads close to it; elsewhere it leads away. A small network learns from
simulations how far to step towards the posterior mean, and the covariance there. Its inputs are gradient and Hessian,
its outputs a step and a change of the covariance, all in standard deviations of the first Gaussian.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.learning.losses import gaussian_loss
from core.learning.networks.heads import Gaussian, lower_factor
from core.learning.networks.network import Layers
from core.learning.training_settings import GaussianLikelihood
from core.maps.dataset import REFINEMENT_STREAM, dataset
from core.maps.recipe import Recipe
from core.maps.task import Task
from core.maps.untrained_network import N_VALIDATION, untrained_network, validation_error
from core.published import SAMPLING_INTERVAL, time_grid

WIDTH = 128  # units of each layer
MAX_OUTPUT = 6.0  # bound of every output, such as the step in each direction in standard deviations
MAX_FEATURE_SDS = 3.0  # features are clipped this far from their training mean, as nothing was learnt beyond
MIN_FEATURE_SD = 1e-2
MAX_CORRELATION = 0.999
MIN_INFORMATION = 1e-3  # added to the Hessian's diagonal, in inverse variances of the first Gaussian
HESSIAN_ROUNDING = 1e-9  # this share of its matrix trace is added too, as curvatures can differ by a factor of 1e9
MIN_NOISE_SD = 1e-3
DATA_SETS = 4  # further training sets, each as large as an epoch of the first network
MIN_SAMPLES = 5000  # smallest size of such a set
EPOCHS, BATCH_SIZE, LEARNING_RATE = 30, 512, 2e-3
WARM_UP_SHARE = 0.05  # share of the training in which the learning rate rises
MAX_GRADIENT_NORM = 0.5
AT_ONCE = 500  # traces whose inputs are computed together
# Measured times, in units of that of simulating a trace: of its inputs, and of training the step on it once.
INPUTS_WORK, EPOCH_WORK = 40.0, 1.2

Array = NDArray[np.float64]


def _whitened(series: Array, rho: Array) -> Array:
    """Return the innovations, (n, n_times − 1, …), of series, (n, n_times, …), under correlations (n,)."""
    rho = rho.reshape(-1, *[1] * (series.ndim - 1))
    return np.asarray((series[:, 1:] - rho * series[:, :-1]) / np.sqrt(1 - rho**2))


def _within(series: Array) -> Array:
    """Replace missing samples of diverged trajectories by zeros."""
    return np.nan_to_num(series, nan=0.0, posinf=0.0, neginf=0.0)


def _expansion(task: Task, traces: Array, mean: Array, scale: Array) -> tuple[Array, Array, Array]:
    """Return gradients (n, p) and Gauss–Newton Hessians (n, p, p) of the misfit, and two features of the noise, (n, 2).

    mean: (n, p) scaled parameters to expand at.
    scale: (n, p, p) lower triangles; results are in these units.
    The noise of each trace is estimated from its residual, within the bounds of the noise distribution. The features
    are the transformed correlation and the logarithm of the innovations' size.
    """
    prior, model = task.noise, task.model
    assert prior is not None, "a recipe without noise has no learned step"
    states, derivatives = model.sensitivities(task.complete(task.unscale(mean)), time_grid())
    residuals = traces - _within(states[..., model.observed_column])
    jacobians = _within(derivatives[..., model.observed_column, task.columns]) * task.widths @ scale
    products, squares = np.sum(residuals[:, 1:] * residuals[:, :-1], axis=1), np.sum(residuals[:, :-1] ** 2, axis=1)
    correlation = np.clip(products / np.maximum(squares, MIN_NOISE_SD), -MAX_CORRELATION, MAX_CORRELATION)
    rho = np.clip(correlation, prior.lower[0], prior.upper[0])
    innovations = _whitened(residuals, rho)
    size = np.sqrt(np.mean(innovations**2, axis=1)) + MIN_NOISE_SD
    marginal_sd = np.clip(size, prior.lower[1] / SAMPLING_INTERVAL, prior.upper[1] / SAMPLING_INTERVAL) + MIN_NOISE_SD
    slopes = _whitened(jacobians, rho) / marginal_sd[:, None, None]
    gradients = -np.einsum("nti,nt->ni", slopes, innovations / marginal_sd[:, None])
    return gradients, slopes.transpose(0, 2, 1) @ slopes, np.column_stack([np.arctanh(correlation), np.log(size)])


def step_inputs(task: Task, traces: Array, first: Gaussian) -> torch.Tensor:
    """Return the inputs of a `Step`, (n, k): features of the misfit's expansion, then the first network's Gaussian."""
    mean = first.mean.double().cpu().numpy()
    p = mean.shape[1]
    factor = first.factor.double().cpu().numpy()
    scale = np.linalg.inv(factor)  # a square root of the covariance, as the factor is a square root of the precision
    gradients, hessians, noise = _expansion(task, traces, mean, scale)
    least = MIN_INFORMATION + HESSIAN_ROUNDING * np.einsum("nii->n", hessians)
    lower = np.asarray(np.linalg.cholesky(hessians + least[:, None, None] * np.eye(p)), dtype=np.float64)
    newton = -np.linalg.solve(lower @ lower.transpose(0, 2, 1), gradients[..., None])[..., 0]
    # arcsinh and logarithms, because sizes differ by orders of magnitude.
    features = (np.arcsinh(gradients), np.arcsinh(newton), _logarithmic(lower), noise, mean, _logarithmic(factor))
    return torch.from_numpy(np.column_stack([*features, mean, factor[:, *np.tril_indices(p)]]).astype(np.float32))


def _logarithmic(lower: Array) -> Array:
    """Return for lower triangles, (n, p, p), the logarithms of the diagonals and transformed entries below them."""
    diagonal = np.einsum("nii->ni", lower)
    rows, columns = np.tril_indices(lower.shape[1], -1)
    return np.column_stack([np.log(diagonal), np.arcsinh(lower[:, rows, columns] / diagonal[:, rows])])


class Step(nn.Module):
    """A network that maps `step_inputs`, (n, k), to refined Gaussians of p parameters."""

    def __init__(self, p: int):
        super().__init__()
        triangle = p * (p + 1) // 2
        self.p, self.n_features = p, 3 * p + 2 * triangle + 2
        self.centre: torch.Tensor
        self.scale: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("centre", torch.zeros(self.n_features))
        self.register_buffer("scale", torch.ones(self.n_features))
        self.register_buffer("spread", torch.ones(()))  # calibration factor, as in `GaussianHead`
        layers: list[nn.Module] = []
        for n_inputs in (self.n_features, WIDTH, WIDTH):
            layers += [nn.Linear(n_inputs, WIDTH), nn.SiLU()]
        last = nn.Linear(WIDTH, p + triangle)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(*layers, last)

    def forward(self, inputs: torch.Tensor) -> Gaussian:
        """Return the refined Gaussians; before any training they equal the first network's.

        Means are clipped to the box except in training, where a step beyond the box must have a gradient.
        """
        p = self.p
        features, mean, triangle = inputs.split([self.n_features, p, p * (p + 1) // 2], dim=1)
        features = ((features - self.centre) / self.scale).clamp(-MAX_FEATURE_SDS, MAX_FEATURE_SDS)
        outputs = MAX_OUTPUT * torch.tanh(self.layers(features) / MAX_OUTPUT)
        rows, columns = torch.tril_indices(p, p, device=inputs.device)
        factor = torch.zeros(len(inputs), p, p, dtype=inputs.dtype, device=inputs.device)
        factor[:, rows, columns] = triangle
        shift = torch.linalg.solve_triangular(factor, outputs[:, :p].unsqueeze(-1), upper=False).squeeze(-1)
        refined = lower_factor(outputs[:, p : 2 * p], outputs[:, 2 * p :]) @ factor / self.spread
        refined_mean = mean + shift
        return Gaussian(refined_mean if self.training else refined_mean.clamp(0, 1), refined)


class Refined(nn.Module):
    """The network of a recipe followed by a learned step."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        self.task = recipe.task
        self.first = untrained_network(recipe)
        self.step = Step(len(recipe.task.names))

    @property
    def calibration_factor(self) -> torch.Tensor:
        """The factor of the standard deviations after the step, which the calibration sets."""
        return self.step.spread

    def inputs(self, traces: torch.Tensor) -> torch.Tensor:
        """Return the `step_inputs` of traces, (n, n_times)."""
        with torch.no_grad():
            first = self.first(traces)
        return step_inputs(self.task, traces.double().cpu().numpy(), first).to(traces.device)

    def forward(self, traces: torch.Tensor) -> Gaussian:
        """Return the refined Gaussians of traces, (n, n_times)."""
        return self.step(self.inputs(traces))


def network_of(recipe: Recipe, learned_steps: int) -> Layers | Refined:
    """Return the untrained network of a recipe, followed by a number of learned steps: 0 or 1."""
    return Refined(recipe) if learned_steps else untrained_network(recipe)


def learned_steps_of(network: nn.Module) -> int:
    """Return the number of learned steps of a network: 0 or 1."""
    return int(isinstance(network, Refined))


def step_work(recipe: Recipe, n_calibration: int) -> float:
    """Return the work of a learned step and its calibration, in units of the time of simulating a trace."""
    training = DATA_SETS * max(recipe.data.n, MIN_SAMPLES) * (1 + INPUTS_WORK + EPOCHS * EPOCH_WORK)
    return training + (N_VALIDATION + n_calibration) * (1 + INPUTS_WORK)


def with_learned_step(
    recipe: Recipe, first: Layers, add: Callable[[float], None] = lambda _work: None
) -> Layers | Refined:
    """Return a trained network followed by a step that is trained on new simulations.

    add: is told the work done, in units of the time of simulating a trace; it may raise to end the training.
    Returns the first network unchanged if the step does not reduce the mean absolute error on the validation set.
    """
    assert isinstance(recipe.loss, GaussianLikelihood), "a recipe with another loss has no learned step"
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(recipe.seed)
        network = Refined(recipe)
    network.first.load_state_dict(first.state_dict())
    network.eval()
    inputs, targets = zip(*(_examples(network, recipe, number, add) for number in range(DATA_SETS)), strict=True)
    _train(network.step, torch.cat(inputs), torch.cat(targets), recipe.loss.beta, add)
    return network if validation_error(recipe, network) < validation_error(recipe, first) else first


def _examples(
    network: Refined, recipe: Recipe, number: int, add: Callable[[float], None]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and scaled true parameters of one further training set."""
    data = dataset(recipe.task, max(recipe.data.n, MIN_SAMPLES), REFINEMENT_STREAM, recipe.seed, number)
    inputs = []
    for traces in torch.from_numpy(data.noisy).split(AT_ONCE):
        inputs.append(network.inputs(traces))
        add(len(traces) * (1 + INPUTS_WORK))
    return torch.cat(inputs), torch.from_numpy(recipe.task.scale(data.theta).astype(np.float32))


def _train(step: Step, inputs: torch.Tensor, targets: torch.Tensor, beta: float, add: Callable[[float], None]) -> None:
    features = inputs[:, : step.n_features]
    step.centre.copy_(features.mean(0))
    step.scale.copy_(features.std(0).clamp(min=MIN_FEATURE_SD))
    step.train()
    optimiser = torch.optim.AdamW(step.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    total = EPOCHS * -(-len(inputs) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total, pct_start=WARM_UP_SHARE)
    generator = torch.Generator().manual_seed(0)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(inputs), generator=generator).split(BATCH_SIZE):
            loss = gaussian_loss(step(inputs[batch]), targets[batch], beta)
            optimiser.zero_grad()
            loss.backward()
            if torch.isfinite(nn.utils.clip_grad_norm_(step.parameters(), MAX_GRADIENT_NORM)):
                optimiser.step()
            schedule.step()
            add(len(batch) * EPOCH_WORK)
    step.eval()
