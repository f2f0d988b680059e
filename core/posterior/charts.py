"""Charts of a posterior of two parameters: coordinates around its modes, slanted and scaled like the posterior there.

Where charts overlap, smooth weights that add up to one divide the probability between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.optimisation.minima import Minima
from core.problem.likelihood import NoiseNodes
from core.problem.problem import Problem

NEGLIGIBLE_LOG_DENSITY = 10.0  # points this far below the highest hold less than 1e-4 of the probability together
LARGEST_STRETCH_SDS = 2.5  # a chart is refitted if its cells are this many times wider, narrower or farther than it
SMALLEST_VARIANCE = 1e-6  # added to the variances of a refitted chart, in units of the old ones
MOST_CHARTS = 12
SAME_CHART_LOG_DENSITY = 1.0  # a mode that another chart predicts to within this gets none of its own

Array = NDArray[np.float64]


def log_joint(problem: Problem, nodes: NoiseNodes, values: Array) -> Array:
    """Return log p(d | m) + log p(m), (...), for values (..., 2)."""
    sums = problem.residual_sums(values)
    return nodes.log_likelihood(sums, problem.times.size) + problem.prior.log_density(values)


@dataclass(frozen=True, eq=False)
class Chart:
    """Coordinates z around a mode in which the posterior is about standard normal: m = origin + slant z.

    height: log p(d | m) + log p(m) at the origin.
    """

    origin: Array
    slant: Array
    height: float

    @cached_property
    def log_scale(self) -> float:
        """The logarithm of the area of the unit square of z."""
        return float(np.linalg.slogdet(self.slant)[1])

    @cached_property
    def inverse(self) -> Array:
        """The inverse of the slant, (2, 2)."""
        return np.asarray(np.linalg.inv(self.slant), dtype=np.float64)

    @property
    def log_mass(self) -> float:
        """The logarithm, up to a constant, of the mass of the normal distribution around the mode."""
        return self.height + self.log_scale

    def coordinates(self, values: Array) -> Array:
        """Return the coordinates z, (k, 2), of values (k, 2)."""
        return (values - self.origin) @ self.inverse.T

    def model(self, values: Array) -> Array:
        """Return the log density, (k,), of the normal distribution around the mode at values (k, 2)."""
        return self.height - 0.5 * np.sum(self.coordinates(values) ** 2, axis=1)

    def fitted(self, centres: Array, logs: Array) -> tuple["Chart", float, float]:
        """Return a chart with the mean and covariance of cells, and the smallest and largest stretch.

        A stretch is a standard deviation of the cells over that of this chart. The distance of the mean from this
        chart's origin counts as a stretch too.
        centres: (k, 2). logs: (k,), the logarithms of the cells' masses.
        """
        highest = float(np.max(logs))
        masses = np.exp(logs - highest)
        evidence = highest + float(np.log(masses.sum()))
        masses /= masses.sum()
        z = self.coordinates(centres)
        mean = masses @ z
        covariance = (masses[:, None] * (z - mean)).T @ (z - mean) + SMALLEST_VARIANCE * np.eye(2)
        slant = self.slant @ np.linalg.cholesky(covariance)
        height = evidence - np.log(2 * np.pi) - float(np.linalg.slogdet(slant)[1])
        stretches = np.sqrt(np.linalg.eigvalsh(covariance))
        fitted = Chart(self.origin + self.slant @ mean, slant, height)
        return fitted, stretches[0], max(stretches[1], np.max(abs(mean)))


def first_charts(problem: Problem, nodes: NoiseNodes, minima: Minima) -> list[Chart]:
    """Return charts around the probable minima; a mode that an earlier chart predicts gets none."""
    charts: list[Chart] = []
    uniform = 12 / np.ptp(problem.bounds, axis=1) ** 2
    _, gradients, _ = problem.expansion(minima.positions)
    heights = log_joint(problem, nodes, minima.positions)
    for position, height, hessian, gradient in zip(minima.positions, heights, minima.hessians, gradients, strict=True):
        # On an edge of the prior the gradient is not zero, and the density can fall much faster than the Hessian says.
        # No chart needs to be wider than the uniform distribution over the box.
        at_edge = np.any(position[:, None] == problem.bounds, axis=1)
        precision = hessian + np.diag(np.where(at_edge, gradient**2, 0.0) + uniform)
        chart = Chart(position, np.linalg.inv(np.linalg.cholesky(precision)).T, float(height))
        if all(abs(other.model(position[None])[0] - height) > SAME_CHART_LOG_DENSITY for other in charts):
            charts.append(chart)
    charts.sort(key=lambda chart: -chart.log_mass)
    return [chart for chart in charts if chart.log_mass > charts[0].log_mass - NEGLIGIBLE_LOG_DENSITY][:MOST_CHARTS]


def log_weights(charts: Sequence[Chart], chart: Chart, values: Array) -> Array:
    """Return the logarithm of the weight, (k,), of one of the charts at values (k, 2)."""
    if len(charts) == 1:
        return np.zeros(len(values))
    origins, heights = np.stack([each.origin for each in charts]), np.array([each.height for each in charts])
    z = (values - origins[:, None]) @ np.stack([each.inverse.T for each in charts])
    models = heights[:, None] - 0.5 * (z[..., 0] ** 2 + z[..., 1] ** 2)
    highest = models.max(axis=0)
    own: Array = models[charts.index(chart)]
    return own - highest - np.log(np.exp(models - highest).sum(axis=0))
