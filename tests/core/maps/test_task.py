import dataclasses
import re

import numpy as np
import pytest

from core.maps.recipes import conditional_task, fitzhugh_nagumo_task, joint_task
from core.maps.task import Task
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior

NAMES = "The prior and the known values must together name each parameter once, in the order θ₀, θ₁, ζ, γ."

GIVEN_NAMES = NAMES.replace("The prior and", "The prior, the given parameters and")


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
        # The right number of names, but θ₀ twice.
        (lambda: dataclasses.replace(published(), known=(("theta0", 0.1), ("zeta", -0.4))), NAMES),
        (lambda: told(law(("zeta",), lower=(-0.8,), upper=(0.0,))), GIVEN_NAMES),
        (lambda: told(law(("zeta", "gamma"), lower=(-0.8, 2.0), upper=(0.0, 5.0), mean=(-0.4, 3.0)),
                      known=(("zeta", -0.4),)), GIVEN_NAMES),
        (lambda: told(law(("gamma", "zeta"), lower=(2.0, -0.8), upper=(5.0, 0.0), mean=(3.0, -0.4))), GIVEN_NAMES),
        (lambda: told("uniform"), "The given parameters of a recipe must have a distribution."),
        (lambda: told(law(("zeta", "gamma"), lower=(-0.8, 0.0), upper=(0.0, 5.0))),
         "The range of γ must lie above zero; it begins at 0."),
        (lambda: told(law(("zeta", "gamma"), lower=(-101.0, 2.0), upper=(0.0, 5.0))),
         "Mean and bounds of ζ must lie between −100 and 100, the bounds at least 0.000001 apart."),
        (lambda: dataclasses.replace(published(), estimates_noise=1),
         "A task needs to know whether the noise is estimated: true or false."),
        (lambda: dataclasses.replace(published(), noise=None, estimates_noise=True),
         "Clean traces have no noise to estimate: choose noisy traces, or the parameters alone."),
        *((lambda n_times=n_times: dataclasses.replace(published(), n_times=n_times),
           "The smallest and the largest number of samples must be whole numbers.")
          for n_times in ([100, 200], (100,), (100, 200.0), (True, 200), 200)),
        (lambda: dataclasses.replace(published(), n_times=(49, 1000)),
         "The number of samples of a trace must lie between 50 and 5,000; it is 49."),
        (lambda: dataclasses.replace(published(), n_times=(1000, 5001)),
         "The number of samples of a trace must lie between 50 and 5,000; it is 5,001."),
        (lambda: dataclasses.replace(published(), n_times=(1000, 999)),
         "The smallest number of samples must not lie above the largest."),
        (lambda: dataclasses.replace(published(), model_name="pendulum"),
         "The model of a recipe must be one of fitzhugh-nagumo"),
    ],
)  # fmt: skip
def test_a_task_that_is_none_ends_in_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}"):
        make()


def published(**known):
    return fitzhugh_nagumo_task(published_prior(), published_noise_prior(), **known)


def told(given, known=()):
    return Task("fitzhugh-nagumo", published_prior(), known, published_noise_prior(), given)


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


def test_given_parameters_stand_where_the_model_has_them():
    """Whatever is estimated and known around them."""
    found = Task(
        "fitzhugh-nagumo",
        law(("theta0", "gamma"), lower=(-0.2, 0.1)),
        (("zeta", -0.5),),
        published_noise_prior(),
        law(("theta1",)),
    )
    assert found.known_names == ("theta1", "zeta")
    values, given = np.array([[0.7, 2.0], [0.1, 4.0]]), np.array([[0.3], [0.2]])
    assert found.complete(values, given).tolist() == [[0.7, 0.3, -0.5, 2.0], [0.1, 0.2, -0.5, 4.0]]
    # One given parameter for several draws.
    assert found.complete(values, given[0]).tolist() == [[0.7, 0.3, -0.5, 2.0], [0.1, 0.3, -0.5, 4.0]]
    assert conditional_task().known_names == ("zeta", "gamma")


def test_the_box_of_a_joint_map_holds_the_noise_after_theta():
    """σ from 0.07 − 3 · 0.0097 to 0.07 + 3 · 0.0097 ms, and ρ from 0.8 − 3 · 0.057 to 0.8 + 3 · 0.057."""
    joint = joint_task()
    assert joint.law.names == joint.names == ("theta0", "theta1", "sigma", "rho")
    expected = [[-0.2, 1.0], [-0.4, 1.2], [0.0409, 0.0991], [0.629, 0.971]]
    assert np.allclose(joint.law.bounds, expected, rtol=0, atol=1e-12)
    assert np.allclose(joint.unscale(joint.scale(joint.law.bounds.T)), joint.law.bounds.T, rtol=0, atol=1e-15)
    assert np.allclose(joint.scale(joint.law.bounds.T), [[0] * 4, [1] * 4], rtol=0, atol=1e-15)
    assert joint.columns == [0, 1]


def test_times_of_the_longest_trace_lie_a_fifth_of_a_millisecond_apart():
    task = dataclasses.replace(published(), n_times=(100, 2000))
    assert task.has_window
    assert not published().has_window
    assert np.allclose(task.times, np.arange(2000) * 0.2, rtol=0, atol=1e-9)
