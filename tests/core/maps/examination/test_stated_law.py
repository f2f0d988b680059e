import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal, multivariate_t

from core.estimate import Estimate
from core.maps.examination.stated_law import StatedLaw
from core.regions import shape_factor

COVARIANCE = np.array([[0.04, 0.01], [0.01, 0.09]])


def law_of(freedom):
    return StatedLaw.of(Estimate(np.array([[0.3, 0.5]]), COVARIANCE[None], ("theta0", "theta1"), freedom=freedom))


@pytest.mark.parametrize("freedom", [4.0, 30.0, np.inf])
def test_densities_are_those_of_scipy(freedom):
    values = np.random.default_rng(0).uniform(-1, 1, (20, 2))
    shape = COVARIANCE * shape_factor(2, freedom)
    if np.isinf(freedom):
        expected = multivariate_normal([0.3, 0.5], shape).logpdf(values)
    else:
        expected = multivariate_t([0.3, 0.5], shape, freedom).logpdf(values)
    assert np.allclose(law_of(freedom).log_density(0, values), expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("freedom", [4.0, np.inf])
def test_as_many_draws_lie_in_the_regions_as_is_stated(freedom):
    """Regions of all parameters as `core.regions` has them, and intervals of one; binomial, one in 10,000 each."""
    n, law = 50_000, law_of(freedom)
    draws = law.draws(n, np.random.default_rng(1))
    estimate = Estimate(np.tile([0.3, 0.5], (n, 1)), np.tile(COVARIANCE, (n, 1, 1)), ("a", "b"), freedom=freedom)
    z = np.abs(draws[0] - [0.3, 0.5]) / law.sd
    for share, inside in (
        (0.5, estimate.credibilities(draws[0]) <= 0.5),
        (0.9, estimate.credibilities(draws[0]) <= 0.9),
        (0.9, z[:, 0] <= 1.6448536269514722),
        (0.5, z[:, 1] <= law.central_half),
    ):
        assert binom.ppf(5e-5, n, share) <= np.sum(inside) <= binom.isf(5e-5, n, share)


def test_no_covariance_states_nothing():
    with pytest.raises(ValueError, match="without a covariance"):
        StatedLaw.of(Estimate(np.zeros((1, 1)), None, ("theta0",)))
