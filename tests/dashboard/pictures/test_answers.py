"""What maps are told of the trace on screen, how much of it they read, and which of them stands for the best one."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.estimate import Estimate
from core.learning.training_settings import Dense
from core.maps.recipe import NewNoise
from core.maps.recipes import (
    conditional_task,
    four_recipe,
    gaussian_recipe,
    joint_task,
    point_recipe,
    published_task,
    window_recipe,
)
from core.regions import marginal_scale
from dashboard.pictures.answers import (
    able,
    about_standard,
    answer_of,
    described,
    n_read,
    neuron_of,
    selected,
    standard_of,
)
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from tests.dashboard.conftest import untrained


@cache
def maps():
    """Return small untrained maps of each kind, called as the shipped ones are."""
    tasks = {
        "best": published_task(), "conditional": conditional_task(), "four": four_recipe().task, "joint": joint_task(),
        "window": window_recipe().task,
    }  # fmt: skip
    return {name: untrained(name, gaussian_recipe(task, Dense((8,)), NewNoise(100), 1)) for name, task in tasks.items()}


def scene(**fields):
    experiment = Experiment(**fields)
    return Scene(experiment, experiment)


@pytest.mark.parametrize(
    ("name", "n", "interval", "read"),
    [
        ("best", 1000, 0.2, 1000),
        ("best", 1500, 0.2, 1000),
        ("best", 999, 0.2, 0),
        ("best", 1000, 0.25, 0),
        ("window", 99, 0.2, 0),
        ("window", 100, 0.2, 100),
        ("window", 1500, 0.2, 1500),
        ("window", 2001, 0.2, 2000),
        ("window", 500, 0.1, 0),
    ],
)
def test_a_map_reads_the_beginning_of_a_longer_trace_and_nothing_of_another_grid(name, n, interval, read):
    assert n_read(maps()[name], np.arange(n) * interval) == read


def test_a_map_is_told_zeta_and_gamma_of_the_screen():
    page = scene(zeta=-0.2, gamma=4.0)
    data = page.observation.data[None]
    told = answer_of(maps()["conditional"], data, page)
    np.testing.assert_array_equal(told.mean, maps()["conditional"].predict(data, [[-0.2, 4.0]]).mean)
    assert np.abs(told.mean - answer_of(maps()["conditional"], data, scene()).mean).max() > 1e-6
    longer = scene(t_end=300.0)
    np.testing.assert_array_equal(
        answer_of(maps()["best"], longer.observation.data[None], longer).mean,
        maps()["best"].predict(longer.observation.data[None, :1000]).mean,
    )


def test_a_part_of_an_estimate_keeps_its_numbers():
    covariance = np.arange(9.0).reshape(3, 3) + np.arange(9.0).reshape(3, 3).T
    whole = Estimate(np.array([[1.0, 2.0, 3.0]]), covariance[None], ("theta0", "theta1", "sigma"))
    part = selected(whole, ("sigma", "theta0"))
    assert (part.names, part.mean.tolist()) == (("sigma", "theta0"), [[3.0, 1.0]])
    assert part.covariance[0].tolist() == [[16.0, 8.0], [8.0, 0.0]]
    heavy_tailed = selected(replace(whole, freedom=5.0), ("sigma", "theta0"))
    np.testing.assert_allclose(heavy_tailed.covariance, marginal_scale(3, 2, 5.0) * part.covariance, rtol=1e-12)


def test_the_neuron_of_an_estimate_has_the_rest_from_the_screen():
    page = Experiment(zeta=-0.1, gamma=2.5)
    theta = Estimate(np.array([[0.3, 0.5]]), None, ("theta0", "theta1"))
    assert neuron_of(theta, page).tolist() == [[0.3, 0.5, -0.1, 2.5]]
    four = Estimate(np.array([[0.3, 0.5, -0.6, 4.0]]), None, ("theta0", "theta1", "zeta", "gamma"))
    assert neuron_of(four, page).tolist() == [[0.3, 0.5, -0.6, 4.0]]
    joint = Estimate(np.array([[0.3, 0.5, 0.08, 0.7]]), None, ("theta0", "theta1", "sigma", "rho"))
    assert neuron_of(joint, page).tolist() == [[0.3, 0.5, -0.1, 2.5]]


@pytest.mark.parametrize(
    ("fields", "standard", "said"),
    [
        ({}, "best", ""),
        ({"sigma": 0.3, "theta0": 1.5}, "best", ""),
        (
            {"gamma": 4.0},
            "conditional",
            "‘conditional’ answers here: it is told ζ and γ, where ‘best’ takes γ = 3 for granted.",
        ),
        (
            {"zeta": -0.2, "gamma": 2.0},
            "conditional",
            "‘conditional’ answers here: it is told ζ and γ, where ‘best’ takes ζ = −0.4 and γ = 3 for granted.",
        ),
        ({"t_end": 100.0}, "window", "‘window’ answers here: it reads windows of any length."),
        (
            {"t_end": 400.0},
            "window",
            "‘window’ answers here: it reads windows of any length, the other maps the first 200 ms.",
        ),
        # It reads the first 200 ms: a wrong γ is worse than that.
        (
            {"t_end": 300.0, "gamma": 4.0},
            "conditional",
            "‘conditional’ answers here: it is told ζ and γ, where ‘best’ takes γ = 3 for granted.",
        ),
        # No other map reads so short a window.
        ({"t_end": 100.0, "gamma": 4.0}, "window", None),
        ({"t_end": 10.0}, "", ""),
    ],
)
def test_the_map_that_is_made_for_the_trace_stands_for_the_best_one(fields, standard, said):
    page = scene(**fields)
    assert standard_of(page, maps()) == standard
    assert said is None or about_standard(page, maps()) == said


def test_where_the_other_maps_are_missing_the_best_one_stays():
    page = scene(gamma=4.0)
    assert standard_of(page, {"best": maps()["best"]}) == "best"
    assert about_standard(page, {"best": maps()["best"]}) == ""
    own = untrained("mine", point_recipe(published_task(), Dense((8,)), 100, maps()["best"].recipe.optimiser))
    assert standard_of(page, {"mine": own}) == "mine"


def test_the_maps_of_a_plane_are_those_that_estimate_its_parameters():
    page = scene()
    assert list(able(page, maps())) == ["best", "conditional", "four", "joint", "window"]
    assert list(able(page, maps(), ("sigma", "rho"))) == ["joint"]
    assert list(able(page, maps(), ("zeta", "gamma"))) == ["four"]
    assert list(able(scene(t_end=300.0, theta1=-50.0), maps())) == []
    traces = described(scene(t_end=300.0), maps())
    assert {name: len(trace["times"]) for name, trace in traces.items()} == {
        "best": 1000, "conditional": 1000, "four": 1000, "joint": 1000, "window": 1500,
    }  # fmt: skip
