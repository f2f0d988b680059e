import copy

import numpy as np
import pytest
import torch
from torch import nn

from core.learning.loop import train_network
from core.learning.networks.heads import Gaussian
from core.learning.networks.network import build
from core.learning.training_settings import (
    Adam,
    Dense,
    GaussianEstimate,
    GaussianLikelihood,
    InitialWeights,
    PointEstimate,
    SquaredError,
    TimeSeries,
)
from core.learning.training_step import TrainingStep

N_TIMES, BATCH = 60, 16
RATES = (1e-3, 2e-3, 5e-4, 1e-3)
CLIP = 0.01  # below the norms of all gradients here
SETTINGS = {
    "squared error": (PointEstimate(), SquaredError(), Adam()),
    "clipped": (PointEstimate(), SquaredError(), Adam(betas=(0.8, 0.95), gradient_clip=CLIP)),
    "likelihood": (GaussianEstimate(), GaussianLikelihood(0.0), Adam(gradient_clip=CLIP)),
}


def network_of(head, dropout=0.0):
    return build(TimeSeries(), Dense((12, 8), dropout), head, InitialWeights.FLAT, N_TIMES, 2, 1)


def batches():
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(len(RATES), BATCH, N_TIMES)), rng.uniform(size=(len(RATES), BATCH, 2))
    return [(torch.tensor(a).float(), torch.tensor(b).float()) for a, b in zip(inputs, targets, strict=True)]


def plain_loss(output, targets):
    """Written with PyTorch's own multivariate normal, without the constant."""
    if not isinstance(output, Gaussian):
        return ((output - targets) ** 2).mean()
    law = torch.distributions.MultivariateNormal(output.mean, precision_matrix=output.factor.mT @ output.factor)
    return -law.log_prob(targets).mean() - np.log(2 * np.pi)


@pytest.mark.parametrize("name", SETTINGS)
def test_steps_are_those_of_plain_pytorch(name):
    """Up to rounding in single precision: a thousandth of a step, which Adam makes about as long as its rate."""
    head, loss, optimiser = SETTINGS[name]
    network = network_of(head)
    plain = copy.deepcopy(network)
    adam = torch.optim.Adam(plain.parameters(), betas=optimiser.betas, foreach=False, fused=False)
    step, errors = TrainingStep(network, loss, optimiser, "cpu"), 0.0
    for (inputs, targets), rate in zip(batches(), RATES, strict=True):
        step(inputs, targets, rate)
        output = plain(inputs)
        mean = output.mean if isinstance(output, Gaussian) else output
        errors += (mean.detach() - targets).abs().sum().item() / 2
        adam.zero_grad()
        plain_loss(output, targets).backward()
        if optimiser.gradient_clip is not None:
            gradients = torch.cat([weights.grad.ravel() for weights in plain.parameters()])
            assert gradients.norm() > CLIP
            for weights in plain.parameters():
                weights.grad *= CLIP / gradients.norm()
        for group in adam.param_groups:
            group["lr"] = rate
        adam.step()
    for found, expected in zip(network.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(found, expected, rtol=0, atol=1e-3 * min(RATES))
    assert float(step.sum_of_errors) == pytest.approx(errors, rel=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_step_without_a_finite_gradient_is_skipped(name, bad):
    """Weights and moments stay, and the steps after it are those of a training that never had it."""
    head, loss, optimiser = SETTINGS[name]
    network, other = network_of(head), network_of(head)
    step, spared = (TrainingStep(each, loss, optimiser, "cpu") for each in (network, other))
    first, *rest = batches()
    for each in (step, spared):
        each(*first, RATES[0])
    weights = [tensor.clone() for tensor in network.parameters()]
    moments = copy.deepcopy(step.adam.state_dict()["state"])
    step(torch.full_like(first[0], bad), first[1], RATES[0])
    assert all(torch.equal(*pair) for pair in zip(weights, network.parameters(), strict=True))
    for number, state in step.adam.state_dict()["state"].items():
        assert all(torch.equal(moments[number][key], value) for key, value in state.items())
    for batch in rest:
        step(*batch, RATES[1])
        spared(*batch, RATES[1])
    assert all(torch.equal(*pair) for pair in zip(network.parameters(), other.parameters(), strict=True))


def training(dropout, seed=0):
    """Return the weights after two epochs of three batches."""
    inputs, targets = (np.concatenate(part) for part in zip(*batches()[:3], strict=True))
    samples = inputs.astype(np.float32), targets.astype(float)
    network = network_of(PointEstimate(), dropout)
    before = torch.get_rng_state()
    list(train_network(network, SquaredError(), Adam(2, BATCH), seed, lambda _: samples, samples))
    assert torch.equal(torch.get_rng_state(), before)
    return nn.utils.parameters_to_vector(network.parameters())


def test_a_training_with_dropout_is_fixed_by_its_seed():
    """Whatever PyTorch has drawn before; and the training leaves the random numbers of others as they are."""
    first = training(0.3)
    torch.rand(5)
    assert torch.equal(first, training(0.3))
    assert not torch.equal(first, training(0.3, seed=1))
    assert not torch.equal(first, training(0.0))
