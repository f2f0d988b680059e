"""The part of the page Trust about the deep prior."""

from dataclasses import replace

import numpy as np
import pytest

from core.denoising.deep_prior import ITERATIONS, iterates
from dashboard.background.denoising import Denoised
from dashboard.pictures import trust_denoising
from dashboard.pictures.trust import picture
from dashboard.scene.denoising import noisy_trace
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.scene import Scene
from dashboard.wording import denoising as wording
from dashboard.wording import entries
from tests.dashboard.conftest import decoded

SHOWN = Experiment(trust="denoising")
N = 30  # iterations


@pytest.fixture(scope="module")
def fitted():
    trace = noisy_trace(SHOWN, Scene(SHOWN, SHOWN).observation)
    return Denoised(trace.key, None, tuple(iterates(trace.data, trace.rho, n=N)))


def shown_with(experiment, denoised=None, released=None):
    holdings = Holdings() if denoised is None else Holdings(denoised=denoised)
    return picture(Scene(experiment, released or experiment, released is not None, holdings))


def curve(shown, name):
    return next(decoded(each["y"]) for each in shown.plots[0].figure["data"] if each["name"] == name)


def left(shown):
    """Return what each method leaves of the noise, by name, in per cent."""
    return {row[0]["text"]: float(row[1].removesuffix("\u00a0%")) for row in shown.table[1:]}


def test_white_noise_has_the_sd_of_the_sidebar_and_no_correlation():
    trace = noisy_trace(SHOWN, Scene(SHOWN, SHOWN).observation)
    noise = trace.data - trace.truth
    # The sd of 1,000 normal draws, and their correlation, are off by 1/√2000 and 1/√1000 in the mean square.
    assert noise.std() == pytest.approx(SHOWN.marginal_sd, rel=4 / np.sqrt(2000))
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 4 / np.sqrt(1000)
    assert (trace.noise.rho, trace.rho) == (0.0, 0.0)
    on_screen = replace(SHOWN, denoised="on-screen", whitened_loss=True)
    other = noisy_trace(on_screen, Scene(SHOWN, SHOWN).observation)
    assert np.array_equal(other.data, Scene(SHOWN, SHOWN).observation.data)
    assert other.rho == SHOWN.rho


def test_before_the_fit_filters_and_the_model_stand_there():
    shown = shown_with(SHOWN)
    assert shown.answer == wording.PRESS
    found = left(shown)
    assert set(found) == {entries.EXACT_MEAN, entries.SAVITZKY_GOLAY, entries.WIENER}
    assert found[entries.EXACT_MEAN] < 20 < min(found[entries.SAVITZKY_GOLAY], found[entries.WIENER])
    assert "Fit the network" in [each["label"] for each in shown.options[1]["items"]]


def test_the_table_has_what_is_left_of_the_noise(fitted):
    shown, trace = shown_with(SHOWN, fitted), noisy_trace(SHOWN, Scene(SHOWN, SHOWN).observation)
    stop = int(np.argmin([each.held_out for each in fitted.found]))
    expected = 100 * np.linalg.norm(fitted.found[stop].curve - trace.truth) / np.linalg.norm(trace.data - trace.truth)
    assert left(shown)[entries.DEEP_PRIOR] == pytest.approx(expected, abs=0.5)
    here = 100 * np.linalg.norm(fitted.found[-1].curve - trace.truth) / np.linalg.norm(trace.data - trace.truth)
    assert shown.answer == f"You stopped it at iteration {N}: {here:.0f}\u00a0% of the noise is left there."


def test_a_fit_to_its_end_is_stopped_by_the_samples_left_out(fitted, monkeypatch):
    monkeypatch.setattr(trust_denoising, "TOTAL", N)
    said = shown_with(SHOWN, fitted).answer
    assert said.startswith("Stopped by samples left out, it leaves")
    assert "AR(1)" not in said


def test_the_iterations_of_the_slider_are_those_of_a_fit():
    assert trust_denoising.TOTAL == ITERATIONS


def test_the_misfit_of_the_whitened_loss_is_counted_in_sds_of_the_innovations():
    coloured = replace(SHOWN, denoised="on-screen", whitened_loss=True)
    trace = noisy_trace(coloured, Scene(coloured, coloured).observation)
    found = tuple(iterates(trace.data, trace.rho, n=2))
    shown = shown_with(coloured, Denoised(trace.key, None, found))
    course = next(each for each in shown.plots[1].figure["data"] if each["name"] == entries.MISFIT)
    residual = trace.data - found[-1].curve
    innovations = residual[1:] - trace.rho * residual[:-1]
    # All samples, where the loss leaves a tenth of the pairs out.
    expected = np.sqrt(np.mean(innovations**2)) / (SHOWN.marginal_sd * np.sqrt(1 - SHOWN.rho**2))
    assert decoded(course["y"])[-1] == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (replace(SHOWN, t_end=10.0), "takes one trace of 64 samples or more"),
        (replace(SHOWN, sigma=0.0), "no noise to take off"),
    ],
)
def test_what_cannot_be_fitted_is_said_and_has_no_button(experiment, said):
    shown = shown_with(experiment)
    assert said in shown.answer
    assert all(each["kind"] != "button" for each in shown.options[1]["items"])


def test_a_hidden_scene_takes_nothing_away_from_an_open_one():
    on_screen = replace(SHOWN, denoised="on-screen")
    shown_with(replace(on_screen, hidden=True))
    assert entries.SAVITZKY_GOLAY in left(shown_with(on_screen))


def test_the_iteration_follows_the_hand(fitted):
    at = replace(SHOWN, iteration_shown=7)
    assert np.array_equal(curve(shown_with(at, fitted, SHOWN), entries.AT_ITERATION), np.float32(fitted.found[6].curve))
    latest = curve(shown_with(SHOWN, fitted), entries.AT_ITERATION)
    assert np.array_equal(latest, np.float32(fitted.found[-1].curve))
    moved = shown_with(replace(SHOWN, theta0=0.5), fitted, SHOWN)
    assert moved.stale


def test_a_hidden_truth_is_not_used(fitted):
    hidden = replace(SHOWN, hidden=True)
    shown = shown_with(hidden, fitted)
    assert shown.table == []
    assert wording.NO_WHITE in shown.notes
    assert entries.TRUTH not in {each["name"] for each in shown.plots[0].figure["data"]}
    trace = noisy_trace(hidden, Scene(hidden, hidden).observation)
    assert np.array_equal(trace.data, Scene(hidden, hidden).observation.data)
