"""The task of a map: which parameters of which model to estimate from which traces. This file does not import torch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.checks import is_finite, is_whole, shown
from core.learning.training_settings import check_range
from core.models.catalogue import MODELS
from core.models.model import Model, Quantity
from core.priors import TruncatedGaussian
from core.problem.known_and_unknown import Values
from core.published import N_TIMES, SAMPLING_INTERVAL, time_grid

MAX_PARAMETER = 100.0  # largest size of a parameter, and of the noise's σ in ms; wide ranges of a model raise it
MAX_SD = 1000.0
MIN_RANGE = 1e-6  # smallest distance between the bounds of a distribution, and smallest standard deviation
NOISE_SYMBOLS = {"rho": "ρ", "sigma": "σ"}
NOISE_NAMES = ("sigma", "rho")  # in the order of a map's estimates
N_TIMES_RANGE = (50, 5000)


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
        if not (MIN_RANGE <= sd <= MAX_SD or sd == np.inf):
            reach = f"{MIN_RANGE:f} and {shown(MAX_SD)}"
            raise ValueError(f"The standard deviation of {symbols[name]} must lie between {reach}.")


def _columns(law: TruncatedGaussian) -> tuple[tuple[float, ...], ...]:
    return law.mean, law.sd, law.lower, law.upper


def _in_floats(law: TruncatedGaussian) -> TruncatedGaussian:
    return TruncatedGaussian(law.names, *(tuple(map(float, column)) for column in _columns(law)))


@dataclass(frozen=True)
class Task:
    """The task that a map is trained for.

    model_name: a name in `MODELS`.
    prior: of the model's parameters that the map estimates.
    known: name and value of each parameter that is the same for all traces.
    noise: the distribution of (rho, sigma [ms]) of noisy traces, or None for clean traces.
    given: the distribution of the parameters that differ from trace to trace and are told to the map, or None.
    estimates_noise: whether the map also estimates sigma and rho.
    n_times: the smallest and the largest number of samples of a trace.
    All names are in the model's order. Samples lie 0.2 ms apart.
    """

    model_name: str
    prior: TruncatedGaussian
    known: tuple[tuple[str, float], ...]
    noise: TruncatedGaussian | None
    given: TruncatedGaussian | None = None
    estimates_noise: bool = False
    n_times: tuple[int, int] = (N_TIMES, N_TIMES)

    def __post_init__(self) -> None:
        if not isinstance(self.model_name, str) or self.model_name not in MODELS:
            raise ValueError(f"The model of a recipe must be one of {', '.join(MODELS)}.")
        self._check_names()
        symbols = {quantity.name: quantity.symbol for quantity in self.model.parameters}
        largest = {quantity.name: max_parameter(quantity) for quantity in self.model.parameters}
        positive = {quantity.name for quantity in self.model.parameters if quantity.positive}
        for distribution in filter(None, (self.prior, self.given)):
            _check_distribution(distribution, symbols, largest)
            for name, lower in zip(distribution.names, distribution.lower, strict=True):
                if distribution is self.given and name in positive and lower <= 0:
                    raise ValueError(f"The range of {symbols[name]} must lie above zero; it begins at {shown(lower)}.")
        for name, value in self.known:
            if not is_finite(value):
                raise ValueError(f"The known value of {symbols[name]} must be a finite number.")
            if name in positive and value <= 0:
                raise ValueError(f"The known value of {symbols[name]} must lie above zero; it is {shown(value)}.")
            check_range(f"known value of {symbols[name]}", value, (-largest[name], largest[name]))
        if self.noise is not None:
            self._check_noise(self.noise)
            object.__setattr__(self, "noise", _in_floats(self.noise))
        self._check_traces()
        object.__setattr__(self, "prior", _in_floats(self.prior))
        if self.given is not None:
            object.__setattr__(self, "given", _in_floats(self.given))
        object.__setattr__(self, "known", tuple((name, float(value)) for name, value in self.known))

    def _check_names(self) -> None:
        names = self.model.parameter_names
        symbols = ", ".join(quantity.symbol for quantity in self.model.parameters)
        pairs = self.known if isinstance(self.known, tuple) else (None,)
        unknown = self.prior.names if isinstance(self.prior, TruncatedGaussian) else ()
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
            raise ValueError("Known values are pairs of a name and a number.")
        if not (self.given is None or isinstance(self.given, TruncatedGaussian)):
            raise ValueError("The given parameters of a recipe must have a distribution.")
        known = tuple(pair[0] for pair in pairs if pair is not None)
        groups = (unknown, known, () if self.given is None else self.given.names)
        ordered = tuple(tuple(name for name in names if name in group) for group in groups)
        if not unknown or groups != ordered or sorted(sum(groups, ())) != sorted(names):
            given = "" if self.given is None else ", the given parameters"
            raise ValueError(
                f"The prior{given} and the known values must together name each parameter once, in the order {symbols}."
            )

    def _check_traces(self) -> None:
        if not isinstance(self.estimates_noise, bool):
            raise ValueError("A task needs to know whether the noise is estimated: true or false.")
        if self.estimates_noise and self.noise is None:
            raise ValueError("Clean traces have no noise to estimate: choose noisy traces, or the parameters alone.")
        if not isinstance(self.n_times, tuple) or len(self.n_times) != 2 or not all(map(is_whole, self.n_times)):
            raise ValueError("The smallest and the largest number of samples must be whole numbers.")
        for number in self.n_times:
            check_range("number of samples of a trace", number, N_TIMES_RANGE)
        if self.n_times[0] > self.n_times[1]:
            raise ValueError("The smallest number of samples must not lie above the largest.")

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
    def law(self) -> TruncatedGaussian:
        """The distribution of all that the map estimates: parameters of the model, then of the noise."""
        if not self.estimates_noise:
            return self.prior
        assert self.noise is not None, "checked when the task is made"
        noise = self.noise.select(NOISE_NAMES)
        names = (*self.prior.names, *noise.names)
        both = zip(_columns(self.prior), _columns(noise), strict=True)
        return TruncatedGaussian(names, *((*one, *other) for one, other in both))

    @property
    def names(self) -> tuple[str, ...]:
        """All that the map estimates."""
        return (*self.prior.names, *NOISE_NAMES) if self.estimates_noise else self.prior.names

    @property
    def known_names(self) -> tuple[str, ...]:
        """The model's parameters that the map does not estimate."""
        return tuple(name for name in self.model.parameter_names if name not in self.prior.names)

    @property
    def columns(self) -> list[int]:
        """The positions of the estimated parameters among those of the model."""
        return [self.model.parameter_names.index(name) for name in self.prior.names]

    @property
    def times(self) -> NDArray[np.float64]:
        """The times [ms] of the longest traces."""
        n = self.n_times[1]
        return time_grid(n * SAMPLING_INTERVAL, n)

    @property
    def has_window(self) -> bool:
        """Whether traces differ in their number of samples."""
        return self.n_times[0] < self.n_times[1]

    @property
    def is_one_problem(self) -> bool:
        """Whether all traces pose the same inverse problem, in which the model's parameters alone are unknown."""
        return self.given is None and not self.has_window and not self.estimates_noise

    @property
    def widths(self) -> NDArray[np.float64]:
        """The widths of the box of all that the map estimates, (p,)."""
        return np.subtract(self.law.upper, self.law.lower)

    def complete(self, values: NDArray[np.float64], given: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return all parameters of the model, (..., all), for values of the estimated ones, (..., q).

        given: (..., g), the given parameters, for a task that has any.
        """
        if self.given is None:
            return Values(self.model, self.prior.names, dict(self.known)).parameters(values)
        assert given is not None, "a task with given parameters needs their values"
        unknown = (*self.prior.names, *self.given.names)
        both = np.concatenate([values, np.broadcast_to(given, (*values.shape[:-1], len(self.given.names)))], axis=-1)
        return Values(self.model, unknown, dict(self.known)).parameters(both)

    def scale(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map estimates, (n, p), from their box to [0, 1]ᵖ."""
        return (values - np.array(self.law.lower)) / self.widths

    def unscale(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map network outputs, (n, p), from [0, 1]ᵖ to the box."""
        return np.array(self.law.lower) + scaled * self.widths
