import numpy as np
import pytest

from core.estimate import Estimate
from core.learning.training_settings import Cnn
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.inverse_map import load_inverse_map
from core.maps.out_of_distribution import NoveltyReference, can_score, residual_summaries, with_novelty
from core.maps.problem_of_task import problem_of
from core.maps.recipes import (
    best_recipe,
    conditional_recipe,
    fitzhugh_nagumo_task,
    joint_recipe,
    narrow_recipe,
    our_recipe,
    published_recipe,
    published_task,
    window_recipe,
)
from core.maps.task import Task
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.noise import Noise, sample_ar1
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior, with_constants

N = 300


@pytest.fixture(scope="module")
def best():
    return load_inverse_map("best")


@pytest.fixture(scope="module")
def data():
    """Return traces that no reference has seen: another seed of the test stream."""
    return dataset(published_task(), N, TEST_STREAM, seed=77)


def scores(best, traces):
    return with_novelty(best, traces, best.predict(traces)).novelty


def test_false_alarm_rate_is_the_stated_one(best, data):
    """One in a hundred: of 300 traces 3; at most 10 with P = 0.999, the threshold's own error included (binomial)."""
    assert np.sum(scores(best, data.noisy) > 1) <= 10


@pytest.mark.parametrize(
    ("rho", "sigma", "gamma", "least"), [(0.0, 0.07, 3.0, 0.9), (0.8, 0.2, 3.0, 0.9), (0.8, 0.07, 4.0, 0.5)]
)
def test_strangers_are_noticed(best, data, rho, sigma, gamma, least):
    u = simulate_potential(with_constants(data.theta[:100], gamma=gamma), best.times)
    noise = sample_ar1(np.full(100, rho), np.full(100, sigma / 0.2), 1000, np.random.default_rng(3))
    assert np.mean(scores(best, u + noise) > 1) >= least


def test_what_is_no_neuron_at_all_is_noticed(best):
    times = best.times
    sines = 1.8 * np.sin(2 * np.pi * times / 40 + np.linspace(0, 6, 20)[:, None])
    noise = sample_ar1(np.full(20, 0.8), np.full(20, 0.35), 1000, np.random.default_rng(4))
    assert np.all(scores(best, sines + noise) > 1)


def test_summary_of_known_noise(best, data):
    """Started at the truth, the residual is the noise: ρ and the innovations' sd within five standard errors.

    Their standard errors for n samples: √((1 − ρ²)/n) of ρ, and 1/√(2n) of the log of the sd.
    """
    truth = Estimate(data.theta[:20].copy(), np.tile(1e-12 * np.eye(2), (20, 1, 1)), ("theta0", "theta1"))
    summaries = residual_summaries(problem_of(best.recipe.task), data.noisy[:20], truth)
    rho, sigma = data.noise_parameters[:20].T
    fitted = np.tanh(summaries[:, 0])
    assert np.all(np.abs(fitted - rho) <= 5 * np.sqrt((1 - rho**2) / 1000) + 0.01)
    expected = np.log(sigma / 0.2 * np.sqrt(1 - rho**2))
    assert np.all(np.abs(summaries[:, 1] - expected) <= 5 / np.sqrt(2000) + 0.01)
    # The fourth moment of a normal law is 3, its logarithm known to √(96/9n) for n samples.
    assert np.all(np.abs(summaries[:, 2] - np.log(3)) <= 5 * np.sqrt(96 / 9000) + 0.01)


def test_scores_are_distances():
    reference = NoveltyReference((1.0, 2.0), ((2.0, 0.5), (0.5, 1.0)), 4.0)
    summaries = np.array([[1.0, 2.0], [2.0, 2.0], [1.0, 4.0], [2.0, 3.0]])
    assert np.allclose(reference.scores(summaries), [0.0, 2 / 4, 4 / 4, (2 + 1 + 1) / 4])
    assert NoveltyReference.from_json(reference.as_json()) == reference


@pytest.mark.parametrize(
    "precision", [((2.0, 0.5), (0.4, 1.0)), ((1.0, 2.0), (2.0, 1.0)), ((-1.0, 0.0), (0.0, -1.0)), ((0.0,) * 2,) * 2]
)
def test_a_precision_of_no_distribution_is_refused(precision):
    """Under a negative one, no trace would be out of distribution."""
    with pytest.raises(ValueError, match="symmetric and positive definite"):
        NoveltyReference((1.0, 2.0), precision, 4.0)


def test_estimates_of_others_get_no_score(best):
    truth = Estimate(np.full((2, 2), 0.4), np.tile(1e-4 * np.eye(2), (2, 1, 1)), ("theta1", "theta0"))
    with pytest.raises(ValueError, match="in this order, for 2 traces"):
        residual_summaries(problem_of(best.recipe.task), np.zeros((2, 1000)), truth)


def test_the_problem_is_the_maps_own():
    problem = problem_of(fitzhugh_nagumo_task(published_prior(), published_noise_prior(), zeta=-0.2, gamma=4.0))
    assert problem.known == {"zeta": -0.2, "gamma": 4.0}
    assert problem.unknown == ("theta0", "theta1")
    assert problem.noise == (Noise(0.8, 0.07 / 0.2),)
    assert problem.prior == published_prior()


def test_residuals_of_another_model_are_summarised():
    prior = TruncatedGaussian(("current", "calcium"), (120.0, 4.4), (30.0, 0.3), (60.0, 3.8), (180.0, 5.0))
    noise = TruncatedGaussian(("rho", "sigma"), (0.5, 0.4), (0.1, 0.1), (0.2, 0.2), (0.8, 0.6))
    task = Task("morris-lecar-hopf", prior, (), noise)
    data = dataset(task, 3, TEST_STREAM)
    truth = Estimate(data.theta.copy(), np.tile(np.diag([1e-4, 1e-8]), (3, 1, 1)), prior.names)
    summaries = residual_summaries(problem_of(task), data.noisy, truth)
    assert np.all(np.isfinite(summaries))
    # Started at the truth, the residual is the noise, as with the other model.
    rho = data.noise_parameters[:, 0]
    assert np.all(np.abs(np.tanh(summaries[:, 0]) - rho) <= 5 * np.sqrt((1 - rho**2) / 1000) + 0.01)


def test_a_task_on_clean_traces_has_no_misfit_to_weigh():
    with pytest.raises(ValueError, match="this map knows clean traces alone"):
        problem_of(published_task(noisy=False))


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (best_recipe(), True),
        (narrow_recipe(), True),
        (published_recipe(Cnn(), 8000, noisy=True), False),
        (our_recipe(8000, noisy=False), False),
        (joint_recipe(), False),
        (conditional_recipe(), False),
        (window_recipe(), False),
    ],
)
def test_maps_with_covariance_of_one_problem_with_noise_can_score(recipe, expected):
    assert can_score(recipe) == expected


def test_a_map_without_reference_gives_no_score(data):
    published = load_inverse_map("cnn-noisy")
    estimate = published.predict(data.noisy[:2])
    assert with_novelty(published, data.noisy[:2], estimate) is estimate
    with pytest.raises(ValueError, match="with a covariance"):
        residual_summaries(problem_of(published.recipe.task), data.noisy[:2], estimate)
