import numpy as np

from core.optimisation.distinct_minima import same_minimum

HESSIAN = np.array([[400.0, 120.0], [120.0, 100.0]])


def descents(positions, minimum):
    """Return positions with loss, gradient and Hessian of a quadratic bowl around each one's minimum."""
    apart = positions - minimum
    losses = 0.5 * np.einsum("ni,ij,nj->n", apart, HESSIAN, apart)
    return positions, losses, apart @ HESSIAN, np.broadcast_to(HESSIAN, (len(positions), 2, 2))


def test_what_is_higher_in_the_same_bowl_joins_the_lowest():
    positions = np.array([[0.02, 0.0], [0.01, 0.0], [0.03, 0.01]])
    assert same_minimum(*descents(positions, np.zeros(2))).tolist() == [True, False, True]


def test_what_is_far_in_the_same_bowl_goes_on():
    """One descent stands 0.4 standard deviations from the lowest, the other 4."""
    positions = np.array([[0.0, 0.0], [0.02, 0.0], [0.2, 0.0]])
    assert same_minimum(*descents(positions, np.zeros(2))).tolist() == [False, True, False]


def test_neighbours_of_different_bowls_do_not_join():
    """The bowl of the lower one predicts a loss of ½ · 400 · 0.04² = 0.32 where the other has none."""
    positions = np.array([[0.0, 0.0], [0.04, 0.0]])
    found = descents(positions, positions)
    losses = np.array([0.0, 1e-6])
    assert not np.any(same_minimum(positions, losses, *found[2:]))


def test_a_lost_descent_joins_none_and_is_joined_by_none():
    positions, losses, gradients, hessians = descents(np.array([[0.02, 0.0], [0.01, 0.0]]), np.zeros(2))
    losses[1], lost = np.inf, np.full((2, 2), np.nan)
    gradients, hessians = np.array([gradients[0], lost[0]]), np.array([hessians[0], lost])
    assert not np.any(same_minimum(positions, losses, gradients, hessians))
