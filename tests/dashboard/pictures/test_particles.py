"""Training as particles: nothing is computed before it is opened; then the ways, the loss and the success curve."""

from dataclasses import replace

import numpy as np
import pytest

from core.experiments.estimators import SPIKES, ratio_regime
from core.experiments.records import Key, stored
from core.mean_field import sparse_spikes
from dashboard.pictures import particles
from dashboard.pictures.layouts import LAYOUTS
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.scene import Scene
from tests.dashboard.conftest import decoded


def shown(**fields):
    experiment = replace(Experiment(), **fields)
    return particles.picture(Scene(experiment, experiment, False, Holdings()))


def plot(found, name):
    return next(each.figure for each in found.plots if each.id == name)


def runners(figure):
    return [trace for trace in figure["data"] if "clock" in trace.get("meta", {})]


def test_folded_it_computes_nothing(monkeypatch):
    monkeypatch.setattr(particles.results, "kept", lambda *_: pytest.fail("something was computed"))
    monkeypatch.setattr(particles, "stored", lambda _: pytest.fail("something was read"))
    found = shown()
    assert found.plots == ()
    assert [each["field"] for group in found.options for each in group["items"]] == ["particles"]


@pytest.mark.parametrize(("opened", "n"), [("spikes", 6), ("network", 3)])
def test_every_particle_runs_on_the_clock_of_the_loss(opened, n):
    found = shown(particles=opened, spikes_m="6", student_m="3", student_ratio="4")
    assert {each.id for each in found.plots} == {"tracks", "excess", "success"}
    assert "tracks excess success" in [row for row, _ in LAYOUTS[found.layout].rows]
    assert found.race.counts == "step"
    assert len(found.said) == 3  # one below each plot
    ways, loss = runners(plot(found, "tracks")), runners(plot(found, "excess"))
    assert (len(ways), len(loss)) == (n, 1)
    for way in ways:
        assert way["meta"]["clock"] == loss[0]["meta"]["clock"]
        assert decoded(way["x"]).size == decoded(way["meta"]["clock"]).size
        head = plot(found, "tracks")["layout"]["shapes"][way["meta"]["head"]]
        assert (head["xanchor"], head["yanchor"]) == pytest.approx(
            (decoded(way["x"])[-1], decoded(way["y"])[-1]), rel=1e-5, abs=1e-5
        )


def test_spikes_stand_at_their_angles_at_the_square_roots_of_their_weights():
    problem = sparse_spikes.random_spikes(np.random.default_rng(3))
    found = plot(shown(particles="spikes", draw=3), "tracks")
    stars = [shape for shape in found["layout"]["shapes"] if shape.get("path", "").startswith("M0,9L2.1,2.9")]
    places = [shape["xanchor"] + 1j * shape["yanchor"] for shape in stars]
    assert np.abs(places) ** 2 == pytest.approx(problem.weights)
    assert np.angle(places) % (2 * np.pi) == pytest.approx(problem.angles)


def test_enough_particles_find_the_spikes_of_the_first_problem_and_five_are_stuck():
    few, many = (shown(particles="spikes", spikes_m=m).answer for m in ("5", "10"))
    assert "they are stuck" in few
    assert "they have found it, with mass at 5 of 5 spikes" in many


def test_the_success_curve_is_the_stored_one_and_the_ring_stands_at_the_chosen_number():
    found = plot(shown(particles="spikes", spikes_m="8", spikes_ratio="0.25"), "success")
    curve = next(trace for trace in found["data"] if "error_y" in trace)
    measured = stored("mean-field").value(Key(SPIKES, "success", "", ratio_regime(0.25), at=8))
    at = decoded(curve["x"]).tolist().index(8)
    assert decoded(curve["y"])[at] == pytest.approx(100 * measured)
    ring = next(trace for trace in found["data"] if trace["name"] == "you are here")
    assert (ring["x"], ring["y"]) == ([8.0], [pytest.approx(100 * measured)])


def test_without_the_experiment_the_curve_says_how_to_store_it(monkeypatch):
    monkeypatch.setattr(particles, "stored", lambda _: None)
    found = shown(particles="spikes")
    assert [each.id for each in found.plots] == ["tracks", "excess"]
    assert "python -m core.experiments mean-field" in found.said[-1]
