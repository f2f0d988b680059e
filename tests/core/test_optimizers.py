import numpy as np
import pytest

from core.objective import Problem
from core.optimizers import METHODS, descend, map_estimate
from core.priors import TruncatedGaussian
from core.published import full_prior, time_grid
from tests.reference import reference_solution

TIMES = time_grid()
SD, RHO = 0.35, 0.8


def problem(theta, noise=0.0, rho=0.0, prior=None, regularised=False):
    data = reference_solution((*theta, -0.4, 3.0), TIMES)[:, 0] + noise
    prior = full_prior() if prior is None else prior
    return Problem(data, TIMES, ("theta0", "theta1"), (0.4, 0.4, -0.4, 3.0), SD, rho, prior, regularised)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rho", [0.0, RHO])
@pytest.mark.parametrize("truth", [(0.5, 0.3), (0.7, 0.6), (0.2, 0.8)])
def test_returns_to_the_truth_without_noise(truth, rho, method):
    """At the truth u is off by 1e-4 at most, so the loss is at most ½ n (1e-4/s)² (1 + ρ)/(1 − ρ) there.

    A method stops where the loss is flat to 1e-4; with a curvature above 10⁶ that is within 2e-5 of the truth.
    """
    task, start = problem(truth, rho=rho), np.add(truth, [0.004, -0.006])
    path = descend(task, start, method)
    assert path.positions[0].tolist() == start.tolist()
    assert np.isclose(path.losses[0], task.loss(start, task.step), rtol=1e-12)
    assert path.losses[0] > 100
    assert np.abs(path.positions[-1] - truth).max() <= 2e-5
    assert path.losses[-1] <= 1e-4 + 0.5 * len(TIMES) * (1e-4 / SD) ** 2 * (1 + rho) / (1 - rho)
    assert path.status == "Converged."
    assert np.all(np.diff(path.losses) <= 0)
    assert len(path.positions) == len(path.losses)
    assert path.evaluations >= len(path.losses)


@pytest.mark.parametrize("method", METHODS)
def test_far_starts_stay_in_the_bounds_and_never_rise(method):
    task, rng = problem((0.5, 0.3), rho=RHO), np.random.default_rng(0)
    lower, upper = [-0.2, -0.4], [1.0, 1.2]
    for start in rng.uniform(lower, upper, (4, 2)):
        path = descend(task, start, method)
        assert path.positions[0].tolist() == start.tolist()
        assert np.all((path.positions >= lower) & (path.positions <= upper))
        assert path.losses[-1] <= path.losses[0]
        recorded = task.loss(path.positions, task.step)
        assert np.allclose(path.losses, recorded, rtol=1e-10)
        if method == "Nelder-Mead":
            assert np.all(np.diff(path.losses) <= 0)


@pytest.mark.parametrize("method", METHODS)
def test_a_truth_beyond_the_bounds_ends_on_the_edge_and_says_so(method):
    narrow = TruncatedGaussian(
        ("theta0", "theta1", "zeta", "gamma"),
        (0.4, 0.4, -0.4, 3.0),
        (0.3, 0.4, np.inf, np.inf),
        (-0.2, -0.4, -0.8, 2.0),
        (0.5, 1.2, 0.0, 5.0),
    )
    path = descend(problem((0.52, 0.6), prior=narrow), (0.49, 0.55), method)
    assert path.positions[-1, 0] == 0.5
    assert path.status == "Converged, on the edge of the prior."


def test_a_start_outside_moves_to_the_nearest_point_inside():
    path = descend(problem((0.5, 0.3)), (0.5, 7.0), "Nelder-Mead")
    assert path.positions[0].tolist() == [0.5, 1.2]


@pytest.mark.parametrize("truth", [(0.5, 0.3), (0.7, 0.6), (0.2, 0.8)])
def test_map_estimate_is_as_low_as_the_truth(truth):
    """The noise is SciPy's multivariate normal; 2 (J(truth) − J(MAP)) is about χ² of 2, which passes 20 with 5e-5."""
    covariance = SD**2 * RHO ** np.abs(np.subtract.outer(np.arange(len(TIMES)), np.arange(len(TIMES))))
    noise = np.linalg.cholesky(covariance) @ np.random.default_rng(1).standard_normal(len(TIMES))
    task = problem(truth, noise, RHO, regularised=True)
    estimate = map_estimate(task)
    assert estimate.mean.shape == (1, 2)
    assert estimate.names == ("theta0", "theta1")
    assert estimate.status == "Converged."
    assert 0 <= task.loss(truth) - task.loss(estimate.mean[0]) <= 10


def test_errors_end_in_a_sentence():
    with pytest.raises(ValueError, match="one of L-BFGS-B, Nelder-Mead"):
        descend(problem((0.5, 0.3)), (0.5, 0.3), "Newton")
    task = Problem(np.zeros(1000), TIMES, ("theta0",), (0.4, 0.4, -0.4, 3.0), SD, RHO, full_prior())
    with pytest.raises(ValueError, match="exactly two"):
        map_estimate(task)
