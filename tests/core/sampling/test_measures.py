"""Distances to the exact posterior, effective sizes, and the posterior at a temperature."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm, t

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.posterior.exact import posterior
from core.problem.problem import Problem
from core.published import published_prior, time_grid
from core.sampling.distance import BINS, reference, reference_of
from core.sampling.effective_size import BATCHES, effective_size, standard_error
from core.sampling.pieces import pieces_of
from core.sampling.samplers import SAMPLERS, walk
from core.sampling.target import target_at
from core.sampling.tempered import tempered


def folded_mean(mu, sd):
    """Return E|Z| of Z ~ N(mu, sd²)."""
    return sd * np.sqrt(2 / np.pi) * np.exp(-(mu**2) / (2 * sd**2)) + mu * (1 - 2 * norm.cdf(-mu / sd))


@pytest.mark.parametrize("shift", [0.0, 1.0, 5.0])
def test_the_energy_distance_of_shifted_gaussians_is_that_of_its_integral(shift):
    """D² = 2 E|X − Y| − 2 E|X − X′| = 2 (m(shift) − m(0)), m the mean of a folded normal of variance 2.

    Of n = 2,000 points, E‖X − X′‖ / n = 6e-4 is added; three sds of the sums over 2,000 draws are 0.11 of a shift of 1.
    """
    rng = np.random.default_rng(0)
    known = reference_of(3 * rng.standard_normal((2000, 1)), np.array([[9.0]]))
    points = 3 * (rng.standard_normal((1, 2000, 1)) + shift)
    expected = 2 * (folded_mean(shift, np.sqrt(2)) - folded_mean(0, np.sqrt(2)))
    found = known.energy_distance(points)[0] ** 2
    assert found == pytest.approx(expected, abs=0.01 + 0.12 * shift)


def test_independent_draws_have_the_energy_distance_that_is_told_of_them():
    """The mean of D² over 400 sets of 20 draws: its sd is below the mean itself over √400."""
    rng = np.random.default_rng(1)
    known = reference_of(rng.standard_normal((1500, 2)), np.eye(2))
    found = known.energy_distance(rng.standard_normal((400, 20, 2)))
    assert np.sqrt(np.mean(found**2)) == pytest.approx(known.of_independent_draws(20), rel=0.15)


def test_total_variation_counts_the_mass_that_is_misplaced():
    known = reference_of(np.random.default_rng(2).random((4000, 2)), np.eye(2) / 12)
    evenly = (np.arange(1000) + 0.5) / 1000
    sets = np.stack([np.column_stack([evenly, evenly]), np.column_stack([evenly / 2, np.full(1000, -1.0)])])
    found = known.total_variation(sets)
    # A bin of a tenth of 4,000 draws is off by √(0.09 / 4,000) = 0.5 %; half the sum over ten is 2 % in the mean.
    assert np.all(found[0] < 0.04)
    # All in the lower half, and all below the first edge.
    assert found[1] == pytest.approx([0.5, 1 - 1 / BINS], abs=0.04)


def test_the_effective_size_is_that_of_an_autoregressive_chain():
    """An AR(1) series of coefficient a is worth n (1 − a) / (1 + a) draws; 30 batches give it to √(2/29) = 26 %."""
    rng, a = np.random.default_rng(3), 0.8
    series = np.zeros((6000, 4, 1))
    for k in range(1, len(series)):
        series[k] = a * series[k - 1] + rng.standard_normal((4, 1))
    assert effective_size(series)[0] == pytest.approx(4 * 6000 * (1 - a) / (1 + a), rel=3 * 0.26)


def test_a_short_series_has_no_batches():
    with pytest.raises(ValueError, match="longer"):
        standard_error(np.zeros((5, 2)))


def trace_problem():
    """Return a problem with a compact posterior: a spiking neuron seen for 40 ms."""
    times, rng = time_grid(40.0, 200), np.random.default_rng(4)
    truth = FITZHUGH_NAGUMO.simulate(np.array([0.4, 0.4, -0.4, 3.0]), times)[:, 0]
    data = truth + 0.2 * rng.standard_normal(times.size)
    prior = published_prior()
    known = {"zeta": -0.4, "gamma": 3.0}
    return Problem.of_trace(FITZHUGH_NAGUMO, data, times, prior.names, known, Noise(0.0, 0.2), prior)


def test_the_loss_of_a_tempered_problem_is_the_loss_over_the_temperature():
    problem = trace_problem()
    points = problem.prior.sample(20, np.random.default_rng(5))
    hot = tempered(problem, 9.0)
    np.testing.assert_allclose(hot.loss(points, problem.step), problem.loss(points, problem.step) / 9, rtol=1e-12)
    assert np.array_equal(hot.bounds, problem.bounds)


def test_residuals_of_many_points_are_those_of_each():
    problem = trace_problem()
    points = problem.prior.sample(5, np.random.default_rng(6))
    together = problem.residuals(points)
    assert np.array_equal(together, [problem.residuals(point) for point in points])
    np.testing.assert_allclose(0.5 * np.sum(together**2, axis=1), problem.loss(points, problem.step), rtol=1e-9)


def raster_of(log_density, side):
    """Return a posterior that has no more than what pieces are found by: square cells on the unit box."""
    line = (np.arange(side) + 0.5) / side
    centres = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    logs = log_density(centres)
    masses = np.exp(logs) / np.sum(np.exp(logs))
    order = np.argsort(-logs)

    class Found:
        """A posterior on a raster."""

        cells = SimpleNamespace(centres=centres, sides=np.tile(np.eye(2) / side, (side**2, 1, 1)), log_densities=logs)

        @staticmethod
        def threshold(mass):
            """Return the log density above which cells hold this mass."""
            return logs[order][np.searchsorted(np.cumsum(masses[order]), mass)]

    Found.masses = masses
    return Found


def test_two_hills_are_two_pieces_until_the_pass_between_them_belongs_to_the_region():
    """Gaussians of sd 0.05 with three and one parts of the mass, 12 sds apart: the pass lies 18 log units down."""

    def hills(x):
        squares = [np.sum((x - [at, 0.5]) ** 2, axis=1) / (2 * 0.05**2) for at in (0.2, 0.8)]
        return np.logaddexp(np.log(3) - squares[0], -squares[1])

    found = pieces_of(raster_of(hills, 120))
    assert found.masses == pytest.approx([0.75 * 0.99, 0.25 * 0.99], abs=0.005)
    assert found.of(np.array([[0.2, 0.5], [0.82, 0.45], [0.5, 0.5], [0.2, 0.9]])).tolist() == [0, 1, -1, -1]
    assert len(pieces_of(raster_of(lambda x: hills(x) / 30, 120)).masses) == 1


@pytest.mark.long
@pytest.mark.parametrize("method", SAMPLERS)
def test_a_neurons_posterior_is_that_of_the_grid(method):
    """Means within Monte Carlo error; Stein's particles, and the step of the two that are never rejected, as theirs."""
    problem = trace_problem()
    exact = posterior(problem)
    target, rng = target_at(problem, exact.mode), np.random.default_rng(7)
    states = walk(SAMPLERS[method].steps, target, target.cloud(exact.mode, 64, rng), rng)
    kept = np.array([target.positions(next(states)[0].positions) for _ in range(1500)])[300:]
    sds = np.sqrt(np.diag(exact.covariance))
    off = np.abs(kept.mean(axis=(0, 1)) - exact.mean) / sds
    errors = standard_error(kept.mean(axis=1)) / sds
    assert np.all(off < t.isf(0.5e-3, BATCHES - 1) * errors + (0.1 if method in ("SVGD", "Ensemble Kalman") else 0.02))
    ratios = kept.reshape(-1, 2).std(axis=0) / sds
    assert np.all(np.abs(ratios - 1) < 0.1)
    known = reference(exact, np.random.default_rng(8))
    assert known.energy_distance(kept[-1:])[0] < 2 * known.of_independent_draws(64)
