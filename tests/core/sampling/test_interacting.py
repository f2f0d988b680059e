"""Samplers whose particles move each other: Stein variational gradient descent and the ensemble Kalman sampler."""

import numpy as np
import pytest
from scipy.stats import t

from core.sampling.effective_size import BATCHES
from core.sampling.ensemble_kalman import EnsembleKalman
from core.sampling.samplers import walk
from core.sampling.svgd import Stein, direction, median_bandwidth
from core.sampling.target import Target
from tests.core.optimisation.objectives import quadratic
from tests.core.sampling.gaussians import COVARIANCE, MEAN, gaussian, run, z_scores

BOUND = float(t.isf(0.5e-3 / 5, BATCHES - 1))  # as in test_samplers, for five moments


def end(steps, density, z, n_steps, seed=0):
    states = walk(steps, density, z, np.random.default_rng(seed))
    for _ in range(n_steps):
        next(states)
    return next(states)[0]


def test_steins_direction_is_the_sum_of_its_definition():
    rng = np.random.default_rng(0)
    z, slopes, b = rng.standard_normal((7, 3)), rng.standard_normal((7, 3)), 0.8
    expected = np.zeros_like(z)
    for i in range(7):
        for j in range(7):
            kernel = np.exp(-np.sum((z[j] - z[i]) ** 2) / (2 * b**2))
            expected[i] += (-kernel * slopes[j] - (z[j] - z[i]) / b**2 * kernel) / 7
    np.testing.assert_allclose(direction(z, slopes, b), expected, rtol=1e-12, atol=1e-14)


def test_a_single_particle_is_gradient_descent_to_the_mode():
    """Liu and Wang (2016), section 3.2."""
    target = gaussian()
    last = end(Stein(0.5), target, target.coordinates(MEAN + np.array([[0.1, -0.1]])), 60)
    np.testing.assert_allclose(target.positions(last.positions)[0], MEAN, atol=1e-12)


def test_two_particles_come_to_rest_where_attraction_and_repulsion_balance():
    """At ±a on a unit Gaussian, φ(a) = ½ (−a + k a + 2 a k / b²) with k = exp(−2 a²/b²).

    The median rule gives b² = a² / log 3, so k = 1/9, and φ = 0 where a² = (log 3) / 4.
    """
    line = Target(quadratic(np.zeros(1), [[-9, 9]], np.eye(1)), np.eye(1))
    last = end(Stein(0.5), line, line.coordinates(np.array([[-0.3], [1.5]])), 200)
    rest = np.sort(line.positions(last.positions)[:, 0])
    np.testing.assert_allclose(rest, np.sqrt(np.log(3)) / 2 * np.array([-1, 1]), atol=1e-6)
    assert median_bandwidth(rest[:, None]) ** 2 == pytest.approx(rest[1] ** 2 / np.log(3))


def test_stein_matches_the_moments_of_a_gaussian():
    """At rest the mean is that of the Gaussian, by symmetry of the fixed points, to a tenth of an sd.

    A hundred particles have 0.98 of its sds (FitzHugh–Nagumo's and other two-dimensional posteriors): 0.95 to 1.
    """
    target, rng = gaussian(), np.random.default_rng(1)
    z = target.coordinates(MEAN + 0.2 * rng.standard_normal((100, 2)))
    found = target.positions(end(Stein(), target, z, 600).positions)
    sds = np.sqrt(np.diag(COVARIANCE))
    assert np.all(np.abs(found.mean(axis=0) - MEAN) < 0.1 * sds)
    ratios = found.std(axis=0) / sds
    assert np.all((ratios > 0.95) & (ratios < 1.0))


def test_ensemble_kalman_has_the_posterior_of_a_linear_problem():
    """Nüsken and Reich (2019): with the term of finite ensembles the law is exact, in continuous time.

    Euler's step h ≤ 0.1 leaves variances of 1 / (1 − h/2): 5.3 % too large at most, and never too small.
    """
    found = run(EnsembleKalman(), gaussian(), n=20, burn_in=400, kept=6000, seed=2)
    exact, wide = (z_scores(found, MEAN, factor * COVARIANCE) for factor in (1.0, 1 / 0.95))
    assert np.max(np.abs(exact[:2])) < BOUND
    assert np.all(exact[2:4] > -BOUND)
    assert np.all(wide[2:4] < BOUND)


class Elliptic:
    """The example of Garbuno-Inigo et al. (2020): p(x) = θ₂ x + exp(−θ₁) (x − x²)/2, observed at ¼ and ¾."""

    longest_drift = np.inf

    def residuals(self, z):
        """Return the residuals of the two observations, of sd 0.1, and of the prior N(0, 10²)."""
        places = np.array([0.25, 0.75])
        pressure = z[:, 1:] * places + 0.5 * np.exp(-z[:, :1]) * (places - places**2)
        return np.concatenate([(np.array([27.5, 79.7]) - pressure) / 0.1, z / 10], axis=1)

    def reflected(self, z):
        """Return z: there is no box."""
        return z


def test_ensemble_kalman_solves_the_published_example():
    """Exact by quadrature: mean (−2.7138, 104.3458), sd (0.1136, 0.2842), correlation 0.893.

    The differences in place of derivatives leave the mean 0.12 sds off and the sds within 5 % in the published code;
    twice as much is allowed here.
    """
    rng = np.random.default_rng(3)
    z = np.column_stack([rng.standard_normal(100), rng.uniform(90, 110, 100)])
    states = walk(EnsembleKalman(), Elliptic(), z, rng)
    kept = np.array([next(states)[0].positions for _ in range(3000)])[1500:].reshape(-1, 2)
    mean, sd = np.array([-2.7138, 104.3458]), np.array([0.1136, 0.2842])
    assert np.all(np.abs(kept.mean(axis=0) - mean) < 0.25 * sd)
    np.testing.assert_allclose(kept.std(axis=0), sd, rtol=0.1)
    assert np.corrcoef(kept.T)[0, 1] == pytest.approx(0.893, abs=0.03)
