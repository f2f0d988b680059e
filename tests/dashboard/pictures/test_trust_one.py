"""The part of the page Trust about one trace."""

from dataclasses import replace

import numpy as np
import pytest

from core.estimate import Outcome
from core.noise import whiten
from core.optimisation.minima import map_estimate
from core.perturbations.target import smallest_for_map
from core.perturbations.whitened import perturbation_of
from core.posterior.exact import posterior
from dashboard.background.search import Sought, attended
from dashboard.maps import all_inverse_maps
from dashboard.pictures import trust_one
from dashboard.pictures.perturbation import moved, perturbation_on_screen, wanted_search
from dashboard.pictures.perturbed import trace_of
from dashboard.pictures.trust import picture
from dashboard.pictures.trust_one import wanted
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


def on_screen(experiment):
    scene = Scene(experiment, experiment)
    return trace_of(scene, all_inverse_maps("")[0])


def searched(experiment):
    """Return holdings in which what the page searches is found."""
    asked = wanted(Scene(experiment, experiment))
    *_, found = asked.begin()
    return Holdings(sought=Sought(asked.key, None, found))


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
    trace, scene = on_screen(experiment), Scene(experiment, experiment)
    found = perturbation_on_screen(trace, "best", "")
    after = posterior(trace.problem.with_data(trace.problem.data + found.of_size(6.0, trace.problem)))
    shapes = plot(picture(scene), "plane").figure["layout"]["shapes"]
    mark = next(shape for shape in shapes if shape.get("legendgroup") == entries.EXACT_MEAN)
    assert (mark["xanchor"], mark["yanchor"]) == pytest.approx(tuple(after.mean), abs=1e-9)


def test_the_smallest_perturbation_takes_the_map_to_its_target_and_a_network_needs_less():
    sizes = {}
    for name in ("dense-noisy", entries.MAP):
        experiment = replace(SMALL, perturbation="target", perturbed=name)
        trace = on_screen(experiment)
        *_, found = wanted_search(trace, name).begin()
        there = trace.estimator(name)((trace.problem.data + perturbation_of(found.white, trace.problem.noise[0]))[None])
        assert trace.in_sds(there[0] - [experiment.target_theta0, experiment.target_theta1]) < 0.02
        sizes[name] = found.size
        shown = at_rest(experiment, searched(experiment))
        assert shown.answer.startswith(f"A perturbation of size {found.size:.3g} ")
    assert sizes["dense-noisy"] < sizes[entries.MAP]


def test_the_data_need_at_least_what_makes_the_target_stationary():
    """For a target that is near it is also enough: the MAP of the perturbed data is there."""
    experiment = replace(SMALL, perturbation="target")
    trace = on_screen(experiment)
    white = smallest_for_map(trace.problem, (experiment.target_theta0, experiment.target_theta1))
    perturbed = trace.problem.with_data(trace.problem.data + perturbation_of(white, trace.problem.noise[0]))
    assert trace.in_sds(map_estimate(perturbed).mean[0] - [experiment.target_theta0, experiment.target_theta1]) < 0.02
    shown = at_rest(experiment, searched(experiment))
    assert shown.answer.endswith(f"To make it the best fit, the data need at least {np.linalg.norm(white):.3g}.")


def test_the_search_is_begun_shown_and_ended_by_another_target():
    experiment = replace(SMALL, perturbation="target")
    asked = wanted(Scene(experiment, experiment))
    held = attended(Sought(), asked, None)
    assert at_rest(experiment).answer == "Searching for the smallest perturbation …"
    while not held.task.wait(1.0):
        held = attended(held, asked, None)  # who is not asked for ends
    held = attended(held, asked, None)
    shown = at_rest(experiment, Holdings(sought=held))
    assert "takes dense-noisy to the target" in shown.answer
    other = replace(experiment, target_theta0=0.41)
    began = attended(held, wanted(Scene(other, other)), None)
    assert (began.key == held.key, began.found) == (False, None)
    assert attended(began, None, None).key is None
    assert began.task.wait(60)
    assert wanted(Scene(SMALL, SMALL)) is None


def test_what_is_made_for_many_traces_needs_a_trace_of_their_length():
    universal = replace(SMALL, perturbation="universal")
    assert plot(at_rest(universal), "plane").figure is not None
    observation = Scene(SMALL, SMALL).observation
    faster = Trace("mine", observation.times / 2, observation.data)
    shown = at_rest(replace(universal, upload="mine"), Holdings(upload=faster))
    assert shown.answer == "It is made for traces of 1,000 samples, 0.2 ms apart."
    short = at_rest(replace(universal, t_end=100.0))
    assert short.plots == ()
    assert short.answer == "It is made for traces of 1,000 samples, 0.2 ms apart: set the window T to 200 ms."


def test_under_the_hand_it_follows_the_size_alone(monkeypatch):
    monkeypatch.setattr(trust_one, "FOLLOWS_SECONDS", np.inf)  # however busy the machine is
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
    moving = replace(released, target_theta0=0.402)
    shown = picture(Scene(moving, released, dragging=True, holdings=searched(released)))
    plane = shown.plots[0]
    target = next(each for each in plane.figure["layout"]["shapes"] if each.get("legendgroup") == entries.TARGET)
    assert (target["xanchor"], target["yanchor"]) == (0.402, released.target_theta1)
    assert plane.stale
    assert all(each.figure is None for each in shown.plots[1:])


def test_a_random_direction_tells_nothing_about_the_noise_of_the_data():
    experiment = replace(SMALL, perturbation="random")
    trace = on_screen(experiment)
    observation = Scene(experiment, experiment).observation
    noise = whiten(observation.data - observation.trajectory[:, 0], trace.problem.noise[0])
    directions = [perturbation_on_screen(trace, "best", "").direction]
    directions.append(perturbation_on_screen(on_screen(replace(experiment, seed=8)), "best", "").direction)
    # The correlation of 1,000 pairs of independent normals has the sd 1/√1000.
    assert abs(np.corrcoef(directions[0], noise)[0, 1]) < 4 / np.sqrt(1000)
    assert np.array_equal(*directions)  # an exercise keeps the seed of its noise to itself


def test_where_the_perturbed_trace_is_explained_by_nothing_no_verdict_is_given():
    experiment = replace(SMALL, perturbed="dense-noisy", perturbation_size=31.6)
    trace = on_screen(experiment)
    found = moved(trace, perturbation_on_screen(trace, "dense-noisy", ""), "dense-noisy")
    assert found.exact.fit.outcome == Outcome.UNEXPLAINED
    assert at_rest(experiment).answer.startswith("No parameters explain the perturbed trace")


def test_an_estimate_on_the_edge_of_its_range_has_no_worst_direction():
    noisy = replace(SMALL, sigma=0.4, rho=0.95, perturbed="joint")
    shown = at_rest(noisy)
    assert shown.answer == "The estimate of joint lies on an edge of what it can say: no small perturbation moves it."
    table = at_rest(replace(noisy, perturbed="best")).table
    assert next(each for each in table[1:] if each[0]["text"] == "joint")[1:3] == ["edge", "–"]


def test_without_noise_it_says_which_noise_is_used():
    notes = at_rest(replace(SMALL, sigma=0.0)).notes
    assert "Without noise the posterior is a point: it is drawn for σ = 0.001 ms." in notes
