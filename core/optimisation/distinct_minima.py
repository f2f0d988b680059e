"""Which of many descents lead to the same minimum."""

import numpy as np
from numpy.typing import NDArray

SAME_MINIMUM_SDS = 0.1  # minima closer together than this are the same
FORESEEN_SDS, FORESEEN_LOSS = 1.0, 0.1  # how near, and how well its loss is predicted, what leads to the same minimum

Array = NDArray[np.float64]


def same_minimum(positions: Array, losses: Array, gradients: Array, hessians: Array) -> NDArray[np.bool_]:
    """Return for each of n descents, (n,), whether it leads to the same minimum as one that is lower now.

    It does where it is near the lower one, whose quadratic model predicts its loss.
    """
    finite = np.flatnonzero(np.isfinite(losses))
    x, loss = positions[finite], losses[finite]
    apart = x - x[:, None]
    squares = np.einsum("ijk,ikl,ijl->ij", apart, hessians[finite], apart)
    predicted = loss[:, None] + np.einsum("ijk,ik->ij", apart, gradients[finite]) + 0.5 * squares
    near = (squares <= FORESEEN_SDS**2) & (np.abs(predicted - loss) <= FORESEEN_LOSS)
    found = np.zeros(len(positions), bool)
    found[finite] = np.any(near & (loss[:, None] < loss), axis=0)
    return found


def distinct(positions: Array, losses: Array, hessians: Array) -> NDArray[np.int64]:
    """Return the label of the minimum that each of n ends belongs to, (n,); 0 is the lowest minimum.

    An end belongs to the lowest end within SAME_MINIMUM_SDS standard deviations, which the Hessian at the lower end
    gives. positions: (n, p). losses: (n,), finite. hessians: (n, p, p).
    """
    labels = np.full(len(positions), -1)
    for i in np.argsort(losses, kind="stable"):
        if labels[i] < 0:
            apart = positions - positions[i]
            near = np.einsum("ni,ij,nj->n", apart, hessians[i], apart) <= SAME_MINIMUM_SDS**2
            near[i] = True
            labels[near & (labels < 0)] = labels.max() + 1
    return labels


def lowest_of_each(labels: NDArray[np.int64], losses: Array) -> NDArray[np.int64]:
    """Return the index of the lowest end of each minimum, (k,), in the order of the labels, (n,), of `distinct`."""
    order = np.argsort(losses, kind="stable")
    return order[np.unique(labels[order], return_index=True)[1]]
