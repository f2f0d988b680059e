import re
from dataclasses import replace

import numpy as np
import pytest

from core.estimate import GoodnessOfFit, Outcome
from core.posterior.exact import posterior
from dashboard.figures.density import window
from dashboard.scene.observation import observe
from dashboard.scene.presets import PRESETS
from dashboard.scene.problem import problem_of
from dashboard.wording.numbers import with_sd
from dashboard.wording.posterior import about_others, about_prediction, about_truth, answer, form, size
from dashboard.wording.shape import prior_sds, shape_of


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
    forms = {name: form(each, shapes[name]) for name, each in found.items()}
    exact = correlation_on_a_grid(found["needle"])
    assert exact < -0.9
    assert needle.correlation == pytest.approx(exact, abs=0.005)
    assert needle.sharper == pytest.approx(np.sqrt((1 - exact) / (1 + exact)), rel=0.1)
    assert forms["needle"] == (
        "A needle: raise θ₀ and lower θ₁ along it, and the fit stays as good. Across it the data are "
        f"{needle.sharper:.2g} times as strict."
    )
    assert silent.silent
    assert silent.edges == ("θ₀ = −0.2", "θ₁ = 1.2")
    assert forms["silent"] == "The prior ends the region at θ₀ = −0.2 and θ₁ = 1.2."
    assert (excited.silent, excited.edges, excited.pieces) == (False, (), 1)
    # Of a region about as full as that of a normal law.
    assert excited.fullness == pytest.approx(1, abs=0.1)
    assert forms["excited"] == "One compact region."


def test_several_pieces_and_an_improbable_mean_are_said(found, shapes):
    assert "in 3 pieces" in form(found["excited"], replace(shapes["excited"], pieces=3))
    bent = replace(shapes["excited"], fullness=0.5)
    assert "no ellipse" in form(found["excited"], bent)


def test_the_answer_names_both_values_and_one_thing_more(found, shapes):
    each, shape = found["needle"], shapes["needle"]
    sds = np.sqrt(np.diag(each.covariance))
    values = f"θ₀ = {with_sd(each.mean[0], sds[0])}, θ₁ = {with_sd(each.mean[1], sds[1])}. "
    lies = "The truth lies inside the 50 % region."

    def said(shape, found=each):
        return answer(found, shape, lies).replace("\u00a0", " ")

    assert said(shape) == values + lies
    # Two lines of 80 characters at most.
    assert len(said(shape)) <= 80
    assert said(replace(shape, pieces=3)) == f"{values}The 90 % region is in 3 pieces: several places fit alike."
    silent = said(shapes["silent"], found["silent"])
    assert silent.endswith(
        "Without spikes the trace fixes one combination of θ₀ and θ₁ only; the edge of the prior does the rest."
    )
    assert len(silent) <= 160
    assert said(replace(shape, silent=True)).endswith("one combination of θ₀ and θ₁ only.")
    lost = replace(each, fit=GoodnessOfFit(12.34, Outcome.UNEXPLAINED))
    assert said(shape, lost) == (
        "No parameters explain this trace: the best fit misses it by 12 times the noise. No ± here holds."
    )


def test_an_improbable_mean_is_warned_of():
    """Near the bifurcation the needle is bent by many of its widths."""
    experiment = PRESETS["Near the bifurcation"][1]
    each = posterior(problem_of(experiment, observe(experiment, None)))
    assert each.credibility(each.mean) > 0.9
    said = answer(each, shape_of(each, 1), "The truth lies inside the 50 % region.")
    assert said.endswith("The region is bent, and its mean lies beside it: take the MAP or the whole region.")


def test_the_size_tells_what_was_learnt(found, shapes):
    each, shape = found["needle"], shapes["needle"]
    text = size(each, shape)
    factors = np.array([0.8796 * 0.3, 0.8796 * 0.4]) / np.sqrt(np.diag(each.covariance))
    told = re.fullmatch(r"The posterior is (\S+) times narrower than the prior in θ₀ and (\S+) times in θ₁\.", text)
    np.testing.assert_allclose([float(told[1]), float(told[2])], factors, rtol=0.05)
    # Narrow at an edge of the prior is not narrow by the data.
    assert size(found["silent"], shapes["silent"]) == ""
    assert "hardly so in θ₁" in size(each, replace(shape, narrower=(5.0, 1.1)))
    assert "times narrower than the prior in θ₁" in size(each, replace(shape, narrower=(1.0, 5.0)))
    assert "say little about either" in size(each, replace(shape, narrower=(1.0, 1.1)))


def test_where_the_truth_lies(found):
    each = found["needle"]
    first, second = each.mean
    assert "inside the 50 %" in about_truth(each, (first, second), False, False)
    # Along one parameter alone, across the needle: with Mahalanobis distance r, exp(−r²/2) lies outside.
    step = np.sqrt(1 / np.linalg.inv(each.covariance)[0, 0])
    assert "between the 50 %" in about_truth(each, (first + 1.7 * step, second), False, False)
    outside = (first + 4 * step, second)
    assert about_truth(each, outside, False, False).endswith("outside the 90 % region. That happens one time in ten.")
    assert "white misfit" in about_truth(each, outside, False, True)
    assert "beyond the prior’s box" in about_truth(each, (1.5, 0.4), False, False)
    assert about_truth(each, None, True, False) == "What made this trace is not known."
    assert about_truth(each, None, False, False) == "The truth is hidden."


def test_what_lies_beyond_the_window_is_named_with_its_place():
    beyond = {"cnn-noisy": np.array([0.41234, -0.5]), "truth": np.array([0.1, 0.2])}
    text = about_others(beyond, (3, 2), of_theta=True)
    assert text.endswith("cnn-noisy (0.412, −0.50) and truth (0.100, 0.20).")
    assert about_others({}, (3, 2), of_theta=True) == ""
    assert "none is drawn" in about_others({}, (3, 2), of_theta=False)


def test_the_prediction_counts_the_data_in_its_band():
    data = np.arange(100.0)
    band = np.array([np.full(100, 9.5), np.full(100, 89.5)])
    text, more = about_prediction(data, band / 100, band, 0.35)
    assert text == (
        "Dark: where the true potential is, to ±0.4 (at worst ±0.4). Light: where a measurement is; 80\u00a0% of the "
        "data lie there, where 90 % should."
    )
    assert "an sd of 0.35" in more


def test_a_silent_trace_fixes_one_combination_and_the_edge_of_the_prior_does_the_rest(found, shapes):
    """The likelihood alone: θ₁ − θ₀ to a twentieth, either parameter alone no better than the prior."""
    each = found["silent"]
    likelihood = each.problem.with_flat_prior()
    hessian = likelihood.hessian(np.array([[-0.1, 1.1]]), exact=False)[0]
    covariance = np.linalg.inv(hessian)
    across = np.array([-1, 1]) / np.sqrt(2)
    assert np.sqrt(across @ covariance @ across) < 0.05
    assert np.all(np.sqrt(np.diag(covariance)) > prior_sds(each))
    assert "one combination of θ₀ and θ₁ only; the edge of the prior does the rest" in answer(
        each, shapes["silent"], ""
    )
