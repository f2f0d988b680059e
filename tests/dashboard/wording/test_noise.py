from dataclasses import replace

import numpy as np

from core.estimate import Estimate
from dashboard.wording.noise import about_given_noise, about_noise_models, about_residuals


def test_noise_models_are_compared_by_area_and_truth():
    said = about_noise_models(4.0, 0.8, (0.5, 0.99))
    assert said == (
        "Taken as white, the same data give a 90 % region 4 times smaller: overconfident. The AR(1) region holds the "
        "truth, the other misses it."
    )
    assert "4 times larger" in about_noise_models(0.25, 0.8, None)
    assert about_noise_models(1.0, 0.8, (0.95, 0.99)) == (
        "Taken as white, the same data give a 90 % region of about the same area, in another place. Both regions miss "
        "the truth."
    )
    assert "both models are the same" in about_noise_models(1.0, 0.0, None)


def test_the_residual_tells_which_noise_model_is_wrong():
    """Of 30 lags of white noise, each outside in 5 % of cases, more than 6 lie there in less than one of a thousand."""
    white = np.array([1.0, *np.full(30, 0.5)])
    coloured = np.array([1.0, *np.zeros(29), 0.2])
    said = about_residuals((coloured, white), 1000)
    assert said.endswith(
        "White leaves 30 of 30 lags outside the band of chance, AR(1) 1; chance leaves about 2: white is wrong."
    )
    assert about_residuals((coloured, coloured), 1000).endswith("chance leaves about 2.")
    six, seven = (np.array([1.0, *np.zeros(30 - n), *np.full(n, -0.1)]) for n in (6, 7))
    assert about_residuals((six, seven), 1000).endswith("about 2: white is wrong.")
    assert about_residuals((white, white), 1000).endswith("about 2: white and AR(1) are wrong.")


def test_a_noise_that_the_data_contradict_is_named():
    names = ("theta0", "theta1", "rho", "sigma")
    joint = Estimate(np.array([[0.4, 0.4, 0.8, 0.04]]), np.diag([1e-6, 1e-4, 4e-4, 1e-5])[None], names)
    assert about_given_noise((0.82, 0.042), joint) == ""
    assert "another σ than" in about_given_noise((0.82, 0.07), joint)
    assert "another ρ and σ than" in about_given_noise((0.2, 0.07), joint)
    assert about_given_noise((0.2, 0.07), replace(joint, covariance=None)) == ""
