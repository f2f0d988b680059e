"""The part of the page Uncertainty that shows learned covariances beside their label."""

import dataclasses

import numpy as np
import pytest

from core.estimate import Estimate
from core.experiments import records
from core.experiments.records import Key, Measurement, Result
from core.learning.training_settings import MeanAndCovariance
from core.maps.inverse_map import inverse_map
from core.maps.recipes import published_covariance_recipe
from core.maps.untrained_network import untrained_network
from core.posterior.local_gaussian import local_gaussian
from dashboard import maps as registry
from dashboard.pictures import learned_covariances as page
from dashboard.pictures import results, support
from dashboard.scene.experiment import Experiment
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene
from tests.dashboard.conftest import decoded

SHOWN = Experiment(below="covariances")


@pytest.fixture
def networks(monkeypatch):
    """Two networks in the place of the shipped ones: means 1.1 and 1.2, covariances 1.5 and 2 times the label's."""
    label = local_gaussian(problem_of(SHOWN, Scene(SHOWN, SHOWN).observation), (SHOWN.theta0, SHOWN.theta1))
    recipe = published_covariance_recipe(8000, noisy=True)
    found = {}
    for name, factor, scale in (("cnn-covariance", 1.1, 1.5), ("covariance", 1.2, 2.0)):
        estimate = Estimate(factor * label.mean[None], scale * label.covariance[None], ("theta0", "theta1"))
        network = inverse_map(name, recipe, untrained_network(recipe).state_dict(), {})
        found[name] = dataclasses.replace(network)
        object.__setattr__(found[name], "predict", lambda _data, _known=None, estimate=estimate: estimate)
    for module in (registry, page):
        monkeypatch.setattr(module, "covariance_maps", lambda: (found, ()))
    return label


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    errors = {("cnn-published", 8000): (0.05, 0.16), ("ours", 8000): (0.021, 0.0712)}
    found = [
        Measurement(Key(estimator, metric, "", "noisy-noisy", n), value)
        for (estimator, n), both in errors.items()
        for metric, value in zip(("mean_error", "covariance_error"), both, strict=True)
    ]
    found += [
        Measurement(Key("best", "mean_error", "", "noisy"), 0.001),
        Measurement(Key("best", "covariance_error", "", "noisy"), 0.04),
    ]
    records.store("covariance", Result("By hand.", {"n_samples": 8000}, tuple(found)))


def lower(shown):
    scene = Scene(shown, shown)
    return support.picture(scene)


def test_the_answer_and_the_table_are_those_of_the_stored_experiment(networks, experiment):
    shown = lower(SHOWN)
    assert shown.answer == (
        "On noisy traces our network misses the labelled covariance by 7\u00a0% in the median, and the mean by "
        "2.1\u00a0%; the paper’s CNN by 16\u00a0% and 9.3\u00a0%."
    )
    head, *rows = shown.table
    assert head == ["errors of mean, covariance", "this trace", "clean / clean", "clean / noisy", "noisy / noisy"]
    cells = {row[0]["text"]: row[1:] for row in rows}
    assert cells["paper’s CNN"] == [
        "–",
        "3.2\u00a0%, 12.4\u00a0%",
        "21.5\u00a0%, 22.9\u00a0%",
        "9.3\u00a0%, 16.1\u00a0%",
    ]
    assert cells["retrained CNN"] == ["10.0\u00a0%, 50.0\u00a0%", "–", "–", "5.0\u00a0%, 16.0\u00a0%"]
    assert cells["our network"] == ["20.0\u00a0%, 100.0\u00a0%", "–", "–", "2.1\u00a0%, 7.1\u00a0%"]
    assert cells["best"][1:] == ["–", "–", "0.1\u00a0%, 4.0\u00a0%"]
    assert cells["Laplace"][0].startswith("0.0\u00a0%, ")


def test_the_sentences_say_whether_the_label_is_valid_and_how_far_the_networks_are_off(networks, experiment):
    assert lower(SHOWN).said == [
        "The local Gaussian of this trace is a valid label.",
        "On this trace the learned covariance is off its label by 50\u00a0% for the retrained CNN and 100\u00a0% for "
        "our network.",
    ]


def test_the_figure_draws_the_label_and_both_networks_within_its_axes(networks, experiment):
    """The outline of the label reaches 2.146 sds, the radius of 90\u00a0%."""
    (plot,) = lower(SHOWN).plots
    drawn = {each["name"]: each for each in plot.figure["data"] if each.get("mode") == "lines" and "bdata" in each["x"]}
    assert list(drawn) == ["local Gaussian, the label", "retrained CNN", "our network"]
    outline = decoded(drawn["local Gaussian, the label"]["x"])
    assert np.ptp(outline) / 2 == pytest.approx(2.146 * np.sqrt(networks.covariance[0, 0]), rel=1e-3)
    low, high = plot.figure["layout"]["xaxis"]["range"]
    for each in drawn.values():
        assert low < decoded(each["x"]).min() < decoded(each["x"]).max() < high


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"theta0": -0.15, "theta1": 1.0}, "never spikes."),
        ({"theta0": 0.95, "theta1": 1.0}, "stays excited and completes no spike."),
    ],
)
def test_a_label_that_is_not_valid_says_why(networks, experiment, changes, end):
    """Nothing is compared with it: the experiment compares valid labels only."""
    shown = lower(dataclasses.replace(SHOWN, **changes))
    assert shown.said == [f"The local Gaussian is not a valid label: at the MAP point the neuron {end}"]
    assert {row[1] for row in shown.table[1:]} == {"–"}


def test_on_other_axes_than_theta_the_page_says_which_to_choose(networks, experiment):
    shown = lower(dataclasses.replace(SHOWN, axis_x="theta0", axis_y="gamma"))
    assert shown.said[1] == "These networks estimate θ₀ and θ₁ only: choose them as the axes."


def test_a_broken_network_becomes_a_sentence_among_the_notes(tmp_path, monkeypatch):
    (tmp_path / "cnn-covariance.safetensors").write_bytes(b"")
    (tmp_path / "cnn-covariance.json").write_text("{}")
    monkeypatch.setattr("core.maps.inverse_map.LABELLED", tmp_path)
    (note,) = lower(SHOWN).notes
    assert note.startswith("A map was left out. ")
    assert "cnn-covariance" in note


def test_without_the_experiment_and_without_networks_the_page_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(page, "covariance_maps", lambda: ({}, ()))
    shown = lower(dataclasses.replace(SHOWN, t_end=60))
    assert shown.answer.startswith("Run “python -m core.experiments covariance” to see")
    assert shown.said[1] == "These networks read only traces of 1,000 samples, 0.2 ms apart."
    assert [row[0]["text"] for row in shown.table[1:]] == ["paper’s CNN", "Laplace", "exact posterior"]


def test_the_label_is_kept(monkeypatch):
    problem = problem_of(SHOWN, Scene(SHOWN, SHOWN).observation)
    first = results.local_gaussian(problem)
    assert results.local_gaussian(problem) is first


def test_shipped_networks_learned_from_labels():
    maps, sentences = registry.covariance_maps()
    assert (set(maps), sentences) == ({"cnn-covariance", "covariance"}, ())
    for each in maps.values():
        assert isinstance(each.recipe.head, MeanAndCovariance)
