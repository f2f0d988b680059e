"""A posterior as a raster: the probability of each pixel, smooth however narrow and slanted the posterior is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline
from scipy.ndimage import gaussian_filter, label
from scipy.signal import fftconvolve

from core.posterior.exact import Posterior

SIDE = 150  # pixels
NODES = 64  # a side of the grid from which a posterior that it resolves is interpolated, on SIDE pixels
RESOLVED = 0.35  # of its steps that the shorter side of a cell has to span: a cell is 0.4 sd or less across
LARGEST_EXCESS = 0.02  # of the probability that interpolated pixels hold over that of the posterior
DEEPEST = 60.0  # below the highest log density: what lies lower is not told apart
BLUR = 0.7  # pixels: the least that leaves a ridge narrower than a pixel whole
FINENESS = 3  # points a pixel, along both sides of a cell
MOST_POINTS = 400  # along a side of a cell
MINOR_PIECE = 0.01  # of the probability: what holds less is no piece of its own


@dataclass(frozen=True, eq=False)
class Raster:
    """The probability of each pixel, (ny, nx), of a window; x (nx,) and y (ny,) are the pixels' centres."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    masses: NDArray[np.float64]

    def level(self, mass: float) -> float:
        """Return the probability of a pixel above which the pixels hold this mass together."""
        falling = np.sort(self.masses, axis=None)[::-1]
        count = int(np.searchsorted(np.cumsum(falling), mass))
        return float(falling[min(count, falling.size - 1)])

    def pieces(self, mass: float) -> int:
        """Return in how many pieces the region of highest density lies that holds this mass."""
        numbered, count = label(self.masses >= self.level(mass), structure=np.ones((3, 3)))
        held = np.bincount(numbered.ravel(), weights=self.masses.ravel(), minlength=count + 1)[1:]
        return int(np.sum(held > MINOR_PIECE))


def window(posterior: Posterior, mass: float = 0.998, margin: float = 0.12) -> NDArray[np.float64]:
    """Return the box, (2, 2), that holds this mass of either parameter, with a margin as a share of its sides."""
    points, masses = posterior.points(4)
    ends = np.empty((2, 2))
    for axis, values in enumerate(points.T):
        order = np.argsort(values)
        ends[axis] = np.interp([0.5 - mass / 2, 0.5 + mass / 2], np.cumsum(masses[order]), values[order])
    return widened(ends, margin)


def widened(box: NDArray[np.float64], margin: float) -> NDArray[np.float64]:
    """Return a box, (2, 2), with a margin on all sides, as a share of them."""
    return box + margin * (box[:, 1:] - box[:, :1]) * np.array([-1.0, 1.0])


def raster(posterior: Posterior, box: NDArray[np.float64], side: int = SIDE) -> Raster:
    """Return the posterior on side × side pixels of a box, (2, 2), as far as it lies within the prior's bounds."""
    low, high = np.clip(box.T, *posterior.problem.bounds.T)
    size = (high - low) / side
    x, y = (start + (np.arange(side) + 0.5) * step for start, step in zip(low, size, strict=True))
    nodes = NODES * side // SIDE
    kinds, kind = _kinds(posterior)
    held = np.bincount(kind, weights=posterior.masses) > MINOR_PIECE
    across = np.linalg.svd(kinds[held] / ((high - low) / (nodes - 1))[:, None], compute_uv=False)
    if across.min() >= RESOLVED:
        lines = [np.linspace(start, end, nodes) for start, end in zip(low, high, strict=True)]
        heights = posterior.log_density(np.stack(np.meshgrid(*lines), axis=-1))
        heights = np.maximum(heights, heights.max() - DEEPEST)
        masses = np.exp(RectBivariateSpline(lines[1], lines[0], heights)(y, x)) * np.prod(size)
        points, shares = posterior.points(3)
        within = float(np.sum(shares[np.all((points >= low) & (points <= high), axis=1)]))
        # Across a long ridge that is slanted, the interpolation can overshoot.
        if abs(np.sum(masses) - within) < LARGEST_EXCESS:
            return Raster(x, y, masses)
    return Raster(x, y, _from_cells(posterior, low, size, side))


def _kinds(posterior: Posterior) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the sides that cells have, (n, 2, 2), and which of them each cell has, (k,)."""
    kinds, kind = np.unique(posterior.cells.sides.reshape(-1, 4), axis=0, return_inverse=True)
    return kinds.reshape(-1, 2, 2), kind.ravel()


def _from_cells(
    posterior: Posterior, low: NDArray[np.float64], size: NDArray[np.float64], side: int
) -> NDArray[np.float64]:
    """Return the probability of pixels of this size, (side, side), from a corner on.

    Each cell's probability is spread over its neighbours as a tent, which is linear interpolation between cells. A grid
    of points would lose a ridge between them.
    """
    bounds = (posterior.problem.bounds - low[:, None]) / size[:, None]
    masses = np.zeros((side, side))
    kinds, kind = _kinds(posterior)
    for i, edges in enumerate(kinds):
        members = kind == i
        kernel = _tent(edges / size[:, None])
        # Twice the tent's reach around the window: once for what reaches in, once for what is mirrored at an edge.
        height, width = reach = (np.array(kernel.shape) - 1) // 2
        canvas = np.zeros(side + 4 * reach)
        at = (posterior.cells.centres[members] - low) / size - 0.5
        _deposit(canvas, at + 2 * reach[::-1], posterior.masses[members])
        spread = fftconvolve(canvas, kernel, mode="valid")
        _mirror(spread, bounds + reach[::-1, None])
        masses += spread[height : height + side, width : width + side]
    return gaussian_filter(np.maximum(masses, 0.0), BLUR)


def _deposit(canvas: NDArray[np.float64], at: NDArray[np.float64], masses: NDArray[np.float64]) -> None:
    """Add masses (n,) at places (n, 2), in pixels from the first one's centre, to the four pixels around each."""
    height, width = canvas.shape
    corner = np.floor(at)
    shares = at - corner
    for right, up in ((0, 0), (0, 1), (1, 0), (1, 1)):
        column, row = corner[:, 0] + right, corner[:, 1] + up
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        share = np.abs(1 - right - shares[:, 0]) * np.abs(1 - up - shares[:, 1])
        pixels = (row * width + column)[inside].astype(np.int64)
        canvas += np.bincount(pixels, (masses * share)[inside], canvas.size).reshape(canvas.shape)


def _tent(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the image, with odd sides, of a tent over a cell and its neighbours; edges: (2, 2), in pixels."""
    lines = []
    for length in np.max(np.abs(edges), axis=0):
        n = int(np.clip(np.ceil(2 * FINENESS * length), 4, MOST_POINTS))
        at = (np.arange(n) + 0.5) / n * 2 - 1
        lines.append((at, (1 - np.abs(at)) / np.sum(1 - np.abs(at))))
    (first, first_weights), (second, second_weights) = lines
    points = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2) @ edges.T
    reach = np.ceil(np.sum(np.abs(edges), axis=1)).astype(int) + 1
    image = np.zeros(2 * reach[::-1] + 1)
    _deposit(image, points + reach, np.outer(first_weights, second_weights).ravel())
    return image


def _mirror(masses: NDArray[np.float64], bounds: NDArray[np.float64]) -> None:
    """Mirror back what lies beyond the prior's bounds, (2, 2), in pixels from the lower left corner."""
    for lines, end in (
        (masses.T, bounds[0, 0]),
        (masses.T[::-1], masses.shape[1] - bounds[0, 1]),
        (masses, bounds[1, 0]),
        (masses[::-1], masses.shape[0] - bounds[1, 1]),
    ):
        beyond = int(np.clip(round(end), 0, len(lines)))
        inside = lines[beyond : 2 * beyond]
        inside += lines[:beyond][::-1][: len(inside)]
        lines[:beyond] = 0.0
