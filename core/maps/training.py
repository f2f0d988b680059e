"""Train a network on simulated pairs (trace, θ): a generator that yields one report an epoch."""

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from core.checks import is_finite, is_whole, shown
from core.learning.checkpoint import Checkpoint, load_checkpoint
from core.learning.networks import ARCHITECTURES, OURS, Gaussian, build
from core.maps.dataset import Dataset, make_dataset, with_new_noise
from core.priors import TruncatedGaussian
from core.published import GAMMA, ZETA, published_noise_law, published_prior, time_grid
from core.symbols import symbol_of

N_VALIDATION = 2000
SAMPLES_RANGE = (100, 20_000)
EPOCHS_RANGE = (1, 1000)
MOST_LAYERS = 16
LARGEST_WIDTH = 4096
LARGEST_SEED = 2**63 - 1
LARGEST_PARAMETER = 100  # of θ, ζ, γ and σ [ms]
LARGEST_SD = 1000
SMALLEST_RANGE = 1e-6  # between the bounds of a distribution, and of its standard deviation
LATER_FIELDS = ("widths", "renewed")  # which the settings of maps of earlier versions lack
RENEWED = ("nothing", "noise", "everything")
SIMULATIONS_LAST = 4  # epochs before new ones are drawn: one costs as much as half a step of training with it
BETA = 0.5  # how far the precise traces are kept from drowning the others (Seitzer and others 2022, β-NLL)
WARM_UP = 0.03  # share of the training in which the learning rate rises to its highest
LARGEST_GRADIENT = 0.5  # norm beyond which gradients of the log-likelihood are scaled down
SAVING_INTERVAL = 60.0  # seconds between two checkpoints
SHUFFLES = 2**20  # more than there are seeds: no two epochs of any seeds are shuffled alike
# First words of the seed sequences, so that training, validation and test sets never share draws.
TRAINING_STREAM, VALIDATION_STREAM, TEST_STREAM, CALIBRATION_STREAM, REFINEMENT_STREAM, NOVELTY_STREAM = range(6)


def _law(content: Any, key: str) -> TruncatedGaussian:
    """Return the distribution that an entry of settings holds; raises ValueError where it is not complete."""
    columns = [field.name for field in fields(TruncatedGaussian)]
    if not isinstance(content, dict) or content.keys() != set(columns):
        raise ValueError(f"The training settings are not complete: {key} needs {', '.join(columns)}.")
    if not all(isinstance(content[column], list | tuple) for column in columns):
        raise ValueError(f"The training settings are not valid: all entries of {key} must be lists.")
    return TruncatedGaussian(**{column: tuple(content[column]) for column in columns})


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that fixes a training: the same settings give the same map on the same machine.

    widths: of the dense layers of the architectures that give a covariance; renewed: what each epoch draws anew of its
    N samples, "nothing", as published, the "noise", or "everything".
    """

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
    widths: tuple[int, ...] = ()
    renewed: str = "nothing"

    def __post_init__(self) -> None:
        self._check_kinds()
        self._check_sizes()

    def _check_kinds(self) -> None:
        """Raise ValueError where an entry is not of its kind."""
        for law, names in ((self.prior, ("theta0", "theta1")), (self.noise_law, ("rho", "sigma"))):
            if not isinstance(law, TruncatedGaussian) or law.names != names:
                raise ValueError("A training needs a prior of θ₀ and θ₁, and a distribution of ρ and σ.")
        if not isinstance(self.noisy, bool):
            raise ValueError("A training needs to know whether its traces are noisy: true or false.")
        if not all(map(is_finite, (self.zeta, self.gamma, self.learning_rate))):
            raise ValueError("ζ, γ and the learning rate of a training must be finite numbers.")
        if not all(map(is_whole, (self.n_samples, self.epochs, self.batch_size, self.seed))):
            raise ValueError("N, epochs, batch size and seed of a training must be whole numbers.")
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"The architecture must be one of {', '.join(ARCHITECTURES)}.")
        if not isinstance(self.widths, tuple) or not all(map(is_whole, self.widths)):
            raise ValueError("The widths of layers must be whole numbers.")
        if self.renewed not in RENEWED:
            raise ValueError(f"What an epoch draws anew must be one of {', '.join(RENEWED)}.")

    def _check_sizes(self) -> None:
        """Raise ValueError where a number is out of its range."""
        if self.gives_covariance != bool(self.widths):
            raise ValueError(f"The architectures {' and '.join(OURS)}, and no others, need widths of layers.")
        if len(self.widths) > MOST_LAYERS or not all(1 <= width <= LARGEST_WIDTH for width in self.widths):
            raise ValueError(f"At most {MOST_LAYERS} layers can have widths, each from 1 to {LARGEST_WIDTH:,}.")
        for label, value, (low, high) in (
            ("number of samples N", self.n_samples, SAMPLES_RANGE),
            ("number of epochs", self.epochs, EPOCHS_RANGE),
            ("batch size", self.batch_size, (1, SAMPLES_RANGE[1])),
            ("seed", self.seed, (0, LARGEST_SEED)),
        ):
            if not low <= value <= high:
                raise ValueError(f"The {label} must lie between {low:,} and {high:,}; it is {shown(value)}.")
        if not 0 < self.learning_rate <= 1:
            raise ValueError("The learning rate must be above zero, and at most one.")
        if not (abs(self.zeta) <= LARGEST_PARAMETER and 0 < self.gamma <= LARGEST_PARAMETER):
            raise ValueError(f"ζ must lie between −{LARGEST_PARAMETER} and {LARGEST_PARAMETER}, and γ above zero.")
        for law in (self.prior, self.noise_law):
            for name, mean, sd, lower, upper in zip(law.names, law.mean, law.sd, law.lower, law.upper, strict=True):
                if max(map(abs, (mean, lower, upper))) > LARGEST_PARAMETER or upper - lower < SMALLEST_RANGE:
                    raise ValueError(
                        f"Mean and bounds of {symbol_of(name)} must lie between −{LARGEST_PARAMETER} and "
                        f"{LARGEST_PARAMETER}, the bounds at least {SMALLEST_RANGE:f} apart."
                    )
                if not SMALLEST_RANGE <= sd <= LARGEST_SD:
                    reach = f"{SMALLEST_RANGE:f} and {LARGEST_SD:,}"
                    raise ValueError(f"The standard deviation of {symbol_of(name)} must lie between {reach}.")
        (rho_low, sigma_low), (rho_high, _) = self.noise_law.lower, self.noise_law.upper
        if not (rho_low > -1 and rho_high < 1 and sigma_low >= 0):
            raise ValueError(
                "The distribution of the noise must keep ρ strictly between −1 and 1, and σ at zero or above."
            )

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain numbers, text and lists."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "TrainingSettings":
        """Return the settings that `as_json` wrote; raises ValueError where they are not complete or not valid."""
        lacking = [field.name for field in fields(cls) if field.name not in (*content, *LATER_FIELDS)]
        if lacking:
            raise ValueError(f"The training settings are not complete: {', '.join(lacking)} missing.")
        unknown = sorted(str(key)[:20] for key in content.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"The training settings have an entry that is not known: {unknown[0]}.")
        laws = {key: _law(content[key], key) for key in ("prior", "noise_law")}
        widths = content.get("widths", [])
        if not isinstance(widths, list | tuple):
            raise ValueError("The widths of layers must be a list.")
        return cls(**{**content, **laws, "widths": tuple(widths)})

    def dataset(self, n: int, stream: int, seed: int = 0, epoch: int = 0) -> Dataset:
        """Draw n samples of these settings' prior and noise from one of the streams, for one epoch of a training."""
        rng = np.random.default_rng([stream, seed, epoch])
        return make_dataset(n, self.prior, self.noise_law, time_grid(), self.zeta, self.gamma, rng)

    def network(self) -> nn.Module:
        """Return the network before its training."""
        return build(self.architecture, len(time_grid()), len(self.prior.names), self.seed, self.widths, self.noisy)

    def traces(self, data: Dataset) -> NDArray[np.float32]:
        """Return the traces of a data set, (n, n_times), that these settings train on: the noisy or the clean ones."""
        return data.noisy if self.noisy else data.clean

    @property
    def gives_covariance(self) -> bool:
        """Whether the network gives a Gaussian; such a one is trained with products in half precision.

        They are nearly twice as fast for wide layers, and the map is no less accurate at the end.
        """
        return self.architecture in OURS

    @property
    def refined(self) -> bool:
        """Whether a learned Gauss–Newton step follows the network (`core.maps.gauss_newton_step`).

        It simulates at each estimate, which only a map may do whose simulations are not counted.
        """
        return self.gives_covariance and self.noisy and self.renewed == "everything"

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
    """The state after one epoch: mean absolute errors of scaled parameters, seconds, and the best weights so far."""

    epoch: int
    epochs: int
    training_loss: float
    validation_loss: float
    best_epoch: int
    best_validation_loss: float
    seconds: float
    best_weights: dict[str, torch.Tensor]


def predict(
    network: nn.Module, traces: NDArray[np.floating], device: str = "cpu"
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the means, (n, p), and covariances, (n, p, p) or None, that a network gives for traces, (n, n_times)."""
    network.eval()
    with torch.inference_mode():
        batches = torch.from_numpy(np.ascontiguousarray(traces, dtype=np.float32)).split(500)
        outputs = [network(batch.to(device)) for batch in batches]
        if not isinstance(outputs[0], Gaussian):
            return torch.cat(outputs).double().cpu().numpy(), None
        mean = torch.cat([output.mean for output in outputs]).double().cpu().numpy()
        factor = torch.cat([output.factor for output in outputs]).double().cpu()
        return mean, Gaussian(torch.from_numpy(mean), factor).covariance().numpy()


def gaussian_loss(law: Gaussian, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean negative log-likelihood of scaled parameters, (n, p), each trace with a weight of its own.

    The weights depend on the traces alone, so that the best law for each trace is the same as without them.
    """
    weights = law.factor.detach().diagonal(dim1=1, dim2=2).log().mean(1).mul(-2 * BETA).exp()
    return (weights * law.negative_log_likelihood(targets)).mean()


def _loss(output: Gaussian | torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what is minimised, and the mean absolute error."""
    if isinstance(output, Gaussian):
        return gaussian_loss(output, targets), nn.functional.l1_loss(output.mean.detach(), targets)
    return nn.functional.mse_loss(output, targets), nn.functional.l1_loss(output.detach(), targets)


def _learning_rate(settings: TrainingSettings, done: float) -> float:
    """Return the learning rate when a share of the training is done: up in a line, and down along half a cosine."""
    return settings.learning_rate * min(1.0, done / WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))


def train(settings: TrainingSettings, checkpoint: Path | None = None, device: str = "cpu") -> Iterator[Report]:
    """Train with Adam and yield a report after each epoch.

    A network that gives a Gaussian is trained on the negative log-likelihood, any other on the mean squared error, as
    published. Unlike the published one, the learning rate falls to zero along a half cosine: the same accuracy in fewer
    epochs. The caller stops by not asking for the next report. The best weights are those of the lowest mean absolute
    error on a validation set that is the same for every seed; the squared error would be that of a few traces.
    checkpoint: a file in which the state is kept now and then, and from which a training under the same settings goes
    on; device: where to train, "cpu" or "cuda".
    """
    start = saved = time.monotonic()
    validation = settings.dataset(N_VALIDATION, VALIDATION_STREAM)
    network = settings.network().to(device)
    # The errors of few traces near the bifurcation are huge: the Gaussian loss needs squares that forget sooner.
    betas = (0.9, 0.98 if settings.gives_covariance else 0.999)
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, betas=betas, fused=True)
    state = None if checkpoint is None else load_checkpoint(checkpoint, settings.as_json())
    if state is None:
        state = Checkpoint(0, 0, np.inf, 0.0, {}, {}, {})
    else:
        network.load_state_dict(state.weights)
        optimiser.load_state_dict({**optimiser.state_dict(), "state": state.moments})
    before, data = state.seconds, None
    for epoch in range(state.epoch + 1, settings.epochs + 1):
        data = _epoch_data(settings, data, epoch)
        training_loss = _train_epoch(network, optimiser, settings, data, epoch, device)
        loss = _error(settings, network, validation, device)
        best_epoch, best_loss, best_weights = state.best_epoch, state.best_validation_loss, state.best_weights
        if loss < best_loss:
            weights = {name: tensor.cpu().clone() for name, tensor in network.state_dict().items()}
            best_epoch, best_loss, best_weights = epoch, loss, weights
        now = time.monotonic()
        state = Checkpoint(
            epoch, best_epoch, best_loss, before + now - start,
            network.state_dict(), best_weights, optimiser.state_dict()["state"],
        )  # fmt: skip
        if checkpoint is not None and now - saved > SAVING_INTERVAL and epoch < settings.epochs:
            saved = now
            state.save(checkpoint, settings.as_json())
        yield Report(epoch, settings.epochs, training_loss, loss, best_epoch, best_loss, state.seconds, best_weights)


def validation_error(settings: TrainingSettings, network: nn.Module) -> float:
    """Return the mean absolute error of scaled parameters on the validation set."""
    return _error(settings, network, settings.dataset(N_VALIDATION, VALIDATION_STREAM))


def _error(settings: TrainingSettings, network: nn.Module, data: Dataset, device: str = "cpu") -> float:
    mean, _ = predict(network, settings.traces(data), device)
    return float(np.mean(np.abs(mean - settings.scale(data.theta))))


def _train_epoch(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    settings: TrainingSettings,
    data: Dataset,
    epoch: int,
    device: str,
) -> float:
    """Change the weights batch by batch, and return the mean absolute error of scaled parameters along the way."""
    traces = torch.from_numpy(settings.traces(data)).to(device)
    targets = torch.from_numpy(settings.scale(data.theta).astype(np.float32)).to(device)
    shuffle = torch.Generator().manual_seed(settings.seed + SHUFFLES * epoch)
    network.train()
    total = 0.0
    for i, batch in enumerate(torch.randperm(len(traces), generator=shuffle).split(settings.batch_size)):
        done = (epoch - 1 + i * settings.batch_size / len(traces)) / settings.epochs
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(settings, done)
        with torch.autocast(device, torch.bfloat16, enabled=settings.gives_covariance):
            output = network(traces[batch])
        loss, error = _loss(output, targets[batch])
        optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT) if settings.gives_covariance else loss
        if torch.isfinite(norm):
            optimiser.step()
        total += error.item() * len(batch)
    return total / len(traces)


def _epoch_data(settings: TrainingSettings, data: Dataset | None, epoch: int) -> Dataset:
    """Return the samples of an epoch, given those of the one before, or None where the process has just begun."""
    first = 1 + (epoch - 1) // SIMULATIONS_LAST * SIMULATIONS_LAST if settings.renewed == "everything" else 1
    if data is None or epoch == first:
        data = settings.dataset(settings.n_samples, TRAINING_STREAM, settings.seed, first - 1)
    if settings.renewed == "nothing" or not settings.noisy or epoch == first:
        return data
    return with_new_noise(data, settings.noise_law, np.random.default_rng([TRAINING_STREAM, settings.seed, 0, epoch]))
