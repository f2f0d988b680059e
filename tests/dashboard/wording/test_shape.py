from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import truncnorm

from dashboard.wording.shape import prior_sds, region_area


def test_the_sd_of_a_prior_is_that_of_the_truncated_law(found):
    exact = [truncnorm.std(-2, 2, scale=scale) for scale in (0.3, 0.4)]
    np.testing.assert_allclose(prior_sds(found["needle"]), exact, rtol=1e-3)
    flat = replace(found["needle"], problem=found["needle"].problem.with_flat_prior())
    np.testing.assert_allclose(prior_sds(flat), np.array([1.2, 1.6]) / np.sqrt(12))


def test_the_region_of_a_normal_law_has_its_area(found):
    """χ²₂ has its 90 % at 4.61: an ellipse of π 4.61 √det C, which the excited neuron's posterior nearly is."""
    each = found["excited"]
    exact = np.pi * 4.605 * np.sqrt(np.linalg.det(each.covariance))
    assert region_area(each, 0.9) == pytest.approx(exact, rel=0.1)
