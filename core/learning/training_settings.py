"""The settings of a network and its training, as frozen values; each class has only settings that it uses.

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
    """Raise ValueError unless a number lies in its range, which includes both ends."""
    low, high = reach
    if not low <= value <= high:
        ends = " and ".join(f"{end:,}" if isinstance(end, int) else shown(end) for end in reach)
        raise ValueError(f"The {label} must lie between {ends}; it is {shown(value)}.")


@dataclass(frozen=True)
class TimeSeries:
    """The network gets the trace unchanged."""


@dataclass(frozen=True)
class WhitenedTimeSeries:
    """The network gets the trace through a filter that turns this noise into independent standard normals."""

    noise: Noise

    def __post_init__(self) -> None:
        if not isinstance(self.noise, Noise):
            raise ValueError("A whitened time series needs the noise that it is whitened for.")
        check_range("standard deviation of the noise that is whitened", self.noise.marginal_sd, NOISE_SD_RANGE)
        object.__setattr__(self, "noise", Noise(float(self.noise.rho), float(self.noise.marginal_sd)))


@dataclass(frozen=True)
class Spectrum:
    """The network gets the logarithm of the trace's power at each frequency, which says nothing of when it spikes."""


@dataclass(frozen=True)
class TimeSeriesAndSpectrum:
    """The network gets the trace, then its `Spectrum`."""


@dataclass(frozen=True)
class WhitenedTimeSeriesAndSpectrum(WhitenedTimeSeries):
    """The network gets the whitened trace, then the spectrum of it."""


Inputs = TimeSeries | WhitenedTimeSeries | Spectrum | TimeSeriesAndSpectrum | WhitenedTimeSeriesAndSpectrum


def _check_widths(widths: object) -> None:
    if not isinstance(widths, tuple) or not all(map(is_whole, widths)):
        raise ValueError("The widths of layers must be whole numbers.")
    if not 1 <= len(widths) <= MAX_LAYERS or not all(1 <= width <= MAX_WIDTH for width in widths):
        raise ValueError(f"From 1 to {MAX_LAYERS} layers can have widths, each from 1 to {MAX_WIDTH:,}.")


@dataclass(frozen=True)
class Dense:
    """Dense layers of these widths with swish.

    All trajectories start from the same state, so that the position of a sample in time has a meaning of its own. With
    many simulations, sharing weights along time therefore gains nothing.

    dropout: the probability with which each output of a layer is set to zero in training.
    """

    widths: tuple[int, ...]
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _check_widths(self.widths)
        if not is_finite(self.dropout) or not 0 <= self.dropout < 1:
            raise ValueError("The probability of dropout must be a number from 0 to below 1.")
        object.__setattr__(self, "dropout", float(self.dropout))


@dataclass(frozen=True)
class Cnn:
    """The published convolutional network (Rudi, Bessac and Lenzi 2021), which has no settings."""


@dataclass(frozen=True)
class Residual:
    """A residual network (He and others 2016) of four resolutions, then dense layers of these widths.

    It learns more from each trace than dense layers do, but takes ten times as long: good for few simulations.
    """

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_widths(self.widths)


Body = Dense | Cnn | Residual


@dataclass(frozen=True)
class PointEstimate:
    """The network returns parameters without uncertainty."""


@dataclass(frozen=True)
class GaussianEstimate:
    """The network returns a Gaussian with full covariance."""


@dataclass(frozen=True)
class MeanAndCovariance:
    """The network returns a mean and a covariance, each learnt by the squared error from labels."""


Head = PointEstimate | GaussianEstimate | MeanAndCovariance


class InitialWeights(StrEnum):
    """The distribution from which the weights are drawn before a training."""

    GLOROT = "Glorot uniform"  # as published: variance 2 / (inputs + outputs)
    FLAT = "uniform with variance 1/(3 inputs)"  # smaller weights at the start make it learn faster


@dataclass(frozen=True)
class SquaredError:
    """The mean squared error of scaled parameters."""


@dataclass(frozen=True)
class GaussianLikelihood:
    """The negative log-likelihood of scaled parameters under the network's Gaussian, with a weight for each trace.

    beta: from 0, equal weights, to 1. A higher β gives less weight to traces with a small predicted variance, which
    would dominate the loss (β-NLL, Seitzer and others 2022).
    """

    beta: float = 0.5

    def __post_init__(self) -> None:
        if not is_finite(self.beta) or not 0 <= self.beta <= 1:
            raise ValueError("The β of a Gaussian likelihood must be a number from 0 to 1.")
        object.__setattr__(self, "beta", float(self.beta))


Loss = SquaredError | GaussianLikelihood


@dataclass(frozen=True)
class Adam:
    """The optimiser (Kingma and Ba 2015), with a learning rate that rises linearly and falls along half a cosine.

    learning_rate: the highest value.
    betas: decay rates of the running means of the gradient and of its square.
    gradient_clip: gradients with a larger norm are scaled down to it; None for no limit.
    half_precision: whether products are in half precision. That is nearly twice as fast for wide layers, and the
    trained network is as accurate.
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
