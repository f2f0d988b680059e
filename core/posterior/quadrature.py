"""The quadrature of a posterior of two parameters, on grids that follow its shape.

The posteriors are narrow, slanted, and may have several modes. Each mode has its own grid, whose cells are slanted and
scaled like the posterior at the mode. The grid grows from the mode to where the probability is negligible, and its
cells are halved until the log density changes little from cell to cell. Where grids overlap, smooth weights that add up
to one divide the probability between them. For a smooth density the error of such a sum is only exp(−2π² (sd/width)²).
Of a cell that an edge of the prior cuts, only the part inside counts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from core.optimisation.minima import Minima
from core.problem.likelihood import NoiseNodes
from core.problem.problem import Problem

NEGLIGIBLE_LOG_DENSITY = 10.0  # points this far below the highest hold less than 1e-4 of the probability together
CELL_WIDTH_SDS = 0.25  # first width of a cell, in standard deviations of the quadratic model at a mode
LARGEST_SQUARED_CHANGE = 0.2  # with a larger mean squared change of the log density, cells are halved in a direction
SMALLEST_SD_CELLS = 3.0  # cells are halved in a direction if a standard deviation of the posterior spans fewer
SMALL_SHARE = 0.03  # a grid with less of the probability than this is not refined
MOST_CELLS = 50_000  # of one grid
FITTING_CELLS = 4_000  # of one grid while the charts are being fitted
MOST_FITTINGS = 4  # rounds of fitting the charts
LARGEST_STRETCH_SDS = 2.5  # a chart is refitted if its cells are this many times wider, narrower or farther than it
SMALLEST_VARIANCE = 1e-6  # added to the variances of a refitted chart, in units of the old ones
MOST_CHARTS = 12
SAME_CHART_LOG_DENSITY = 1.0  # a mode that another chart predicts to within this gets none of its own
RING_CELLS = 1000  # a grid grows by about this many cells at once; fewer would take as long
SUBDIVISIONS = 8  # points along each side of a cell that an edge of the prior cuts


@dataclass(frozen=True, eq=False)
class Cells:
    """Parallelograms that cover the probable part of the plane of two parameters; cells of different grids may overlap.

    centres: (k, 2), of the part inside the prior's box.
    sides: (k, 2, 2), whose columns are the edges of the parallelogram.
    log_densities: (k,).
    log_areas: (k,), of the part inside the prior's box, times the weight of this cell's grid there.
    """

    centres: NDArray[np.float64]
    sides: NDArray[np.float64]
    log_densities: NDArray[np.float64]
    log_areas: NDArray[np.float64]


def log_joint(problem: Problem, nodes: NoiseNodes, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log p(d | m) + log p(m), (...), for values (..., 2)."""
    sums = problem.residual_sums(values)
    return nodes.log_likelihood(sums, problem.times.size) + problem.prior.log_density(values)


@dataclass(frozen=True, eq=False)
class _Chart:
    """Coordinates z around a mode in which the posterior is about standard normal: m = origin + slant z.

    height: log p(d | m) + log p(m) at the origin.
    """

    origin: NDArray[np.float64]
    slant: NDArray[np.float64]
    height: float

    @property
    def log_mass(self) -> float:
        """The logarithm, up to a constant, of the mass of the normal distribution around the mode."""
        return self.height + float(np.linalg.slogdet(self.slant)[1])

    def model(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log density, (k,), of the normal distribution around the mode at values (k, 2)."""
        z = np.linalg.solve(self.slant, (values - self.origin).T)
        return self.height - 0.5 * np.sum(z**2, axis=0)


def _charts(problem: Problem, nodes: NoiseNodes, minima: Minima) -> list[_Chart]:
    """Return charts around the probable minima; a mode that an earlier chart predicts gets none."""
    charts: list[_Chart] = []
    uniform = 12 / np.ptp(problem.bounds, axis=1) ** 2
    _, gradients, _ = problem.expansion(minima.positions)
    heights = log_joint(problem, nodes, minima.positions)
    for position, height, hessian, gradient in zip(minima.positions, heights, minima.hessians, gradients, strict=True):
        # On an edge of the prior the gradient is not zero, and the density can fall much faster than the Hessian says.
        # No chart needs to be wider than the uniform distribution over the box.
        at_edge = np.any(position[:, None] == problem.bounds, axis=1)
        precision = hessian + np.diag(np.where(at_edge, gradient**2, 0.0) + uniform)
        chart = _Chart(position, np.linalg.inv(np.linalg.cholesky(precision)).T, float(height))
        if all(abs(other.model(position[None])[0] - height) > SAME_CHART_LOG_DENSITY for other in charts):
            charts.append(chart)
    charts.sort(key=lambda chart: -chart.log_mass)
    return [chart for chart in charts if chart.log_mass > charts[0].log_mass - NEGLIGIBLE_LOG_DENSITY][:MOST_CHARTS]


def _cut(
    centres: NDArray[np.float64], sides: NDArray[np.float64], bounds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres, (k, 2), of the parts of equal cells inside the bounds, and their shares, (k,)."""
    reach = 0.5 * np.abs(sides).sum(axis=1)
    whole = np.all((centres - reach >= bounds[:, 0]) & (centres + reach <= bounds[:, 1]), axis=1)
    near = np.flatnonzero(~whole & np.all((centres + reach > bounds[:, 0]) & (centres - reach < bounds[:, 1]), axis=1))
    offsets = (np.arange(SUBDIVISIONS) + 0.5) / SUBDIVISIONS - 0.5
    points = centres[near, None, :] + np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2) @ sides.T
    inside = np.all((points >= bounds[:, 0]) & (points <= bounds[:, 1]), axis=2)
    count = inside.sum(axis=1)
    shares, centres = whole.astype(float), centres.copy()
    shares[near] = count / SUBDIVISIONS**2
    centres[near] = np.sum(points * inside[..., None], axis=1) / np.maximum(count, 1)[:, None]
    return centres, shares


def _keys(lattice: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a unique number for each lattice point, (k, 2), ordered by columns."""
    return (lattice[:, 1] << 32) + lattice[:, 0]


def _neighbourhood(across: int, up: int) -> NDArray[np.int64]:
    return np.stack(np.meshgrid(np.arange(-across, across + 1), np.arange(-up, up + 1)), axis=-1).reshape(-1, 2)


def _grown(
    problem: Problem,
    nodes: NoiseNodes,
    charts: list[_Chart],
    chart: _Chart,
    width: NDArray[np.float64],
    most_cells: int,
) -> tuple[Cells, NDArray[np.bool_]]:
    """Return one chart's cells of a width (2,), in standard deviations, and whether they are too coarse, (2,)."""
    most = max(each.log_mass for each in charts)
    log_slant = float(np.linalg.slogdet(chart.slant)[1])
    reach = np.sqrt(2 * max(NEGLIGIBLE_LOG_DENSITY - (most - chart.log_mass), 1.0))
    disc = _neighbourhood(*np.ceil(reach / width).astype(int))
    lattice = disc[np.sum((width * disc) ** 2, axis=1) <= reach**2]
    sides = chart.slant * width
    seen = np.empty(0, np.int64)
    rings: list[tuple[NDArray[Any], ...]] = []
    n = 0
    while lattice.size and n < most_cells:
        seen = np.concatenate([seen, _keys(lattice)])
        centres, shares = _cut(chart.origin + lattice @ sides.T, sides, problem.bounds)
        lattice, centres, shares = (part[shares > 0] for part in (lattice, centres, shares))
        values = log_joint(problem, nodes, centres)
        models = np.stack([each.model(centres) for each in charts])
        weights = chart.model(centres) - np.logaddexp.reduce(models, axis=0) + np.log(shares)
        rings.append((lattice, centres, values, weights))
        n += len(lattice)
        probable = lattice[values + weights + log_slant > most - NEGLIGIBLE_LOG_DENSITY]
        growth = int(np.clip(0.5 * np.sqrt(RING_CELLS / max(len(probable), 1)), 2, 8))
        wanted = (probable[:, None, :] + _neighbourhood(growth, growth)).reshape(-1, 2)
        _, first = np.unique(_keys(wanted), return_index=True)
        lattice = wanted[first][~np.isin(_keys(wanted[first]), seen)]
    lattice, centres, values, weights = (np.concatenate(parts) for parts in zip(*rings, strict=True))
    log_areas = weights + np.log(abs(np.linalg.det(sides)))
    cells = Cells(centres, np.broadcast_to(sides, (len(centres), 2, 2)), values, log_areas)
    if n >= MOST_CELLS:
        return cells, np.ones(2, bool)  # the grid is not complete
    masses = np.exp(values + weights - logsumexp(values + weights))
    sd_cells = np.sqrt(masses @ (lattice - masses @ lattice) ** 2)
    return cells, (_roughness(lattice, values, masses) > LARGEST_SQUARED_CHANGE) | (sd_cells < SMALLEST_SD_CELLS)


def _roughness(
    lattice: NDArray[np.int64], values: NDArray[np.float64], masses: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the posterior mean of the squared change of the log density to the next cell, in each direction, (2,)."""
    order = np.argsort(_keys(lattice))
    keys = _keys(lattice)[order]
    changes = []
    for offset in ((1, 0), (0, 1)):
        wanted = _keys(lattice + np.array(offset))
        found = order[np.minimum(np.searchsorted(keys, wanted), keys.size - 1)]
        # A cell of a trajectory that diverges has the log density −∞ and no mass: its changes do not count.
        known = (_keys(lattice[found]) == wanted) & np.isfinite(values) & np.isfinite(values[found])
        change = np.subtract(values[found], values, out=np.zeros_like(values), where=known)
        # The change between two cells gets the smaller of their masses as weight.
        changes.append(np.sum(np.minimum(masses, masses[found]) * change**2))
    return np.array(changes)


def _shares(grown: list[tuple[Cells, NDArray[np.bool_]]]) -> tuple[NDArray[np.float64], float]:
    """Return the share of the probability in each chart's cells, and the logarithm of the total."""
    evidences = np.array([logsumexp(cells.log_densities + cells.log_areas) for cells, _ in grown])
    total = float(logsumexp(evidences))
    return np.exp(evidences - total), total


def _fitted(chart: _Chart, cells: Cells) -> tuple[_Chart, float, float]:
    """Return a chart with the mean and covariance of another chart's cells, and its smallest and largest stretch.

    A stretch is a standard deviation of the cells over that of the old chart. The distance of the mean from the old
    origin counts as a stretch too.
    """
    logs = cells.log_densities + cells.log_areas
    evidence = float(logsumexp(logs))
    masses = np.exp(logs - evidence)
    z = np.linalg.solve(chart.slant, (cells.centres - chart.origin).T).T
    mean = masses @ z
    covariance = (masses[:, None] * (z - mean)).T @ (z - mean) + SMALLEST_VARIANCE * np.eye(2)
    slant = chart.slant @ np.linalg.cholesky(covariance)
    height = evidence - np.log(2 * np.pi) - float(np.linalg.slogdet(slant)[1])
    stretches = np.sqrt(np.linalg.eigvalsh(covariance))
    return _Chart(chart.origin + chart.slant @ mean, slant, height), stretches[0], max(stretches[1], np.max(abs(mean)))


def _refitted(charts: list[_Chart], grown: list[tuple[Cells, NDArray[np.bool_]]]) -> list[_Chart]:
    """Refit every chart whose cells do not match its shape.

    A chart that is far too wide is replaced. A chart whose cells are far wider than it, or far from its origin, is
    kept, and a second chart is added. This happens where the highest point of the density is a narrow peak.
    """
    shares, _ = _shares(grown)
    refitted = []
    for chart, (cells, _), share in zip(charts, grown, shares, strict=True):
        fitted, least, largest = _fitted(chart, cells)
        if share < SMALL_SHARE or (least > 1 / LARGEST_STRETCH_SDS and largest < LARGEST_STRETCH_SDS):
            refitted.append(chart)
        else:
            refitted += [chart, fitted] if largest >= LARGEST_STRETCH_SDS else [fitted]
    return refitted


def quadrature(problem: Problem, nodes: NoiseNodes, minima: Minima) -> tuple[Cells, bool]:
    """Return the cells of all charts, refined as far as needed, and whether all of them are fine enough."""
    charts = _charts(problem, nodes, minima)
    whole = np.full(2, CELL_WIDTH_SDS)
    for _ in range(MOST_FITTINGS):
        grown = [_grown(problem, nodes, charts, chart, whole, FITTING_CELLS) for chart in charts]
        refitted = _refitted(charts, grown)
        if refitted == charts:
            break
        charts = refitted
    else:
        grown = [_grown(problem, nodes, charts, chart, whole, FITTING_CELLS) for chart in charts]
    for i, (cells, _) in enumerate(grown):
        if len(cells.centres) >= FITTING_CELLS:
            grown[i] = _grown(problem, nodes, charts, charts[i], whole, MOST_CELLS)
    widths = [whole] * len(charts)
    while True:
        shares, _ = _shares(grown)
        coarse = [i for i, (_, too_coarse) in enumerate(grown) if np.any(too_coarse) and shares[i] > SMALL_SHARE]
        able = [i for i in coarse if 4 * len(grown[i][0].centres) <= MOST_CELLS]
        if not able:
            break
        for i in able:
            widths[i] = np.where(grown[i][1], widths[i] / 2, widths[i])
            grown[i] = _grown(problem, nodes, charts, charts[i], widths[i], MOST_CELLS)
    joined = Cells(
        *(np.concatenate([getattr(cells, name) for cells, _ in grown]) for name in Cells.__dataclass_fields__)
    )
    return joined, not coarse
