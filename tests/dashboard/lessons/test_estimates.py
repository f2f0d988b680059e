"""What the lessons say of the shipped maps is what these maps answer."""

from dataclasses import replace

import pytest

from dashboard.lessons.estimates import miss_of, novelty_of, place_of, sds_off
from dashboard.scene.experiment import Experiment


def test_a_map_is_near_the_truth_of_data_like_its_training():
    """Over the published test set the best map's error is below 0.04 in each parameter."""
    assert miss_of("best", Experiment()) < 0.04
    assert sds_off("best", Experiment()) < 4
    assert novelty_of("best", Experiment()) < 1


def test_an_estimate_cannot_leave_the_box_of_the_maps_prior():
    theta0, theta1 = place_of("narrow", replace(Experiment(), theta0=0.8, theta1=0.6))
    assert 0 <= theta0 <= 0.4
    assert 0.2 <= theta1 <= 0.6


def test_a_map_without_covariance_has_neither_sds_nor_a_score():
    with pytest.raises(ValueError, match="cnn-noisy gives no covariance"):
        sds_off("cnn-noisy", Experiment())
    with pytest.raises(ValueError, match="cnn-noisy has no out-of-distribution score"):
        novelty_of("cnn-noisy", Experiment())
