from dataclasses import replace

import emcee
import numpy as np
import pytest
from scipy.stats import binom, kstest, truncnorm

import core
from core.maps.dataset import make_dataset
from core.maps.recipes import published_task
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.neuron import exact_posterior
from core.noise import Noise, sample_ar1
from core.posterior.exact import posterior
from core.priors import TruncatedGaussian
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, full_prior, published_noise_prior, published_prior, time_grid
from tests.reference import known_of, plain_misfit

TIMES = time_grid()
S, RHO = 0.35, 0.8
# What each neuron does, and how many trajectories of the plain grid are needed.
NEURONS = {"spiking": (0.4, 0.4), "silent": (-0.1, 1.1), "excited": (0.95, 0.9), "bifurcation": (0.865, 0.4)}


def trace(theta, seed=7, times=TIMES, zeta=ZETA, gamma=GAMMA):
    noise = sample_ar1(RHO, S, times.size, np.random.default_rng(seed))
    return simulate((*theta, zeta, gamma), times)[:, 0] + noise


def problem_of(data, unknown=("theta0", "theta1"), known=(0.4, 0.4, ZETA, GAMMA), rho=RHO, s=S):
    known = known_of(known, unknown)
    return Problem.of_trace(FITZHUGH_NAGUMO, data, TIMES, unknown, known, Noise(rho, s), full_prior())


def plain_log_joint(problem, values):
    """Return log p(d | m) + log p(m) up to a constant, from stored trajectories and the plain formula."""
    u = simulate(problem.parameters(values), problem.times)[..., 0]
    penalty = problem.prior.regularisation(values)
    return -plain_misfit(problem.data - u, problem.noise[0].marginal_sd, problem.noise[0].rho) - penalty


def plain_moments(problem, origin, slant, reach, n=160):
    """Return mean (2,) and covariance (2, 2) over n × n equally spaced points origin + slant z, z between ± reach."""
    line = reach * (2 * (np.arange(n) + 0.5) / n - 1)
    grid = origin + np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2) @ slant.T
    logs = np.concatenate([plain_log_joint(problem, part) for part in np.array_split(grid, 16)])
    weights = np.exp(logs - logs.max())
    weights /= weights.sum()
    mean = weights @ grid
    return mean, (weights[:, None] * (grid - mean)).T @ (grid - mean)


@pytest.mark.parametrize(
    ("unknown", "theta"),
    [
        (("theta0", "theta1"), NEURONS["spiking"]),
        (("theta0", "theta1"), NEURONS["silent"]),
        (("theta0", "theta1"), NEURONS["excited"]),
        (("zeta", "gamma"), NEURONS["spiking"]),
        (("gamma", "theta1"), NEURONS["spiking"]),
    ],
)
def test_moments_against_a_plain_grid(unknown, theta):
    """160 × 160 points over all of the posterior's extent, eight to ten standard deviations: for a smooth law exact."""
    problem = problem_of(trace(theta), unknown, (*theta, ZETA, GAMMA))
    ours = posterior(problem)
    extent = ours.extent()
    mean, covariance = plain_moments(problem, extent.mean(axis=1), np.diag(np.ptp(extent, axis=1) / 2), 1)
    sd = np.sqrt(np.diag(covariance))
    assert np.all(np.abs(ours.mean - mean) < 0.01 * sd)
    assert np.allclose(ours.covariance / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.02)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in (1, 2, 3, 4))])
def test_mean_against_a_long_run_of_emcee(seed):
    """The ensemble sampler of Goodman and Weare, on five draws of the prior, as they come.

    The error of its mean is sd √(τ/n), τ being its integrated autocorrelation time: 4 of them are allowed.
    """
    theta = published_prior().sample(1, np.random.default_rng(seed))[0]
    problem = problem_of(trace(theta, seed))
    ours = posterior(problem)

    def log_joint(values):
        return -problem.loss(values)

    n_walkers = 48
    # An overdispersed start around the posterior's mode, within the prior.
    spread = 2 * np.linalg.cholesky(ours.covariance)
    start = ours.mode + np.random.default_rng([seed, 1]).standard_normal((n_walkers, 2)) @ spread.T
    start = np.clip(start, problem.bounds[:, 0] + 1e-9, problem.bounds[:, 1] - 1e-9)
    sampler = emcee.EnsembleSampler(n_walkers, 2, log_joint, vectorize=True)
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(start, 2000)
    tau = sampler.get_autocorr_time(discard=500, tol=0)
    samples = sampler.get_chain(discard=500, flat=True)
    error = samples.std(axis=0) * np.sqrt(tau / len(samples))
    assert np.all(error < 0.1 * samples.std(axis=0))  # long enough to say anything
    assert np.all(np.abs(samples.mean(axis=0) - ours.mean) < 4 * error)
    # The variance of normal samples errs by √(2τ/n) of itself.
    assert np.allclose(
        samples.var(axis=0) / np.diag(ours.covariance), 1, atol=np.max(5 * np.sqrt(2 * tau / len(samples)))
    )


def test_data_without_information_leave_the_prior():
    """With noise of a thousand the posterior is the truncated prior, whose law is known."""
    ours = exact_posterior(trace((0.4, 0.4)), 0.0, 1000.0)
    laws = [truncnorm(-2, 2, 0.4, 0.3), truncnorm(-2, 2, 0.4, 0.4)]
    for axis, law in enumerate(laws):
        assert abs(ours.mean[axis] - law.mean()) < 2e-3
        assert np.isclose(ours.covariance[axis, axis], law.var(), rtol=0.01)
        values = law.ppf(np.linspace(0.05, 0.95, 9))
        assert np.allclose(ours.distribution(axis, values), np.linspace(0.05, 0.95, 9), atol=3e-3)
        assert np.allclose(ours.interval(axis, 0.8), law.ppf([0.1, 0.9]), atol=5e-3)
    # Inside two standard deviations the regions of highest density are ellipses, cut nowhere.
    inside = np.array([0.5, 1.0, 1.5, 1.9])
    mass = (1 - np.exp(-(inside**2) / 2)) / 0.9544997361**2
    points = np.array([0.4, 0.4]) + inside[:, None] * np.array([0.3, 0.0])
    assert np.allclose(ours.credibility(points), mass, atol=0.01)
    assert np.allclose(np.exp(ours.log_density([0.4, 0.4])), np.prod([law.pdf(0.4) for law in laws]), rtol=1e-3)


@pytest.mark.parametrize("data", [(0.1, -0.2), trace((0.4, 0.4))])
def test_data_without_information_leave_a_uniform_prior(data):
    """Of ζ and γ, whose laws are uniform: mean, sd and distribution are those of their intervals."""
    times = np.arange(len(data)) * 0.2
    ours = exact_posterior(data, 0.0, 1e6, times=times, axes=("zeta", "gamma"))
    widths = np.array([0.8, 3.0])
    assert np.all(np.abs(ours.mean - (-0.4, 3.5)) < 0.01 * widths)
    assert np.allclose(np.sqrt(np.diag(ours.covariance)), widths / np.sqrt(12), rtol=0.02)
    assert np.allclose(ours.distribution(0, [-0.8, -0.6, -0.2, 0.0]), [0, 0.25, 0.75, 1], atol=0.01)
    draws = ours.draws(2000, np.random.default_rng(0))
    assert np.mean(np.any((draws == [-0.8, 2.0]) | (draws == [0.0, 5.0]), axis=1)) < 1e-3


@pytest.mark.parametrize("sd", [1e-3, 1e-6])
def test_a_narrow_noise_prior_is_a_mean_over_known_noises(sd):
    """Gauss–Hermite nodes of the law, each a known noise: five along each axis are exact to far below a thousandth."""
    law = TruncatedGaussian(("rho", "sigma"), (RHO, 0.07), (sd, sd), (0.6, 0.04), (0.9, 0.1))
    data = trace(NEURONS["excited"])
    nodes, weights = np.polynomial.hermite_e.hermegauss(5 if sd == 1e-3 else 1)
    logs = [[exact_posterior(data, RHO + sd * a, 0.35 + sd * b / 0.2).log_evidence for b in nodes] for a in nodes]
    expected = np.log(np.sum(np.outer(weights, weights) / weights.sum() ** 2 * np.exp(np.array(logs) - np.max(logs))))
    assert abs(exact_posterior(data, noise_prior=law).log_evidence - expected - np.max(logs)) < 3e-3


def test_regions_hold_what_they_say():
    """Of n draws a share of mass ± √(mass (1 − mass)/n) lies in a region."""
    ours = posterior(problem_of(trace(NEURONS["excited"])))
    draws = ours.draws(4000, np.random.default_rng(0))
    credibility, densities = ours.credibility(draws), ours.log_density(draws)
    for mass in (0.5, 0.9):
        allowed = 4 * np.sqrt(mass * (1 - mass) / len(draws)) + 0.01  # and one cell in a hundred at the rim
        assert abs(np.mean(credibility < mass) - mass) < allowed
        assert abs(np.mean(densities > ours.threshold(mass)) - mass) < allowed
    error = np.sqrt(np.diag(ours.covariance) / len(draws))
    assert np.all(np.abs(draws.mean(axis=0) - ours.mean) < 4 * error)
    points, masses = ours.points(4)
    assert np.isclose(masses.sum(), 1)
    assert np.all(np.abs(masses @ points - ours.mean) < 0.01 * np.sqrt(np.diag(ours.covariance)))


def test_predictive_draws_are_trajectories_of_the_draws():
    ours = posterior(problem_of(trace(NEURONS["spiking"])))
    theta = ours.draws(3, np.random.default_rng(5))
    expected = simulate(np.column_stack([theta, np.full(3, ZETA), np.full(3, GAMMA)]), TIMES)[..., 0]
    assert np.array_equal(ours.predictive(3, np.random.default_rng(5)), expected)


@pytest.mark.parametrize("known_noise", [True, pytest.param(False, marks=pytest.mark.long)])
@pytest.mark.parametrize("n", [30, pytest.param(200, marks=pytest.mark.long)])
def test_calibration(n, known_noise):
    """On traces drawn from both priors the regions hold the truth as often as they say; its ranks are uniform.

    The count in a region is binomial; the two-sided probability allowed for chance is 1e-4, and so it is for the ranks.
    """
    data = make_dataset(published_task(), n, TIMES, np.random.default_rng(11))
    credibility, ranks = [], []
    for truth, (rho, sigma), noisy in zip(data.theta, data.noise_parameters, data.noisy, strict=True):
        ours = exact_posterior(noisy, *((rho, sigma / 0.2) if known_noise else ()))
        credibility.append(ours.credibility(truth))
        ranks.append([ours.distribution(axis, truth[axis]) for axis in (0, 1)])
    for mass in (0.5, 0.9):
        inside = int(np.sum(np.array(credibility) < mass))
        assert binom.ppf(5e-5, n, mass) <= inside <= binom.ppf(1 - 5e-5, n, mass)
    for axis in (0, 1):
        assert kstest(np.array(ranks)[:, axis], "uniform").pvalue > 1e-4


@pytest.mark.long
def test_integrated_noise_is_the_sum_over_known_noises():
    """Evidence under the prior = ∫ evidence at a known noise × its density: a sum over equally spaced noises.

    They lie a standard deviation apart, over eight of them; given ρ that of σ is 0.6 of that: good to 2 %.
    """
    data, law = trace(NEURONS["excited"]), published_noise_prior()
    rho, sigma = np.meshgrid(0.826 + 0.0165 * np.arange(-4, 5), 0.070 + 0.0033 * np.arange(-4, 5))
    noises = np.column_stack([rho.ravel(), sigma.ravel()])
    logs = [exact_posterior(data, r, s / 0.2).log_evidence + float(law.log_density([r, s])) for r, s in noises]
    total = np.log(np.sum(np.exp(np.array(logs) - max(logs)))) + max(logs) + np.log(0.0165 * 0.0033)
    assert abs(exact_posterior(data).log_evidence - total) < 0.02


def test_a_white_misfit_is_overconfident():
    """With ρ = 0.8 the white likelihood counts each sample as new: its region is a fraction of the right one."""
    data = trace(NEURONS["excited"])
    white, right = exact_posterior(data, 0.0, S), exact_posterior(data, RHO, S)
    assert np.linalg.det(white.covariance) < 0.3 * np.linalg.det(right.covariance)


def test_a_ridge_near_the_bifurcation_is_followed():
    """It is slanted and hundreds of times as long as wide: the plain points are laid along it."""
    problem = problem_of(trace(NEURONS["bifurcation"]))
    ours = posterior(problem)
    mean, covariance = plain_moments(problem, ours.mean, np.linalg.cholesky(ours.covariance), 6, n=300)
    sd = np.sqrt(np.diag(ours.covariance))
    assert np.all(np.abs(ours.mean - mean) < 0.02 * sd)
    assert np.allclose(ours.covariance / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.04)


def test_public_name_and_marginal_law():
    ours = core.exact_posterior(trace((0.4, 0.4)), RHO, S)
    assert ours.mean.shape == (2,)
    assert ours.covariance.shape == (2, 2)
    assert ours.names == ("theta0", "theta1")
    assert ours.status == ""
    # Through a parallelogram's shadow the distribution rises without steps, from nothing to everything.
    low, high = ours.extent()[0]
    rising = ours.distribution(0, np.linspace(low, high, 2001))
    assert rising[0] < 1e-3
    assert rising[-1] > 1 - 1e-3
    assert np.all(np.diff(rising) >= -1e-12)
    assert np.max(np.diff(rising)) < 0.01


def test_rounding_leads_no_credibility_above_one():
    found = exact_posterior(trace((0.4, 0.4)), RHO, S)
    assert replace(found, masses=found.masses * (1 + 1e-9)).credibility((-0.2, 1.2)) == 1


def test_bad_input_is_refused_in_a_sentence():
    data = trace((0.4, 0.4))
    with pytest.raises(ValueError, match="Give both rho and marginal_sd, or neither"):
        exact_posterior(data, rho=0.8)
    with pytest.raises(ValueError, match="exactly two unknown parameters"):
        posterior(problem_of(data, ("theta0",)))
    found = exact_posterior(data, RHO, S)
    with pytest.raises(ValueError, match=r"between 0 and 1; 1\.5 does not"):
        found.threshold(1.5)
    for mass in (0, 1, -0.5, np.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            found.interval(0, mass)
    for axis in (-1, 2, 0.5):
        with pytest.raises(ValueError, match="The axis is that of theta0, 0, or of theta1, 1"):
            found.interval(axis, 0.9)
        with pytest.raises(ValueError, match="The axis is that of theta0, 0, or of theta1, 1"):
            found.distribution(axis, 0.4)
    for values in (0.4, (0.4,), (0.4, 0.4, 0.4)):
        with pytest.raises(ValueError, match=r"theta0, theta1 need the shape \(..., 2\)"):
            found.credibility(values)
    with pytest.raises(ValueError, match="two different ones"):
        exact_posterior(data, RHO, S, axes=("theta0", "theta0"))
    with pytest.raises(ValueError, match="two samples or more"):
        exact_posterior(data[:1], RHO, S, times=[0.0])
    with pytest.raises(ValueError, match="A known noise has no prior"):
        exact_posterior(data, RHO, S, noise_prior=published_noise_prior())
    for values, s in ((data, 1e-9), (data, 1e-50), (1e29 * data, S)):
        with pytest.raises(ValueError, match="too many standard deviations of the noise from every trajectory"):
            exact_posterior(values, RHO, s)
    with pytest.raises(ValueError, match="must lie between 1e−50 and 1e30"):
        exact_posterior(data, RHO, 1e-90)
    with pytest.raises(ValueError, match="none may lie beyond ±1e30"):
        exact_posterior(1e160 * data, RHO, S)
    impossible = TruncatedGaussian(("rho", "sigma"), (2.0, 0.07), (0.5, 0.01), (1.5, 0.04), (3.0, 0.1))
    with pytest.raises(ValueError, match="ρ between −1 and 1"):
        exact_posterior(data, noise_prior=impossible)
    with pytest.raises(ValueError, match="finite numbers only"):
        exact_posterior(np.where(TIMES == 0, np.nan, data), RHO, S)


@pytest.mark.parametrize("s", [S, 1000 * S])
def test_cells_of_trajectories_that_diverge_cause_no_warning(s):
    """Their log density is −∞: the difference of two would be no number. Warnings are errors here."""
    found = posterior(problem_of(trace((0.4, 0.4), gamma=0.1), known=(0.4, 0.4, ZETA, 0.1), s=s))
    assert found.masses.sum() == pytest.approx(1)
    assert np.all(np.isfinite(found.cells.log_densities))
