"""Train a network on simulated pairs (trace, θ): a generator that yields one report an epoch."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.dataset import Dataset, make_dataset
from core.networks import ARCHITECTURES, build
from core.priors import TruncatedGaussian
from core.published import GAMMA, ZETA, published_noise_law, published_prior, time_grid

N_VALIDATION = 2000
SAMPLES_RANGE = (100, 20_000)
EPOCHS_RANGE = (1, 1000)
# First words of the seed sequences, so that training, validation and test sets never share draws.
TRAINING_STREAM, VALIDATION_STREAM, TEST_STREAM = 0, 1, 2


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that fixes a training: the same settings give the same map on the same machine."""

    architecture: str = "cnn"
    prior: TruncatedGaussian = published_prior()
    noise_law: TruncatedGaussian = published_noise_law()
    noisy: bool = True
    zeta: float = ZETA
    gamma: float = GAMMA
    n_samples: int = 8000
    epochs: int = 200
    batch_size: int = 32
    learning_rate: float = 2e-3
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.noisy, bool) or self.prior.names != ("theta0", "theta1"):
            raise ValueError("A training needs noisy to be true or false, and a prior of theta0 and theta1.")
        for value in (self.zeta, self.gamma, self.n_samples, self.epochs, self.batch_size, self.learning_rate):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError("ζ, γ, N, epochs, batch size and learning rate of a training must be numbers.")
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"The architecture must be one of {', '.join(ARCHITECTURES)}.")
        for label, value, (low, high) in (
            ("number of samples N", self.n_samples, SAMPLES_RANGE),
            ("number of epochs", self.epochs, EPOCHS_RANGE),
        ):
            if not low <= value <= high:
                raise ValueError(f"The {label} must lie between {low:,} and {high:,}; it is {value:,}.")
        if not (self.batch_size >= 1 and self.learning_rate > 0):
            raise ValueError("The batch size and the learning rate must be above zero.")
        if not (np.isfinite(self.zeta) and np.isfinite(self.gamma) and self.gamma > 0):
            raise ValueError("ζ and γ must be finite, and γ above zero.")
        (rho_low, sigma_low), (rho_high, _) = self.noise_law.lower, self.noise_law.upper
        if not (rho_low > -1 and rho_high < 1 and sigma_low >= 0):
            raise ValueError("The noise law must keep ρ strictly between −1 and 1, and σ at zero or above.")

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain numbers, text and lists."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "TrainingSettings":
        """Return the settings that `as_json` wrote; raises ValueError where they are not complete or not valid."""
        try:
            laws = {
                key: TruncatedGaussian(**{field: tuple(values) for field, values in content[key].items()})
                for key in ("prior", "noise_law")
            }
            return cls(**{**content, **laws})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"The training settings are not complete: {error}.") from None

    def dataset(self, n: int, stream: int, seed: int = 0) -> Dataset:
        """Draw n samples of these settings' prior and noise from one of the streams."""
        rng = np.random.default_rng([stream, seed])
        return make_dataset(n, self.prior, self.noise_law, time_grid(), self.zeta, self.gamma, rng)

    def scale(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map θ, (n, 2), from the prior's box to [0, 1]²."""
        lower, upper = np.array(self.prior.lower), np.array(self.prior.upper)
        return (theta - lower) / (upper - lower)

    def unscale(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map network outputs, (n, 2), from [0, 1]² to the prior's box."""
        lower, upper = np.array(self.prior.lower), np.array(self.prior.upper)
        return lower + scaled * (upper - lower)


@dataclass(frozen=True, eq=False)
class Report:
    """The state after one epoch: mean squared errors of scaled parameters, seconds, and the best weights so far."""

    epoch: int
    epochs: int
    training_loss: float
    validation_loss: float
    best_epoch: int
    best_validation_loss: float
    seconds: float
    best_weights: dict[str, torch.Tensor]


def predict(network: nn.Module, traces: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the outputs, (n, n_outputs), of a network for traces, (n, n_times)."""
    network.eval()
    with torch.inference_mode():
        batches = torch.from_numpy(np.ascontiguousarray(traces, dtype=np.float32)).split(500)
        return torch.cat([network(batch) for batch in batches]).double().numpy()


def train(settings: TrainingSettings) -> Iterator[Report]:
    """Train with Adam on the mean squared error, as published, and yield a report after each epoch.

    Unlike the published one, the learning rate falls to zero along a half cosine: the same accuracy in fewer epochs.

    The caller stops by not asking for the next report. The best weights are those of the lowest error on a validation
    set that is the same for every seed.
    """
    start = time.monotonic()
    data = settings.dataset(settings.n_samples, TRAINING_STREAM, settings.seed)
    validation = settings.dataset(N_VALIDATION, VALIDATION_STREAM)
    traces = torch.from_numpy(data.noisy if settings.noisy else data.clean)
    targets = torch.from_numpy(settings.scale(data.theta).astype(np.float32))
    validation_traces = validation.noisy if settings.noisy else validation.clean
    validation_targets = settings.scale(validation.theta)

    network = build(settings.architecture, traces.shape[1], targets.shape[1], settings.seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, fused=True)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs)
    shuffle = torch.Generator().manual_seed(settings.seed)
    best_epoch, best_loss, best_weights = 0, np.inf, {}
    for epoch in range(1, settings.epochs + 1):
        network.train()
        total = 0.0
        for batch in torch.randperm(len(traces), generator=shuffle).split(settings.batch_size):
            loss = nn.functional.mse_loss(network(traces[batch]), targets[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        decay.step()
        validation_loss = float(np.mean((predict(network, validation_traces) - validation_targets) ** 2))
        if validation_loss < best_loss:
            best_epoch, best_loss = epoch, validation_loss
            best_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        yield Report(
            epoch,
            settings.epochs,
            total / len(traces),
            validation_loss,
            best_epoch,
            best_loss,
            time.monotonic() - start,
            best_weights,
        )
