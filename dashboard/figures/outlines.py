"""The outlines of regions of highest density, as paths that shapes can draw and slide."""

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.density import Raster

FINENESS = 2000  # steps of an outline's numbers across the window
EMPTY = "M0,0Z"

# By which corners of a cell lie inside, from the lower left counter-clockwise (1, 2, 4, 8): the segments in it, each
# from side to side, with the inside on its left. The sides are 0 below, 1 right, 2 above, 3 left.
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((0, 3),), 2: ((1, 0),), 3: ((1, 3),), 4: ((2, 1),), 6: ((2, 0),), 7: ((2, 3),), 8: ((3, 2),), 9: ((0, 2),),
    11: ((1, 2),), 12: ((3, 1),), 13: ((0, 1),), 14: ((3, 0),), 5: ((0, 3), (2, 1)), 10: ((1, 0), (3, 2)),
}  # fmt: skip
_JOINED = {5: ((0, 1), (2, 3)), 10: ((3, 0), (1, 2))}  # where the middle of the cell lies inside too

Array = NDArray[np.float64]


def outlines(density: Raster, masses: tuple[float, ...]) -> list[str]:
    """Return for each mass the path around the region of highest density that holds it.

    A region is closed along the edges of the raster. The numbers have as many decimals as the window needs.
    """
    x, y = (_padded(values) for values in (density.x, density.y))
    heights = np.pad(density.masses, 1)
    falling = np.sort(density.masses, axis=None)[::-1]
    counts = np.minimum(np.searchsorted(np.cumsum(falling), masses), falling.size - 1)
    decimals = max(decimals_in(values[0], values[-1]) for values in (x, y))
    found = [loops(x, y, heights, float(falling[count])) for count in counts]
    return ["".join(closed(loop, decimals) for loop in each) or EMPTY for each in found]


def _padded(values: Array) -> Array:
    """Return the centres of pixels with the outer edges of the first and of the last one."""
    half = 0.5 * (values[1] - values[0])
    return np.r_[values[0] - half, values, values[-1] + half]


def decimals_in(low: float, high: float) -> int:
    """Return the decimals that tell FINENESS steps between two numbers apart."""
    return max(0, int(np.ceil(np.log10(FINENESS / (high - low)))))


def closed(points: Array, decimals: int) -> str:
    """Return the closed path along points, (n, 2), with so many decimals."""
    path = "L".join(f"{x:.{decimals}f},{y:.{decimals}f}" for x, y in points.tolist())
    return f"M{path}Z"


def loops(x: Array, y: Array, heights: Array, level: float) -> list[Array]:
    """Return the closed outlines, (n, 2) each, of where heights, (ny, nx), with zeros around, lie above a level > 0."""
    inside = heights > level
    ny, nx = heights.shape
    corners = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    starts, ends = [], []
    for kind, segments in _SEGMENTS.items():
        row, column = np.nonzero(corners == kind)
        if not row.size:
            continue
        # Points are numbered by the side of a cell that they lie on: first those across, then those that go up.
        below, left = row * nx + column, ny * nx + row * nx + column
        sides = np.stack([below, left + 1, below + nx, left])
        joined = np.zeros(row.size, bool)
        if kind in _JOINED:
            middle = heights[row, column] + heights[row, column + 1] + heights[row + 1, column]
            joined = (middle + heights[row + 1, column + 1]) / 4 > level
        for cells, each in ((~joined, segments), (joined, _JOINED.get(kind, ()))):
            for start, end in each:
                starts.append(sides[start, cells])
                ends.append(sides[end, cells])
    if not starts:
        return []
    numbers, order = np.unique(np.concatenate(starts), return_index=True)
    following = np.searchsorted(numbers, np.concatenate(ends)[order]).tolist()
    points = _points(x, y, heights, level, numbers)
    return [points[loop] for loop in _cycles(following)]


def _points(x: Array, y: Array, heights: Array, level: float, numbers: NDArray[np.int64]) -> Array:
    """Return where the numbered sides of cells cross a level, (n, 2)."""
    upright = numbers >= heights.size
    row, column = np.divmod(numbers % heights.size, heights.shape[1])
    first, second = heights[row, column], heights[row + upright, column + ~upright]
    share = (level - first) / (second - first)
    across = x[column] + np.where(upright, 0.0, share * (x[column + ~upright] - x[column]))
    up = y[row] + np.where(upright, share * (y[row + upright] - y[row]), 0.0)
    return np.column_stack([across, up])


def _cycles(following: list[int]) -> list[list[int]]:
    """Return the cycles of a permutation."""
    left = set(range(len(following)))
    cycles = []
    while left:
        at = start = left.pop()
        cycle = [start]
        while (at := following[at]) != start:
            cycle.append(at)
            left.remove(at)
        cycles.append(cycle)
    return cycles
