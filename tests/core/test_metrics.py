import numpy as np
import pytest

from core.metrics import median_ape, median_relative_error, r_squared, rmse, squared_bias_and_centred_mse

TRUTH = np.array([[1.0, -2.0], [2.0, 4.0], [3.0, -5.0], [6.0, 1.0]])
ESTIMATE = TRUTH + np.array([[0.1, 1.0], [-0.2, 0.0], [0.6, -0.5], [0.0, 0.1]])


def test_r_squared_by_hand():
    """Squared errors sum to 0.41 and 1.26; the truths' squares about their means 3 and −0.5 to 14 and 45."""
    assert np.allclose(r_squared(TRUTH, ESTIMATE), [1 - 0.41 / 14, 1 - 1.26 / 45], rtol=1e-14)
    assert np.array_equal(r_squared(TRUTH, TRUTH), [1, 1])
    assert np.allclose(r_squared(TRUTH, np.broadcast_to(TRUTH.mean(axis=0), TRUTH.shape)), 0, atol=1e-15)


def test_rmse_by_hand():
    assert np.allclose(rmse(TRUTH, ESTIMATE), np.sqrt([0.41 / 4, 1.26 / 4]), rtol=1e-14)


def test_median_ape_by_hand():
    """Relative errors 0.1, 0.1, 0.2, 0 and 0.5, 0, 0.1, 0.1, one median a parameter, not one of all."""
    assert np.allclose(median_ape(TRUTH, ESTIMATE), [0.1, 0.1], rtol=1e-12)
    assert np.allclose(median_ape(TRUTH[:3], ESTIMATE[:3]), [0.1, 0.1], rtol=1e-12)
    assert np.allclose(median_ape(TRUTH[[0, 2]], ESTIMATE[[0, 2]]), [0.15, 0.3], rtol=1e-12)


def test_median_relative_error_by_hand():
    """Errors of 0.5, 0 and 13 on vectors of norms 5, 1 and 13; and of norm 3 on a matrix of norm 6."""
    truth, estimate = [[3, 4], [0, 1], [5, 12]], [[3.3, 4.4], [0, 1], [0, 0]]
    assert median_relative_error(truth, estimate) == pytest.approx(0.1)
    matrix = np.array([[[4.0, 2], [0, 4]]])
    assert median_relative_error(matrix, matrix + np.array([[1, 2], [2, 0]])) == pytest.approx(0.5)


def test_median_ape_of_a_known_law():
    """|error|/|truth| uniform on [0, 1] has the median ½ with the standard error 1/(2 √n) = 0.0016; 5 of them."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(1, 2, (100_000, 2)) * rng.choice([-1, 1], (100_000, 2))
    estimate = truth * (1 + rng.uniform(-1, 1, (100_000, 2)))
    assert np.all(np.abs(median_ape(truth, estimate) - 0.5) <= 0.008)


def test_bias_and_centred_error_add_up_to_the_mean_squared_error():
    """An offset of 0.3 and a sine of amplitude 0.5 over whole periods: 0.09 and 0.125."""
    t = np.arange(1000) / 1000
    series = np.stack([0.3 + 0.5 * np.sin(2 * np.pi * 5 * t), np.zeros(1000)])
    bias, centred = squared_bias_and_centred_mse(np.zeros((2, 1000)), series)
    assert np.allclose(bias, [0.09, 0], rtol=0, atol=1e-12)
    assert np.allclose(centred, [0.125, 0], rtol=0, atol=1e-12)
