import numpy as np
import pytest
import torch
from scipy.signal import correlate
from scipy.special import expit
from scipy.stats import multivariate_normal
from torch import nn

from core.learning.networks.input_layer import whitened
from core.learning.networks.network import build
from core.learning.networks.residual import ResidualBlock
from core.learning.training_settings import (
    Cnn,
    Dense,
    GaussianEstimate,
    InitialWeights,
    PointEstimate,
    Residual,
    TimeSeries,
    WhitenedTimeSeries,
)
from core.noise import Noise, sample_ar1, whiten

NOISE = Noise(0.8, 0.35)
CNN, DENSE = Cnn(), Dense((32, 32, 32, 32))
BODIES = pytest.mark.parametrize("body", [CNN, DENSE], ids=["cnn", "dense"])


def published(body, n_times=1000, n_parameters=2, seed=0):
    return build(TimeSeries(), body, PointEstimate(), InitialWeights.GLOROT, n_times, n_parameters, seed)


def ours(body, n_times=1000, n_parameters=2, seed=0):
    inputs = WhitenedTimeSeries(NOISE)
    return build(inputs, body, GaussianEstimate(), InitialWeights.FLAT, n_times, n_parameters, seed)


def count(network):
    return sum(tensor.numel() for tensor in network.parameters())


def test_cnn_has_the_published_number_of_weights():
    assert count(published(CNN)) == 33_874


@pytest.mark.parametrize(("n_times", "n_outputs"), [(1000, 2), (500, 4)])
def test_dense_has_four_layers_of_32_units(n_times, n_outputs):
    expected = (n_times + 1) * 32 + 3 * (32 + 1) * 32 + (32 + 1) * n_outputs
    assert count(published(DENSE, n_times, n_outputs)) == expected


def swish(x):
    return x * expit(x)


def plain_cnn(weights, trace):
    """The published CNN by loops: filters of length 3 at stride 2, means of two between, swish, sigmoid."""
    kernels, biases = weights[0::2], weights[1::2]
    x = trace[None]
    for k in range(3):
        if k:
            x = np.array([[(row[2 * i] + row[2 * i + 1]) / 2 for i in range(len(row) // 2)] for row in x])
        starts = range(0, x.shape[1] - 2, 2)
        x = np.array([[np.sum(kernel * x[:, i : i + 3]) for i in starts] for kernel in kernels[k]])
        x = swish(x + biases[k][:, None])
    x = x.ravel()
    for k in (3, 4):
        x = swish(kernels[k] @ x + biases[k])
    return expit(kernels[5] @ x + biases[5])


def plain_dense(weights, trace):
    x = trace
    for k in range(0, 8, 2):
        x = swish(weights[k] @ x + weights[k + 1])
    return expit(weights[8] @ x + weights[9])


@pytest.mark.parametrize(("body", "plain"), [(CNN, plain_cnn), (DENSE, plain_dense)], ids=["cnn", "dense"])
def test_outputs_against_plain_numpy(body, plain):
    network = published(body, seed=1).double()
    rng = np.random.default_rng(0)
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if name.endswith("bias"):
                tensor.copy_(torch.from_numpy(rng.normal(size=tensor.shape)))
    weights = [tensor.detach().numpy() for tensor in network.parameters()]
    traces = rng.normal(size=(3, 1000))
    with torch.inference_mode():
        outputs = network(torch.from_numpy(traces)).numpy()
    for trace, output in zip(traces, outputs, strict=True):
        assert np.allclose(output, plain(weights, trace), rtol=0, atol=1e-12)


@BODIES
def test_outputs_lie_between_0_and_1(body):
    traces = torch.randn(50, 1000, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 6, 50)[:, None]
    with torch.inference_mode():
        outputs = published(body)(traces)
    assert outputs.shape == (50, 2)
    assert torch.all((outputs >= 0) & (outputs <= 1))
    assert outputs.std() > 0.01


@BODIES
def test_the_seed_fixes_the_weights(body):
    """And nothing else does: the global generator moves in between."""
    first = published(body, seed=5).state_dict()
    torch.rand(3)
    same, other = (published(body, seed=seed).state_dict() for seed in (5, 6))
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first if name.endswith("weight"))


@BODIES
def test_weights_follow_kerass_glorot_uniform_law(body):
    """Uniform on ±√(6/(fan in + fan out)); the variance of n such draws has the relative error √(0.8/n), 5 of them."""
    for module in published(body).modules():
        if isinstance(module, nn.Linear | nn.Conv1d):
            taps = module.weight[0, 0].numel()
            limit = np.sqrt(6 / (taps * (module.weight.shape[0] + module.weight.shape[1])))
            assert module.weight.abs().max() <= limit
            error = 5 * np.sqrt(0.8 / module.weight.numel())
            assert abs(3 * float((module.weight.detach() ** 2).mean()) / limit**2 - 1) <= error
            assert torch.all(module.bias == 0)


WIDTHS = (24, 16)


@pytest.mark.parametrize("body", [Dense(WIDTHS), Residual(WIDTHS), CNN], ids=["dense", "residual", "cnn"])
def test_gaussian_against_scipy(body):
    """Density and covariance of what the network gives, for three parameters."""
    network = ours(body, 200, 3, seed=2)
    traces = torch.randn(5, 200, generator=torch.Generator().manual_seed(1))
    truth = torch.rand(5, 3, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        law = network(traces)
        losses = law.negative_log_likelihood(truth).numpy()
        covariances = law.covariance().numpy().astype(float)
    for i in range(5):
        density = multivariate_normal(law.mean[i].numpy(), covariances[i]).logpdf(truth[i].numpy())
        assert np.isclose(losses[i], -density - 1.5 * np.log(2 * np.pi), rtol=1e-4, atol=1e-4)
        factor = law.factor[i].numpy()
        assert np.allclose(np.linalg.inv(factor.T @ factor), covariances[i], rtol=1e-4)
        assert np.all(np.triu(factor, 1) == 0)


def test_whitening_is_that_of_its_noise():
    noise = sample_ar1(np.full(3, 0.8), np.full(3, 0.35), 1000, np.random.default_rng(0))
    filtered = whitened(torch.from_numpy(noise), NOISE).numpy()
    assert np.allclose(filtered, [whiten(each, Noise(0.8, 0.35)) for each in noise], rtol=0, atol=1e-12)


def test_wide_dense_against_plain_numpy():
    network = ours(Dense(WIDTHS), seed=1).double()
    weights = [tensor.detach().numpy() for tensor in network.parameters()]
    traces = np.random.default_rng(0).normal(size=(4, 1000))
    with torch.inference_mode():
        law = network(torch.from_numpy(traces))
    for i, trace in enumerate(traces):
        x = whiten(trace, Noise(0.8, 0.35))
        for k in (0, 2):
            x = swish(weights[k] @ x + weights[k + 1])
        mean0, mean1, log0, log1, below = weights[4] @ x + weights[5]
        scale0, scale1 = np.exp(8 * np.tanh(np.array([log0, log1]) / 8))
        factor = 4 * np.array([[scale0, 0], [scale1 * below, scale1]])
        # The head's outputs are rounded to single precision.
        assert np.allclose(law.mean[i], expit([mean0, mean1]), rtol=0, atol=1e-6)
        assert np.allclose(law.factor[i], factor, rtol=1e-6)


def test_spread_widens_the_covariance_alone():
    network = ours(Dense(WIDTHS), seed=1)
    traces = torch.randn(3, 1000, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        before = network(traces)
        network[-1].spread.fill_(1.5)
        after = network(traces)
    assert torch.equal(before.mean, after.mean)
    assert torch.allclose(after.covariance(), 1.5**2 * before.covariance(), rtol=1e-5)


def test_residual_block_against_scipy():
    """Two correlations with length 5, added to the input, and a swish."""
    block = ResidualBlock(3).double()
    series = torch.randn(2, 3, 40, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    weights = [tensor.detach().numpy() for tensor in block.parameters()]

    def convolved(x, kernel, bias):
        return np.stack([sum(correlate(x[j], kernel[i, j], "same") for j in range(3)) + bias[i] for i in range(3)])

    with torch.inference_mode():
        found = block(series).numpy()
    for x, y in zip(series.numpy(), found, strict=True):
        assert np.allclose(y, swish(x + convolved(swish(convolved(x, *weights[:2])), *weights[2:])), rtol=0, atol=1e-12)
