"""The pieces of a posterior: parts of its region of highest density that no probable path joins."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from core.optimisation.objective_protocol import Array
from core.posterior.exact import Posterior

NEIGHBOUR = 1.6  # widths of a cell between the centres of cells that touch, corners included
REACH = 4.0  # widths of a cell between a point and the nearest cell of its piece, at most


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of a posterior, that with the most mass first. masses: (m,), of each.

    centres: (k, 2), of the cells that belong to one. sides: (k, 2, 2), theirs. piece: (k,), of each cell.
    """

    masses: Array
    centres: Array
    sides: Array
    piece: NDArray[np.int64]

    def of(self, points: Array) -> NDArray[np.int64]:
        """Return in which piece each point, (..., 2), lies, (...); −1 for none."""
        flat = points.reshape(-1, 2)
        found, nearest = np.full(len(flat), -1), np.full(len(flat), REACH)
        for sides, members in _kinds(self.sides):
            inverse = np.linalg.inv(sides).T
            tree = cKDTree(self.centres[members] @ inverse)
            distances, which = tree.query(flat @ inverse, p=np.inf)
            closer = distances < nearest
            found[closer], nearest[closer] = self.piece[members[which[closer]]], distances[closer]
        return found.reshape(points.shape[:-1])


def _kinds(sides: Array) -> list[tuple[Array, NDArray[np.int64]]]:
    """Return each of the shapes that cells have, (2, 2), with the cells that have it, (n,)."""
    kinds, kind = np.unique(sides.reshape(-1, 4), axis=0, return_inverse=True)
    return [(each.reshape(2, 2), np.flatnonzero(kind.ravel() == i)) for i, each in enumerate(kinds)]


def pieces_of(found: Posterior, mass: float = 0.99, minor: float = 0.01) -> Pieces:
    """Return the pieces of a posterior's region with this mass, which its cells form where they touch.

    minor: what holds less of the probability is no piece.
    """
    probable = found.cells.log_densities >= found.threshold(mass)
    centres, sides, masses = (
        found.cells.centres[probable], found.cells.sides[probable], found.masses[probable],
    )  # fmt: skip
    firsts, seconds = [], []
    for kind, members in _kinds(sides):
        inverse = np.linalg.inv(kind).T
        near = cKDTree(centres[members] @ inverse).query_ball_tree(cKDTree(centres @ inverse), NEIGHBOUR, p=np.inf)
        firsts += [np.full(len(each), first) for first, each in zip(members, near, strict=True)]
        seconds += [np.array(each, dtype=np.int64) for each in near]
    rows, columns = np.concatenate(firsts), np.concatenate(seconds)
    n = len(centres)
    count, label = connected_components(coo_matrix((np.ones(rows.size), (rows, columns)), shape=(n, n)), directed=False)
    held = np.bincount(label, weights=masses, minlength=count)
    order = np.argsort(-held)[: int(np.count_nonzero(held >= minor))]
    place = np.full(count, -1)
    place[order] = np.arange(order.size)
    piece = place[label].astype(np.int64)
    kept = piece >= 0
    return Pieces(np.asarray(held[order], dtype=np.float64), centres[kept], sides[kept], piece[kept])
