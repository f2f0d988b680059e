"""What a network is made of and how it is trained, as frozen values: each holds the settings that it uses, no others.

Numbers that need not be whole become floats: recipes that are equal are then written alike, and have one name.
This file does not import torch.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.checks import is_finite, is_whole, shown
from core.noise import Noise

MAX_LAYERS = 16
MAX_WIDTH = 4096
NOISE_SD_RANGE = (1e-4, 1e4)
EPOCHS_RANGE = (1, 1000)
BATCH_SIZE_RANGE = (1, 20_000)


def check_range(label: str, value: float, reach: tuple[float, float]) -> None:
    """Raise ValueError unless a number lies in its range, both ends included."""
    low, high = reach
    if not low <= value <= high:
        ends = " and ".join(f"{end:,}" if isinstance(end, int) else shown(end) for end in reach)
        raise ValueError(f"The {label} must lie between {ends}; it is {shown(value)}.")


@dataclass(frozen=True)
class TimeSeries:
    """The network sees the trace as it is."""


@dataclass(frozen=True)
class WhitenedTimeSeries:
    """The network sees the trace after the filter that turns this noise into independent standard normals."""

    noise: Noise

    def __post_init__(self) -> None:
        if not isinstance(self.noise, Noise):
            raise ValueError("A whitened time series needs the noise that it is whitened for.")
        check_range("standard deviation of the noise that is whitened", self.noise.marginal_sd, NOISE_SD_RANGE)
        object.__setattr__(self, "noise", Noise(float(self.noise.rho), float(self.noise.marginal_sd)))


Inputs = TimeSeries | WhitenedTimeSeries


def _check_widths(widths: object) -> None:
    if not isinstance(widths, tuple) or not all(map(is_whole, widths)):
        raise ValueError("The widths of layers must be whole numbers.")
    if not 1 <= len(widths) <= MAX_LAYERS or not all(1 <= width <= MAX_WIDTH for width in widths):
        raise ValueError(f"From 1 to {MAX_LAYERS} layers can have widths, each from 1 to {MAX_WIDTH:,}.")


@dataclass(frozen=True)
class Dense:
    """Dense layers of these widths with swish.

    All trajectories start from the same state, so that time is absolute: where simulations are plenty, nothing is
    gained by sharing weights along it.
    """

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_widths(self.widths)


@dataclass(frozen=True)
class Cnn:
    """The published convolutional network (Rudi, Bessac and Lenzi 2021), which has no settings."""


@dataclass(frozen=True)
class Residual:
    """A residual network (He and others 2016) of four resolutions, then dense layers of these widths.

    A trace teaches it more than it teaches dense layers, but takes ten times as long: for simulations that are counted.
    """

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_widths(self.widths)


Body = Dense | Cnn | Residual


@dataclass(frozen=True)
class PointEstimate:
    """The network gives parameters alone."""


@dataclass(frozen=True)
class GaussianEstimate:
    """The network gives a Gaussian with full covariance."""


Head = PointEstimate | GaussianEstimate


class InitialWeights(StrEnum):
    """The distribution from which the weights are drawn before a training."""

    GLOROT = "Glorot uniform"  # as published: variance 2 / (inputs + outputs)
    FLAT = "uniform with variance 1/(3 inputs)"  # a network that begins flatter learns faster


@dataclass(frozen=True)
class SquaredError:
    """The mean squared error of scaled parameters."""


@dataclass(frozen=True)
class GaussianLikelihood:
    """The negative log-likelihood of scaled parameters under the Gaussian that a network gives.

    beta: how far precise traces are kept from drowning the others, from 0, not at all, to 1 (Seitzer and others 2022,
    β-NLL).
    """

    beta: float = 0.5

    def __post_init__(self) -> None:
        if not is_finite(self.beta) or not 0 <= self.beta <= 1:
            raise ValueError("The β of a Gaussian likelihood must be a number from 0 to 1.")
        object.__setattr__(self, "beta", float(self.beta))


Loss = SquaredError | GaussianLikelihood


@dataclass(frozen=True)
class Adam:
    """The optimiser (Kingma and Ba 2015), with a learning rate that rises in a line and falls along half a cosine.

    learning_rate: the highest. betas: decay of the means of the gradient and of its square. gradient_clip: the norm
    beyond which a gradient is scaled down, or None. half_precision: products in half precision, which are nearly twice
    as fast for wide layers, and no less accurate at the end.
    """

    epochs: int = 200
    batch_size: int = 32
    learning_rate: float = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    gradient_clip: float | None = None
    half_precision: bool = False

    def __post_init__(self) -> None:
        if not (is_whole(self.epochs) and is_whole(self.batch_size)):
            raise ValueError("The number of epochs and the batch size must be whole numbers.")
        check_range("number of epochs", self.epochs, EPOCHS_RANGE)
        check_range("batch size", self.batch_size, BATCH_SIZE_RANGE)
        if not is_finite(self.learning_rate) or not 0 < self.learning_rate <= 1:
            raise ValueError("The learning rate must be a number above zero, and at most one.")
        if not isinstance(self.betas, tuple) or len(self.betas) != 2 or not all(map(is_finite, self.betas)):
            raise ValueError("Adam needs two finite numbers as betas.")
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError("The betas of Adam must lie between 0 and 1, and below 1.")
        clip = self.gradient_clip
        if clip is not None and not (is_finite(clip) and clip > 0):
            raise ValueError("The norm at which gradients are clipped must be a number above zero, or nothing.")
        if not isinstance(self.half_precision, bool):
            raise ValueError("A training needs to know whether it works in half precision: true or false.")
        object.__setattr__(self, "learning_rate", float(self.learning_rate))
        object.__setattr__(self, "betas", tuple(map(float, self.betas)))
        object.__setattr__(self, "gradient_clip", None if clip is None else float(clip))
