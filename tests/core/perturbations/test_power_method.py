"""The power method against singular values and exhaustive search."""

from itertools import product

import numpy as np
import pytest

from core.perturbations.power_method import singular_vector

MATRIX = np.random.default_rng(0).standard_normal((12, 8))


def found(p, q, matrix=MATRIX, start=None, iterations=200):
    start = np.ones(matrix.shape[1]) + 0.1 * np.arange(matrix.shape[1]) if start is None else start
    return singular_vector(lambda v: matrix @ v, lambda w: matrix.T @ w, start, p, q, iterations)


def test_for_p_and_q_two_it_is_the_singular_vector():
    vector = found(2, 2)
    assert np.linalg.norm(MATRIX @ vector) == pytest.approx(np.linalg.norm(MATRIX, 2))
    assert np.linalg.norm(vector) == pytest.approx(1)


@pytest.mark.parametrize("q", [1, 2, 5])
def test_in_the_sup_norm_the_best_of_many_starts_is_the_best_of_all_signs(q):
    """A convex function on the cube is largest at a corner."""
    most = max(np.linalg.norm(MATRIX @ signs, q) for signs in product((-1.0, 1.0), repeat=8))
    starts = np.random.default_rng(1).standard_normal((40, 8))
    vectors = [found(np.inf, q, start=start, iterations=30) for start in starts]
    assert all(np.max(np.abs(vector)) == 1 for vector in vectors)
    assert max(np.linalg.norm(MATRIX @ vector, q) for vector in vectors) == pytest.approx(most)


def test_the_norm_never_falls():
    start = np.random.default_rng(2).standard_normal(8)
    norms = [np.linalg.norm(MATRIX @ found(3, 4, start=start, iterations=k), 4) for k in range(12)]
    assert np.all(np.diff(norms) > -1e-12)


def test_a_positive_matrix_has_the_vector_of_ones():
    np.testing.assert_allclose(found(np.inf, 5, np.abs(MATRIX)), np.ones(8))


def test_impossible_norms_and_lost_directions_are_refused():
    for p, q in ((1, 2), (2, np.inf), (2, 0.5)):
        with pytest.raises(ValueError, match="power method takes"):
            found(p, q)
    with pytest.raises(ValueError, match="start from another"):
        found(2, 2, np.zeros((3, 8)))
