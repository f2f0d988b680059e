"""Transport along a velocity whose flow is known in closed form."""

import numpy as np
import torch
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from core.learning.networks.velocity import VelocityNetwork
from core.maps.learned_posterior.frame import Frame
from core.maps.learned_posterior.transport import Transport

RATE = 0.7
FRAME = Frame(np.array([[0.3, -0.2]]), np.array([[[0.5, 0.0], [0.2, 0.1]]]))


class Stretch(VelocityNetwork):
    """The gradient of the potential ½ λ |x|², whose flow carries a standard normal to N(0, e^{2λ})."""

    def forward(self, embedding: torch.Tensor, points: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        """Return λ x."""
        return RATE * points


def test_a_stretch_carries_a_standard_normal_to_a_wider_one():
    flow = Transport(Stretch(3, 2, 8, 4), torch.zeros(1, 4), FRAME)
    normals = np.random.default_rng(0).standard_normal((40, 2))
    paths = flow.paths(normals)
    assert_allclose(paths[0], FRAME.values(normals[None])[0], atol=1e-6)
    ends = np.exp(RATE) * normals
    assert_allclose(paths[-1], FRAME.values(ends[None])[0], atol=1e-3)  # midpoint rule of 32 steps
    scale = np.exp(RATE) * FRAME.factor[0]
    expected = multivariate_normal(FRAME.mean[0], scale @ scale.T).logpdf(paths[-1])
    assert_allclose(flow.log_density(paths[-1]), expected, atol=2e-3)


def test_the_divergence_is_that_of_differences():
    network = VelocityNetwork(3, 2, 16, 4)
    network.draw_first_weights(torch.Generator().manual_seed(0))
    network = network.double()
    embedding, times = network.embedding(torch.ones(5, 3, dtype=torch.float64)), torch.full((5, 1), 0.3).double()
    points = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(5, 2)
    velocity, divergence = network.divergence(embedding, points, times)
    step, by_differences = 1e-5, torch.zeros(5, dtype=torch.float64)
    for i in range(2):
        shift = torch.zeros(2, dtype=torch.float64)
        shift[i] = step
        ahead, behind = (network(embedding, points + sign * shift, times)[:, i] for sign in (1, -1))
        by_differences += (ahead - behind).detach() / (2 * step)
    assert_allclose(divergence, by_differences, atol=1e-8)
    assert_allclose(velocity, network(embedding, points, times).detach(), atol=0)
