"""The coverage of a map's 90 % regions, against normal distributions whose coverage is known."""

import numpy as np
import pytest
from scipy.stats import chi2

from core.estimate import Estimate
from core.learning.training_settings import Adam, Dense
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.evaluation import evaluate
from core.maps.recipe import NewNoise
from core.maps.recipes import PUBLISHED_DENSE, gaussian_recipe, point_recipe, published_task
from tests.dashboard.conftest import untrained

N = 2000


def covered(stated):
    """Return the coverage of estimates whose errors are normal, with stated sds so many times the true ones."""
    model = untrained("a-map", gaussian_recipe(published_task(), Dense((8,)), NewNoise(100), 2))
    data = dataset(published_task(), N, TEST_STREAM)
    root = np.array([[0.02, 0.0], [0.01, 0.03]])
    mean = data.theta + np.random.default_rng(5).standard_normal((N, 2)) @ root.T
    covariance = np.broadcast_to(stated**2 * root @ root.T, (N, 2, 2))
    return evaluate(model, data, {"noisy": Estimate(mean, covariance, model.parameter_names)})["noisy"]["coverage"]


@pytest.mark.parametrize("stated", [0.5, 1.0, 2.0])
def test_coverage_is_that_of_the_normal_distribution(stated):
    """Within k sds of the claim lie P(χ² < k² q), where q is the 90 % quantile; to four standard errors."""
    expected = chi2.cdf(stated**2 * chi2.ppf(0.9, 2), 2)
    assert abs(covered(stated) - expected) <= 4 * np.sqrt(expected * (1 - expected) / N)


def test_a_map_without_a_covariance_has_no_coverage_and_clean_traces_have_none():
    data = dataset(published_task(), 50, TEST_STREAM)
    point = evaluate(untrained("a-map", point_recipe(published_task(), PUBLISHED_DENSE, 100, Adam(1))), data)
    gaussian = evaluate(untrained("a-map", gaussian_recipe(published_task(), Dense((8,)), NewNoise(100), 2)), data)
    assert [("coverage" in each[kind]) for each in (point, gaussian) for kind in ("clean", "noisy")] == [
        False, False, False, True,
    ]  # fmt: skip
