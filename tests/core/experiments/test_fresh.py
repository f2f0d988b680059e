import numpy as np
import pytest

from core.experiments.limit_traces import N_FRESH_LIMIT, fresh_set, fresh_traces
from core.experiments.over_limit import ratio_and_spread
from core.maps.test_sets import published_test_set
from core.metrics import median_ape, rmse


def test_the_fresh_traces_are_not_the_published_test_traces():
    data, traces = fresh_set(), fresh_traces()
    assert len(data.theta) == 10_000
    assert np.array_equal(traces.noisy, data.noisy[:N_FRESH_LIMIT])
    assert np.array_equal(traces.truth, data.theta[:N_FRESH_LIMIT])
    assert not set(map(tuple, data.theta)) & set(map(tuple, published_test_set().theta))


def test_a_paired_ratio_has_the_spread_of_its_closed_form():
    """Errors of one parameter, e and 1.1 e + d with small independent d: RMSE ratio 1.1 and its sd by the delta method.

    With n traces, the log of the mean of squares of (1.1 e + d) over that of e has the variance of the mean of
    (1.1 e + d)² / m₁ − e² / m₀; half of it is that of the log ratio. A thousand resamples leave 2.2 %: four of it, and
    2 % for the order that the delta method leaves out.
    """
    rng, n = np.random.default_rng(0), 2000
    e, d = rng.standard_normal((2, n, 1))
    truth, limit, estimate = np.zeros((n, 1)), e, 1.1 * e + 0.3 * d
    ratio, spread = ratio_and_spread(rmse, truth, estimate, limit)
    assert ratio == pytest.approx(np.sqrt(np.mean(estimate**2) / np.mean(limit**2)), rel=1e-12)
    terms = estimate**2 / np.mean(estimate**2) - limit**2 / np.mean(limit**2)
    assert spread == pytest.approx(0.5 * ratio * terms.std() / np.sqrt(n), rel=0.11)


def test_equal_errors_have_a_ratio_of_one_without_spread():
    truth = np.full((50, 2), 2.0)
    estimate = truth + np.random.default_rng(1).standard_normal((50, 2))
    assert ratio_and_spread(median_ape, truth, estimate, estimate) == (1.0, 0.0)
