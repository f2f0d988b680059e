"""A network followed by learned Gauss–Newton steps (unrolled optimisation; Adler and Öktem 2017).

A simulation with sensitivities at an estimate gives the misfit's gradient and Gauss–Newton Hessian. Near the lowest
minimum, a Gauss–Newton step leads close to it; elsewhere it leads away. A small network learns from simulations which
share of that step leads towards the posterior mean, what is to be added to it, and the covariance there. Each further
step has a network of its own, which learns from what the steps before it leave.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from core.learning.losses import gaussian_loss
from core.learning.networks.gaussian_step import GaussianStep
from core.learning.networks.heads import Gaussian
from core.learning.networks.network import Layers
from core.learning.training_settings import GaussianLikelihood
from core.maps.dataset import REFINEMENT_STREAM, dataset
from core.maps.inputs import inputs_of
from core.maps.kept import KeptFile, KeptRows, Tensors, file_beside, origin_of
from core.maps.recipe import Recipe
from core.maps.recipe_file import recipe_as_json
from core.maps.step_inputs import n_features, step_inputs
from core.maps.task import Task
from core.maps.untrained_network import N_VALIDATION, untrained_network, validation_error

WIDTH = 128  # units of each layer
DATA_SETS = 4  # further training sets for each step, each as large as an epoch of the first network
SAMPLES_RANGE = (5000, 50_000)  # sizes of such a set
EPOCHS, BATCH_SIZE, LEARNING_RATE = 24, 512, 2e-3
WARM_UP_SHARE = 0.05  # share of the training in which the learning rate rises
MAX_GRADIENT_NORM = 0.5
AT_ONCE = 500  # traces whose inputs are computed together
# Measured times, in units of that of simulating a trace: of its inputs, and of training the step on it once.
INPUTS_WORK, EPOCH_WORK = 13.5, 1.1


class Step(GaussianStep):
    """A network that maps `step_inputs`, (n, k), to refined Gaussians of all that a task estimates."""

    def __init__(self, task: Task):
        super().__init__(len(task.names), n_features(task), WIDTH)


class Refined(nn.Module):
    """The network of a recipe followed by learned steps."""

    def __init__(self, recipe: Recipe, learned_steps: int):
        super().__init__()
        self.task = recipe.task
        self.first = untrained_network(recipe)
        self.steps = nn.ModuleList(Step(recipe.task) for _ in range(learned_steps))

    @property
    def last(self) -> Step:
        """The last step."""
        step = self.steps[-1]
        assert isinstance(step, Step)
        return step

    @property
    def calibration_factor(self) -> torch.Tensor:
        """The factor of the standard deviations after the last step, which the calibration sets."""
        return self.last.spread

    def inputs(self, columns: torch.Tensor) -> torch.Tensor:
        """Return the inputs of the last step, (n, k), for a network's inputs, (n, columns)."""
        with torch.no_grad():
            found = self.first(columns)
            for step in self.steps[:-1]:
                found = step(step_inputs(self.task, columns, found).to(columns.device))
        return step_inputs(self.task, columns, found).to(columns.device)

    def forward(self, columns: torch.Tensor) -> Gaussian:
        """Return the refined Gaussians for a network's inputs, (n, columns)."""
        return self.last(self.inputs(columns))


def network_of(recipe: Recipe, learned_steps: int) -> Layers | Refined:
    """Return the untrained network of a recipe, followed by a number of learned steps."""
    return Refined(recipe, learned_steps) if learned_steps else untrained_network(recipe)


def learned_steps_of(network: nn.Module) -> int:
    """Return the number of learned steps of a network."""
    return len(network.steps) if isinstance(network, Refined) else 0


def learned_steps_in(weights: Mapping[str, torch.Tensor]) -> int:
    """Return the number of learned steps that weights belong to."""
    return len({name.split(".")[1] for name in weights if name.startswith("steps.")})


def step_work(recipe: Recipe, n_calibration: int) -> float:
    """Return the work of all learned steps and their calibration, in units of the time of simulating a trace."""
    k, n = recipe.learned_steps, DATA_SETS * _set_size(recipe)
    simulations = k * (k + 1) / 2  # the training of a step begins with all steps before it
    training = n * (k + INPUTS_WORK * simulations + k * EPOCHS * EPOCH_WORK)
    return training + (N_VALIDATION + n_calibration) * (k + INPUTS_WORK * simulations)


def with_learned_steps(
    recipe: Recipe, first: Layers, add: Callable[[float], None] = lambda _work: None, checkpoint: Path | None = None
) -> Layers | Refined:
    """Return a trained network followed by steps that are trained on new simulations, one after another.

    add: is told the work done, in units of the time of simulating a trace; it may raise to end the training.
    checkpoint: a file beside which the examples and the training of each step are kept; an interrupted one goes on.
    Steps are added up to the recipe's number, as long as each reduces the mean absolute error on the validation set.
    """
    assert isinstance(recipe.loss, GaussianLikelihood), "a recipe with another loss has no learned step"
    found: Layers | Refined = first
    error = validation_error(recipe, first)
    for number in range(recipe.learned_steps):
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(recipe.seed + number)
            network = Refined(recipe, number + 1)
        network.load_state_dict(_weights_before(found), strict=False)
        network.eval()
        origin = origin_of(recipe_as_json(recipe), network.state_dict())
        sets = range(number * DATA_SETS, (number + 1) * DATA_SETS)
        fit = file_beside(checkpoint, f"fit-{number}", origin)
        with KeptRows(file_beside(checkpoint, f"examples-{number}", origin)) as rows:
            # In one part, because the speed of a stage is measured from where it was when it was first told of.
            samples_done = _epochs_done(fit.read()) * DATA_SETS * _set_size(recipe)
            add(rows.n_read * _example_work(network) + samples_done * EPOCH_WORK)
            inputs, targets = _examples(network, recipe, sets, rows, add)
        _train(network.last, inputs, targets, recipe.loss.beta, add, fit)
        before, error = error, validation_error(recipe, network)
        if not error < before:
            break
        found = network
    return found


def _set_size(recipe: Recipe) -> int:
    """Return the number of traces in each training set of a step."""
    return int(np.clip(recipe.data.n, *SAMPLES_RANGE))


def _weights_before(network: Layers | Refined) -> dict[str, torch.Tensor]:
    """Return the weights of a network under the names that they have when one more step follows."""
    weights = network.state_dict()
    return weights if isinstance(network, Refined) else {f"first.{name}": each for name, each in weights.items()}


def _examples(
    network: Refined, recipe: Recipe, sets: range, kept: KeptRows, add: Callable[[float], None]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and scaled true values of further training sets; add is told the work of those that are new."""
    task, size, pieces = recipe.task, _set_size(recipe), []
    for number in sets:
        columns = targets = torch.empty(0)  # of a set that is kept nothing is computed
        if not kept.has_next(size):
            data = dataset(task, size, REFINEMENT_STREAM, recipe.seed, number)
            columns = torch.from_numpy(inputs_of(task, data))
            targets = torch.from_numpy(task.scale(data.truth(task)).astype(np.float32))
        for first in range(0, size, AT_ONCE):
            part = slice(first, min(first + AT_ONCE, size))
            n, is_new = part.stop - first, not kept.has_next(part.stop - first)
            pieces.append(kept.take(n, partial(_piece, network, columns[part], targets[part])))
            if is_new:
                add(n * _example_work(network))
    return torch.cat([piece["inputs"] for piece in pieces]), torch.cat([piece["targets"] for piece in pieces])


def _example_work(network: Refined) -> float:
    """Return the work of an example of the last step of a network, in units of the time of simulating a trace."""
    return 1 + len(network.steps) * INPUTS_WORK


def _piece(network: Refined, columns: torch.Tensor, targets: torch.Tensor) -> Tensors:
    """Return a piece of the examples, from a network's inputs, (n, columns), and scaled true values, (n, p)."""
    return {"inputs": network.inputs(columns), "targets": targets}


def _train(
    step: Step,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    beta: float,
    add: Callable[[float], None],
    kept: KeptFile,
) -> None:
    """Train a step on examples; kept: the state after an epoch, from which an interrupted training goes on.

    add: is told the work of the epochs after that state.
    """
    step.fit_features(inputs[:, : step.n_features])
    step.train()
    optimiser = torch.optim.AdamW(step.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    batches = -(-len(inputs) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, EPOCHS * batches, pct_start=WARM_UP_SHARE)
    state = kept.read()
    done = _epochs_done(state)
    if state is not None:
        _restore(step, optimiser, state)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, LEARNING_RATE, EPOCHS * batches, pct_start=WARM_UP_SHARE, last_epoch=done * batches - 1
        )
    generator = torch.Generator().manual_seed(0)
    for epoch in range(1, EPOCHS + 1):
        order = torch.randperm(len(inputs), generator=generator)
        if epoch <= done:
            continue
        for batch in order.split(BATCH_SIZE):
            loss = gaussian_loss(step(inputs[batch]), targets[batch], beta)
            optimiser.zero_grad()
            loss.backward()
            if torch.isfinite(nn.utils.clip_grad_norm_(step.parameters(), MAX_GRADIENT_NORM)):
                optimiser.step()
            schedule.step()
            add(len(batch) * EPOCH_WORK)
        if epoch == EPOCHS or kept.is_due:
            kept.write(_state(step, optimiser, epoch))
    step.eval()


def _state(step: Step, optimiser: torch.optim.Optimizer, epoch: int) -> Tensors:
    """Return the state of a step's training after an epoch, counted from 1."""
    state = {"epoch": torch.tensor(epoch)} | {f"step/{name}": each for name, each in step.state_dict().items()}
    for number, moments in optimiser.state_dict()["state"].items():
        state |= {f"moments/{number}/{name}": each for name, each in moments.items()}
    return state


def _epochs_done(state: Tensors | None) -> int:
    """Return the number of epochs after which a step's training is in a state."""
    return 0 if state is None else int(state["epoch"])


def _restore(step: Step, optimiser: torch.optim.Optimizer, state: Tensors) -> None:
    """Put a step and its optimiser in a state of its training."""
    weights, moments = Tensors(), dict[int, Tensors]()
    for name, tensor in state.items():
        kind, _, key = name.partition("/")
        if kind == "step":
            weights[key] = tensor
        elif kind == "moments":
            number, key = key.split("/")
            moments.setdefault(int(number), {})[key] = tensor
    step.load_state_dict(weights)
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
