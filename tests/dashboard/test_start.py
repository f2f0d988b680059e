"""The start page: how far the visitor's curve is off, what the truth looks like there, and the ways in."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dashboard.pictures import start
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.observation import Trace
from dashboard.scene.presets import PRESETS
from dashboard.scene.scene import Scene
from tests.dashboard.conftest import decoded, shows
from tests.reference import reference_solution


def shown(holdings=None, **fields):
    experiment = Experiment(**fields)
    return start.picture(Scene(experiment, experiment, holdings=holdings or Holdings()))


def parts_of(app):
    return [json.loads(part.proto.json) for part in app.get("bidi_component")]


def signs(page):
    """Return what is written over the plot."""
    return [note["text"] for note in page.plots[0].figure["layout"]["annotations"]]


def spikes(theta0):
    u = reference_solution((theta0, 0.4, -0.4, 3.0), np.arange(1000) * 0.2)[:, 0]
    return u, int(np.sum((u[1:] > 1.5) & (u[:-1] <= 1.5)))


def test_the_answer_says_how_far_the_curve_is_off_and_how_often_both_spike():
    """SciPy's potentials, and the same noise; its sd is 0.35, which one draw of 1000 samples has to about 7 %."""
    u, n = spikes(0.6)
    truth, n_truth = spikes(0.4)
    answer = shown().answer
    off = float(answer.split("It misses them ")[1].split()[0])
    assert off == pytest.approx(np.sqrt(np.mean((u - truth) ** 2) + 0.35**2) / 0.35, rel=0.03)
    assert answer.endswith(f"and spikes {n} times; the neuron spiked {n_truth}.")


def test_the_truth_is_found_within_half_a_step_of_the_slider():
    found = shown(candidate_theta0=0.402)
    assert found.answer == "Found: θ₀ = 0.402 made the dots. What is left between curve and dots is noise."
    assert signs(found) == ["✓ Found"]
    close = shown(candidate_theta0=0.405)
    assert close.answer.startswith("Close: your curve misses the dots 1.1 times as far as noise alone would.")
    assert signs(close) == signs(shown(candidate_theta0=0.4, hidden=True)) == []


def test_the_button_brings_the_truth_and_there_is_none_where_it_is_hidden_or_unknown():
    slider, button, *_ = shown(theta0=0.123).options[0]["items"]
    assert (slider["field"], slider["value"]) == ("candidate_theta0", 0.6)
    assert (button["field"], button["value"], button["label"]) == ("candidate_theta0", 0.123, "Show the answer")
    assert [item["kind"] for item in shown(hidden=True).options[0]["items"]] == ["slider", "text", "button"]
    trace = Trace("mine.csv", Experiment().times, np.zeros(1000))
    upload = shown(Holdings(trace), upload="mine.csv")
    assert [item["kind"] for item in upload.options[0]["items"]] == ["slider", "text", "button"]
    assert upload.answer.endswith("times as far as noise alone would.")


def test_what_is_held_is_said_but_not_the_value_that_is_hidden():
    for fields, said in (
        ({"theta1": 0.123, "gamma": 2.5}, "Held: θ₁ = 0.123, ζ = −0.400, γ = 2.50."),
        ({"theta1": 0.123, "hidden": True}, "Held: θ₁ at the truth, ζ = −0.400, γ = 3.00."),
    ):
        assert shown(**fields).options[0]["items"][-2]["label"] == said


def test_the_curve_is_that_of_the_slider_and_the_dots_are_the_data():
    experiment = Experiment(candidate_theta0=0.5)
    figure = shown(candidate_theta0=0.5).plots[0].figure
    line = next(trace for trace in figure["data"] if trace["name"] == "your curve")
    u = decoded(line["y"])
    exact = reference_solution((0.5, 0.4, -0.4, 3.0), np.arange(len(u)) * line["dx"])[:, 0]
    np.testing.assert_allclose(u, exact, rtol=0, atol=3e-3)
    data = Scene(experiment, experiment).observation.data
    np.testing.assert_array_equal(decoded(figure["layout"]["shapes"][0]["dots"]["y"]), data.astype("f4"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"candidate_theta0": 100}, start.TASK), ({"sigma": 0}, start.TASK), ({"theta1": -1}, start.TASK),
     ({"t_end": 2}, start.TASK), ({"sigma": 0.4}, start.TASK)],
)  # fmt: skip
def test_extreme_values_end_in_a_sentence(fields, said):
    assert shown(**fields).answer.startswith(said)
    json.dumps(shown(**fields).as_json(), allow_nan=False)


@pytest.mark.parametrize("door", start.DOORS, ids=lambda door: door[2])
def test_every_way_in_leads_to_a_page_with_its_preset(visit, door):
    _, _, page, preset = door
    app = visit("")
    app.session_state["door"] = f"{page}|{preset}"
    app.run()
    assert app.session_state["page"] == page
    if preset:
        experiment = app.session_state["scene"].experiment
        assert replace(experiment, beside=Experiment().beside) == PRESETS[preset][1]


def test_what_is_no_way_in_leads_nowhere(visit):
    app = visit("")
    app.session_state["door"] = "Your data|Silent"
    app.run()
    assert app.session_state["page"] == "Start"
    assert app.session_state["scene"].experiment == Experiment()


def test_an_old_link_opens_its_experiment_on_the_neuron_page(visit):
    app = visit("", theta0=0.3, sigma=0.1)
    assert app.session_state["page"] == "Neuron"
    assert (app.session_state["scene"].experiment.theta0, app.session_state["scene"].experiment.sigma) == (0.3, 0.1)


def test_the_start_page_s_own_address_opens_the_start_page(visit):
    (stage,) = parts_of(visit("", start=1, candidate_theta0=0.45))
    assert stage["question"] == "Which θ made this?"
    assert stage["address"].startswith("start=1&")
    assert stage["live"]["page"] == "start"
    assert stage["options"][0]["items"][0]["value"] == 0.45
    assert stage["notes"] == []


def test_a_hidden_truth_is_nowhere_on_the_start_page(visit):
    for hidden in (0, 1):
        (stage,) = parts_of(visit("", start=1, theta0=0.317_283_9, theta1=0.421, hidden=hidden))
        stage |= {"address": "", "live": None}  # a link holds the truth, hidden or not
        assert shows(stage, 0.317_283_9) == (not hidden)
        assert shows(stage, 0.421) == (not hidden)
