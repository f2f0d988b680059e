"""Maps that estimate the noise, are told parameters, or take windows: what goes into `predict`, and what comes out."""

import dataclasses
import re

import numpy as np
import pytest

from core.learning.training_settings import Adam, Dense
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.evaluation import evaluate, predictions
from core.maps.gauss_newton_step import network_of
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import inverse_map, load_inverse_map
from core.maps.recipe import Fixed, NewNoise
from core.maps.recipes import conditional_task, gaussian_recipe, joint_task, point_recipe, published_task
from core.maps.untrained_network import untrained_network

JOINT = joint_task()
TOLD = conditional_task()
WINDOW = dataclasses.replace(published_task(), n_times=(100, 400))
ALL = dataclasses.replace(TOLD, n_times=(100, 400), estimates_noise=True)
TRACES = np.random.default_rng(0).normal(size=(6, 1000))


def map_of(task, learned_steps=0):
    """Return an untrained map, whose estimates differ from trace to trace."""
    recipe = gaussian_recipe(task, Dense((16,)), NewNoise(100), 5)
    recipe = dataclasses.replace(recipe, learned_steps=learned_steps)
    return inverse_map("a-map", recipe, network_of(recipe, learned_steps).state_dict(), {})


def test_a_map_that_is_told_parameters_needs_them():
    sentence = "The map a-map is told ζ and γ of each trace: pass them as known."
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        map_of(TOLD).predict(TRACES)


@pytest.mark.parametrize(
    "known", [[-0.4], [[-0.4]], [[-0.4, 3.0, 1.0]], [[-0.4, 3.0]] * 5, np.zeros((0, 2)), np.zeros((6, 2, 2)), -0.4]
)
@pytest.mark.parametrize("task", [TOLD, published_task()], ids=["told", "fixed"])
def test_known_parameters_of_another_shape_are_refused(known, task):
    with pytest.raises(ValueError, match=r"^Values of zeta, gamma need the shape \(..., 2\); their shape is \(.*\).$"):
        map_of(task).predict(TRACES, known=known)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_known_parameters_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match=r"^The map a-map takes finite values of ζ and γ only.$"):
        map_of(TOLD).predict(TRACES, known=[-0.4, value])


@pytest.mark.parametrize("value", [0.0, -3.0])
def test_known_parameters_of_no_neuron_are_refused(value):
    known = np.tile([-0.4, 3.0], (6, 1))
    known[4, 1] = value
    with pytest.raises(ValueError, match=r"^The map a-map takes values of γ above zero only.$"):
        map_of(TOLD).predict(TRACES, known=known)


def test_each_trace_is_told_its_own_parameters():
    """As one trace after the other; and one pair for all traces is told to each of them."""
    model, known = map_of(TOLD), np.column_stack([np.linspace(-0.8, 0.0, 6), np.linspace(2.0, 5.0, 6)])
    together = model.predict(TRACES, known=known)
    for i in range(6):
        alone = model.predict(TRACES[i : i + 1], known=known[i : i + 1])
        assert np.allclose(alone.mean[0], together.mean[i], rtol=0, atol=1e-6)
        assert np.allclose(alone.covariance[0], together.covariance[i], rtol=1e-4)
    same = model.predict(TRACES, known=known[2])
    assert np.array_equal(same.mean, model.predict(TRACES, known=np.tile(known[2], (6, 1))).mean)
    assert np.abs(same.mean - together.mean)[[0, 1, 3, 4, 5]].min() > 1e-6
    assert same.names == ("theta0", "theta1")
    assert together.status == ""


def test_parameters_that_a_map_is_told_are_read_in_the_models_order():
    """With θ₁ and γ known, of which θ₁ is the same for all traces."""
    law = TOLD.prior
    prior = dataclasses.replace(law, names=("theta0", "zeta"), mean=(0.4, -0.4), lower=(-0.2, -0.8), upper=(1.0, 0.0))
    task = dataclasses.replace(TOLD, prior=prior, known=(("theta1", 0.4),), given=TOLD.given.select(("gamma",)))
    model = map_of(task)
    assert task.known_names == ("theta1", "gamma")
    found = model.predict(TRACES, known=[0.4, 4.0])
    inputs = TraceInputs(TRACES.astype(np.float32), np.full((6, 1), 4.0), np.full(6, 1000))
    assert np.array_equal(found.mean, model.estimate(inputs).mean)
    assert found.status == ""
    assert model.predict(TRACES, known=[0.5, 4.0]).status == (
        "‘a-map’ was not trained for θ₁ = 0.5 (trained at 0.4). Its estimate answers for a neuron with θ₁ = 0.4."
    )


def test_a_told_parameter_outside_its_range_is_named():
    model = map_of(TOLD)
    assert model.predict(TRACES, known=[-0.4, 6.0]).status == "‘a-map’ was not trained for γ = 6 (trained on 2 to 5)."
    assert model.outside(parameters={"zeta": 0.1}) == "‘a-map’ was not trained for ζ = 0.1 (trained on −0.8 to 0)."
    assert model.outside(parameters={"zeta": -0.8, "gamma": 5.0, "theta0": 0.4}) == ""
    assert model.expected(parameters={"theta0": 0.4, "theta1": 0.4}, rho=0.8, sigma=0.07) == (
        "θ₀ from −0.2 to 1", "θ₁ from −0.4 to 1.2", "ζ from −0.8 to 0", "γ from 2 to 5",
    )  # fmt: skip
    everything = {"theta0": 0.4, "theta1": 0.4, "zeta": 0.0, "gamma": 2.0}
    assert model.expected(parameters=everything, rho=0.8, sigma=0.07) == ()


@pytest.mark.parametrize("known", [[-1e30, 3.0], [1e30, 3.0], [-0.4, 1e300], [-0.4, 1e-300]])
def test_told_parameters_of_no_neuron_leave_numbers(known):
    """Far outside their range the network's inputs would overflow, and γ divides in the equations."""
    found = map_of(TOLD, learned_steps=2).predict(TRACES, known=known)
    assert np.all((found.mean >= [-0.2, -0.4]) & (found.mean <= [1.0, 1.2]))
    assert np.all(np.isfinite(found.covariance))
    assert "was not trained for" in found.status


@pytest.mark.parametrize("n_times", [100, 101, 399, 400])
def test_windows_of_a_map_are_those_of_its_longest_trace(n_times):
    """The same as a longest trace that ends there, whatever it holds after its end."""
    model = map_of(WINDOW)
    found = model.predict(TRACES[:, :n_times])
    inputs = TraceInputs(TRACES[:, :400].astype(np.float32), np.empty((6, 0)), np.full(6, n_times))
    assert np.array_equal(found.mean, model.estimate(inputs).mean)
    assert model.takes(np.arange(n_times) * 0.2)
    assert not model.takes(np.arange(n_times) * 0.1)
    assert not model.takes(1 + np.arange(n_times) * 0.2)


@pytest.mark.parametrize("shape", [(2, 99), (2, 401), (400,), (1, 2, 400)])
def test_windows_outside_its_range_are_refused(shape):
    model = map_of(WINDOW)
    sentence = (
        "The map a-map takes traces of 100 to 400 samples, 0.2 ms apart, as an array (n, n_times); it was given one of "
        f"shape {shape}."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        model.predict(np.zeros(shape))
    assert not model.takes(np.arange(shape[-1] if shape[-1] != 400 else 401) * 0.2)


def test_a_window_that_a_map_does_not_take_is_named():
    said = "‘a-map’ was not trained for this time grid (trained on 100 to 400 samples 0.2 ms apart)."
    assert map_of(WINDOW).outside(times=np.arange(99) * 0.2) == said
    assert map_of(WINDOW).outside(times=np.arange(250) * 0.2) == ""


@pytest.mark.parametrize("learned_steps", [0, 2])
@pytest.mark.parametrize("task", [JOINT, ALL], ids=["joint", "all at once"])
def test_estimates_stay_in_the_box_of_the_task_whatever_the_trace_is(task, learned_steps):
    """σ from 0.0409 to 0.0991 ms and ρ from 0.629 to 0.971, the bounds of their law."""
    model, rng = map_of(task, learned_steps), np.random.default_rng(1)
    n_times = task.n_times[1]
    traces = [np.zeros(n_times), np.full(n_times, 1e38), rng.choice([-1e3, 1e3], n_times), rng.normal(size=n_times),
              1e-3 * rng.normal(size=n_times), np.where(np.arange(n_times) == 80, 1e300, 0.0)]  # fmt: skip
    for window in {task.n_times[0], n_times}:
        known = [-0.4, 3.0]
        found = model.predict(np.stack(traces)[:, :window], known=known)
        assert found.names == ("theta0", "theta1", "sigma", "rho")
        low, high = np.array([[-0.2, 1.0], [-0.4, 1.2], [0.0409, 0.0991], [0.629, 0.971]]).T
        assert np.all((found.mean >= low - 1e-12) & (found.mean <= high + 1e-12))
        assert np.all(np.linalg.cholesky(found.covariance).diagonal(axis1=1, axis2=2) > 0)
        # In every direction, the sd is at most the width of the box.
        scaled = found.covariance / np.outer(high - low, high - low)
        assert np.linalg.eigvalsh(scaled).max() <= 1 + 1e-9


@pytest.mark.parametrize("task", [JOINT, TOLD, WINDOW, ALL], ids=["joint", "told", "window", "all at once"])
def test_maps_of_every_task_are_saved_and_loaded_whole(task, tmp_path):
    made = map_of(task, learned_steps=2)
    made.save(tmp_path)
    loaded = load_inverse_map(tmp_path / "a-map.safetensors")
    assert loaded.recipe == made.recipe
    traces = TRACES[:, : task.n_times[0]]
    known = [-0.5, 2.5] if task.given else None
    assert np.array_equal(loaded.predict(traces, known).mean, made.predict(traces, known).mean)


@pytest.fixture(scope="module")
def data():
    return dataset(ALL, 60, TEST_STREAM)


def test_on_clean_traces_there_is_no_noise_to_estimate(data):
    """Figures of σ and ρ for noisy traces alone, as plain formulas give them; and each trace at its own length."""
    model = map_of(ALL)
    result = evaluate(model, data)
    estimates = {kind: each.mean for kind, each in predictions(model, data).items()}
    assert result["clean"]["r2"].keys() == {"theta0", "theta1", "mean"}
    assert result["noisy"]["r2"].keys() == {"theta0", "theta1", "sigma", "rho", "mean"}
    truth = np.column_stack([data.theta, data.noise_parameters[:, 1], data.noise_parameters[:, 0]])
    for kind, traces, names in (("clean", data.clean, ALL.names[:2]), ("noisy", data.noisy, ALL.names)):
        for i in (0, 30, 59):
            alone = model.predict(traces[i : i + 1, : data.lengths[i]], known=data.given[i])
            assert np.allclose(estimates[kind][i], alone.mean[0], rtol=0, atol=1e-6)
        for i, name in enumerate(names):
            error = estimates[kind][:, i] - truth[:, i]
            r2 = 1 - np.sum(error**2) / np.sum((truth[:, i] - truth[:, i].mean()) ** 2)
            assert np.isclose(result[kind]["r2"][name], r2, rtol=1e-9)
            assert np.isclose(result[kind]["median_ape"][name], np.median(np.abs(error / truth[:, i])), rtol=1e-9)
            assert np.isclose(result[kind]["rmse"][name], np.sqrt(np.mean(error**2)), rtol=1e-9)
        means = [result[kind]["rmse"][name] for name in names]
        assert np.isclose(result[kind]["rmse"]["mean"], np.mean(means), rtol=1e-12)


def test_a_point_map_of_the_noise_gives_no_covariance():
    recipe = point_recipe(JOINT, Dense((16,)), 100, Adam(2))
    assert recipe.data == Fixed(100)
    found = inverse_map("a-map", recipe, untrained_network(recipe).state_dict(), {}).predict(TRACES)
    assert found.covariance is None
    assert found.names == JOINT.names
