"""The experiments of accuracy, on trainings small enough for a test."""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from core.experiments import (
    accuracy,
    compared_maps,
    limit,
    mended,
    noise_levels,
    noise_regimes,
    training_size,
    trajectories_of_estimates,
)
from core.experiments.context import Context
from core.experiments.estimators import CNN, CNN_MENDED, DENSE, OURS
from core.experiments.records import Key, Result, stored
from core.experiments.reports import tables
from core.learning.training_settings import Cnn
from core.maps import calibration, untrained_network
from core.maps.dataset import Dataset
from core.maps.inverse_map import available_inverse_maps, load_inverse_map
from core.maps.recipe import NewNoise
from core.maps.recipes import REFERENCE_SIZE, our_recipe, published_recipe, published_task
from core.maps.test_sets import published_test_set
from core.metrics import median_ape, r_squared
from core.parallel import workers

N = 500
EPOCHS = 1
EXPERIMENTS = {
    "training-size": training_size,
    "accuracy": accuracy,
    "regimes": noise_regimes,
    "time-series": trajectories_of_estimates,
    "mended": mended,
}


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> Context:
    return Context(lambda line: None, tmp_path_factory.mktemp("work"), quick=True)


@cache
def few() -> Dataset:
    """Return the first of the published test traces."""
    data = published_test_set()
    return Dataset(*(getattr(data, field.name)[:200] for field in fields(Dataset)))


@pytest.fixture(scope="module")
def results(context) -> dict[str, tuple[Result, int]]:
    """Return what each experiment finds with short trainings and few traces, and how many trainings it leaves."""
    found = {}
    with pytest.MonkeyPatch.context() as patch, workers(None, 1):
        patch.setattr(compared_maps, "QUICK_SIZES", (N,))
        patch.setattr(compared_maps, "QUICK_EPOCHS", EPOCHS)
        patch.setattr(untrained_network, "N_VALIDATION", 100)
        patch.setattr(calibration, "N_CALIBRATION", 100)
        for module in (compared_maps, mended, trajectories_of_estimates):
            patch.setattr(module, "published_test_set", few)
        # Exact posteriors are tested on their own.
        patch.setattr(
            trajectories_of_estimates, "estimates", lambda _: {limit.EXACT: [{"mean": each} for each in few().theta]}
        )
        for name, experiment in EXPERIMENTS.items():
            result = experiment.run(context)
            found[name] = (result, len(list(context.kept("trainings").glob("*.json"))))
    return found


def test_figures_of_several_seeds_are_their_mean_and_spread():
    """Of two seeds and two parameters, by hand."""
    found = {"r2": np.array([[0.9, 0.7], [0.8, 0.4]])}
    wanted = (("r2", "theta0"), ("r2", "theta1"), ("r2", "mean"))
    first, second, mean = compared_maps.measured(OURS, "noisy-noisy", N, found, wanted)
    assert first.key == Key(OURS, "r2", "theta0", "noisy-noisy", N)
    np.testing.assert_allclose([first.value, second.value, mean.value], [0.85, 0.55, 0.7], rtol=1e-12)
    assert (first.spread, second.spread) == (None, None)
    assert np.isclose(mean.spread, 0.2 / np.sqrt(2), rtol=1e-12)  # of 0.8 and 0.6
    (alone,) = compared_maps.measured(OURS, "noisy-noisy", N, {"r2": found["r2"][:1]}, (("r2", "mean"),))
    assert alone.spread is None


@pytest.mark.long
def test_training_size_measures_what_plain_formulas_give(results, context, monkeypatch):
    monkeypatch.setattr(compared_maps, "QUICK_EPOCHS", EPOCHS)
    recipe = compared_maps._shortened(published_recipe(Cnn(), N, noisy=True, seed=0))
    trained = compared_maps.map_of(context.kept("trainings"), recipe, "cnn")
    data = few()
    estimate = trained.predict(data.noisy).mean
    result, _ = results["training-size"]
    for metric, formula in (("median_ape", median_ape), ("r2", r_squared)):
        measured = result.value(Key(CNN, metric, "mean", "noisy-noisy", N))
        assert np.isclose(measured, formula(data.theta, estimate).mean(), rtol=1e-12)


def test_the_experiments_use_the_same_trainings(results):
    """Three networks, trained on clean and on noisy traces; and the CNN of the authors' reference run."""
    assert [trainings for _, trainings in results.values()] == [6, 7, 7, 7, 7]


def test_the_experiments_agree_on_what_they_all_measure(results):
    key = Key(DENSE, "r2", "mean", "noisy-noisy", N)
    assert len({results[name][0].value(key) for name in ("training-size", "accuracy", "regimes")}) == 1


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_measures_what_is_stored_of_it(name, results):
    """A run of one size measures all that is stored at the largest size, of all sizes where it compares them."""
    result, _ = results[name]
    known = stored(name).measurements
    largest = max(each.key.n or 0 for each in known)
    expected = {each.key for each in known if each.key.n in (None, REFERENCE_SIZE)}
    expected |= {replace(each.key, n=N) for each in known if each.key.n == largest}
    fall = Key(CNN, "fall_of_r2", "mean", "clean-noisy")  # a small run has no sizes to compare
    assert {each.key for each in result.measurements} == expected - {fall}


def test_descents_find_the_parameters_of_nearly_all_clean_traces(results):
    """After an epoch of training, whose estimates are far off."""
    result, _ = results["mended"]
    for regime in mended.CLEAN_REGIMES:
        plain, better = (result.value(Key(each, "r2", "mean", regime, N)) for each in (CNN, CNN_MENDED))
        assert better > plain + 0.1
    assert result.value(Key(CNN, "median_ape", "mean", "clean-clean", N)) > 0.05
    assert result.value(Key(CNN_MENDED, "median_ape", "mean", "clean-clean", N)) < 1e-5


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_an_experiment_on_few_samples_is_laid_out(name, results):
    result, _ = results[name]
    assert sum(len(table.rows) for table in tables(name, result)) >= 2


def test_time_series_from_true_parameters_err_by_the_noise_alone(monkeypatch):
    """Of a map that knows θ, against noisy traces: the variance of AR(1) noise of ρ = 0.8 over a window of 1,000."""
    truth = published_test_set().theta
    bias, centred = trajectories_of_estimates._middle([truth], noisy_reference=True)
    # s² = 0.35² (1 + (0.0097/0.07)²); its band around the median lies near the mean; 10 % for the skewness of the law.
    assert abs(centred / (0.35**2 * 1.019) - 1) <= 0.1
    # The mean over time has variance s² (1 + ρ)/(1 − ρ)/n, and its square that as mean, 0.45 of it as median.
    assert 0.2 <= bias / (0.35**2 * 9 / 1000) <= 0.8
    assert trajectories_of_estimates._middle([truth], noisy_reference=False)[1] <= 1e-8


def test_noise_levels_stretch_one_realisation():
    low, high = noise_levels.noisy_at(0.05), noise_levels.noisy_at(0.1)
    ratio = (high.noisy - high.clean)[:50] / (low.noisy - low.clean)[:50]
    assert np.allclose(np.median(ratio), 2, rtol=1e-4)
    assert abs(np.std(high.noisy - high.clean) / 0.5 - 1) <= 0.01
    assert np.array_equal(noise_levels.noisy_at(0.0).noisy, low.clean)


def test_our_trainings_use_no_more_simulations_than_n():
    for n in compared_maps.SIZES:
        assert our_recipe(n, noisy=True, seed=1).data == NewNoise(n)


def test_what_is_stored_of_maps_is_of_those_that_are_shipped():
    maps_of_noise = stored("noise").settings["maps"]
    maps = {name: load_inverse_map(name) for name in available_inverse_maps()}
    # Those for the traces of this experiment: a narrow prior, given parameters, windows or unknown noise are of others.
    suited = {name for name, each in maps.items() if each.recipe.task in (published_task(), published_task(False))}
    assert maps_of_noise.keys() == suited
    assert maps_of_noise == {name: maps[name].fingerprint for name in maps_of_noise}
    assert stored("calibration").settings["map"] == maps_of_noise["best"]
