import dataclasses

import numpy as np
import pytest
import torch

from core.learning.networks.heads import Gaussian
from core.learning.networks.network import predict
from core.learning.training_settings import Dense
from core.maps import gauss_newton_step as refinement
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.gauss_newton_step import Step, learned_steps_of, step_inputs, with_learned_steps
from core.maps.inverse_map import inverse_map
from core.maps.recipe import NewSimulations
from core.maps.recipes import gaussian_recipe, published_task
from core.maps.train import train
from core.maps.untrained_network import untrained_network
from core.metrics import squared_distances
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.noise import Noise
from core.problem.landscape import misfit
from core.published import with_constants
from tests.reference import reference_solutions

RECIPE = gaussian_recipe(published_task(), Dense((64, 64)), NewSimulations(2000), 16, batch_size=64)
TASK = RECIPE.task


@pytest.fixture(scope="module")
def data():
    return dataset(TASK, 1000, TEST_STREAM)


@pytest.fixture(scope="module")
def first():
    network = untrained_network(RECIPE)
    network.load_state_dict(list(train(RECIPE))[-1].best_weights)
    return network


@pytest.fixture(scope="module")
def refined(first):
    return with_learned_steps(RECIPE, first)


def law(data):
    """Return laws for the first four traces, 0.03 wide and centred as far from the truth."""
    factor = np.tril(np.random.default_rng(0).normal(size=(4, 2, 2))) + 30 * np.eye(2)
    mean = TASK.scale(data.theta[:4]) + 0.02
    return Gaussian(torch.tensor(mean, dtype=torch.float32), torch.tensor(factor, dtype=torch.float32))


def test_gradient_against_differences_of_tightly_solved_trajectories(data):
    """Central differences of the AR(1) misfit, the noise held, in standard deviations of the law; so the Hessian.

    Simulated to 1e-4 of residuals of the order of 1, products with slopes are off by less than a thousandth.
    """
    given = law(data)
    mean, scale = given.mean.double().numpy(), np.linalg.inv(given.factor.double().numpy())
    traces = data.noisy[:4].astype(float)
    gradients, hessians, noise = refinement._expansion(TASK, traces, mean, scale)
    times = np.arange(1000) * 0.2

    def potentials(scaled):
        return reference_solutions(with_constants(TASK.unscale(scaled), -0.4, 3.0), times)[..., 0]

    size, slopes = 1e-5, np.empty((4, 2, 1000))
    rhos = np.clip(np.tanh(noise[:, 0]), 0.8 - 3 * 0.057, 0.8 + 3 * 0.057)
    sds = np.clip(np.exp(noise[:, 1]), 0.0409 / 0.2, 0.0991 / 0.2) + refinement.MIN_NOISE_SD
    for i in range(2):
        shift = size * scale[:, :, i]
        ahead, behind = potentials(mean + shift), potentials(mean - shift)
        for n in range(4):
            pair = np.stack([ahead[n], behind[n]])
            slope = np.subtract(*misfit(traces[n], pair, Noise(rhos[n], sds[n]))) / (2 * size)
            assert abs(slope - gradients[n, i]) <= 1e-3 * max(1.0, np.abs(gradients[n]).max())
            slopes[n, i] = (ahead[n] - behind[n]) / (2 * size)
    for n in range(4):
        # By polarisation: the misfit of a difference is a quadratic form.
        slope = np.stack([*slopes[n], slopes[n].sum(axis=0)])
        first, second, both = misfit(np.zeros(1000), slope, Noise(rhos[n], sds[n])) * 2
        expected = np.array([[first, (both - first - second) / 2], [(both - first - second) / 2, second]])
        assert np.max(np.abs(hessians[n] - expected)) <= 1e-3 * np.max(expected)


def test_untrained_step_leaves_the_law_alone(data):
    given = law(data)
    step = Step(2)
    found = step(step_inputs(TASK, data.noisy[:4].astype(float), given))
    assert torch.allclose(found.mean, given.mean, rtol=0, atol=1e-6)
    assert torch.allclose(found.covariance(), given.covariance(), rtol=1e-3, atol=0)


def test_step_is_measured_in_standard_deviations(data):
    """A shift z and a factor A become mean + C z and covariance C (A'A)⁻¹ C', with C C' the first covariance."""
    given, step = law(data), Step(2)
    z, logs, below = np.array([0.5, -0.3]), np.array([0.7, -0.2]), 0.4
    outputs, farthest = np.concatenate([z, 8 * np.arctanh(logs / 8), [below]]), refinement.MAX_OUTPUT
    with torch.no_grad():
        step.layers[-1].bias.copy_(torch.tensor(farthest * np.arctanh(outputs / farthest)))
    found = step(step_inputs(TASK, data.noisy[:4].astype(float), given))
    scale = np.linalg.inv(given.factor.double().numpy())
    factor = np.exp(logs)[:, None] * np.array([[1.0, 0.0], [below, 1.0]])
    expected = scale @ np.linalg.inv(factor.T @ factor) @ scale.transpose(0, 2, 1)
    assert np.allclose(found.mean.detach(), given.mean.numpy() + scale @ z, rtol=0, atol=1e-5)
    assert np.allclose(found.covariance().detach(), expected, rtol=1e-3, atol=0)


def test_a_learned_step_leads_nearer_to_the_truth(first, refined, data):
    """Smaller median errors by a third at least, and a likelier truth."""
    truth = TASK.scale(data.theta)
    laws = [predict(network, data.noisy) for network in (first, refined)]
    errors = [np.median(np.abs(mean - truth)) for mean, _ in laws]
    assert errors[1] <= errors[0] / 1.5
    scores = [squared_distances(truth - mean, cov) + np.linalg.slogdet(cov)[1] for mean, cov in laws]
    assert np.mean(scores[1]) < np.mean(scores[0]) - 0.5


def test_refined_map_is_saved_and_loaded_whole(refined, data, tmp_path):
    made = inverse_map("a-map", RECIPE, refined.state_dict(), {})
    made.save(tmp_path)
    again = inverse_map("a-map", RECIPE, made.network.state_dict(), {})
    one, other = made.predict(data.noisy[:50]), again.predict(data.noisy[:50])
    assert np.array_equal(one.mean, other.mean)
    assert np.array_equal(one.covariance, other.covariance)
    # Each trace is simulated at its own estimate: company changes nothing beyond rounding.
    assert np.allclose(made.predict(data.noisy[:1]).mean, one.mean[:1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("changes", [{"gamma": 0.5}, {"zeta": -3.0}])
def test_trajectories_that_diverge_leave_numbers(changes, data):
    task = dataclasses.replace(TASK, known=tuple({**dict(TASK.known), **changes}.items()))
    side = np.linspace(0.01, 0.99, 12)
    mean = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    parameters = task.complete(task.unscale(mean))
    assert np.any(np.isnan(simulate_potential(parameters, np.arange(1000) * 0.2)))
    given = Gaussian(torch.tensor(mean).float(), (30 * torch.eye(2)).repeat(len(mean), 1, 1))
    inputs = step_inputs(task, data.noisy[: len(mean)].astype(float), given)
    assert torch.all(torch.isfinite(inputs))
    found = Step(2)(inputs)
    assert torch.all(torch.isfinite(found.mean))
    assert torch.all(torch.isfinite(found.covariance()))


def test_enormous_traces_leave_laws_inside_the_box(refined, data):
    for factor in (1e3, 1e6):
        mean, covariance = predict(refined, data.noisy[:20] * factor)
        assert np.all((mean >= 0) & (mean <= 1))
        assert np.all(np.linalg.eigvalsh(covariance) > 0)


def test_a_step_does_no_harm_where_there_is_less_noise_than_it_has_seen(first, refined, data):
    """Without noise the Gauss–Newton step itself is nearly exact; features that are out of bounds are cut."""
    truth = TASK.scale(data.theta)
    errors = [np.median(np.abs(predict(network, data.clean)[0] - truth)) for network in (first, refined)]
    assert errors[1] <= errors[0] / 1.5


def test_the_card_says_whether_a_step_was_left_out_or_else_the_recipe(first, refined):
    for network, card in ((refined, {}), (refined, {"training": {"learned_steps": 1}}),
                          (first, {"training": {"learned_steps": 0}})):  # fmt: skip
        made = inverse_map("a-map", RECIPE, network.state_dict(), card)
        assert learned_steps_of(made.network) == learned_steps_of(network)
    with pytest.raises(ValueError, match="do not fit the network of its recipe"):
        inverse_map("a-map", RECIPE, first.state_dict(), {})


def test_a_step_that_helps_nothing_is_left_out(first, monkeypatch):
    monkeypatch.setattr(refinement, "EPOCHS", 1)
    monkeypatch.setattr(refinement, "LEARNING_RATE", 1e-12)
    monkeypatch.setattr(refinement, "validation_error", lambda recipe, network: 1.0)
    assert with_learned_steps(RECIPE, first) is first
