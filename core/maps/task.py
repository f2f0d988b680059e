"""The task of a map: which parameters of which model to estimate from which traces. This file does not import torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.checks import is_finite, shown
from core.learning.training_settings import check_range
from core.models.catalogue import MODELS
from core.models.model import Model, Quantity
from core.priors import TruncatedGaussian
from core.problem.known_and_unknown import Values

MAX_PARAMETER = 100.0  # largest size of a parameter, and of the noise's σ in ms; wide ranges of a model raise it
MAX_SD = 1000.0
MIN_RANGE = 1e-6  # smallest distance between the bounds of a distribution, and smallest standard deviation
NOISE_SYMBOLS = {"rho": "ρ", "sigma": "σ"}


def max_parameter(quantity: Quantity) -> float:
    """Return the largest allowed size of a parameter: ten times the largest in its range, but at least 100."""
    return max(MAX_PARAMETER, 10 * abs(quantity.lower), 10 * abs(quantity.upper))


def _check_distribution(distribution: TruncatedGaussian, symbols: dict[str, str], largest: dict[str, float]) -> None:
    for name, mean, sd, lower, upper in zip(
        distribution.names, distribution.mean, distribution.sd, distribution.lower, distribution.upper, strict=True
    ):
        if max(map(abs, (mean, lower, upper))) > largest[name] or upper - lower < MIN_RANGE:
            reach = shown(largest[name])
            raise ValueError(
                f"Mean and bounds of {symbols[name]} must lie between −{reach} and {reach}, the bounds at least "
                f"{MIN_RANGE:f} apart."
            )
        if not MIN_RANGE <= sd <= MAX_SD:
            reach = f"{MIN_RANGE:f} and {shown(MAX_SD)}"
            raise ValueError(f"The standard deviation of {symbols[name]} must lie between {reach}.")


def _in_floats(law: TruncatedGaussian) -> TruncatedGaussian:
    columns = (tuple(map(float, column)) for column in (law.mean, law.sd, law.lower, law.upper))
    return TruncatedGaussian(law.names, *columns)


@dataclass(frozen=True)
class Task:
    """The task that a map is trained for.

    model_name: a name in `MODELS`.
    prior: of the parameters that the map estimates.
    known: name and value of each other parameter.
    noise: the distribution of (rho, sigma [ms]) of noisy traces, or None for clean traces.
    All names are in the model's order.
    """

    model_name: str
    prior: TruncatedGaussian
    known: tuple[tuple[str, float], ...]
    noise: TruncatedGaussian | None

    def __post_init__(self) -> None:
        if not isinstance(self.model_name, str) or self.model_name not in MODELS:
            raise ValueError(f"The model of a recipe must be one of {', '.join(MODELS)}.")
        self._check_names()
        symbols = {quantity.name: quantity.symbol for quantity in self.model.parameters}
        largest = {quantity.name: max_parameter(quantity) for quantity in self.model.parameters}
        positive = {quantity.name for quantity in self.model.parameters if quantity.positive}
        _check_distribution(self.prior, symbols, largest)
        for name, value in self.known:
            if not is_finite(value):
                raise ValueError(f"The known value of {symbols[name]} must be a finite number.")
            if name in positive and value <= 0:
                raise ValueError(f"The known value of {symbols[name]} must lie above zero; it is {shown(value)}.")
            check_range(f"known value of {symbols[name]}", value, (-largest[name], largest[name]))
        if self.noise is not None:
            self._check_noise(self.noise)
            object.__setattr__(self, "noise", _in_floats(self.noise))
        object.__setattr__(self, "prior", _in_floats(self.prior))
        object.__setattr__(self, "known", tuple((name, float(value)) for name, value in self.known))

    def _check_names(self) -> None:
        names = self.model.parameter_names
        symbols = ", ".join(quantity.symbol for quantity in self.model.parameters)
        pairs = self.known if isinstance(self.known, tuple) else (None,)
        unknown = self.prior.names if isinstance(self.prior, TruncatedGaussian) else ()
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            raise ValueError("Known values are pairs of a name and a number.")
        known = tuple(pair[0] for pair in pairs if pair is not None)
        ordered = tuple(name for name in names if name in unknown), tuple(name for name in names if name in known)
        if not unknown or (unknown, known) != ordered or len(unknown) + len(known) != len(names):
            raise ValueError(
                f"The prior and the known values must together name each parameter once, in the order {symbols}."
            )

    @staticmethod
    def _check_noise(noise: TruncatedGaussian) -> None:
        if not isinstance(noise, TruncatedGaussian) or noise.names != tuple(NOISE_SYMBOLS):
            raise ValueError("The noise of a recipe must be a distribution of ρ and σ, or nothing for clean traces.")
        _check_distribution(noise, NOISE_SYMBOLS, dict.fromkeys(noise.names, MAX_PARAMETER))
        (rho_low, sigma_low), (rho_high, _) = noise.lower, noise.upper
        if not (rho_low > -1 and rho_high < 1 and sigma_low >= 0):
            raise ValueError(
                "The distribution of the noise must keep ρ strictly between −1 and 1, and σ at zero or above."
            )

    @property
    def model(self) -> Model:
        """The model that simulates the traces."""
        return MODELS[self.model_name]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that the map estimates."""
        return self.prior.names

    @property
    def columns(self) -> list[int]:
        """The positions of these parameters among those of the model."""
        return [self.model.parameter_names.index(name) for name in self.names]

    @property
    def widths(self) -> NDArray[np.float64]:
        """The widths of the prior's box, (p,)."""
        return np.subtract(self.prior.upper, self.prior.lower)

    def complete(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return all parameters of the model, (..., all), for values of the estimated ones, (..., p)."""
        return Values(self.model, self.names, dict(self.known)).parameters(values)

    def scale(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map parameters, (n, p), from the prior's box to [0, 1]ᵖ."""
        return (values - np.array(self.prior.lower)) / self.widths

    def unscale(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map network outputs, (n, p), from [0, 1]ᵖ to the prior's box."""
        return np.array(self.prior.lower) + scaled * self.widths
