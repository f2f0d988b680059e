import numpy as np
import pytest
from scipy.optimize import least_squares

from core.objective import Problem
from core.optimizers import METHODS, descend, map_estimate
from core.priors import TruncatedGaussian
from core.published import full_prior, time_grid
from tests.reference import reference_solution, taylor_solution

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


@pytest.mark.parametrize("unknown", [("gamma", "theta0", "zeta"), ("zeta", "theta1", "gamma", "theta0")], ids=len)
def test_more_unknowns_return_to_the_truth_by_gradients(unknown):
    """The loss at the end is that of the solver's error at most, as above; the start's is a thousand times as much."""
    truth = {"theta0": 0.5, "theta1": 0.3, "zeta": -0.4, "gamma": 3.0}
    data = reference_solution(tuple(truth.values()), TIMES)[:, 0]
    task = Problem(data, TIMES, unknown, tuple(truth.values()), SD, RHO, full_prior(), regularised=False)
    target = np.array([truth[name] for name in unknown])
    path = descend(task, target + 0.003 * np.array([1, -1, 1, -1])[: len(unknown)], "L-BFGS-B")
    allowed = 1e-4 + 0.5 * len(TIMES) * (1e-4 / SD) ** 2 * (1 + RHO) / (1 - RHO)
    assert path.losses[0] > 1000 * allowed
    assert path.losses[-1] <= allowed
    assert np.abs(path.positions[-1] - target).max() <= 2e-4


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("truth", [(0.5, 0.3), (0.2, 0.8)])
def test_minimum_of_a_noisy_loss_is_that_of_least_squares(truth, method):
    """SciPy's least squares on whitened residuals of the independent Taylor series, with the prior as two more.

    A method stops where the loss is flat to 1e-4; its curvature is above 10⁴ in each direction, so within 1.5e-4.
    """
    noise = np.random.default_rng(2).normal(0, SD, 300)
    data = reference_solution((*truth, -0.4, 3.0), TIMES[:300])[:, 0] + noise
    task = Problem(data, TIMES[:300], ("theta0", "theta1"), (0.4, 0.4, -0.4, 3.0), SD, RHO, full_prior())

    def residuals(position):
        residual = (data - taylor_solution((*position, -0.4, 3.0), TIMES[:300], task.step)[:, 0]) / SD
        innovations = (residual[1:] - RHO * residual[:-1]) / np.sqrt(1 - RHO**2)
        return np.concatenate([residual[:1], innovations, (position - [0.4, 0.4]) / [0.3, 0.4]])

    best = least_squares(residuals, truth, xtol=1e-12, ftol=1e-14, gtol=1e-12)
    path = descend(task, np.add(truth, [0.004, -0.006]), method)
    assert best.cost - 1e-9 * best.cost <= path.losses[-1] <= best.cost + 1e-4
    assert np.abs(path.positions[-1] - best.x).max() <= 1.5e-4


def test_evaluations_are_counted(monkeypatch):
    """Of the loss, or of the loss together with its gradient, which by differences would take three."""
    task, calls = problem((0.5, 0.3)), []
    for name in ("loss", "gradient"):
        original = getattr(Problem, name)
        monkeypatch.setattr(
            Problem, name, lambda *args, name=name, original=original: calls.append(name) or original(*args)
        )
    for method, kind in {"L-BFGS-B": "gradient", "Nelder-Mead": "loss"}.items():
        calls.clear()
        path = descend(task, (0.504, 0.294), method)
        # The first position's loss, recorded before the method begins, is not one of its evaluations.
        assert calls.pop(0) == "loss"
        assert calls == [kind] * path.evaluations


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


@pytest.mark.parametrize("method", METHODS)
def test_a_start_outside_moves_to_the_nearest_point_inside(method):
    path = descend(problem((0.5, 0.3)), (0.5, 7.0), method)
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
