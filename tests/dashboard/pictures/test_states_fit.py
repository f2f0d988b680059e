import json
import re

import numpy as np
import pytest

from core.estimate import Estimate
from core.models.fitzhugh_nagumo.simulate import simulate
from core.problem.problem import Problem
from dashboard.figures import states as figures
from dashboard.pictures import states_fit
from dashboard.scene import states_fit as model
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Trace, observe
from dashboard.scene.states_fit import Samples, Settings
from tests.dashboard.conftest import decoded

TRUTH = {"theta0": 0.2, "theta1": 0.2, "gamma": 3.0, "u0": -1.0, "v0": 1.0}
KNOWN = (0.4, 0.4, 0.0, 4.0, 0.0, 0.0)
MAGI = Settings(tuple(TRUTH), KNOWN, (0.2, 0.2), "wide")
TIMES = np.linspace(0, 20, 41)


@pytest.fixture(scope="module")
def samples():
    """Noisy samples of MAGI's neuron, some of them not observed."""
    states = simulate((0.2, 0.2, 0.0, 3.0), TIMES, (-1.0, 1.0))
    states = states + 0.2 * np.random.default_rng(1).standard_normal(states.shape)
    states[4, 0] = states[::3, 1] = np.nan
    return Samples("magi.csv", TIMES, states)


@pytest.fixture(scope="module")
def found(samples):
    return model.fit(model.problem_for(samples, MAGI))


def _values(found):
    """Return the fitted parameters, (4,), and the fitted start, (2,)."""
    values = found.estimate.mean[0]
    return found.problem.parameters(values), found.problem.initial_state(values)


def test_the_truth_lies_within_four_standard_deviations(found):
    # All five do, but for 3 in 10,000 data sets.
    errors = found.estimate.mean[0] - np.array(list(TRUTH.values()))
    assert np.all(np.abs(errors) < 4 * states_fit.deviations(found.estimate))


def test_the_table_holds_estimates_to_the_second_digit_of_their_sd(found):
    rows = states_fit.table(found, None)
    assert [row[0] for row in rows] == ["unknown", "θ₀", "θ₁", "γ", "u₀", "v₀"]
    sd = states_fit.deviations(found.estimate)
    for row, value, deviation in zip(rows[1:], found.estimate.mean[0], sd, strict=True):
        assert float(row[1].replace("−", "-")) == pytest.approx(value, abs=0.06 * deviation)
        assert float(row[2]) == pytest.approx(deviation, rel=0.06)
    assert rows[4][3] == "−3 to 3"
    assert [row[4] for row in states_fit.table(found, TRUTH)[1:]] == ["0.2", "0.2", "3", "−1", "1"]


def test_the_sentences_compare_the_residuals_with_the_noise(samples, found):
    converged, residuals = states_fit.sentences(found, None)
    assert converged.startswith("The fit converged")
    parameters, start = _values(found)
    states = simulate(parameters, TIMES, start, tolerance=1e-9)
    u, v = np.sqrt(np.nanmean((samples.data - states) ** 2, axis=0))
    assert residuals == f"The root mean square residual is {u:.2g} in u (typed: 0.2) and {v:.2g} in v (typed: 0.2)."
    assert "ρ = 0.80" in states_fit.sentences(found, 0.8)[-1]
    tight = model.fit(model.problem_for(samples, Settings(tuple(TRUTH), KNOWN, (0.02, 0.02), "wide")))
    assert "times as large as the noise explains" in states_fit.sentences(tight, None)[0]


def test_a_fit_is_that_of_its_data_and_settings_alone(samples, found):
    def same(samples, settings):
        return found.is_of(model.problem_for(samples, settings))

    assert same(samples, MAGI)
    # What is unknown has no known value, wherever its slider stands.
    assert same(samples, Settings(MAGI.unknown, (1.0, 1.0, 0.0, 2.0, 1.0, 1.0), MAGI.noise_sd, "wide"))
    assert not same(samples, Settings(MAGI.unknown, (0.4, 0.4, -0.1, 4.0, 0.0, 0.0), MAGI.noise_sd, "wide"))
    assert not same(samples, Settings(MAGI.unknown, KNOWN, (0.2, 0.3), "wide"))
    assert not same(samples, Settings(MAGI.unknown, KNOWN, (0.2, 0.2), "sliders"))
    assert not same(samples, Settings(MAGI.unknown[:4], KNOWN, (0.2, 0.2), "wide"))
    moved = samples.data.copy()
    moved[7, 0] += 1e-6
    assert not same(Samples("magi.csv", TIMES, moved), MAGI)


def test_the_json_holds_the_estimates_and_only_numbers(found):
    content = json.loads(states_fit.as_json(found, "magi.csv", known_is_secret=False), parse_constant=pytest.fail)
    assert list(content["estimates"].values()) == found.estimate.mean[0].tolist()
    assert content["covariance"] == found.estimate.covariance[0].tolist()
    assert content["known"] == {"zeta": 0.0}
    assert content["box"]["gamma"] == [0.5, 10.0]
    assert json.loads(states_fit.as_json(found, "magi.csv", known_is_secret=True))["known"] is None


def test_unknowns_that_the_data_do_not_determine_have_no_sd_and_say_so():
    times = np.linspace(0, 20, 30)
    data = np.column_stack([np.zeros(30), np.full(30, np.nan)])
    settings = Settings(("theta0", "theta1", "zeta", "u0", "v0", "gamma"), KNOWN, (1.0, 1.0), "sliders")
    problem = model.problem_for(Samples("flat", times, data), settings)
    unsure = model.Fit(problem, Estimate(problem.bounds.mean(axis=1)[None], None, problem.unknown))
    assert {row[2] for row in states_fit.table(unsure, None)[1:]} == {"–"}
    content = json.loads(states_fit.as_json(unsure, "flat", known_is_secret=False))
    assert content["covariance"] is None
    assert set(content["standard_deviations"].values()) == {None}


def test_impossible_settings_are_refused_in_a_sentence(samples):
    with pytest.raises(ValueError, match="at least one unknown"):
        model.problem_for(samples, Settings((), KNOWN, (0.2, 0.2), "wide"))


def test_advice_about_a_recording_that_is_too_long_has_not_been_followed_already():
    def advice(length, *unknown, box="sliders"):
        times = np.arange(0, length, 0.5)
        samples = Samples("long", times, np.column_stack([np.sin(times), np.full(times.size, np.nan)]))
        return model.too_long(samples, Settings(unknown, (0.4, 0.4, -0.4, 3.0, 0.0, 0.0), (0.35, 0.35), box))

    assert advice(200, "theta0", "theta1", "gamma", "u0", "v0") == ""
    assert advice(1250, "theta0", "theta1", "u0", "v0") == ""
    said = advice(1250, "theta0", "theta1", "gamma", "u0", "v0")
    assert re.search(r"1,250 ms is too long .* tiny steps: take γ as known, or take a piece of at most \d+ ms\.", said)
    assert "sliders" not in said
    assert advice(float(re.search(r"(\d+) ms\.", said)[1]) - 1, "theta0", "theta1", "gamma", "u0", "v0") == ""
    # Where nothing else helps, nothing else is advised.
    assert "γ" not in advice(2000, "theta0", "theta1", "u0", "v0")
    assert ": choose the sliders’ ranges, or take a piece" in advice(500, "theta0", "theta1", "u0", box="wide")


def test_noise_that_was_typed_too_large_is_not_called_the_explanation_of_the_residuals():
    # u as noisy as typed, v fifty times less.
    times = np.linspace(0, 20, 201)
    states = simulate((0.2, 0.2, 0.0, 3.0), times, (-1.0, 1.0), tolerance=1e-9)
    states = states + np.array([0.35, 0.007]) * np.random.default_rng(0).standard_normal(states.shape)
    samples, truth = Samples("a", times, states), Estimate(np.array([[0.2]]), None, ("theta0",))

    def said(*noise_sd):
        settings = Settings(("theta0",), (0.0, 0.2, 0.0, 3.0, -1.0, 1.0), noise_sd, "sliders")
        return states_fit.sentences(model.Fit(model.problem_for(samples, settings), truth), None)

    converged, typed, last = said(0.35, 0.35)
    assert converged == "The fit converged inside the box."
    ratio = float(re.search(r"The noise typed for v is ([\d.]+) times as large as what is left", typed)[1])
    # The root mean square of 201 normals is their sd within 4 · 5 %.
    assert ratio == pytest.approx(50, rel=0.2)
    assert typed.endswith("the ± are too large. Type the residual of v as its sd.")
    assert last.startswith("The root mean square residual is 0.3")
    assert said(0.35, 0.007)[0] == "The fit converged inside the box, and the noise explains its residuals."


def test_an_end_on_the_edge_of_the_box_is_told_in_symbols():
    # Both true values lie beyond the sliders' box.
    states = simulate((1.4, 0.2, 0.0, 3.0), TIMES, (0.0, 3.5))
    settings = Settings(("theta0", "v0"), (0.0, 0.2, 0.0, 3.0, 0.0, 0.0), (0.2, 0.2), "sliders")
    found = model.fit(model.problem_for(Samples("a", TIMES, states), settings))
    said = states_fit.sentences(found, None)[0]
    assert "On the edge of the box in θ₀, v₀: the covariance does not hold there." in said


def test_what_is_fitted_is_the_recording_or_u_of_the_simulated_data():
    experiment = Experiment(t_end=20)
    observation = observe(experiment, None)
    simulated = model.samples_of(experiment, observation, None)
    np.testing.assert_array_equal(simulated.data[:, 0], observation.data)
    assert np.all(np.isnan(simulated.data[:, 1]))
    assert simulated.truth[1]["theta0"] == experiment.theta0
    assert model.samples_of(Experiment(t_end=20, hidden=True), observation, None).truth is None
    trace = Trace("a", TIMES, np.cos(TIMES), np.sin(TIMES))
    uploaded = model.samples_of(experiment, observation, trace)
    np.testing.assert_array_equal(uploaded.data, np.column_stack([np.cos(TIMES), np.sin(TIMES)]))
    assert (uploaded.truth, uploaded.rho) == (None, None)


def test_the_fitted_curve_passes_the_samples_of_its_model(found):
    times, states = states_fit.trajectory(found)
    parameters, start = _values(found)
    at_samples = np.column_stack([np.interp(TIMES, times, states[:, i]) for i in (0, 1)])
    # The curve is drawn in steps of 0.02 ms; |u″| of a spike stays below 40.
    np.testing.assert_allclose(at_samples, simulate(parameters, TIMES, start), atol=40 * 0.02**2 / 8 + 1e-3)


def test_the_figure_holds_samples_fit_and_truth(samples):
    curve = np.linspace(0, 20, 5), np.array([0.0, 1.0, 2.0, 1.0, 4.5])
    figure = figures.state("u", TIMES, samples.data[:, 0], curve, (TIMES, np.cos(TIMES)))
    fit, truth, data = figure["data"]
    assert (fit["name"], truth["name"], data["name"]) == ("fit", "truth", "data")
    np.testing.assert_array_equal(decoded(fit["y"]), curve[1])
    assert (fit["x0"], fit["dx"]) == (0.0, 5.0)
    assert figure["layout"]["title"]["text"] == "Membrane potential u(t): 40 samples"
    assert decoded(figure["layout"]["shapes"][0]["dots"]["y"]).size == 40
    assert figure["layout"]["yaxis"]["range"] == [-3.0, 5.0]
    empty = figures.state("v", TIMES, np.full(41, np.nan))
    assert empty["layout"]["title"]["text"].endswith("not observed")


def test_a_problem_keeps_inside_its_box():
    for name, box in model.BOXES.items():
        problem = model.problem_for(
            Samples("a", TIMES, np.ones((41, 2))), Settings(tuple(box.bounds), KNOWN, (0.2, 0.2), name)
        )
        assert isinstance(problem, Problem)
        assert problem.bounds.tolist() == [list(bounds) for bounds in box.bounds.values()]
