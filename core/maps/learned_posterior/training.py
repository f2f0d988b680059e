"""The training of a learned posterior: examples of a stage and its mixture, one stage after another; then the flow."""

import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.files import write_bytes
from core.learning.networks.mixture import Mixture, MixtureNetwork
from core.learning.networks.velocity import VelocityNetwork
from core.maps.dataset import POSTERIOR_STREAM, VALIDATION_STREAM, dataset
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import load_inverse_map
from core.maps.learned_posterior.network import PosteriorNetwork, frame_and_features
from core.maps.learned_posterior.recipe import PosteriorRecipe
from core.parallel import completed

PIECE = 2000  # traces whose features one task of a process computes
N_VALIDATION = 4000
MAX_GRADIENT_NORM, WARM_UP_SHARE, BETAS = 0.5, 0.05, (0.9, 0.98)
FARTHEST = 8.0  # coordinates beyond are brought there for the flow: a few wrong estimates would rule its squared error


Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]  # those of `Examples`


class Examples(NamedTuple):
    """Features, (n, k); the true parameters' coordinates, (n, p); and the log density of the prior there, (n,)."""

    features: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    background: NDArray[np.float32]


def examples(
    recipe: PosteriorRecipe, stages: list[dict[str, torch.Tensor]], stream: int, number: int, n: int
) -> Examples:
    """Draw n examples of the stage that follows others, of which the weights are given; stream and number fix them."""
    torch.set_num_threads(1)
    base = load_inverse_map(recipe.base)
    task, network = base.recipe.task, PosteriorNetwork(base.recipe.task, recipe)
    before = [network.stage(i) for i in range(len(stages))]
    for stage, weights in zip(before, stages, strict=True):
        stage.load_state_dict(weights)
    data = dataset(task, n, stream, recipe.seed, number)
    frame, found = frame_and_features(base, before, TraceInputs(data.noisy, data.given, data.lengths))
    truth = data.truth(task)
    coordinates = frame.coordinates(truth[:, None])[:, 0]
    background = task.law.log_density(truth) + frame.log_scale
    return Examples(found, coordinates.astype(np.float32), background.astype(np.float32))


def _together(pieces: list[Examples]) -> Examples:
    return Examples(*(np.concatenate(parts) for parts in zip(*pieces, strict=True)))


def _all_examples(
    recipe: PosteriorRecipe, stages: list[dict[str, torch.Tensor]], folder: Path, report: Callable[[str], None]
) -> tuple[Examples, Examples]:
    """Return the examples of a stage's training and of its validation; those of the folder are not computed anew."""
    number, n = len(stages), recipe.simulations[len(stages)]
    tasks: dict[str, tuple[Any, ...]] = {"validation": (recipe, stages, VALIDATION_STREAM, 1, N_VALIDATION)}
    for k in range(-(-n // PIECE)):
        tasks[f"{k:05d}"] = (recipe, stages, POSTERIOR_STREAM, 100_000 * number + k, min(PIECE, n - k * PIECE))
    origin = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    for weights in stages:
        for tensor in weights.values():
            origin.update(tensor.numpy().tobytes())
    folder = folder / origin.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    found = completed(
        examples, tasks, report, lambda key: _read(folder / f"{key}.npz"), lambda key, piece: _write(folder, key, piece)
    )
    return _together([found[key] for key in tasks if key != "validation"]), found["validation"]


def _read(path: Path) -> Examples | None:
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        return Examples(*(stored[name] for name in Examples._fields))


def _write(folder: Path, key: str, piece: Examples) -> None:
    content = io.BytesIO()
    np.savez(content, **piece._asdict())
    write_bytes(folder / f"{key}.npz", content.getvalue())


def _on(device: str, found: Examples) -> Tensors:
    features, coordinates, background = (torch.from_numpy(part).to(device) for part in found)
    return features, coordinates, background


def _mixture_loss(network: MixtureNetwork, found: Tensors, places: torch.Tensor | slice) -> torch.Tensor:
    """Return the mean negative log density of the examples at some places."""
    features, coordinates, background = (each[places] for each in found)
    mixture: Mixture = network(features)
    return -mixture.log_density(coordinates, background).mean()


def _flow_loss(
    network: VelocityNetwork, found: Tensors, generator: torch.Generator, places: torch.Tensor
) -> torch.Tensor:
    """Return the squared error of the velocity at random times on random lines, see `VelocityNetwork`."""
    features, coordinates, _ = (each[places] for each in found)
    n, device = len(coordinates), coordinates.device
    ends = coordinates.clamp(-FARTHEST, FARTHEST)
    starts = torch.randn(ends.shape, generator=generator, device=device)
    times = torch.rand(n, 1, generator=generator, device=device)
    velocity = network(network.embedding(features), (1 - times) * starts + times * ends, times)
    return (velocity - (ends - starts)).square().sum(1).mean()


def _learn(
    network: nn.Module,
    loss: Callable[[torch.Tensor], torch.Tensor],
    n: int,
    recipe: PosteriorRecipe,
    generator: torch.Generator,
    tell: Callable[[int, float], None],
) -> None:
    """Train a network on n examples. loss: of a batch, from its places (batch,). tell: is told epoch and mean loss."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), recipe.learning_rate, betas=BETAS, weight_decay=0.0)
    batches = -(-n // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=recipe.epochs * batches, pct_start=WARM_UP_SHARE
    )
    for epoch in range(1, recipe.epochs + 1):
        total = torch.zeros((), device=generator.device)
        for places in torch.randperm(n, generator=generator, device=generator.device).split(recipe.batch_size):
            value = loss(places)
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            if torch.isfinite(nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT_NORM)):
                optimiser.step()
            schedule.step()
            total += value.detach()
        tell(epoch, float(total) / batches)
    network.eval()


def train_posterior(
    recipe: PosteriorRecipe, folder: Path, report: Callable[[str], None], device: str = "cpu"
) -> tuple[PosteriorNetwork, dict[str, Any]]:
    """Train all stages and the flow; return the network and a record of the training.

    folder: keeps the examples, so that an interrupted training does not compute them again.
    device: "cpu" or "cuda". Examples are drawn on the processes that `core.parallel.workers` has set up.
    """
    began, task = time.monotonic(), load_inverse_map(recipe.base).recipe.task
    network, first = PosteriorNetwork(task, recipe), torch.Generator().manual_seed(recipe.seed)
    for part in (*network.stages, network.transport):
        part.draw_first_weights(first)
    generator = torch.Generator(device).manual_seed(recipe.seed)
    record: dict[str, Any] = {"device": device, "validation_loss": []}
    weights: list[dict[str, torch.Tensor]] = []
    for i in range(len(recipe.simulations)):
        found, validation = _all_examples(recipe, weights, folder, report)
        stage, tensors = network.stage(i), _on(device, found)
        stage.feature_scale.fit(torch.from_numpy(found.features))
        stage.to(device)
        _learn(
            stage,
            partial(_mixture_loss, stage, tensors),
            len(found.features),
            recipe,
            generator,
            partial(_tell, report, f"stage {i + 1}"),
        )
        with torch.inference_mode():
            record["validation_loss"].append(
                round(float(_mixture_loss(stage, _on(device, validation), slice(None))), 4)
            )
        report(f"stage {i + 1}: validation loss {record['validation_loss'][-1]:.4f}")
        stage.to("cpu")
        weights.append(stage.state_dict())
    network.transport.feature_scale.fit(torch.from_numpy(found.features))
    network.transport.to(device)
    _learn(
        network.transport,
        partial(_flow_loss, network.transport, tensors, generator),
        len(found.features),
        recipe,
        generator,
        partial(_tell, report, "flow"),
    )
    network.to("cpu")
    return network, {**record, "seconds": round(time.monotonic() - began, 1)}


def _tell(report: Callable[[str], None], what: str, epoch: int, loss: float) -> None:
    report(f"{what}, epoch {epoch}: {loss:.4f}")
