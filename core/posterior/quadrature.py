"""The quadrature of a posterior of two parameters, on grids that follow its shape.

The posteriors are narrow, slanted, and may have several modes. Each mode has its own grid, whose cells are slanted and
scaled like the posterior at the mode. The grid grows from the mode to where the probability is negligible, and its
cells are halved until the log density changes little from cell to cell. Where grids overlap, smooth weights that add up
to one divide the probability between them. For a smooth density the error of such a sum is only exp(−2π² (sd/width)²).
Of a cell that an edge of the prior cuts, only the part inside counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from core.optimisation.minima import Minima
from core.posterior.charts import LARGEST_STRETCH_SDS, Chart, first_charts
from core.posterior.grids import Grid, first_grid, grown, roughness
from core.problem.likelihood import NoiseNodes
from core.problem.problem import Problem

FITTING_WIDTH_SDS = 0.5  # of a cell while the charts are fitted, in standard deviations of the quadratic model
CELL_WIDTH_SDS = 0.25  # of a cell, at most, once they are
LARGEST_SQUARED_CHANGE = 0.2  # with a larger mean squared change of the log density, cells are halved in a direction
SMALLEST_SD_CELLS = 3.0  # cells are halved in a direction if a standard deviation of the posterior spans fewer
REFITTED_SHARE = 0.03  # a chart with less of the probability than this is not refitted
REFINED_SHARE = 0.003  # cells of a grid with less of the probability than this are not halved
MOST_CELLS = 50_000  # of one grid
FITTING_CELLS = 1_000  # of one grid while the charts are fitted
MOST_FITTINGS = 4  # rounds of fitting the charts


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


def _fitted(problem: Problem, nodes: NoiseNodes, minima: Minima) -> list[Grid]:
    """Return the grids of charts that have the shapes of their parts of the posterior."""
    charts = tuple(first_charts(problem, nodes, minima))
    width = np.full(2, FITTING_WIDTH_SDS)
    grids = [first_grid(charts, chart, width) for chart in charts]
    for _ in range(MOST_FITTINGS):
        grids = grown(problem, nodes, grids, FITTING_CELLS)
        refitted = _refitted(grids)
        if refitted == charts:
            break
        kept = dict(zip(charts, grids, strict=True))
        charts = refitted
        grids = [kept[each].among(charts) if each in kept else first_grid(charts, each, width) for each in charts]
    return grown(problem, nodes, grids, MOST_CELLS)


def _refitted(grids: list[Grid]) -> tuple[Chart, ...]:
    """Refit every chart whose cells do not match its shape.

    A chart that is far too wide is replaced. A chart whose cells are far wider than it, or far from its origin, is
    kept, and a second chart is added. This happens where the highest point of the density is a narrow peak.
    """
    refitted: list[Chart] = []
    for grid, share in zip(grids, _shares(grids), strict=True):
        fitted, least, largest = grid.chart.fitted(grid.centres, grid.log_masses)
        if share < REFITTED_SHARE or (least > 1 / LARGEST_STRETCH_SDS and largest < LARGEST_STRETCH_SDS):
            refitted.append(grid.chart)
        else:
            refitted += [grid.chart, fitted] if largest >= LARGEST_STRETCH_SDS else [fitted]
    return tuple(refitted)


def _shares(grids: list[Grid]) -> NDArray[np.float64]:
    """Return the share of the probability in each grid, (n,)."""
    evidences = np.array([logsumexp(grid.log_masses) for grid in grids])
    return np.exp(evidences - logsumexp(evidences))


def _too_coarse(grid: Grid) -> NDArray[np.bool_]:
    """Return in which directions, (2,), the cells of a grid are too coarse."""
    if len(grid.lattice) >= MOST_CELLS:
        return np.ones(2, bool)  # the grid is not complete
    masses = np.exp(grid.log_masses - logsumexp(grid.log_masses))
    sd_cells = np.sqrt(masses @ (grid.lattice - masses @ grid.lattice) ** 2)
    return (roughness(grid, masses) > LARGEST_SQUARED_CHANGE) | (sd_cells < SMALLEST_SD_CELLS)


def quadrature(problem: Problem, nodes: NoiseNodes, minima: Minima) -> tuple[Cells, bool]:
    """Return the cells of all charts, refined as far as needed, and whether all of them are fine enough."""
    grids = [grid.halved(grid.width > CELL_WIDTH_SDS) for grid in _fitted(problem, nodes, minima)]
    grids = grown(problem, nodes, grids, MOST_CELLS)
    while True:
        coarse, shares = [_too_coarse(grid) for grid in grids], _shares(grids)
        unfit = [i for i, each in enumerate(coarse) if np.any(each) and shares[i] > REFINED_SHARE]
        able = [i for i in unfit if 4 * len(grids[i].lattice) <= MOST_CELLS]
        if not able:
            break
        for i in able:
            grids[i] = grids[i].halved(coarse[i])
        grids = grown(problem, nodes, grids, MOST_CELLS)
    cells = Cells(
        np.concatenate([grid.centres for grid in grids]),
        np.concatenate([np.broadcast_to(grid.sides, (len(grid.lattice), 2, 2)) for grid in grids]),
        np.concatenate([grid.values for grid in grids]),
        np.concatenate([grid.log_areas for grid in grids]),
    )
    return cells, not unfit
