import dataclasses
import re

import numpy as np
import pytest

from core.maps.recipes import fitzhugh_nagumo_task
from core.maps.task import Task
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior

NAMES = "The prior and the known values must together name each parameter once, in the order θ₀, θ₁, ζ, γ."


def law(names, **changes):
    columns = {"mean": (0.4,) * len(names), "sd": (0.3,) * len(names), "lower": (-0.2,) * len(names),
               "upper": (1.0,) * len(names)}  # fmt: skip
    return TruncatedGaussian(names, **{**columns, **changes})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: published(gamma=0.0), "The known value of γ must lie above zero; it is 0."),
        (lambda: published(zeta=float("nan")), "The known value of ζ must be a finite number."),
        (lambda: published(zeta=-101.0), "The known value of ζ must lie between −100 and 100; it is −101."),
        (lambda: task(law(("theta1", "theta0"))), NAMES),
        (lambda: task(law(("theta0",))), NAMES),
        (lambda: task(law(("theta0", "theta1", "zeta"))), NAMES),
        (lambda: task(law(())), "Name at least one unknown, and each of them once."),
        (lambda: task(law(("theta0", "theta1"), upper=(100.5, 1.0))),
         "Mean and bounds of θ₀ must lie between −100 and 100, the bounds at least 0.000001 apart."),
        (lambda: task(law(("theta0", "theta1"), sd=(0.3, 1e9))),
         "The standard deviation of θ₁ must lie between 0.000001 and 1,000."),
        (lambda: task(noise=law(("rho", "sigma"))),
         "The distribution of the noise must keep ρ strictly between −1 and 1, and σ at zero or above."),
        (lambda: task(noise=law(("sigma", "rho"))),
         "The noise of a recipe must be a distribution of ρ and σ, or nothing for clean traces."),
        (lambda: dataclasses.replace(published(), model_name="pendulum"),
         "The model of a recipe must be one of fitzhugh-nagumo"),
    ],
)  # fmt: skip
def test_a_task_that_is_none_ends_in_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        make()


def published(**known):
    return fitzhugh_nagumo_task(published_prior(), published_noise_prior(), **known)


def task(prior=None, noise=None):
    return Task("fitzhugh-nagumo", prior or published_prior(), (("zeta", -0.4), ("gamma", 3.0)), noise)


def test_a_task_can_leave_any_parameters_unknown():
    """Known values stand where the model has them, whatever stands around them."""
    found = Task(
        "fitzhugh-nagumo",
        law(("theta1", "gamma"), lower=(-0.2, 0.1)),
        (("theta0", 0.3), ("zeta", -0.5)),
        published_noise_prior(),
    )
    values = np.array([[0.7, 2.0], [0.1, 4.0]])
    assert found.complete(values).tolist() == [[0.3, 0.7, -0.5, 2.0], [0.3, 0.1, -0.5, 4.0]]


def test_scaling_maps_the_box_to_the_unit_square():
    corners = np.array([[-0.2, -0.4], [1.0, 1.2], [0.4, 0.4]])
    unit = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]])
    assert np.allclose(published().scale(corners), unit, rtol=0, atol=1e-15)
    assert np.allclose(published().unscale(unit), corners, rtol=0, atol=1e-15)
