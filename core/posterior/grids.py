"""Grids of cells in the coordinates of charts; they grow from the modes to where the probability is negligible.

All charts' grids grow together, a ring at a time, so that many trajectories are integrated at once. A grid whose cells
are halved keeps the log densities that it has: the old centres are among the new ones.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.posterior.charts import NEGLIGIBLE_LOG_DENSITY, Chart, log_joint, log_weights
from core.problem.likelihood import NoiseNodes
from core.problem.problem import Problem

RING_CELLS = 250  # a grid grows by about this many cells at once; fewer would take as long
SUBDIVISIONS = 8  # points along each side of a cell that an edge of the prior cuts

Array = NDArray[np.float64]
Lattice = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of one chart, at the points of a lattice.

    charts: all charts, which divide the probability.
    chart: whose coordinates the cells have.
    width: (2,), of a cell, in the chart's coordinates.
    lattice: (k, 2), whole numbers; the cells' centres are at origin + slant · width · lattice.
    centres: (k, 2), of the parts inside the prior's bounds.
    shares: (k,), of each cell, inside the bounds.
    log_weights: (k,), logarithms of the shares times the chart's weight among all.
    values: (k,), log p(d | m) + log p(m) at the centres.
    wanted: (n, 2), points of the lattice that are still to be added.
    """

    charts: tuple[Chart, ...]
    chart: Chart
    width: Array
    lattice: Lattice
    centres: Array
    shares: Array
    log_weights: Array
    values: Array
    wanted: Lattice

    @property
    def sides(self) -> Array:
        """The columns are the edges of a cell, (2, 2)."""
        return self.chart.slant * self.width

    @property
    def log_areas(self) -> Array:
        """The logarithm of each cell's area inside the bounds, times the weight of its chart there, (k,)."""
        return self.log_weights + (self.chart.log_scale + float(np.sum(np.log(self.width))))

    @property
    def log_masses(self) -> Array:
        """The logarithm of each cell's mass, (k,), up to a constant that all grids share."""
        return self.values + self.log_areas

    @property
    def probable(self) -> NDArray[np.bool_]:
        """Which cells, (k,), are more than negligible."""
        most = max(chart.log_mass for chart in self.charts)
        return self.values + self.log_weights + self.chart.log_scale > most - NEGLIGIBLE_LOG_DENSITY

    def among(self, charts: tuple[Chart, ...]) -> "Grid":
        """Return the grid with the weights that it has among other charts; it wants what is probable then."""
        weights = log_weights(charts, self.chart, self.centres) + np.log(self.shares)
        return replace(self, charts=charts, log_weights=weights)._wanting(0)

    def halved(self, directions: NDArray[np.bool_]) -> "Grid":
        """Return a grid whose cells are halved in these directions, (2,), which wants all that was probable."""
        factor = np.where(directions, 2, 1)
        # The centre of a cell that an edge cuts depends on the cell's width.
        whole = self.shares == 1
        kept = replace(
            self,
            width=self.width / factor,
            lattice=self.lattice[whole] * factor,
            centres=self.centres[whole],
            shares=self.shares[whole],
            log_weights=self.log_weights[whole],
            values=self.values[whole],
        )
        again = self.probable | ~whole
        return replace(kept, wanted=_surroundings(self.lattice[again] * factor, 1, kept.lattice))

    def _wanting(self, first: int) -> "Grid":
        """Return the grid that wants what surrounds its probable cells, of those from the first on."""
        probable = self.lattice[first:][self.probable[first:]]
        growth = int(np.clip(0.5 * np.sqrt(RING_CELLS / max(len(probable), 1)), 1, 8))
        return replace(self, wanted=_surroundings(probable, growth, self.lattice))

    def with_ring(self, ring: "_Ring", values: Array) -> "Grid":
        """Return the grid with more cells, and their log densities (n,); it wants what surrounds the probable ones."""
        weights = log_weights(self.charts, self.chart, ring.centres) + np.log(ring.shares)
        longer = replace(
            self,
            lattice=np.concatenate([self.lattice, ring.lattice]),
            centres=np.concatenate([self.centres, ring.centres]),
            shares=np.concatenate([self.shares, ring.shares]),
            log_weights=np.concatenate([self.log_weights, weights]),
            values=np.concatenate([self.values, values]),
        )
        return longer._wanting(len(self.lattice))


def first_grid(charts: tuple[Chart, ...], chart: Chart, width: Array) -> Grid:
    """Return a grid without cells, which wants those in the disc that holds the normal distribution's mass."""
    below = max(each.log_mass for each in charts) - chart.log_mass
    reach = np.sqrt(2 * max(NEGLIGIBLE_LOG_DENSITY - below, 1.0))
    across, up = np.ceil(reach / width).astype(int)
    box = np.stack(np.meshgrid(np.arange(-across, across + 1), np.arange(-up, up + 1)), axis=-1).reshape(-1, 2)
    disc = box[np.sum((width * box) ** 2, axis=1) <= reach**2]
    none, points = np.empty(0), np.empty((0, 2))
    return Grid(charts, chart, width, points.astype(np.int64), points, none, none, none, disc)


def grown(problem: Problem, nodes: NoiseNodes, grids: list[Grid], most_cells: int) -> list[Grid]:
    """Return the grids with all that they want and whatever is probable around it, each up to most_cells or so."""
    grids = list(grids)
    while True:
        going = [i for i, grid in enumerate(grids) if len(grid.wanted) and len(grid.lattice) < most_cells]
        if not going:
            return grids
        rings = [_cut(grids[i], problem.bounds) for i in going]
        values = log_joint(problem, nodes, np.concatenate([ring.centres for ring in rings]))
        ends = np.cumsum([len(ring.centres) for ring in rings])[:-1]
        for i, ring, part in zip(going, rings, np.split(values, ends), strict=True):
            grids[i] = grids[i].with_ring(ring, part)


@dataclass(frozen=True, eq=False)
class _Ring:
    lattice: Lattice
    centres: Array
    shares: Array


def _cut(grid: Grid, bounds: Array) -> _Ring:
    """Return the wanted cells of a grid that lie inside the bounds, at least in part."""
    sides = grid.sides
    centres = grid.chart.origin + grid.wanted @ sides.T
    reach = 0.5 * np.abs(sides).sum(axis=1)
    whole = np.all((centres - reach >= bounds[:, 0]) & (centres + reach <= bounds[:, 1]), axis=1)
    if np.all(whole):
        return _Ring(grid.wanted, centres, np.ones(len(centres)))
    near = np.flatnonzero(~whole & np.all((centres + reach > bounds[:, 0]) & (centres - reach < bounds[:, 1]), axis=1))
    offsets = (np.arange(SUBDIVISIONS) + 0.5) / SUBDIVISIONS - 0.5
    points = centres[near, None, :] + np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2) @ sides.T
    inside = np.all((points >= bounds[:, 0]) & (points <= bounds[:, 1]), axis=2)
    count = inside.sum(axis=1)
    shares = whole.astype(float)
    shares[near] = count / SUBDIVISIONS**2
    centres[near] = np.sum(points * inside[..., None], axis=1) / np.maximum(count, 1)[:, None]
    kept = shares > 0
    return _Ring(grid.wanted[kept], centres[kept], shares[kept])


def _keys(lattice: Lattice) -> Lattice:
    """Return a unique number for each lattice point, (k, 2), ordered by columns."""
    return (lattice[:, 1] << 32) + lattice[:, 0]


def _surroundings(points: Lattice, growth: int, seen: Lattice) -> Lattice:
    """Return all points, (n, 2), at most growth steps from points (k, 2) in either direction, without those seen."""
    steps = np.arange(-growth, growth + 1)
    keys = np.unique(_keys(points)[:, None] + steps)
    keys = np.unique(keys[:, None] + (steps << 32))
    keys = np.setdiff1d(keys, _keys(seen), assume_unique=True)
    rows = (keys + (1 << 31)) >> 32
    return np.column_stack([keys - (rows << 32), rows])


def roughness(grid: Grid, masses: Array) -> Array:
    """Return the posterior mean of the squared change of the log density to the next cell, in each direction, (2,).

    masses: (k,), of the cells, which add up to one.
    """
    lattice, values = grid.lattice, grid.values
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
