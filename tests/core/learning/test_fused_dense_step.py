import numpy as np
import pytest
import torch
from scipy.optimize import check_grad
from scipy.special import expit
from torch import nn

from core.learning import fused_dense_step
from core.learning.fused_dense_step import FusedDenseStep, keep
from core.learning.networks.network import build
from core.learning.plain_loop import PlainLoop
from core.learning.training_settings import Cnn, Dense, GaussianEstimate, InitialWeights, PointEstimate, TimeSeries

RATE, BATCH_SIZE, N_INPUTS, WIDTHS = 1e-2, 16, 60, (24, 40, 9)


def network_of(dropout, widths=WIDTHS):
    return build(TimeSeries(), Dense(widths, dropout), PointEstimate(), InitialWeights.GLOROT, N_INPUTS, 2, 5)


def weights_of(network):
    return nn.utils.parameters_to_vector(network.parameters()).detach().double()


def batches(n):
    generator = torch.Generator().manual_seed(6)
    return torch.randn(n, BATCH_SIZE, N_INPUTS, generator=generator), torch.rand(n, BATCH_SIZE, 2, generator=generator)


def kept(step):
    """By what dropout multiplied the values of each hidden layer, (batch, width)."""
    return [layer.kept.t().double() for layer in step._layers[:-1]]


def gradient_of(layer):
    """The gradients by a layer's weights and by its biases: after one step their running mean is a tenth of them."""
    matrix = 10 * np.concatenate([block.arrays[1] for block in layer.blocks]).reshape(layer.weight.shape).astype(float)
    return matrix[:, :-1].ravel(), matrix[:, -1]


@pytest.mark.parametrize(("dropout", "block"), [(0.0, 2**16), (0.3, 2**16), (0.3, 200)])
def test_steps_are_those_of_automatic_differentiation_and_adam(dropout, block, monkeypatch):
    """In double precision, with the same dropout. Twenty steps of Adam let single precision err by 1e-4 of the way."""
    monkeypatch.setattr(fused_dense_step, "BLOCK", block)
    network, exact = network_of(dropout), network_of(0.0).double()
    first, step = weights_of(network), FusedDenseStep(network, BATCH_SIZE, (0.8, 0.95))
    adam = torch.optim.Adam(exact.parameters(), RATE, (0.8, 0.95))
    linears = [module for module in exact if isinstance(module, nn.Linear)]
    for inputs, targets in zip(*batches(20), strict=True):
        loss = step(inputs, targets, RATE)
        values = inputs.double()
        for linear, factors in zip(linears, kept(step), strict=False):
            values = nn.functional.silu(linear(values)) * factors
        expected = nn.functional.mse_loss(linears[-1](values).sigmoid(), targets.double())
        adam.zero_grad()
        expected.backward()
        adam.step()
        assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    assert weights_of(network).equal(first)
    step.load()
    change, expected_change = weights_of(network) - first, weights_of(exact) - first
    assert expected_change.abs().max() > 5 * RATE
    assert (change - expected_change).norm() < 1e-3 * expected_change.norm()


def test_gradient_against_finite_differences():
    network, (inputs, targets) = network_of(0.3), batches(1)
    start, step = weights_of(network).numpy(), FusedDenseStep(network, BATCH_SIZE)
    step(inputs[0], targets[0], 0.0)
    factors = [each.numpy() for each in kept(step)]
    gradient = np.concatenate([part for layer in step._layers for part in gradient_of(layer)])

    def loss(weights):
        values, used = inputs[0].double().numpy(), 0
        for i, width in enumerate((*WIDTHS, 2)):
            end = used + width * values.shape[1]
            products = values @ weights[used:end].reshape(width, -1).T + weights[end : end + width]
            used = end + width
            values = products * expit(products) * factors[i] if i < len(WIDTHS) else expit(products)
        return np.mean((values - targets[0].double().numpy()) ** 2)

    error = check_grad(loss, lambda _weights: gradient, start, epsilon=1e-6)
    assert error < 1e-5 * np.linalg.norm(gradient) + 1e-6


def test_dropout_leaves_out_its_share_anew_in_each_step_and_keeps_the_mean():
    p, n_steps, width = 0.2, 20, 100
    step, (inputs, targets) = FusedDenseStep(network_of(p, (width, width)), BATCH_SIZE), batches(n_steps)
    drawn = []
    for batch in zip(inputs, targets, strict=True):
        step(*batch, RATE)
        drawn.append(torch.stack(kept(step)))
    values = torch.stack(drawn)
    assert values.unique().tolist() == [0.0, pytest.approx(1.25)]
    error = (p * (1 - p) / values.numel()) ** 0.5
    assert (values == 0).double().mean().item() == pytest.approx(p, abs=4 * error)
    # Independent draws of n values have a correlation of standard deviation 1/sqrt(n).
    for others in (values[1:], values[:-1]), (values[:, 1], values[:, 0]):
        pair = torch.stack([each.flatten() for each in others])
        assert abs(torch.corrcoef(pair)[0, 1]) < 4 / pair.shape[1] ** 0.5


def test_each_draw_below_the_bound_is_left_out():
    draws, values = np.arange(2**16, dtype=np.uint16), np.ones(2**16, np.float32)
    keep(draws, 13_107, 1.25, values)
    assert (values == np.where(draws < 13_107, 0, np.float32(1.25))).all()


@pytest.mark.parametrize(("body", "head"), [(Cnn(), PointEstimate()), (Dense((8,)), GaussianEstimate())])
def test_other_networks_are_refused(body, head):
    network = build(TimeSeries(), body, head, InitialWeights.GLOROT, N_INPUTS, 2, 0)
    with pytest.raises(ValueError, match="This training step is for networks of linear layers with swish"):
        FusedDenseStep(network, BATCH_SIZE)


def test_batches_of_another_size_are_refused():
    step, (inputs, targets) = FusedDenseStep(network_of(0.0), BATCH_SIZE), batches(1)
    with pytest.raises(ValueError, match=r"of the shapes \(16, 60\) and \(16, 2\); these have \(1, 60\) and \(16, 2\)"):
        step(inputs[0, :1], targets[0], RATE)


def test_the_plain_loop_does_a_step_for_each_full_batch():
    """The first steps of Adam change each weight by the learning rate at most."""
    network, (inputs, targets) = network_of(0.0), batches(3)
    loop = PlainLoop(network, inputs.flatten(0, 1)[:-1], targets.flatten(0, 1)[:-1], BATCH_SIZE, RATE)
    before = weights_of(network)
    loop.epoch()
    assert (weights_of(network) - before).abs().max() == pytest.approx(2 * RATE, rel=1e-2)
