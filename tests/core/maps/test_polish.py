import numpy as np
import pytest
from scipy.optimize import least_squares

from core.estimate import Estimate
from core.maps.polish import polish
from core.maps.test_sets import published_test_set
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import Noise, whiten
from core.posterior.exact import posterior
from core.posterior.importance import reweight
from core.priors import TruncatedGaussian
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, full_prior, published_noise_prior, time_grid, with_constants

N = 8
GRID = time_grid()
PROBLEM = Problem.of_trace(
    FITZHUGH_NAGUMO, np.zeros(1000), GRID, ("theta0", "theta1"), {"zeta": ZETA, "gamma": GAMMA}, Noise(0.8, 0.35),
    full_prior(),
)  # fmt: skip
KNOWN = TruncatedGaussian(("rho", "sigma"), (0.8, 0.07), (1e-6, 1e-7), (0.79, 0.069), (0.81, 0.071))


@pytest.fixture(scope="module")
def traces():
    """Return eight noisy test traces that spike, with their θ."""
    data = published_test_set()
    spiking = np.flatnonzero((data.clean > 1.5).sum(axis=1) > 100)[:N]
    return data.noisy[spiking].astype(float), data.theta[spiking]


@pytest.fixture(scope="module")
def exact(traces):
    return [posterior(PROBLEM.with_data(trace), published_noise_prior()) for trace in traces[0]]


def loss(trace, theta):
    """Return the negative log posterior under ρ = 0.8 and s = 0.35, written out."""
    white = whiten(trace - simulate(with_constants(theta), GRID, tolerance=1e-9)[:, 0], Noise(0.8, 0.35))
    return 0.5 * white @ white + 0.5 * np.sum(((theta - 0.4) / [0.3, 0.4]) ** 2)


def test_polish_ends_where_scipy_does(traces):
    """With a noise prior as narrow as a known noise; SciPy's residuals are whitened by hand."""
    data, theta = traces
    starts = theta + 0.003
    found = polish(PROBLEM, data, starts, KNOWN)
    for trace, start, end, covariance in zip(data, starts, found.mean, found.covariance, strict=True):

        def residuals(m, trace=trace):
            white = whiten(trace - simulate(with_constants(m), GRID, step=PROBLEM.step)[:, 0], Noise(0.8, 0.35))
            return np.concatenate([white, (m - 0.4) / [0.3, 0.4]])

        reference = least_squares(residuals, start, jac="3-point", xtol=1e-12, ftol=1e-12, gtol=1e-12)
        deviation = end - reference.x
        assert deviation @ np.linalg.solve(covariance, deviation) <= 1e-2
        hessian = reference.jac.T @ reference.jac
        assert np.allclose(np.linalg.inv(covariance), hessian, rtol=0.02)


def test_polish_never_rises(traces):
    data, theta = traces
    starts = np.clip(theta + np.random.default_rng(0).normal(0, 0.1, theta.shape), [-0.2, -0.4], [1.0, 1.2])
    ends = polish(PROBLEM, data, starts, KNOWN).mean
    losses = [(loss(trace, start), loss(trace, end)) for trace, start, end in zip(data, starts, ends, strict=True)]
    assert all(after <= before + 1e-6 for before, after in losses)
    assert np.mean([after < before - 1 for before, after in losses]) >= 0.5


def test_weighted_draws_have_the_mean_of_the_exact_posterior(traces, exact):
    """From a Gaussian twice as wide and half an sd off: at least 20 effective draws, 4 standard errors.

    One of the eight posteriors is so bent that hardly any draw of a Gaussian falls into it; there the start stays.
    """
    data, _ = traces
    mean = np.array([each.mean for each in exact])
    covariance = np.array([each.covariance for each in exact])
    off = mean + 0.5 * np.sqrt(np.einsum("nii->ni", covariance))
    start = Estimate(off, 4 * covariance, PROBLEM.unknown)
    found = reweight(PROBLEM, data, start, published_noise_prior(), np.random.default_rng(1))
    moved = np.any(found.mean != off, axis=1)
    assert moved.sum() >= N - 1
    assert found.status == ("" if moved.all() else f"For 1 of {N} traces hardly any draw had weight.")
    errors = ((found.mean - mean) / np.sqrt(np.einsum("nii->ni", covariance)))[moved]
    assert np.abs(errors).max() <= 4 / np.sqrt(20)
    # Where most draws are effective the error is far smaller than that.
    assert np.sqrt(np.mean(errors**2)) <= 0.12
    ratios = (np.einsum("nii->ni", found.covariance) / np.einsum("nii->ni", covariance))[moved]
    assert np.abs(np.log(ratios)).mean() <= 0.2


def test_hopeless_draws_leave_the_estimate_and_say_so(traces):
    """Far from the posterior no draw has weight."""
    data, theta = traces
    far = np.where(theta > 0.4, theta - 0.5, theta + 0.5)
    start = Estimate(far.copy(), np.tile(1e-8 * np.eye(2), (N, 1, 1)), PROBLEM.unknown)
    found = reweight(PROBLEM, data, start, published_noise_prior(), np.random.default_rng(1))
    kept = np.all(found.mean == far, axis=1)
    assert kept.sum() >= 1
    assert found.status == f"For {kept.sum()} of {N} traces hardly any draw had weight."


def test_draws_need_a_covariance(traces):
    with pytest.raises(ValueError, match="with a covariance"):
        reweight(
            PROBLEM, traces[0], Estimate(traces[1].copy(), None, PROBLEM.unknown), published_noise_prior(),
            np.random.default_rng(0),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"names": ("theta1", "theta0")}, "needs estimates of theta0, theta1, in this order, for 8 traces"),
        ({"mean": np.full((3, 2), 0.4), "covariance": np.tile(np.eye(2), (3, 1, 1))}, "those of theta0, theta1 for 3"),
        ({"mean": np.full((N, 2), np.nan)}, "must be finite numbers"),
        ({"covariance": np.zeros((N, 2, 2))}, "positive definite"),
        ({"covariance": np.full((N, 2, 2), np.nan)}, "positive definite"),
    ],
)
def test_draws_need_an_estimate_of_the_same_unknowns_for_each_trace(traces, change, sentence):
    arguments = {"mean": traces[1], "covariance": np.tile(1e-4 * np.eye(2), (N, 1, 1)), "names": PROBLEM.unknown}
    start = Estimate(**{**arguments, **change})
    with pytest.raises(ValueError, match=sentence):
        reweight(PROBLEM, traces[0], start, published_noise_prior(), np.random.default_rng(0))


@pytest.mark.parametrize("mean", [np.full((N, 1), 0.4), np.full((3, 2), 0.4), np.full(2, 0.4), np.full((N, 3), 0.4)])
def test_polish_needs_a_start_for_each_trace(traces, mean):
    with pytest.raises(ValueError, match=r"The means of 8 traces need the shape \(8, 2\)"):
        polish(PROBLEM, traces[0], mean, KNOWN)


def test_masked_traces_are_refused(traces):
    data = np.ma.masked_greater(traces[0], 1.9)
    start = Estimate(traces[1], np.tile(1e-4 * np.eye(2), (N, 1, 1)), PROBLEM.unknown)
    with pytest.raises(ValueError, match="finite numbers only"):
        polish(PROBLEM, data, traces[1], KNOWN)
    with pytest.raises(ValueError, match="finite numbers only"):
        reweight(PROBLEM, data, start, published_noise_prior(), np.random.default_rng(0))
