import dataclasses
from contextlib import suppress

import numpy as np
import pytest
import torch

from core.learning.networks.gaussian_step import MAX_OUTPUT
from core.learning.networks.heads import Gaussian
from core.learning.networks.network import predict
from core.learning.training_settings import Dense
from core.maps import gauss_newton_step as refinement
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.gauss_newton_step import Refined, Step, learned_steps_of, with_learned_steps
from core.maps.inputs import inputs_of
from core.maps.inverse_map import inverse_map
from core.maps.kept import KeptFile
from core.maps.recipe import NewSimulations
from core.maps.recipes import conditional_task, gaussian_recipe, joint_task, published_task
from core.maps.step_inputs import step_inputs
from core.maps.train import train
from core.maps.untrained_network import untrained_network
from core.metrics import squared_distances
from core.models.fitzhugh_nagumo.simulate import simulate_potential

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


def test_untrained_step_leaves_the_law_alone(data):
    given = law(data)
    step = Step(TASK)
    found = step(step_inputs(TASK, torch.from_numpy(data.noisy[:4]), given))
    assert torch.allclose(found.mean, given.mean, rtol=0, atol=1e-6)
    assert torch.allclose(found.covariance(), given.covariance(), rtol=1e-3, atol=0)


def test_step_is_measured_in_standard_deviations(data):
    """A shift z and a factor A become mean + C z and covariance C (A'A)⁻¹ C', with C C' the first covariance."""
    given, step = law(data), Step(TASK)
    z, logs, below = np.array([0.5, -0.3]), np.array([0.7, -0.2]), 0.4
    outputs, farthest = np.concatenate([z, 8 * np.arctanh(logs / 8), [below]]), MAX_OUTPUT
    with torch.no_grad():
        step.layers[-1].bias[5:].copy_(torch.tensor(farthest * np.arctanh(outputs / farthest)))
    found = step(step_inputs(TASK, torch.from_numpy(data.noisy[:4]), given))
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
    inputs = step_inputs(task, torch.from_numpy(data.noisy[: len(mean)]), given)
    assert torch.all(torch.isfinite(inputs))
    found = Step(task)(inputs)
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


def test_a_step_can_take_the_share_of_the_gauss_newton_step_that_it_has_learnt(data):
    """A share of one half for the step, and what was to be added to the factor: none."""
    given, step = law(data), Step(TASK)
    inputs = step_inputs(TASK, torch.from_numpy(data.noisy[:4]), given)
    first, farthest = step.n_features, MAX_OUTPUT
    with torch.no_grad():
        step.layers[-1].bias[:2] = farthest * np.arctanh(0.5 / farthest)
    proposal = inputs[:, first : first + 2].double().numpy().clip(-farthest, farthest)
    scale = np.linalg.inv(given.factor.double().numpy())
    shift = np.einsum("nij,nj->ni", scale, 0.5 * proposal)
    assert np.abs(proposal).max() > 0.1
    found = step.train()(inputs)
    assert np.allclose(found.mean.detach(), given.mean.numpy() + shift, rtol=0, atol=1e-5)
    assert torch.allclose(found.covariance(), given.covariance(), rtol=1e-3, atol=0)


UNROLLED = {
    "two parameters": RECIPE,
    "with the noise": dataclasses.replace(RECIPE, task=joint_task()),
    "told, and windows": dataclasses.replace(
        RECIPE, task=dataclasses.replace(conditional_task(), n_times=(100, 300), estimates_noise=True)
    ),
}


@pytest.mark.parametrize("name", UNROLLED)
def test_untrained_steps_leave_the_first_network_as_it_is(name):
    """Means as they are, covariances up to rounding, whatever the number of steps."""
    recipe = UNROLLED[name]
    columns = torch.from_numpy(inputs_of(recipe.task, dataset(recipe.task, 20, TEST_STREAM)))
    expected = untrained_network(recipe)(columns)
    for steps in (1, 3):
        network = Refined(recipe, steps).eval()
        found = network(columns)
        assert learned_steps_of(network) == steps
        assert torch.allclose(found.mean, expected.mean, rtol=0, atol=1e-5)
        assert torch.allclose(found.covariance(), expected.covariance(), rtol=1e-3, atol=1e-6)


def test_each_step_begins_where_the_step_before_has_led():
    """Against one step after the other by hand."""
    network = Refined(RECIPE, 2).eval().requires_grad_(False)
    with torch.no_grad():
        for number, step in enumerate(network.steps):
            step.layers[-1].bias.copy_(torch.linspace(-0.5, 0.4, 10) * (1 + number))
    columns = torch.from_numpy(dataset(TASK, 5, TEST_STREAM).noisy)
    found = network.first(columns)
    for step in network.steps:
        found = step(step_inputs(TASK, columns, found))
    assert not torch.allclose(found.mean, network.first(columns).mean, rtol=0, atol=1e-3)
    assert torch.equal(network(columns).mean, found.mean)
    assert torch.equal(network(columns).factor, found.factor)
    assert network.calibration_factor is network.steps[1].spread


@pytest.mark.parametrize(
    ("errors", "kept"),
    [((0.5, 0.4, 0.3, 0.2), 3), ((0.5, 0.4, 0.4), 1), ((0.5, 0.4, 0.3, 0.31), 2), ((0.5, 0.5), 0), ((0.5, np.nan), 0)],
)
def test_steps_are_kept_as_long_as_the_validation_error_falls(errors, kept, monkeypatch):
    """A kept step stays as it was trained, and no step is trained after one that is left out."""
    recipe, left, trained = dataclasses.replace(RECIPE, learned_steps=3), list(errors), []

    def train_step(step, *_):
        trained.append(torch.full((10,), 0.1 * (1 + len(trained))))
        with torch.no_grad():
            step.layers[-1].bias.copy_(trained[-1])

    monkeypatch.setattr(refinement, "validation_error", lambda recipe, network: left.pop(0))
    monkeypatch.setattr(refinement, "_examples", lambda network, *_: (torch.zeros(1, 1), torch.zeros(1, 2)))
    monkeypatch.setattr(refinement, "_train", train_step)
    first = untrained_network(dataclasses.replace(recipe, seed=5))
    found = with_learned_steps(recipe, first)
    assert (learned_steps_of(found), len(trained), left) == (kept, len(errors) - 1, [])
    if not kept:
        assert found is first
        return
    assert [torch.equal(step.layers[-1].bias, bias) for step, bias in zip(found.steps, trained, strict=False)] == [
        True
    ] * kept
    weights = found.first.state_dict()
    assert all(torch.equal(weights[name], tensor) for name, tensor in first.state_dict().items())


def test_the_examples_of_a_step_are_traces_that_no_other_step_has_seen(monkeypatch):
    """Other numbers of the refinement stream for each step, four of them; and the work is told in full."""
    recipe, seen, told = dataclasses.replace(RECIPE, learned_steps=2), [], []
    monkeypatch.setattr(refinement, "SAMPLES_RANGE", (1, 1000))
    monkeypatch.setattr(refinement, "DATA_SETS", 2)
    monkeypatch.setattr(refinement, "EPOCHS", 1)
    small = dataclasses.replace(recipe, data=NewSimulations(100))
    errors = iter((3.0, 2.0, 1.0))
    monkeypatch.setattr(refinement, "validation_error", lambda recipe, network: next(errors))

    def noted(task, n, stream, seed, number):
        seen.append((n, stream, number))
        return dataset(task, n, stream, seed, number)

    monkeypatch.setattr(refinement, "dataset", noted)
    found = with_learned_steps(small, untrained_network(small), told.append)
    assert learned_steps_of(found) == 2
    assert seen == [(100, refinement.REFINEMENT_STREAM, number) for number in range(4)]
    tests = (refinement.N_VALIDATION + 50) * (2 + refinement.INPUTS_WORK * 3)
    assert np.isclose(sum(told) + tests, refinement.step_work(small, 50), rtol=1e-12)


def test_a_step_that_helps_nothing_is_left_out(first, monkeypatch):
    monkeypatch.setattr(refinement, "EPOCHS", 1)
    monkeypatch.setattr(refinement, "LEARNING_RATE", 1e-12)
    monkeypatch.setattr(refinement, "validation_error", lambda recipe, network: 1.0)
    assert with_learned_steps(RECIPE, first) is first


def test_the_training_of_a_step_goes_on_after_any_epoch_as_if_it_had_not_been_killed(tmp_path, monkeypatch):
    """The weights of the step are the same, bit for bit, and an epoch that is done is not done again."""
    monkeypatch.setattr("core.maps.kept.SAVING_INTERVAL_SECONDS", -1.0)
    monkeypatch.setattr(refinement, "EPOCHS", 4)
    monkeypatch.setattr(refinement, "BATCH_SIZE", 64)
    rng = torch.Generator().manual_seed(0)
    examples = torch.randn(200, 24, generator=rng), torch.rand(200, 2, generator=rng)
    examples[0][:, [-3, -1]] = 5.0  # the diagonal of the factor before the step

    def trained(path, most=1e9):
        """Train on, up to some work; return the weights and all work."""
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(1)
            step, told = Step(TASK), []

        def add(work):
            told.append(work)
            if sum(told) > most:
                raise InterruptedError

        refinement._train(step, *examples, 0.5, add, KeptFile(path, "mine"))
        return step.state_dict(), told

    whole, work = trained(None)
    assert not torch.equal(whole["layers.0.weight"], Step(TASK).layers[0].weight)
    for epoch in range(5):
        path = tmp_path / f"{epoch}"
        with suppress(InterruptedError):
            trained(path, most=200 * epoch * refinement.EPOCH_WORK + 1)
        weights, told = trained(path)
        assert all(torch.equal(whole[name], weights[name]) for name in whole)
        assert told == work[4 * epoch :]  # four batches each
