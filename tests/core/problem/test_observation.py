import numpy as np
import pytest

from core.neuron import exact_posterior
from core.problem.observation import Observation

TIMES = np.array([0.0, 0.5, 1.5])


def test_a_recording_knows_where_it_has_samples():
    gaps = Observation(TIMES, [[1.0, np.nan], [2.0, 3.0], [np.nan, np.nan]], ("u", "v"))
    assert gaps.sampled.tolist() == [[True, False], [True, True], [False, False]]
    assert not gaps.is_trace
    assert not Observation(TIMES, [[1.0], [np.nan], [2.0]], ("u",)).is_trace
    assert not Observation(TIMES, np.zeros((3, 2)), ("u", "v")).is_trace
    trace = Observation.of_trace([1.0, 2.0, 3.0], TIMES, "v")
    assert trace.is_trace
    assert trace.states == ("v",)
    assert trace.data.tolist() == [[1.0], [2.0], [3.0]]


@pytest.mark.parametrize("make", [Observation, lambda times, data, _: Observation.of_trace(data[:, 0], times, "u")])
def test_arrays_are_copied_and_then_frozen(make):
    """Those passed in stay writable, and what is written to them changes nothing."""
    times, data = TIMES.copy(), np.zeros((3, 1))
    observation = make(times, data, ("u",))
    times[0] = data[0] = -1
    assert observation.times[0] == observation.data[0, 0] == 0
    for array in (observation.times, observation.data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_the_names_are_the_observations_own():
    states = ["u", "v"]
    observation = Observation(TIMES, np.zeros((3, 2)), states)
    states[0] = "w"
    assert observation.states == ("u", "v")


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ("uv", r"names of the states as a tuple, such as \('uv',\)"),
        (("u", "u"), "at least one state, and each of them once"),
        ((), "at least one state, and each of them once"),
        ((1, 2), "The states need names that are texts"),
    ],
)
def test_bad_names_end_in_a_sentence(states, sentence):
    with pytest.raises(ValueError, match=sentence):
        Observation(TIMES, np.zeros((3, len(states))), states)


def test_a_mask_is_a_gap():
    masked = np.ma.masked_array([[1.0, 50.0], [2.0, 3.0], [-7.0, 4.0]], [[0, 1], [0, 0], [1, 0]])
    observation = Observation(TIMES, masked, ("u", "v"))
    assert observation.sampled.tolist() == [[True, False], [True, True], [False, True]]
    assert np.array_equal(observation.data, [[1, np.nan], [2, 3], [np.nan, 4]], equal_nan=True)
    whole = Observation(TIMES, np.ma.masked_array([[1], [2], [3]], [[0], [1], [0]]), ("u",))
    assert whole.sampled[:, 0].tolist() == [True, False, True]
    for make in (lambda data, times: Observation.of_trace(data, times, "u"), lambda *both: exact_posterior(*both[:1])):
        with pytest.raises(ValueError, match="finite numbers only"):
            make(np.ma.masked_equal(np.arange(1000.0), 3), np.arange(1000.0))
    with pytest.raises(ValueError, match="finite, strictly increasing"):
        Observation(np.ma.masked_equal(TIMES, 0.5), np.zeros((3, 1)), ("u",))


@pytest.mark.parametrize(
    ("times", "data", "sentence"),
    [
        (TIMES, np.zeros((3, 1)), r"a row of 2 for each: their shape is \(3, 1\), that of the times \(3,\)"),
        (TIMES, np.zeros((2, 2)), "a row of 2 for each"),
        (TIMES, np.zeros(3), "a row of 2 for each"),
        (TIMES[:1], np.zeros((1, 2)), "two or more times"),
        (TIMES[::-1], np.zeros((3, 2)), "strictly increasing"),
        ([0.0, 1.0, 1.0], np.zeros((3, 2)), "strictly increasing"),
        ([0.0, 1.0, np.inf], np.zeros((3, 2)), "finite, strictly increasing"),
        ([0.0, 1.0, np.nan], np.zeros((3, 2)), "finite, strictly increasing"),
        (TIMES, np.full((3, 2), -2e30), "none may lie beyond ±1e30"),
        (TIMES, np.full((3, 2), np.inf), "finite numbers, or NaN where a state was not observed"),
    ],
)
def test_bad_recordings_end_in_a_sentence(times, data, sentence):
    with pytest.raises(ValueError, match=sentence):
        Observation(times, data, ("u", "v"))


@pytest.mark.parametrize(
    ("data", "times", "sentence"),
    [
        (np.zeros(2), TIMES, "two samples or more, and one a time"),
        (np.zeros(1), TIMES[:1], "two samples or more"),
        (np.zeros((3, 3)), np.zeros((3, 3)), "two samples or more"),
        (np.array([0.0, np.nan, 0.0]), TIMES, "finite numbers only"),
        (np.zeros(3), TIMES[::-1], "strictly increasing"),
    ],
)
def test_bad_traces_end_in_a_sentence(data, times, sentence):
    with pytest.raises(ValueError, match=sentence):
        Observation.of_trace(data, times, "u")
