from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, ncx2, truncnorm

from core.estimate import Estimate, Finding, GoodnessOfFit, Outcome, remark
from core.maps.inverse_map import load_inverse_map
from core.posterior.exact import posterior
from core.posterior.laplace import laplace
from core.posterior.profile import Profile
from core.published import time_grid
from dashboard.figures.density import raster, window
from dashboard.scene.experiment import PRESETS, Experiment
from dashboard.scene.observation import Trace, observe
from dashboard.scene.problem import problem_of
from dashboard.wording import readings

CASES = {
    "needle": Experiment(),
    "silent": PRESETS["Silent"][1],
    "excited": PRESETS["Excited"][1],
    "white": Experiment(misfit="white", seed=7),
}


@pytest.fixture(scope="module")
def found():
    """The posteriors of the cases."""
    return {name: posterior(problem_of(each, observe(each, None))) for name, each in CASES.items()}


@pytest.fixture(scope="module")
def shapes(found):
    """What each of them looks like."""
    return {name: readings.shape_of(each, raster(each, window(each))) for name, each in found.items()}


@pytest.mark.parametrize(
    ("value", "sd", "text"),
    [(0.40123, 0.00154, "0.4012 ± 0.0015"), (-0.137, 0.042, "−0.137 ± 0.042"), (0.832, 0.17, "0.83 ± 0.17"),
     (0.4004, 0.00997, "0.400 ± 0.010"), (2.9, 12.0, "3 ± 12"),
     (0.4, 0.0, "0.4000 ± 0.0000"), (0.4, np.inf, "0.4000 ± inf")],
)  # fmt: skip
def test_a_value_has_the_digits_that_its_sd_leaves(value, sd, text):
    assert readings.with_sd(value, sd) == text


def test_an_sd_that_rounds_to_zero_is_not_said_to_be_zero():
    assert readings.with_sd(-0.2, 0.00049, 2) == "−0.20 ± <0.01"
    assert readings.with_sd(0.36618, 0.27296, 2) == "0.37 ± 0.27"


def test_numbers_that_round_to_zero_have_no_sign():
    assert readings.number(-0.0004, 3) == "0.000"
    assert readings.signed(-0.0004, 3) == "0.000"
    assert readings.signed(-0.04, 2) == "−0.04"
    assert readings.signed(0.04, 2) == "+0.04"
    assert [readings.times(factor) for factor in (1.26, 34.0, 187.0, 12_345.0)] == ["1.3", "34", "190", "12,000"]


def test_the_sd_of_a_prior_is_that_of_the_truncated_law(found):
    exact = [truncnorm.std(-2, 2, scale=scale) for scale in (0.3, 0.4)]
    np.testing.assert_allclose(readings.prior_sds(found["needle"]), exact, rtol=1e-3)
    flat = replace(found["needle"], problem=found["needle"].problem.with_flat_prior())
    np.testing.assert_allclose(readings.prior_sds(flat), np.array([1.2, 1.6]) / np.sqrt(12))


def correlation_on_a_grid(each):
    """Return the correlation of exp(−J) summed over a grid of points."""
    (x_low, x_high), (y_low, y_high) = window(each)
    grid = np.stack(np.meshgrid(np.linspace(x_low, x_high, 80), np.linspace(y_low, y_high, 80)), axis=-1)
    losses = each.problem.loss(grid)
    weights = np.exp(losses.min() - losses).ravel()
    covariance = np.cov(grid.reshape(-1, 2).T, aweights=weights)
    return covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])


def test_each_posterior_is_described_by_its_form(found, shapes):
    needle, silent, excited = (shapes[name] for name in ("needle", "silent", "excited"))
    forms = {name: readings.form(each, shapes[name]) for name, each in found.items()}
    exact = correlation_on_a_grid(found["needle"])
    assert exact < -0.9
    assert needle.correlation == pytest.approx(exact, abs=0.005)
    assert needle.sharper == pytest.approx(np.sqrt((1 - exact) / (1 + exact)), rel=0.1)
    assert "slanted needle: a larger θ₀ with a smaller θ₁" in forms["needle"]
    assert silent.silent
    assert silent.edges == ("θ₀ = −0.2", "θ₁ = 1.2")
    assert forms["silent"].startswith("The best fit does not spike")
    assert "θ₀ = −0.2 and θ₁ = 1.2" in forms["silent"]
    assert (excited.silent, excited.edges, excited.pieces) == (False, (), 1)
    # Of a region about as full as that of a normal law.
    assert excited.fullness == pytest.approx(1, abs=0.1)
    assert forms["excited"] == "It is one compact piece."


def test_several_pieces_and_an_improbable_mean_are_said(found, shapes):
    assert "in 3 pieces" in readings.form(found["excited"], replace(shapes["excited"], pieces=3))
    bent = replace(shapes["excited"], fullness=0.5)
    assert "no ellipse" in readings.form(found["excited"], bent)


def test_the_size_names_both_values_and_what_was_learnt(found, shapes):
    each, shape = found["needle"], shapes["needle"]
    text = readings.size(each, shape)
    sds = np.sqrt(np.diag(each.covariance))
    assert f"θ₀ = {readings.with_sd(each.mean[0], sds[0])}" in text
    factor = 0.8796 * 0.3 / sds[0]
    assert float(text.split(": ")[1].split(" and")[0]) == pytest.approx(factor, rel=0.05)
    assert "hardly so in θ₁" in readings.size(each, replace(shape, narrower=(5.0, 1.1)))
    assert "times narrower than the prior in θ₁" in readings.size(each, replace(shape, narrower=(1.0, 5.0)))
    assert "say little about either" in readings.size(each, replace(shape, narrower=(1.0, 1.1)))


def test_where_the_truth_lies(found):
    each = found["needle"]
    first, second = each.mean
    assert "inside the 50 %" in readings.about_truth(each, (first, second), False, False)
    # Along one parameter alone, across the needle: with Mahalanobis distance r, exp(−r²/2) lies outside.
    step = np.sqrt(1 / np.linalg.inv(each.covariance)[0, 0])
    assert "between the 50 %" in readings.about_truth(each, (first + 1.7 * step, second), False, False)
    outside = (first + 4 * step, second)
    assert "one trace in ten" in readings.about_truth(each, outside, False, False)
    assert "white misfit" in readings.about_truth(each, outside, False, True)
    assert "beyond the prior’s box" in readings.about_truth(each, (1.5, 0.4), False, False)
    assert readings.about_truth(each, None, True, False) == "What made this trace is not known."
    assert readings.about_truth(each, None, False, False) == "The truth is hidden."


def percentage(text):
    """Return how many per cent of the exact posterior a sentence says that an ellipse holds."""
    return float(text.split("ellipse holds ")[1].split(" %")[0])


def test_laplace_is_compared_with_the_posterior(found):
    each = found["excited"]

    def said(mean=each.mean, factor=1.0, remarks=(), covariance=each.covariance):
        scaled = None if covariance is None else factor * covariance[None]
        return readings.about_laplace(each, Estimate(np.array(mean)[None], scaled, each.names, remarks))

    assert "nearly coincides with the exact posterior: its 90 % ellipse holds" in said()
    # Of a normal law, an ellipse made k times as large in area holds 1 − 0.1^k instead of 90 %. This one is nearly one.
    for factor, verdict in ((0.25, "It is too sure."), (0.5, "It is too sure."), (4.0, "It is too cautious.")):
        text = said(factor=factor)
        assert text.endswith(verdict)
        assert percentage(text) == pytest.approx(100 * (1 - 0.1**factor), abs=2)
    direction = np.linalg.cholesky(each.covariance)[:, 0]
    assert "2.0 sd off the mean" in said(mean=each.mean + 2 * direction)
    refused = said(remarks=(remark(Finding.LAPLACE_REFUSED_WITHOUT_CURVATURE),), covariance=None)
    assert refused == (
        "The Laplace approximation is refused: the loss does not curve upwards in every direction at its lowest point."
    )


def test_what_lies_beyond_the_window_is_named_with_its_place():
    beyond = {"cnn-noisy": np.array([0.41234, -0.5]), "truth": np.array([0.1, 0.2])}
    text = readings.about_others(beyond, (3, 2), of_theta=True)
    assert text.endswith("cnn-noisy (0.412, −0.50) and truth (0.100, 0.20).")
    assert readings.about_others({}, (3, 2), of_theta=True) == ""
    assert "none is drawn" in readings.about_others({}, (3, 2), of_theta=False)


def test_the_prediction_counts_the_data_in_its_band():
    data = np.arange(100.0)
    band = np.array([np.full(100, 9.5), np.full(100, 89.5)])
    text = readings.about_prediction(data, band / 100, band, 0.35)
    assert "80 % of the data" in text
    assert "±0.4" in text


@pytest.mark.parametrize(
    ("interval", "fragment"),
    [
        ((0.39, 0.41), "identifiable, 95 % interval 0.3900 to 0.4100"),
        ((None, 0.41), "bounded above only, 95 % below 0.410"),
        ((0.39, None), "bounded below only, 95 % above 0.390"),
        ((None, None), "not identifiable, no 95 % bound"),
    ],
)
def test_a_profile_is_put_in_words(interval, fragment):
    fits = GoodnessOfFit(1.0, Outcome.EXPLAINED)
    assert fragment in readings.about_profile(Profile("theta0", np.zeros(2), np.zeros(2), interval, fits))


def test_noise_models_are_compared_by_area_truth_and_residual():
    white = np.array([1.0, *np.full(30, 0.5)])
    coloured = np.array([1.0, *np.zeros(29), 0.2])
    said = readings.about_noise_models(4.0, 0.8, (0.5, 0.99), (coloured, white), 1000)
    assert "1/4 of the area" in said
    assert "The AR(1) region holds the truth, the other misses it." in said
    assert "of 30 lags, 30 leave the band under the white one and 1 under AR(1)" in said
    assert "4 times as large" in readings.about_noise_models(0.25, 0.8, None, (coloured, white), 1000)
    assert "Both regions miss" in readings.about_noise_models(1.0, 0.8, (0.95, 0.99), (coloured, white), 1000)
    assert "both models are the same" in readings.about_noise_models(1.0, 0.0, None, (coloured, white), 1000)


def test_a_noise_that_the_data_contradict_is_named():
    names = ("theta0", "theta1", "rho", "sigma")
    joint = Estimate(np.array([[0.4, 0.4, 0.8, 0.04]]), np.diag([1e-6, 1e-4, 4e-4, 1e-5])[None], names)
    assert readings.about_given_noise((0.82, 0.042), joint) == ""
    assert "another σ than" in readings.about_given_noise((0.82, 0.07), joint)
    assert "another ρ and σ than" in readings.about_given_noise((0.2, 0.07), joint)
    assert readings.about_given_noise((0.2, 0.07), replace(joint, covariance=None)) == ""


def test_the_region_of_a_normal_law_has_its_area(found):
    """χ²₂ has its 90 % at 4.61: an ellipse of π 4.61 √det C, which the excited neuron's posterior nearly is."""
    each = found["excited"]
    exact = np.pi * 4.605 * np.sqrt(np.linalg.det(each.covariance))
    assert readings.region_area(each, 0.9) == pytest.approx(exact, rel=0.1)


def test_the_estimate_of_a_map_is_compared_with_the_posterior(found):
    """From three sd away, a normal law's squared distance follows the noncentral χ²₂ with noncentrality nine."""
    each = found["excited"]
    step = 3 * np.linalg.cholesky(each.covariance)[:, 0]
    off = [
        f"{abs(miss):.{readings.decimals_for(sd)}f}"
        for miss, sd in zip(step, np.sqrt(np.diag(each.covariance)), strict=True)
    ]
    for factor in (1.0, 4.0):
        text = readings.about_map(
            each, "best", Estimate((each.mean + step)[None], factor * each.covariance[None], each.names)
        )
        assert text.startswith(
            f"The estimate of ‘best’ lies {off[0]} in θ₀ and {off[1]} in θ₁ from the exact mean, "
            "and its 90 % ellipse holds "
        )
        assert percentage(text) == pytest.approx(100 * ncx2.cdf(factor * chi2.ppf(0.9, 2), 2, 9), abs=4)


def test_near_the_bifurcation_a_miss_is_told_in_the_units_of_the_parameters():
    """Across the needle the posterior is so narrow that a miss of 0.0006 is 25 of its standard deviations."""
    experiment = PRESETS["Near the bifurcation"][1]
    observation = observe(experiment, None)
    each = posterior(problem_of(experiment, observation))
    text = readings.about_map(each, "best", load_inverse_map("best").predict(observation.data[None]))
    assert " sd" not in text
    assert float(text.split("lies ")[1].split(" ")[0]) < 0.002
    assert percentage(text) > 95
    # The Laplace ellipse is as large as the exact region there, but straight where that is bent.
    laplace_says = readings.about_laplace(each, laplace(each.problem))
    assert "area" not in laplace_says
    assert 50 < percentage(laplace_says) < 70


def test_the_coverage_is_told_for_each_estimator():
    assert readings.named("exactly mine") == "exactly mine"
    text = readings.about_calibration(0.9, {"best": 0.8844, "exact posterior": 0.9})
    assert "made to hold 90 % hold the truth in 88.4 % for best and 90.0 % for the exact posterior." in text


def test_a_familiar_score_says_what_it_cannot_see():
    assert readings.about_novelty("best", 0.11, untrained=False) == (
        "This trace looks like the training data of ‘best’ (out-of-distribution score 0.1, alarm above 1). "
        "A wrong ζ or γ need not show in this score."
    )


def test_no_trace_looks_familiar_that_a_map_is_known_not_to_be_trained_for():
    text = readings.about_novelty("best", 0.11, untrained=True)
    assert text == "The residual of ‘best’ does not show this (out-of-distribution score 0.1, alarm above 1)."


@pytest.mark.parametrize("untrained", [False, True])
def test_a_strange_trace_is_an_alarm(untrained):
    strange, wild = (readings.about_novelty("best", score, untrained) for score in (4.04, 1e6))
    assert strange == (
        "Beware: this trace is unlike the training data of ‘best’ (out-of-distribution score 4.0; only 1 % of the "
        "training’s traces exceed 1)."
    )
    assert "score above 100" in wild


@pytest.fixture(scope="module")
def maps():
    """Two maps that were trained on noise, and one that was not."""
    return {name: load_inverse_map(name) for name in ("best", "cnn-noisy", "cnn-clean")}


def test_maps_that_were_not_trained_for_a_trace_share_a_sentence(maps):
    trace = observe(Experiment(zeta=-0.2), None).described(Experiment(zeta=-0.2))
    assert readings.about_training(maps, trace) == [
        "‘best’ and ‘cnn-noisy’ were not trained for ζ = −0.2 (trained at −0.4). Their estimates answer for a neuron "
        "with ζ = −0.4.",
        "‘cnn-clean’ was not trained for ζ = −0.2 (trained at −0.4) and noise (trained on clean traces). Its estimate "
        "answers for a neuron with ζ = −0.4.",
    ]
    assert {readings.trained_for(each, trace) for each in maps.values()} == {"no"}


def test_of_an_upload_maps_say_what_they_expect(maps):
    upload = Trace("mine.csv", time_grid(), np.zeros(1000))
    trace = observe(Experiment(), upload).described(Experiment())
    rest = "θ₀ from −0.2 to 1, θ₁ from −0.4 to 1.2, ζ = −0.4 and γ = 3."
    assert readings.about_training(maps, trace) == [
        "‘best’ and ‘cnn-noisy’ can read this trace. They expect noise of sd 0.2 to 0.5 with ρ from 0.63 to 0.97, "
        + rest,
        f"‘cnn-clean’ can read this trace. It expects no noise, {rest}",
    ]
    assert {readings.trained_for(each, trace) for each in maps.values()} == {"not known"}
    claimed = Experiment(zeta=-0.2)
    assert "not trained for ζ = −0.2" in readings.about_training(maps, observe(claimed, upload).described(claimed))[0]


def test_a_map_that_was_trained_for_a_trace_has_no_sentence(maps):
    trace = observe(Experiment(), None).described(Experiment())
    assert [readings.trained_for(each, trace) for each in maps.values()] == ["yes", "yes", "no"]
    assert readings.about_training({"best": maps["best"]}, trace) == []
    hidden = Experiment(hidden=True)
    # Whether a hidden θ lies where the maps were trained would give it away.
    assert readings.trained_for(maps["best"], observe(hidden, None).described(hidden)) == "not known"


def test_a_silent_trace_fixes_one_combination_and_the_edge_of_the_prior_does_the_rest(found, shapes):
    """The likelihood alone: θ₁ − θ₀ to a twentieth, either parameter alone no better than the prior."""
    each = found["silent"]
    likelihood = each.problem.with_flat_prior()
    hessian = likelihood.hessian(np.array([[-0.1, 1.1]]), exact=False)[0]
    covariance = np.linalg.inv(hessian)
    across = np.array([-1, 1]) / np.sqrt(2)
    assert np.sqrt(across @ covariance @ across) < 0.05
    assert np.all(np.sqrt(np.diag(covariance)) > readings.prior_sds(each))
    assert readings.form(each, shapes["silent"]).startswith(
        "The best fit does not spike, so that the trace fixes one combination of θ₀ and θ₁ alone: "
        "the edge of the prior does the rest."
    )


def test_factors_never_have_an_exponent():
    assert [readings.times(factor) for factor in (0.095, 9.96, 99.4, 99.6, 100.0)] == [
        "0.095",
        "10",
        "99",
        "100",
        "100",
    ]
