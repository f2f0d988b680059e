import numpy as np
import pytest

from core.estimate import Estimate
from core.optimisation.minima import map_estimate
from core.posterior.exact import posterior
from core.posterior.laplace import laplace
from tests.core.optimisation.test_minima import problem_of


def test_covariance_against_finite_differences_of_the_loss():
    """Central second differences at a tenth of a standard deviation err by a hundredth of the fourth derivatives."""
    problem = problem_of((0.4, 0.4))
    ours = laplace(problem)
    assert ours.covariance is not None
    assert ours.status == ""
    mean, sd = ours.mean[0], np.sqrt(np.diag(ours.covariance[0]))
    assert np.allclose(mean, map_estimate(problem).mean[0], rtol=0, atol=1e-9)

    def loss(*steps):
        return float(problem.loss(mean + 0.1 * sd * np.array(steps), problem.step))

    curvature = (
        np.array(
            [
                [
                    loss(1, 0) - 2 * loss(0, 0) + loss(-1, 0),
                    (loss(1, 1) - loss(1, -1) - loss(-1, 1) + loss(-1, -1)) / 4,
                ],
                [0, loss(0, 1) - 2 * loss(0, 0) + loss(0, -1)],
            ]
        )
        / 0.01
    )
    curvature[1, 0] = curvature[0, 1]
    scaled = ours.covariance[0] / np.outer(sd, sd)
    assert np.allclose(scaled @ curvature, np.eye(2), atol=0.02)


def test_a_spiking_neuron_s_posterior_is_nearly_normal():
    problem = problem_of((0.4, 0.4))
    ours, exact = laplace(problem), posterior(problem)
    assert ours.covariance is not None
    assert np.allclose(ours.covariance[0] / exact.covariance, 1, atol=0.05)


@pytest.mark.parametrize("theta", [(1.1, 0.9), (0.4, -0.6)])
def test_refused_on_an_edge_of_the_prior(theta):
    ours = laplace(problem_of(theta))
    assert ours.covariance is None
    assert ours.status.endswith(
        "The Laplace approximation is refused: the lowest loss lies on the edge of the prior, where its gradient is "
        "not zero and half of the normal distribution would lie outside."
    )


def test_warns_near_an_edge():
    """A silent neuron fixes little: the normal law reaches beyond the prior, and says so."""
    ours = laplace(problem_of((-0.1, 1.1)))
    assert ours.covariance is not None
    assert ours.status.startswith("The Laplace approximation may be inaccurate: an edge of the prior lies")


@pytest.mark.parametrize(
    ("mean", "names", "sentence"),
    [
        ([[0.4, 0.4]], ("theta1", "theta0"), "needs estimates of theta0, theta1, in this order, for 1 traces"),
        ([[0.4, 0.4, 0.4]], ("theta0", "theta1", "zeta"), "needs estimates of theta0, theta1"),
        ([[0.4, 0.4]] * 2, ("theta0", "theta1"), "it was given those of theta0, theta1 for 2"),
        ([[0.4, np.nan]], ("theta0", "theta1"), "must be finite numbers"),
    ],
)
def test_an_estimate_of_something_else_is_refused(mean, names, sentence):
    with pytest.raises(ValueError, match=sentence):
        laplace(problem_of((0.4, 0.4)), Estimate(mean, None, names))
