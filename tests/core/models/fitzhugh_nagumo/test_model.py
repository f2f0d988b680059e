"""The neuron behind the contract of a model."""

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import resolving_step
from core.models.model import Status
from tests.reference import (
    NAMES,
    SLIDERS_LOWER,
    SLIDERS_UPPER,
    reference_solution,
    right_hand_side,
    taylor_sensitivities,
)

TIMES = np.linspace(0, 20, 41)
NEURONS = np.array([[0.4, 0.4, -0.4, 3.0], [0.9, 0.1, -0.2, 2.5]])


def test_names_defaults_and_ranges_are_the_published_ones():
    model = FITZHUGH_NAGUMO
    assert model.names == NAMES
    assert model.parameter_names + model.initial_names == NAMES
    assert model.state_names == ("u", "v")
    assert (model.observed, model.observed_column) == ("u", 0)
    assert model.defaults == (0.4, 0.4, -0.4, 3.0, 0.0, 0.0)
    assert [quantity.lower for quantity in model.parameters] == SLIDERS_LOWER.tolist()
    assert [quantity.upper for quantity in model.parameters] == SLIDERS_UPPER.tolist()
    assert [quantity.name for quantity in model.parameters if quantity.positive] == ["gamma"]
    assert [quantity.symbol for quantity in model.parameters] == ["θ₀", "θ₁", "ζ", "γ"]


@pytest.mark.parametrize("start", [None, (-1.0, 1.0)])
def test_trajectories_and_derivatives_begin_where_they_are_told_or_at_rest(start):
    """SciPy's solution to 1e-4 in u, and complex steps through the Taylor series at the same step, to rounding."""
    given = (0.0, 0.0) if start is None else start
    states = FITZHUGH_NAGUMO.simulate(NEURONS, TIMES, start)
    trajectories, derivatives = FITZHUGH_NAGUMO.sensitivities(NEURONS, TIMES, start, 0.1)
    for i, neuron in enumerate(NEURONS):
        assert np.abs(states[i] - reference_solution(neuron, TIMES, given))[:, 0].max() <= 1e-4
        expected = taylor_sensitivities(neuron, TIMES, 0.1, given)
        assert np.abs(derivatives[i] - expected).max() <= 1e-10 * np.abs(expected).max()
    assert np.abs(trajectories - FITZHUGH_NAGUMO.simulate(NEURONS, TIMES, start, step=0.1)).max() <= 1e-11


def test_the_frozen_step_suits_all_that_any_step_suits():
    """The shortest of their own steps; where no step suits any of them, the longest interval."""
    hopeless = (0.4, 0.4, -0.4, 1e5)
    found = FITZHUGH_NAGUMO.frozen_step([*NEURONS, hopeless], TIMES, None, 1e-4)
    assert found == np.min(resolving_step(NEURONS, TIMES))
    assert FITZHUGH_NAGUMO.frozen_step([hopeless], TIMES, None, 1e-4) == np.max(np.diff(TIMES))


def test_each_state_stands_still_on_its_nullcline():
    """Terms of up to 9 γ ≈ 22 cancel: to 1e-13."""
    parameters = (0.3, 0.7, -0.2, 2.5)
    for state, curve in enumerate(FITZHUGH_NAGUMO.nullclines(parameters)):
        assert curve.shape == (400, 2)
        assert np.abs(right_hand_side(curve.T, parameters)[state]).max() <= 1e-13


def test_each_way_to_end_has_a_sentence_of_its_own():
    sentences = {status.sentence for status in Status}
    assert len(sentences) == len(Status)
    assert "diverged" in Status.DIVERGED.sentence
    assert all(sentence.endswith(".") for sentence in sentences)
