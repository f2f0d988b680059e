import numpy as np
import pytest

from core.maps.inverse_map import load_inverse_map
from core.published import time_grid
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Trace, observe
from dashboard.wording.maps import about_novelty, about_training, trained_for


def test_a_familiar_score_says_what_it_cannot_see():
    assert about_novelty("best", 0.11, untrained=False) == (
        "This trace looks like the training data of ‘best’ (out-of-distribution score 0.1, alarm above 1). "
        "A wrong ζ or γ need not show in this score."
    )


def test_no_trace_looks_familiar_that_a_map_is_known_not_to_be_trained_for():
    text = about_novelty("best", 0.11, untrained=True)
    assert text == "The residual of ‘best’ does not show this (out-of-distribution score 0.1, alarm above 1)."


@pytest.mark.parametrize("untrained", [False, True])
def test_a_strange_trace_is_an_alarm(untrained):
    strange, wild = (about_novelty("best", score, untrained) for score in (4.04, 1e6))
    assert strange == (
        "Beware: this trace is unlike the training data of ‘best’ (out-of-distribution score 4.0; only 1\u00a0% of the "
        "training’s traces exceed 1)."
    )
    assert "score above 100" in wild


@pytest.fixture(scope="module")
def maps():
    """Two maps that were trained on noise, and one that was not."""
    return {name: load_inverse_map(name) for name in ("best", "cnn-noisy", "cnn-clean")}


def test_maps_that_were_not_trained_for_a_trace_share_a_sentence(maps):
    trace = observe(Experiment(zeta=-0.2), None).described(Experiment(zeta=-0.2))
    assert about_training(maps, dict.fromkeys(maps, trace)) == [
        "‘best’ and ‘cnn-noisy’ were not trained for ζ = −0.2 (trained at −0.4). Their estimates answer for a neuron "
        "with ζ = −0.4.",
        "‘cnn-clean’ was not trained for ζ = −0.2 (trained at −0.4) and noise (trained on clean traces). Its estimate "
        "answers for a neuron with ζ = −0.4.",
    ]
    assert {trained_for(each, trace) for each in maps.values()} == {"no"}


def test_of_an_upload_maps_say_what_they_expect(maps):
    upload = Trace("mine.csv", time_grid(), np.zeros(1000))
    trace = observe(Experiment(), upload).described(Experiment())
    rest = "θ₀ from −0.2 to 1, θ₁ from −0.4 to 1.2, ζ = −0.4 and γ = 3."
    assert about_training(maps, dict.fromkeys(maps, trace)) == [
        "‘best’ and ‘cnn-noisy’ can read this trace. They expect noise of sd 0.2 to 0.5 with ρ from 0.63 to 0.97, "
        + rest,
        f"‘cnn-clean’ can read this trace. It expects no noise, {rest}",
    ]
    assert {trained_for(each, trace) for each in maps.values()} == {"not known"}
    claimed = Experiment(zeta=-0.2)
    assert (
        "not trained for ζ = −0.2"
        in about_training(maps, dict.fromkeys(maps, observe(claimed, upload).described(claimed)))[0]
    )


def test_a_map_that_was_trained_for_a_trace_has_no_sentence(maps):
    trace = observe(Experiment(), None).described(Experiment())
    assert [trained_for(each, trace) for each in maps.values()] == ["yes", "yes", "no"]
    assert about_training({"best": maps["best"]}, {"best": trace}) == []
    hidden = Experiment(hidden=True)
    # Whether a hidden θ lies where the maps were trained would give it away.
    assert trained_for(maps["best"], observe(hidden, None).described(hidden)) == "not known"
