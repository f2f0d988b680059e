from dataclasses import replace

import numpy as np

from core.estimate import Estimate
from dashboard.wording.noise import about_given_noise, about_noise_models


def test_noise_models_are_compared_by_area_truth_and_residual():
    white = np.array([1.0, *np.full(30, 0.5)])
    coloured = np.array([1.0, *np.zeros(29), 0.2])
    said = about_noise_models(4.0, 0.8, (0.5, 0.99), (coloured, white), 1000)
    assert "1/4 of the area" in said
    assert "The AR(1) region holds the truth, the other misses it." in said
    assert "of 30 lags, 30 leave the band under the white one and 1 under AR(1)" in said
    assert "4 times as large" in about_noise_models(0.25, 0.8, None, (coloured, white), 1000)
    assert "Both regions miss" in about_noise_models(1.0, 0.8, (0.95, 0.99), (coloured, white), 1000)
    assert "both models are the same" in about_noise_models(1.0, 0.0, None, (coloured, white), 1000)


def test_a_noise_that_the_data_contradict_is_named():
    names = ("theta0", "theta1", "rho", "sigma")
    joint = Estimate(np.array([[0.4, 0.4, 0.8, 0.04]]), np.diag([1e-6, 1e-4, 4e-4, 1e-5])[None], names)
    assert about_given_noise((0.82, 0.042), joint) == ""
    assert "another σ than" in about_given_noise((0.82, 0.07), joint)
    assert "another ρ and σ than" in about_given_noise((0.2, 0.07), joint)
    assert about_given_noise((0.2, 0.07), replace(joint, covariance=None)) == ""
