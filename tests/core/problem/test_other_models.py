"""All that is done with a problem, on a model that has no engine of its own."""

import numpy as np
import pytest
from scipy.stats import binom, kstest

from core.models.morris_lecar import MORRIS_LECAR_HOPF
from core.noise import Noise, sample_ar1
from core.optimisation.methods import METHODS, descend
from core.optimisation.minima import map_estimate
from core.optimisation.path import Ending
from core.posterior.exact import posterior
from core.posterior.laplace import laplace
from core.priors import TruncatedGaussian
from core.problem.landscape import computed_landscape, landscape, trajectory_store
from core.problem.problem import Problem

TIMES = np.linspace(0.0, 100.0, 101)
NAMES = ("current", "calcium")
TRUTH = np.array([120.0, 4.4])
NOISE = Noise(0.5, 10.0)
PRIOR = TruncatedGaussian(NAMES, (125.0, 4.5), (40.0, 0.4), (0.0, 3.5), (250.0, 5.5))


def problem_of(truth, rng, noise=NOISE):
    """Return the problem of a trace of Morris–Lecar's Hopf set, both of whose parameters are unknown."""
    clean = MORRIS_LECAR_HOPF.simulate(truth, TIMES)[:, 0]
    data = clean + sample_ar1(noise.rho, noise.marginal_sd, TIMES.size, rng)
    return Problem.of_trace(MORRIS_LECAR_HOPF, data, TIMES, NAMES, {}, noise, PRIOR)


@pytest.fixture(scope="module")
def problem():
    return problem_of(TRUTH, np.random.default_rng(0))


@pytest.fixture(scope="module")
def exact(problem):
    return posterior(problem)


@pytest.fixture(scope="module")
def sds(exact):
    return np.sqrt(np.diag(exact.covariance))


@pytest.fixture(scope="module")
def lowest(problem):
    return map_estimate(problem)


def test_the_loss_is_that_of_the_formulas(problem):
    """Whitened by the Cholesky factor of the noise's covariance, s² ρ^|i−j|."""
    lags = np.abs(np.subtract.outer(np.arange(TIMES.size), np.arange(TIMES.size)))
    covariance = NOISE.marginal_sd**2 * NOISE.rho**lags
    candidate = np.array([110.0, 4.6])
    residual = problem.data - MORRIS_LECAR_HOPF.simulate(candidate, TIMES)[:, 0]
    misfit = 0.5 * residual @ np.linalg.solve(covariance, residual)
    penalty = 0.5 * (((110.0 - 125.0) / 40.0) ** 2 + ((4.6 - 4.5) / 0.4) ** 2)
    assert problem.loss(candidate) == pytest.approx(misfit + penalty, rel=1e-10)


def test_gradient_and_hessian_are_those_of_differences(problem):
    candidate, steps = np.array([118.0, 4.3]), np.diag([1e-2, 1e-4])

    def slope(function):
        """Return Richardson's extrapolation of central differences along each unknown."""
        near, wide = (
            [(function(candidate + k * step) - function(candidate - k * step)) / (2 * k * step.max()) for step in steps]
            for k in (1, 2)
        )
        return (4 * np.array(near) - np.array(wide)) / 3

    gradient = problem.gradient(candidate)[1]
    assert np.allclose(gradient, slope(problem.loss), rtol=1e-6)
    hessian = problem.hessian(candidate)
    expected = slope(lambda unknown: problem.gradient(unknown)[1])
    assert np.abs(hessian - expected).max() <= 1e-4 * np.abs(expected).max()
    jacobian = problem.jacobian(candidate)
    gauss_newton = problem.hessian(candidate, exact=False)
    assert np.allclose(jacobian.T @ jacobian, gauss_newton, rtol=1e-10)


def test_a_trace_of_little_noise_is_taken():
    clean = MORRIS_LECAR_HOPF.simulate(TRUTH, TIMES)[:, 0]
    problem = Problem.of_trace(MORRIS_LECAR_HOPF, clean, TIMES, NAMES, {}, Noise(0.0, 1e-5), PRIOR.flat())
    assert problem.step is None
    candidate, steps = np.add(TRUTH, [1e-3, 1e-4]), 1e-5 * np.eye(2)
    expected = [(problem.loss(candidate + step) - problem.loss(candidate - step)) / 2e-5 for step in steps]
    assert np.allclose(problem.gradient(candidate)[1], expected, rtol=1e-4)


def test_a_landscape_holds_the_losses_of_its_nodes(problem):
    found = computed_landscape(problem, 26)
    assert np.allclose(found.loss[5, 12], problem.loss([found.x[12], found.y[5]]), rtol=1e-12)
    stored = landscape(problem, trajectory_store(problem, 26))
    assert np.allclose(stored.loss, found.loss, rtol=1e-5)  # trajectories are stored in single precision
    assert np.all(np.abs(found.lowest() - TRUTH) <= [10.0, 0.5])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_descends_to_the_map_estimate(method, problem, lowest, sds):
    start = np.add(TRUTH, [3.0, -0.1])
    path = descend(problem, start, method)
    assert path.losses[-1] < path.losses[0]
    if path.ending is Ending.CONVERGED:
        assert np.all(np.abs(path.positions[-1] - lowest.mean[0]) <= 0.2 * sds)
    else:
        assert (method, path.ending) == ("Gradient descent", Ending.BUDGET_SPENT)


def test_the_global_map_estimate_is_the_lowest_point_there_is(problem, lowest, exact):
    """No point of the box, drawn evenly or from the posterior, lies lower."""
    best = problem.loss(lowest.mean[0])
    drawn = np.random.default_rng(1).uniform(*problem.bounds.T, (4000, 2))
    assert np.min(problem.loss(drawn)) >= best
    assert np.min(problem.loss(exact.draws(4000, np.random.default_rng(2)))) >= best - 1e-9
    assert np.abs(problem.gradient(lowest.mean[0])[1] * np.sqrt(np.diag(exact.covariance))).max() <= 1e-3


def test_the_laplace_approximation_is_the_exact_posterior_where_little_noise_leaves_it_normal():
    """At 1 mV the mode lies about 0.02 standard deviations from the mean: a tenth of what 10 mV leave."""
    problem = problem_of(TRUTH, np.random.default_rng(5), Noise(0.5, 1.0))
    exact, approximation = posterior(problem), laplace(problem)
    sds = np.sqrt(np.diag(exact.covariance))
    assert np.all(np.abs(approximation.mean[0] - exact.mean) <= 0.05 * sds)
    assert np.allclose(approximation.covariance[0], exact.covariance, rtol=0.02)


def test_the_exact_posterior_is_that_of_a_fine_grid(problem, exact, sds):
    """Sums of a smooth density over nodes a tenth of a standard deviation apart have no error to speak of."""
    axes = [centre + np.arange(-60, 61) * 0.1 * sd for centre, sd in zip(exact.mean, sds, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    weights = np.exp(problem.loss(exact.mean) - problem.loss(points))
    weights /= weights.sum()
    mean = weights @ points
    covariance = (weights[:, None] * (points - mean)).T @ (points - mean)
    assert np.all(np.abs(exact.mean - mean) <= 0.01 * sds)
    assert np.allclose(exact.covariance, covariance, rtol=0.02)


def credibility_and_ranks(n, seed):
    """Return the credibility, (n,), and the ranks, (n, 2), of truths drawn from the prior."""
    rng = np.random.default_rng(seed)
    credibility, ranks = np.empty(n), np.empty((n, 2))
    for i, truth in enumerate(PRIOR.sample(n, rng)):
        found = posterior(problem_of(truth, rng))
        credibility[i] = found.credibility(truth)
        ranks[i] = [found.distribution(axis, truth[axis]) for axis in (0, 1)]
    return credibility, ranks


@pytest.mark.long
def test_regions_hold_the_truth_as_often_as_they_say():
    """The count in a region is binomial; the two-sided probability allowed for chance is 1e-4, also for the ranks."""
    n = 20
    credibility, ranks = credibility_and_ranks(n, seed=3)
    for mass in (0.5, 0.9):
        inside = int(np.sum(credibility < mass))
        assert binom.ppf(5e-5, n, mass) <= inside <= binom.ppf(1 - 5e-5, n, mass)
    for axis in (0, 1):
        assert kstest(ranks[:, axis], "uniform").pvalue > 1e-4


@pytest.mark.long
def test_regions_hold_the_truth_of_600_traces_as_often_as_they_say():
    credibility, ranks = credibility_and_ranks(600, seed=4)
    assert np.mean(credibility < 0.5) == pytest.approx(0.5, abs=0.05)
    assert np.mean(credibility < 0.9) == pytest.approx(0.9, abs=0.03)
    for axis in (0, 1):
        assert kstest(ranks[:, axis], "uniform").pvalue > 1e-4
