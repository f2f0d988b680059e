"""The shape of a posterior: what there is to say of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.models.spikes import SPIKE_THRESHOLD, regime
from core.posterior.exact import Posterior
from core.symbols import symbol_of
from dashboard.wording.numbers import compact, sds

AT_EDGE = 0.03  # of the probability, within a fiftieth of the box from an edge

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """What a posterior looks like: pieces of its 90 % region, correlation, and the edges it leans on.

    sharper: length over width, each parameter measured by its own standard deviation; fullness: area of that region
    over that of a normal distribution of the same covariance; narrower: how many times narrower than the prior's each
    standard deviation is; edges: as "θ₁ = 1.2"; silent: the best fit does not spike.
    """

    pieces: int
    correlation: float
    sharper: float
    fullness: float
    narrower: tuple[float, float]
    edges: tuple[str, ...]
    silent: bool


def region_area(found: Posterior, mass: float) -> float:
    """Return the area of the region of highest density that holds this mass."""
    inside = found.cells.log_densities >= found.threshold(mass)
    return float(np.sum(np.exp(found.cells.log_areas[inside])))


def prior_sds(found: Posterior) -> Array:
    """Return the standard deviations, (2,), of the prior of the two unknown parameters, as far as it is on."""
    problem = found.problem
    widths = problem.bounds[:, 1] - problem.bounds[:, 0]
    given = np.array(problem.prior.sd)
    # Cut off at ±2 sd, a Gaussian has 0.88 of its sd.
    return np.where(np.isinf(given), widths / np.sqrt(12), 0.88 * given)


def shape_of(found: Posterior, pieces: int) -> Shape:
    """Return what a posterior looks like; pieces: of its 90 % region."""
    bounds = found.problem.bounds
    widths = bounds[:, 1] - bounds[:, 0]
    first, second = sds(found.covariance)
    correlation = float(np.clip(found.covariance[0, 1] / (first * second), -1, 1))
    edges = []
    for axis, (low, high) in enumerate(bounds):
        near = 0.02 * widths[axis]
        below = float(found.distribution(axis, low + near))
        above = 1 - float(found.distribution(axis, high - near))
        ends = [(below, low), (above, high)]
        edges += [f"{symbol_of(found.names[axis])} = {compact(end, 3)}" for held, end in ends if held > AT_EDGE]
    best = found.problem.states(found.mode)[:, 0]
    silent = regime(best) == "silent" and bool(np.max(best) <= SPIKE_THRESHOLD)
    narrower = prior_sds(found) / sds(found.covariance)
    return Shape(
        pieces,
        correlation,
        float(np.sqrt((1 + abs(correlation)) / max(1 - abs(correlation), 1e-12))),
        region_area(found, 0.9) / float(np.pi * chi2.ppf(0.9, 2) * np.sqrt(np.linalg.det(found.covariance))),
        (float(narrower[0]), float(narrower[1])),
        tuple(edges),
        silent,
    )
