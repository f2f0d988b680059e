"""The experiments of accuracy, on trainings small enough for a test."""

import numpy as np
import pytest

from core.experiments import accuracy, maps, noise, regimes, time_series, training_size
from core.experiments.context import Context
from core.experiments.record import RESULTS, stored
from core.learning.design import Cnn
from core.maps.evaluation import published_test_set
from core.maps.inverse_map import available_inverse_maps, load_inverse_map
from core.maps.recipe import NewNoise
from core.maps.recipes import our_recipe, published_recipe
from core.metrics import median_ape, r_squared
from core.parallel import workers


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    return Context(lambda line: None, tmp_path_factory.mktemp("work"), quick=True)


@pytest.fixture(autouse=True)
def _smaller(monkeypatch):
    monkeypatch.setattr(maps, "QUICK_SIZES", (500,))
    monkeypatch.setattr(maps, "QUICK_EPOCHS", 2)
    monkeypatch.setattr(accuracy, "REFERENCE_SIZE", 500)


def run(experiment, context):
    with workers(None, 1):
        return experiment.run(context)


def test_training_size_has_the_published_figures_beside_ours(context):
    """Those of the paper's table for N = 500, and ours as plain formulas give them."""
    result = run(training_size, context)
    published = {table.title: table.rows[0][:3] for table in result.tables[:3]}
    assert published == {
        "trained clean, tested clean": ("500", 0.023, 0.990),
        "trained clean, tested noisy": ("500", 0.169, 0.788),
        "trained noisy, tested noisy": ("500", 0.098, 0.921),
    }
    recipe = maps._shortened(published_recipe(Cnn(), 500, noisy=True, seed=0))
    network = maps.map_of(context.kept("trainings"), recipe, "cnn")
    data = published_test_set()
    estimate = network.predict(data.noisy).mean
    row = result.tables[2].rows[0]
    assert np.isclose(row[3], median_ape(data.theta, estimate).mean(), rtol=1e-12)
    assert np.isclose(row[4], r_squared(data.theta, estimate).mean(), rtol=1e-12)


@pytest.mark.parametrize("experiment", [accuracy, regimes, time_series])
def test_other_experiments_use_the_same_trainings(experiment, context):
    run(training_size, context)
    before = len(list(context.kept("trainings").glob("*.json")))
    result = run(experiment, context)
    assert len(list(context.kept("trainings").glob("*.json"))) == before
    assert all(len(row) == len(table.columns) for table in result.tables for row in table.rows)


def test_time_series_from_true_parameters_err_by_the_noise_alone(monkeypatch):
    """Of a map that knows θ, against noisy traces: the variance of AR(1) noise of ρ = 0.8 over a window of 1,000."""
    truth = published_test_set().theta
    bias, centred = time_series._middle([truth], noisy_reference=True)
    # s² = 0.35² (1 + (0.0097/0.07)²); its band around the median lies near the mean; 10 % for the skewness of the law.
    assert abs(centred / (0.35**2 * 1.019) - 1) <= 0.1
    # The mean over time has variance s² (1 + ρ)/(1 − ρ)/n, and its square that as mean, 0.45 of it as median.
    assert 0.2 <= bias / (0.35**2 * 9 / 1000) <= 0.8
    assert time_series._middle([truth], noisy_reference=False)[1] <= 1e-8


def test_noise_levels_stretch_one_realisation():
    low, high = noise.noisy_at(0.05), noise.noisy_at(0.1)
    ratio = (high.noisy - high.clean)[:50] / (low.noisy - low.clean)[:50]
    assert np.allclose(np.median(ratio), 2, rtol=1e-4)
    assert abs(np.std(high.noisy - high.clean) / 0.5 - 1) <= 0.01
    assert np.array_equal(noise.noisy_at(0.0).noisy, low.clean)


def test_our_trainings_use_no_more_simulations_than_n():
    for n in maps.SIZES:
        assert our_recipe(n, noisy=True, seed=1).data == NewNoise(n)


@pytest.mark.parametrize(
    "name", ["accuracy", "calibration", "limit", "noise", "regimes", "time-series", "training-size"]
)
def test_what_the_pages_show_is_stored(name):
    assert (RESULTS / f"{name}.json").is_file()
    assert stored(name)["tables"]


def test_what_is_stored_of_maps_is_of_those_that_are_shipped():
    maps_of_noise = stored("noise")["settings"]["maps"]
    assert maps_of_noise == {name: load_inverse_map(name).fingerprint for name in available_inverse_maps()}
    assert stored("calibration")["settings"]["map"] == maps_of_noise["best"]
