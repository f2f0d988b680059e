"""Trainings of the comparison with sbi: its NPE, and our learned posterior from as many simulations.

Each runs on one thread, and its time is that of the processor: others may use the machine. What is trained is kept in a
folder of work, as are the states of a training after each epoch, with which an interrupted one goes on.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numba
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from sbi.inference import NPE
from sbi.neural_nets import posterior_nn
from sbi.neural_nets.embedding_nets import CNNEmbedding
from sbi.utils import BoxUniform

from core.files import read_json, write_bytes, write_json
from core.learning.training_settings import Dense
from core.maps.calibration import N_CALIBRATION
from core.maps.dataset import POSTERIOR_STREAM, dataset
from core.maps.learned_posterior.posterior_map import PosteriorMap, load_posterior_map, posterior_map
from core.maps.learned_posterior.recipe import PosteriorRecipe
from core.maps.learned_posterior.training import N_VALIDATION, train_posterior
from core.maps.recipe import NewSimulations, Recipe
from core.maps.recipes import gaussian_recipe, published_task
from core.maps.train import map_of, read_trained, run_training, write_trained
from core.maps.untrained_network import N_VALIDATION as N_VALIDATION_OF_BASE
from core.parallel import report, workers
from tests.benchmarks.npe_contenders import DEFAULT, OURS, STENCIL

N_SIMULATIONS = 320_000  # of the prior, for each contender; what it validates on is among them
MINUTES = 8.0  # of the processor, for the epochs of each of sbi's trainings, if it does not converge before
PIECE, FIRST_PIECE = 20_000, 10_000_000  # traces drawn together, and the number of the first such piece
SEED = 0
MOMENTS = "moments-"  # of the optimiser, by the number of the weight
# sbi draws the order of the parameters in each layer of its flow. Where it is the same in all, one draw of 16, the
# first parameter does not depend on the trace. The first seed is taken whose orders are not all the same.
NPE_SEEDS = range(100)
BASE, N_BASE, BASE_EPOCHS, BASE_EPOCHS_EACH = "base", 10_000, 160, 16
N_OF_BASE = N_BASE * (BASE_EPOCHS // BASE_EPOCHS_EACH) + N_VALIDATION_OF_BASE + N_CALIBRATION
N_FIRST_STAGE = 40_000
STAGES = (N_FIRST_STAGE, N_SIMULATIONS - N_OF_BASE - N_FIRST_STAGE - 2 * N_VALIDATION)


def one_thread() -> None:
    """Let PyTorch and Numba use one thread each."""
    torch.set_num_threads(1)
    numba.set_num_threads(1)


# ----------------------------------------------------------------------------------------------------------- sbi


class NoTracker:
    """Takes the figures of a training and keeps none: sbi's own tracker writes a folder beside the sources."""

    log_dir = None

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Keep nothing."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Keep nothing."""

    def log_params(self, params: dict[str, Any]) -> None:
        """Keep nothing."""

    def add_figure(self, name: str, figure: Any, step: int | None = None) -> None:
        """Keep nothing."""

    def flush(self) -> None:
        """Keep nothing."""


class TimedNPE(NPE):
    """sbi's NPE, whose training also ends when its time is over, and goes on from its last epoch after a stop.

    path: of the state. minutes: of the processor.
    """

    def __init__(self, path: Path, minutes: float, **settings: Any):
        super().__init__(tracker=NoTracker(), show_progress_bars=False, **settings)
        self.path, self.minutes = path, minutes
        self.before, self.began, self.over = 0.0, time.process_time(), ""

    @property
    def seconds(self) -> float:
        """The time of the processor up to now, in all runs."""
        return self.before + time.process_time() - self.began

    def _converged(self, epoch: int, stop_after_epochs: int) -> bool:
        if epoch == 0:
            self.began = time.process_time()  # sbi's checks of the data are not its training
        if epoch == 0 and self.path.is_file():
            self._go_on()
            epoch = self.epoch
        elif super()._converged(epoch, stop_after_epochs):
            self.over = "converged"
            return True
        if epoch:
            self._keep()
            report(f"{self.path.stem}: epoch {epoch}, validation {self._val_loss:.4f}, {self.seconds / 60:.1f} min")
        if self.seconds > 60 * self.minutes:
            self._neural_net.load_state_dict(self._best_model_state_dict)
            self.over = "out of time"
            return True
        return False

    def _report_convergence_at_end(self, epoch: int, max_num_epochs: int) -> None:
        """Say nothing: the record says why the training ended."""

    def _keep(self) -> None:
        moments = {str(i): each for i, each in self.optimizer.state_dict()["state"].items()}
        groups = {
            "network": self._neural_net.state_dict(),
            "best": self._best_model_state_dict,
            "random": {"state": torch.get_rng_state()},
            **{f"{MOMENTS}{i}": each for i, each in moments.items()},
        }
        numbers = {
            "epoch": self.epoch,
            "validation": self._val_loss,
            "best_validation": self._best_val_loss,
            "fruitless": self._epochs_since_last_improvement,
            "seconds": self.seconds,
        }
        tensors = {f"{group}/{name}": each.clone() for group, of in groups.items() for name, each in of.items()}
        write_bytes(self.path, save(tensors, {"numbers": json.dumps(numbers)}))

    def _go_on(self) -> None:
        groups: dict[str, dict[str, torch.Tensor]] = {}
        with safe_open(self.path, "pt") as state:
            numbers = json.loads(state.metadata()["numbers"])
            for key in state.keys():  # noqa: SIM118 – the file is not a mapping
                group, _, name = key.partition("/")
                groups.setdefault(group, {})[name] = state.get_tensor(key)
        self._neural_net.load_state_dict(groups["network"])
        moments = {int(group.removeprefix(MOMENTS)): of for group, of in groups.items() if group.startswith(MOMENTS)}
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        self._best_model_state_dict, self._best_val_loss = groups["best"], numbers["best_validation"]
        self.epoch, self._val_loss = numbers["epoch"], numbers["validation"]
        self._epochs_since_last_improvement = numbers["fruitless"]
        torch.set_rng_state(groups["random"]["state"])
        self.before = numbers["seconds"]


def simulations(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return parameters, (n, 2), of the published prior, and noisy traces, (n, n_times)."""
    task, theta, traces = published_task(), [], []
    for k in range(-(-n // PIECE)):
        data = dataset(task, min(PIECE, n - k * PIECE), POSTERIOR_STREAM, SEED, FIRST_PIECE + k)
        theta.append(torch.from_numpy(data.theta.astype(np.float32)))
        traces.append(torch.from_numpy(data.noisy))
    return torch.cat(theta), torch.cat(traces)


def prior_box() -> BoxUniform:
    """Return the box of the published prior: simulations are drawn from the prior, and NPE needs its support alone."""
    low, high = torch.tensor(published_task().prior.bounds.T, dtype=torch.float32)
    return BoxUniform(low, high)


def density_estimator(name: str) -> Callable[..., Any]:
    """Return what builds sbi's density estimator: a masked autoregressive flow, as by default."""
    if name == DEFAULT:
        return posterior_nn("maf")
    return posterior_nn("maf", embedding_net=CNNEmbedding((published_task().n_times[1],)))


class SeededBuilder:
    """Builds a density estimator of sbi whose layers have different orders of the parameters."""

    def __init__(self, name: str):
        self.build, self.__name__ = density_estimator(name), name

    def __call__(self, theta: torch.Tensor, x: torch.Tensor) -> Any:
        """Return the estimator of the first seed whose orders differ; the weights are of the same seed."""
        for seed in NPE_SEEDS:
            torch.manual_seed(seed)
            built = self.build(theta, x)
            orders = [tuple(value.tolist()) for key, value in built.state_dict().items() if "permutation" in key]
            if any(order != tuple(sorted(order)) for order in orders[:-1]):
                return built
        raise AssertionError("one seed in 16 has equal orders, not all")


def train_npe(name: str, work: Path, n: int = N_SIMULATIONS, minutes: float = MINUTES) -> None:
    """Train one of sbi's, with its default settings, and keep its weights with a record of the training."""
    one_thread()
    work.mkdir(parents=True, exist_ok=True)
    trainer = TimedNPE(work / f"{name}.state", minutes, prior=prior_box(), density_estimator=SeededBuilder(name))
    theta, traces = simulations(n)
    with patch("sbi.inference.trainers.npe.npe_base.warn_if_invalid_for_zscoring"):  # it sorts all samples, to warn
        trainer.append_simulations(theta, traces)
    del theta, traces
    torch.manual_seed(SEED)
    network = trainer.train()
    write_bytes(work / f"{name}.safetensors", save(network.state_dict()))
    record = {
        "simulations": n,
        "stencil": 0,
        "seconds": round(trainer.seconds, 1),
        "epochs": trainer.epoch,
        "over": trainer.over,
        "minutes": minutes,
        "validation_loss": trainer._best_val_loss,
        "weights": sum(each.numel() for each in network.parameters()),
    }
    write_json(work / f"{name}.json", record)


def trained_npe(name: str, work: Path) -> Any:
    """Return sbi's density estimator with the weights of a training."""
    theta, traces = simulations(1000)
    network = SeededBuilder(name)(theta, traces)
    network.load_state_dict(load_file(work / f"{name}.safetensors"))
    return network.eval()


# ---------------------------------------------------------------------------------------------------------- ours


def base_recipe() -> Recipe:
    """Return the recipe of the map whose Gaussian is the first frame: three layers, on ever new simulations."""
    data = NewSimulations(N_BASE, BASE_EPOCHS_EACH)
    recipe = gaussian_recipe(published_task(), Dense((512, 512, 512)), data, BASE_EPOCHS, 128, 1e-3, SEED)
    optimiser = replace(recipe.optimiser, half_precision=False)
    return replace(recipe, optimiser=optimiser, learned_steps=0)


def train_ours(work: Path, base: Recipe | None = None, stages: tuple[int, ...] = STAGES) -> None:
    """Train a map from nothing, and our posterior in its frame; keep both with a record of the training."""
    one_thread()
    work.mkdir(parents=True, exist_ok=True)
    base = base or base_recipe()
    if read_trained(work, base) is None:
        began = time.process_time()
        weights, record = run_training(base, work / "base.checkpoint")
        write_trained(work, base, (weights, {**record, "processor_seconds": time.process_time() - began}))
        report(f"base: {time.process_time() - began:.0f} s")
    trained_base = map_of(work, base, BASE)
    trained_base.save(work)
    recipe, began = PosteriorRecipe(str(work / f"{BASE}.safetensors"), stages), time.process_time()
    with workers(None, 1):
        network, record = train_posterior(recipe, work / "examples", report)
    n_validation = N_VALIDATION * len(stages)
    simulated = [each + N_VALIDATION for each in stages]
    n_base = base.data.n * (base.optimiser.epochs // base.data.epochs_each) + N_VALIDATION_OF_BASE + N_CALIBRATION
    card = {
        "simulations": n_base + sum(stages) + n_validation,
        "stencil": STENCIL * sum((i + 1) * each for i, each in enumerate(simulated)),
        "seconds": round(trained_base.card["training"]["processor_seconds"] + time.process_time() - began, 1),
        "validation_loss": record["validation_loss"],
        "weights": sum(each.numel() for each in network.parameters())
        + sum(each.numel() for each in trained_base.network.parameters()),
    }
    posterior_map(OURS, recipe, network.state_dict(), card).save(work)


def trained_ours(work: Path) -> PosteriorMap:
    """Return our posterior that `train_ours` has trained."""
    return load_posterior_map(OURS, work)


def record_of(name: str, work: Path) -> dict[str, Any] | None:
    """Return the record of a training, or None where it has not been trained."""
    path = work / f"{name}.json"
    return read_json(path) if path.is_file() else None


def train(name: str, work: Path) -> dict[str, Any]:
    """Train what has not been trained, and return its record."""
    if record_of(name, work) is None:
        if name == OURS:
            train_ours(work)
        else:
            train_npe(name, work)
    found = record_of(name, work)
    assert found is not None
    return found
