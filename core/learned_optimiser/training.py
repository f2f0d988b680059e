"""The training of learned steps, one after another: each on the iterates that the steps before it leave."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from core.learned_optimiser.evaluation import evaluated
from core.learned_optimiser.recipe import StepsRecipe
from core.learned_optimiser.starts import Starts, Targets, starts_of
from core.learned_optimiser.steps import AT_ONCE, LearnedSteps, step_inputs
from core.learning.losses import gaussian_loss
from core.learning.networks.gaussian_step import GaussianStep
from core.learning.networks.heads import Gaussian
from core.maps.dataset import OPTIMISER_STREAM, Dataset, dataset
from core.maps.kept import KeptFile, KeptRows, Tensors

MOST_STEPS = 4  # of a recipe, so that no two steps share random numbers
PIECE = 5000  # traces that are drawn together
N_VALIDATION = 5000
VALIDATION_PIECE = 10**6  # number of the piece with the validation traces, which no training draws
BETA = 0.5  # of the likelihood's weights, see `gaussian_loss`
BATCH_SIZE = 512
WARM_UP_SHARE, BETAS, MAX_GRADIENT_NORM, WEIGHT_DECAY = 0.05, (0.9, 0.98), 0.5, 1e-4


class Examples(NamedTuple):
    """Inputs of a step, (n, k), Gaussians before it, what it is to learn, and the true scaled parameters, (n, p)."""

    inputs: torch.Tensor
    before: Gaussian
    targets: Targets
    truth: torch.Tensor


def train_steps(
    recipe: StepsRecipe, folder: Path, report: Callable[[str], None]
) -> tuple[LearnedSteps, dict[str, Any]]:
    """Train all steps of a recipe on one thread; return them and a record of the training.

    folder: keeps labels and each finished step, so that an interrupted training does not compute them again.
    """
    torch.set_num_threads(1)
    starts = starts_of(recipe)
    torch.manual_seed(recipe.seed)
    steps = LearnedSteps(starts.task, recipe)
    record: dict[str, Any] = {"validation_loss": [], "validation_rmse": [], "processor_seconds": 0.0}
    origin = _digest(asdict(recipe))
    of_labels = _digest([recipe.base, recipe.labels, recipe.n_examples, recipe.seed])
    for i in range(recipe.n_steps):
        began = time.process_time()
        kept = KeptFile(folder / f"{origin}-{i}", origin)
        state = kept.read()
        with KeptRows(KeptFile(folder / f"labels-{of_labels}", of_labels)) as labels:
            validation = _piece(steps, starts, recipe, i, VALIDATION_PIECE, N_VALIDATION, labels)
            if state is None:
                torch.manual_seed(recipe.seed + i)
                _train(steps.step(i), _examples(steps, starts, recipe, i, labels), recipe)
                kept.write({**steps.step(i).state_dict(), "seconds": torch.tensor(time.process_time() - began)})
                state = kept.read() or {}
        record["processor_seconds"] += round(float(state.pop("seconds")), 1)
        steps.step(i).load_state_dict(state)
        loss, rmse = _validated(steps, i, validation)
        report(f"step {i + 1}: validation loss {loss:.4f}, RMSE {rmse:.5f}")
        record["validation_loss"].append(round(loss, 5))
        record["validation_rmse"].append(round(rmse, 6))
    return steps, {**record, "threads": 1}


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _examples(steps: LearnedSteps, starts: Starts, recipe: StepsRecipe, i: int, labels: KeptRows) -> Examples:
    """Return the examples of step i, at the iterates after the steps before it."""
    n = recipe.n_examples
    pieces = [_piece(steps, starts, recipe, i, k, min(PIECE, n - k * PIECE), labels) for k in range(-(-n // PIECE))]
    inputs, before, targets, truth = zip(*pieces, strict=True)
    return Examples(
        torch.cat(inputs),
        Gaussian(*map(torch.cat, zip(*before, strict=True))),
        Targets(*map(torch.cat, zip(*targets, strict=True))),
        torch.cat(truth),
    )


def _piece(
    steps: LearnedSteps, starts: Starts, recipe: StepsRecipe, i: int, number: int, n: int, labels: KeptRows
) -> Examples:
    """Return n examples of step i; the number fixes the random numbers.

    labels: those of a learned posterior are kept, and then all steps learn from the same traces; true parameters cost
    nothing, and each step has traces of its own.
    """
    seeds = recipe.seed, number * MOST_STEPS + (0 if recipe.labels else i)
    data = dataset(starts.task, n, OPTIMISER_STREAM, *seeds)
    noise, rng = starts.noise(data), np.random.default_rng([OPTIMISER_STREAM, *seeds, 1])
    before = steps.path(data.noisy, noise, starts.gaussian(data, rng), i)[-1]
    inputs = []
    for first in range(0, n, AT_ONCE):
        part = slice(first, first + AT_ONCE)
        gaussian = Gaussian(*(each[part] for each in before))
        known = None if noise is None else noise[part]
        found = evaluated(starts.task, data.noisy[part], gaussian.mean.double().numpy(), known)
        inputs.append(step_inputs(found, gaussian, recipe.reads_series))
    found_labels = labels.take(n, partial(_labels, starts, data)) if recipe.labels else _labels(starts, data)
    truth = torch.from_numpy(starts.task.scale(data.theta).astype(np.float32))
    return Examples(torch.cat(inputs), before, Targets(**found_labels), truth)


def _labels(starts: Starts, data: Dataset) -> Tensors:
    return starts.targets(data)._asdict()


def _train(step: GaussianStep, examples: Examples, recipe: StepsRecipe) -> None:
    """Train a step on examples by the weighted likelihood that is expected under what it is to learn."""
    step.fit_features(examples.inputs[:, : step.n_features])
    step.train()
    optimiser = torch.optim.AdamW(step.parameters(), recipe.learning_rate, betas=BETAS, weight_decay=WEIGHT_DECAY)
    n = len(examples.inputs)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.epochs * -(-n // BATCH_SIZE), pct_start=WARM_UP_SHARE
    )
    generator = torch.Generator().manual_seed(recipe.seed)
    for _ in range(recipe.epochs):
        for places in torch.randperm(n, generator=generator).split(BATCH_SIZE):
            loss = _loss(step(examples.inputs[places]), Targets(*(part[places] for part in examples.targets)))
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            if torch.isfinite(nn.utils.clip_grad_norm_(step.parameters(), MAX_GRADIENT_NORM)):
                optimiser.step()
            schedule.step()
    step.eval()


def _loss(found: Gaussian, targets: Targets) -> torch.Tensor:
    """Return the weighted negative log-likelihood, in the mean over the Gaussians of the targets."""
    spread = 0.5 * (found.factor @ targets.covariance @ found.factor.transpose(1, 2)).diagonal(dim1=1, dim2=2).sum(1)
    weights = found.factor.detach().diagonal(dim1=1, dim2=2).log().mean(1).mul(-2 * BETA).exp()
    return gaussian_loss(found, targets.mean, BETA) + (weights * spread).mean()


def _validated(steps: LearnedSteps, i: int, examples: Examples) -> tuple[float, float]:
    """Return the loss of step i and the root mean squared error of its scaled means on validation examples."""
    found = steps.after(i, examples.inputs, examples.before)
    return float(_loss(found, examples.targets)), float((found.mean - examples.truth).square().mean().sqrt())
