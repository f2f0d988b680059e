import pytest
import torch
from torch import nn

from core.learning.cuda.captured_dense_step import CapturedDenseSteps
from core.learning.cuda.captured_step import CapturedSteps
from core.learning.networks.network import build
from core.learning.training_settings import Dense, InitialWeights, PointEstimate, TimeSeries

RATE, N_STEPS, BATCH_SIZE = 1e-3, 4, 32

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


def network_of(widths, dropout=0.0):
    body = Dense(widths, dropout)
    return build(TimeSeries(), body, PointEstimate(), InitialWeights.GLOROT, 1000, 2, 3).to("cuda")


def weights_of(network):
    return nn.utils.parameters_to_vector(network.parameters()).detach().double()


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(4)
    draws = torch.randn(200, 1000, generator=generator), torch.rand(200, 2, generator=generator)
    return tuple(tensor.to("cuda") for tensor in draws)


# Adam divides by the gradient's size, so that in half precision small gradients count as much as large ones.
@pytest.mark.parametrize(("half", "error"), [(False, 1e-2), (True, 0.2)])
@pytest.mark.parametrize("kind", [CapturedSteps, CapturedDenseSteps])
@pytest.mark.parametrize("widths", [(32, 128, 32), (1024, 768, 768, 768)])
def test_captured_steps_are_those_of_double_precision(kind, widths, half, error, data):
    network, exact = network_of(widths), network_of(widths).double()
    first, order = weights_of(network), torch.randint(0, 200, (2, N_STEPS, BATCH_SIZE), device="cuda")
    adam = torch.optim.Adam(exact.parameters(), RATE)
    steps = kind(network, *data, BATCH_SIZE, N_STEPS, half)
    for batches in order:
        steps(batches, RATE)
        losses = []
        for batch in batches:
            loss = nn.functional.mse_loss(exact(data[0][batch].double()), data[1][batch].double())
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
        assert steps.loss.item() == pytest.approx(sum(losses) / N_STEPS, rel=error / 10)
    if kind is CapturedDenseSteps:
        steps.load()
    change, expected = weights_of(network) - first, weights_of(exact) - first
    assert (change - expected).norm() <= error * expected.norm()


@pytest.mark.parametrize("kind", [CapturedSteps, CapturedDenseSteps])
def test_a_captured_training_with_dropout_learns_what_it_is_shown(kind, data):
    """A network that always gives the mean has the loss 1/12, the variance of the targets."""
    steps = kind(network_of((256, 256), 0.2), *data, BATCH_SIZE, N_STEPS)
    for _ in range(100):
        steps(torch.randint(0, 200, (N_STEPS, BATCH_SIZE), device="cuda"), RATE)
    assert steps.loss.item() < 1 / 36
