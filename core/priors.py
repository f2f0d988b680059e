"""Prior distributions of parameters: independent truncated Gaussians. An infinite sd gives the uniform distribution."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from scipy.stats import truncnorm

from core.checks import as_names, is_finite, shown
from core.symbols import symbol_of


def shape_sentence(names: tuple[str, ...], shape: tuple[int, ...]) -> str:
    """Return the sentence for an array of values of the named parameters that has another shape than (..., p)."""
    return f"Values of {', '.join(names)} need the shape (..., {len(names)}); their shape is {shape}."


@dataclass(frozen=True)
class TruncatedGaussian:
    """Independent Gaussians N(mean, sd²), each truncated to [lower, upper]. Each tuple has an entry for each parameter.

    An infinite sd makes that parameter uniform on its interval.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", as_names(self.names, "unknown"))
        columns = (self.mean, self.sd, self.lower, self.upper)
        if not all(isinstance(column, tuple) and len(column) == len(self.names) for column in columns):
            raise ValueError("Each parameter needs a mean, a standard deviation and two bounds.")
        for name, mean, sd, lower, upper in zip(self.names, *columns, strict=True):
            symbol = symbol_of(name[:20])
            if not (is_finite(mean) and is_finite(lower) and is_finite(upper)):
                raise ValueError(f"The distribution of {symbol} needs a finite mean and finite bounds.")
            if not (sd == np.inf or (is_finite(sd) and sd > 0)):
                raise ValueError(f"The distribution of {symbol} needs a standard deviation above zero.")
            if not lower < upper:
                raise ValueError(
                    f"The lower bound of {symbol} must be below the upper one; they are {shown(lower)} and "
                    f"{shown(upper)}."
                )
            if min(abs(lower - mean), abs(upper - mean)) > 8 * sd and not lower <= mean <= upper:
                raise ValueError(
                    f"The bounds of {symbol} lie more than 8 standard deviations away from its mean {shown(mean)}."
                )

    def select(self, names: tuple[str, ...]) -> "TruncatedGaussian":
        """Return the distribution of the named parameters, in the order of names."""
        if missing := [name for name in names if name not in self.names]:
            raise ValueError(f"The prior says nothing about {', '.join(map(symbol_of, missing))}.")
        columns = (self.mean, self.sd, self.lower, self.upper)
        places = [self.names.index(name) for name in names]
        return TruncatedGaussian(names, *(tuple(column[i] for i in places) for column in columns))

    @property
    def bounds(self) -> NDArray[np.float64]:
        """The lower and upper bounds, (p, 2)."""
        return np.column_stack([self.lower, self.upper])

    def flat(self) -> "TruncatedGaussian":
        """Return the uniform distribution within the same bounds."""
        return replace(self, sd=(np.inf,) * len(self.names))

    def sample(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw n parameters, (n, p)."""
        mean, sd, lower, upper = self._arrays()
        uniform = np.isinf(sd)
        scale = np.where(uniform, 1.0, sd)
        draws = truncnorm.rvs(
            (lower - mean) / scale, (upper - mean) / scale, loc=mean, scale=scale, size=(n, len(mean)), random_state=rng
        )
        flat = rng.uniform(lower, upper, size=(n, len(mean)))
        return np.where(uniform, flat, draws)

    def quantiles(self, shares: ArrayLike) -> NDArray[np.float64]:
        """Return the values, (k, p), below which these shares, (k,), of each parameter lie."""
        mean, sd, lower, upper = self._arrays()
        uniform, shares = np.isinf(sd), np.asarray(shares, dtype=float)[:, None]
        scale = np.where(uniform, 1.0, sd)
        cut = truncnorm.ppf(shares, (lower - mean) / scale, (upper - mean) / scale, loc=mean, scale=scale)
        return np.where(uniform, lower + shares * (upper - lower), cut)

    @property
    def variance(self) -> NDArray[np.float64]:
        """The variances, (p,)."""
        mean, sd, lower, upper = self._arrays()
        uniform = np.isinf(sd)
        scale = np.where(uniform, 1.0, sd)
        cut = truncnorm.var((lower - mean) / scale, (upper - mean) / scale, loc=mean, scale=scale)
        return np.where(uniform, (upper - lower) ** 2 / 12, cut)

    def log_density(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the normalised log density of parameters (..., p), of shape (...); −∞ outside the bounds."""
        mean, sd, lower, upper = self._arrays()
        uniform = np.isinf(sd)
        scale = np.where(uniform, 1.0, sd)
        # An interval above the mean is mirrored to below it, where the difference of the two ndtr does not cancel.
        low, high = (lower - mean) / scale, (upper - mean) / scale
        low, high = np.where(low > 0, -high, low), np.where(low > 0, -low, high)
        mass = np.where(
            uniform,
            upper - lower,
            scale * np.sqrt(2 * np.pi) * (ndtr(high) - ndtr(low)),
        )
        return -self.regularisation(theta) - np.sum(np.log(mass))

    def regularisation(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return ½ Σ ((θ − mean)/sd)² of parameters (..., p), of shape (...); +∞ outside the bounds."""
        mean, sd, lower, upper = self._arrays()
        theta = self._values(theta)
        inside = np.all((theta >= lower) & (theta <= upper), axis=-1)
        return np.where(inside, 0.5 * np.sum(((theta - mean) / sd) ** 2, axis=-1), np.inf)

    def gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the gradient of the log density at parameters (..., p) within the bounds, of shape (..., p)."""
        mean, sd, _, _ = self._arrays()
        return -(self._values(theta) - mean) / sd**2

    @property
    def precision(self) -> NDArray[np.float64]:
        """The Hessian of the negative log density within the bounds, (p, p): diagonal, with entries 1/sd²."""
        return np.diag(1 / np.square(self.sd))

    def _values(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return parameters (..., p) as an array; raises ValueError for another last axis."""
        theta = np.asarray(theta, dtype=float)
        if theta.shape[-1:] != (len(self.names),):
            raise ValueError(shape_sentence(self.names, theta.shape))
        return theta

    def _arrays(self) -> tuple[NDArray[np.float64], ...]:
        return tuple(np.array(values, dtype=float) for values in (self.mean, self.sd, self.lower, self.upper))


def uniform(names: Iterable[str], lower: ArrayLike, upper: ArrayLike) -> TruncatedGaussian:
    """Return the uniform distribution of p parameters between bounds, (p,) each."""
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    columns = ((low + high) / 2, np.full(low.shape, np.inf), low, high)
    return TruncatedGaussian(as_names(names, "unknown"), *(tuple(each.tolist()) for each in columns))
