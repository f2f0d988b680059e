"""The part of the page Trust about one trace."""

from dataclasses import replace

import numpy as np
import pytest

from core.noise import whiten
from core.posterior.exact import posterior
from dashboard.pictures.perturbation import perturbation_on_screen
from dashboard.pictures.perturbed import trace_of
from dashboard.pictures.trust import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.observation import Trace
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.wording import entries
from tests.dashboard.conftest import decoded

SMALL = Experiment(perturbation_size=0.3)


def at_rest(experiment, holdings=None):
    """Return what the page shows of an experiment."""
    return picture(Scene(experiment, experiment, holdings=holdings or Holdings()))


def row(shown, name):
    """Return the numbers in a row of the table, by the heads of its columns."""
    head, *rows = shown.table
    found = next(each for each in rows if each[0]["text"] == name)
    return dict(zip(head[1:], (float(cell.replace(",", "")) for cell in found[1:]), strict=True))


def plot(shown, name):
    return next(each for each in shown.plots if each.id == name)


@pytest.mark.parametrize("name", ["dense-noisy", entries.MAP, entries.EXACT_MEAN])
def test_a_small_perturbation_moves_as_far_as_the_amplification_says(name):
    shown = at_rest(replace(SMALL, perturbed=name))
    found = row(shown, name)
    # The second order is of the relative size of the movement, and the table has two digits.
    assert found["moved [sd]"] == pytest.approx(0.3 * found["amplification: worst direction"], rel=0.1)


def test_a_random_direction_moves_the_exact_posterior_by_far_less():
    shown = at_rest(replace(SMALL, perturbation="random", perturbation_size=10.0))
    found = row(shown, entries.EXACT_MEAN)
    # In 1,000 dimensions two matter: the movement in them is 10 √(2/1000) times the singular values, about 1.
    assert 0.05 < found["moved [sd]"] < 10 * np.sqrt(2 / 1000) * 3.1
    assert found["random direction"] == pytest.approx(np.sqrt(2 / 1000), rel=0.1)


def test_the_trace_is_perturbed_by_the_stated_size_in_units_of_the_noise():
    experiment = replace(SMALL, perturbation_size=10.0)
    shown, observation = at_rest(experiment), Scene(experiment, experiment).observation
    delta = decoded(next(t for t in plot(shown, "trace").figure["data"] if t["name"] == entries.PERTURBATION)["y"])
    noise = observation.noise(experiment.rho, experiment.sigma)
    assert np.linalg.norm(whiten(delta.astype(float), noise)) == pytest.approx(10.0, rel=1e-5)
    opposite = at_rest(replace(experiment, opposite=True))
    other = decoded(next(t for t in plot(opposite, "trace").figure["data"] if t["name"] == entries.PERTURBATION)["y"])
    assert np.array_equal(other, -delta)


def test_estimates_stand_beside_the_exact_posterior_of_the_perturbed_data():
    experiment = replace(SMALL, perturbed="best", perturbation_size=6.0)
    scene = Scene(experiment, experiment)
    trace = trace_of(scene)
    found = perturbation_on_screen(trace, "best", "")
    after = posterior(trace.problem.with_data(trace.problem.data + found.of_size(6.0, trace.problem)))
    shapes = plot(picture(scene), "plane").figure["layout"]["shapes"]
    mark = next(shape for shape in shapes if shape.get("legendgroup") == entries.EXACT_MEAN)
    assert (mark["xanchor"], mark["yanchor"]) == pytest.approx(tuple(after.mean), abs=1e-9)


def test_the_smallest_perturbation_takes_the_map_to_its_target_and_a_network_needs_less():
    sizes = {}
    for name in ("dense-noisy", entries.MAP):
        experiment = replace(SMALL, perturbation="target", perturbed=name)
        trace = trace_of(Scene(experiment, experiment))
        found = perturbation_on_screen(trace, name, "")
        there = trace.estimator(name)((trace.problem.data + found.of_size(found.size, trace.problem))[None])[0]
        off = trace.in_sds(there - [experiment.target_theta0, experiment.target_theta1])
        assert off < 0.02
        sizes[name] = found.size
    assert sizes["dense-noisy"] < sizes[entries.MAP]


def test_what_is_made_for_many_traces_needs_a_trace_of_their_length():
    universal = replace(SMALL, perturbation="universal")
    assert plot(at_rest(universal), "plane").figure is not None
    short = at_rest(replace(universal, t_end=100.0))
    assert short.plots == ()
    assert short.answer == "It is made for traces of 1,000 samples: set the window T to 200 ms."


def test_under_the_hand_it_follows_the_size_alone():
    released = replace(SMALL, perturbation_size=3.0)
    moved = replace(released, perturbation_size=4.0)
    followed = picture(Scene(moved, released, dragging=True))
    assert plot(followed, "plane").figure is not None
    # The plane stays where it was at the release.
    before, now = (plot(each, "plane").figure["layout"]["xaxis"]["range"] for each in (at_rest(released), followed))
    assert now == before
    stays = picture(Scene(replace(released, theta0=0.5), released, dragging=True))
    assert stays.stale
    assert all(each.figure is None for each in stays.plots)


def test_an_upload_is_perturbed_too_and_a_hidden_truth_stays_hidden():
    observation = Scene(SMALL, SMALL).observation
    upload = Trace("mine", observation.times, observation.data)
    shown = at_rest(replace(SMALL, upload="mine"), Holdings(upload=upload))
    hidden = at_rest(replace(SMALL, hidden=True))
    for each in (shown, hidden):
        names = {trace["name"] for trace in plot(each, "plane").figure["data"]}
        assert entries.TRUTH not in names
        assert entries.EXACT_AFTER in names
    assert theta_problem(SMALL, observation).unknown == ("theta0", "theta1")


def test_without_data_or_without_an_explanation_it_says_so():
    diverging = at_rest(Experiment(theta1=-3, t_end=60.0))
    assert diverging.plots == ()
    assert any("is lost from" in note for note in diverging.notes)
    observation = Scene(SMALL, SMALL).observation
    wild = Trace("wild", observation.times, 5 * np.sin(observation.times))
    shown = at_rest(replace(SMALL, upload="wild"), Holdings(upload=wild))
    assert shown.answer.startswith("No parameters explain")


def test_a_target_follows_the_hand_while_the_rest_waits():
    released = replace(SMALL, perturbation="target", perturbed="best")
    shown = picture(Scene(replace(released, target_theta0=0.402), released, dragging=True))
    plane = shown.plots[0]
    target = next(each for each in plane.figure["layout"]["shapes"] if each.get("legendgroup") == entries.TARGET)
    assert (target["xanchor"], target["yanchor"]) == (0.402, released.target_theta1)
    assert plane.stale
    assert all(each.figure is None for each in shown.plots[1:])
