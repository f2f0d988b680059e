import numpy as np
import pytest

from core.experiments.estimators import (
    BEST,
    FIRST_NETWORK,
    KNOWN,
    LINEARISED,
    MAP,
    PERTURBED_MAPS,
    RANDOM_CHANGE,
    SHIPPED_MAPS,
    made_for,
)
from core.experiments.limit_traces import fresh_set
from core.experiments.perturbed import estimates, estimator_of, fresh
from core.experiments.records import Key, stored
from core.maps.inverse_map import available_inverse_maps
from core.published import published_noise_prior

NUMBERS = range(2000, 2003)


def test_every_shipped_map_is_perturbed():
    assert available_inverse_maps() == SHIPPED_MAPS


def test_the_fresh_traces_have_the_published_noise():
    """The means of 10,000 draws of a truncated normal distribution have a standard error below sd/100."""
    prior, noise = published_noise_prior(), fresh_set().noise_parameters
    assert np.all(np.abs(noise.mean(axis=0) - prior.mean) < 4 * np.array(prior.sd) / 100)


@pytest.mark.parametrize("code", [BEST, FIRST_NETWORK, "conditional", "window", "cnn-noisy"])
def test_maps_with_derivatives_estimate_as_the_maps(code):
    """In single precision; no trace here is mended."""
    traces, truth = fresh(NUMBERS)
    expected = estimates(code, NUMBERS, traces)
    np.testing.assert_allclose(estimator_of(code, NUMBERS)(traces), expected, atol=1e-4)
    assert expected.shape == truth.shape


def test_classical_estimators_agree_with_each_other_and_with_the_truth():
    """Where the posterior is narrow, MAP, its linearisation and the mean lie close together."""
    traces, truth = fresh(NUMBERS)
    found = [estimates(code, NUMBERS, traces) for code in (MAP, KNOWN, LINEARISED)]
    np.testing.assert_allclose(found[1], found[0], atol=0.02)
    np.testing.assert_allclose(found[2], found[0], atol=1e-3)
    np.testing.assert_allclose(found[0], truth, atol=0.1)


def test_the_stored_amplifications_keep_to_the_bounds_of_theory():
    """The linearised MAP has singular values of at most one, and MAP and exact mean are efficient up to curvature."""
    result = stored("perturbations")

    def of(code, metric="amplification", regime="fresh"):
        return result.value(Key(code, metric, "", regime))

    assert of(LINEARISED) == pytest.approx(1, abs=1e-3)
    assert of(LINEARISED, "amplification_random") == pytest.approx(np.sqrt(2 / 1000), rel=0.01)
    for code in (MAP, KNOWN):
        assert of(code) == pytest.approx(1, abs=0.15)
    assert all(of(code) > 0.99 for code in PERTURBED_MAPS)
    for code in PERTURBED_MAPS:
        assert of(code, "movement", made_for(code)) > of(code, "movement", RANDOM_CHANGE)
