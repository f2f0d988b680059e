"""The basis of curves leaves what the theorem of Eckart and Young says, and no other basis leaves less."""

import numpy as np
import pytest

from core.surrogates.pod import pod


def left_by(basis, curves):
    """Return the sum of squares that is left of curves by their closest ones in a basis."""
    return np.sum((curves - basis.curves(basis.coefficients(curves))) ** 2)


@pytest.fixture(scope="module")
def curves():
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 25)) * np.geomspace(3, 0.01, 25) + np.linspace(0, 5, 25)


@pytest.mark.parametrize("rank", [1, 5, 20])
def test_what_is_left_are_the_smaller_eigenvalues_of_the_scatter_matrix(curves, rank):
    scatter = (curves - curves.mean(axis=0)).T @ (curves - curves.mean(axis=0))
    expected = np.sum(np.linalg.eigvalsh(scatter)[:-rank])
    assert left_by(pod(curves, rank), curves) == pytest.approx(expected, rel=1e-9)


def test_no_other_basis_of_the_rank_leaves_less(curves):
    best, rng = pod(curves, 4), np.random.default_rng(1)
    for size in (1e-3, 0.1, 1.0):
        turned, _ = np.linalg.qr((best.modes + size * rng.standard_normal(best.modes.shape)).T)
        rest = (curves - best.mean) - (curves - best.mean) @ turned @ turned.T
        assert np.sum(rest**2) > left_by(best, curves)


def test_modes_are_orthonormal_and_all_of_them_leave_nothing(curves):
    basis = pod(curves, 25)
    assert basis.modes @ basis.modes.T == pytest.approx(np.eye(25), abs=1e-12)
    assert basis.curves(basis.coefficients(curves)) == pytest.approx(curves, abs=1e-12)


def test_a_rank_that_is_too_large_gets_a_sentence(curves):
    with pytest.raises(ValueError, match="between 1 and 25 modes"):
        pod(curves, 26)
