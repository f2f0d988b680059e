from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.neuron import loss_landscape
from core.noise import Noise
from core.priors import uniform
from core.problem.landscape import Landscape, computed_landscape, landscape, misfit, slopes, trajectory_store
from core.problem.problem import Problem
from core.published import full_prior, time_grid
from tests.reference import SLIDERS_LOWER, SLIDERS_UPPER, known_of, plain_misfit, reference_solution

TIMES = time_grid(20, 100)
KNOWN = (0.5, 0.3, -0.4, 3.0)
NAMES = ("theta0", "theta1", "zeta", "gamma")
SD, RHO = 0.35, 0.8
NOISY = reference_solution(KNOWN, TIMES)[:, 0] + np.random.default_rng(0).normal(0, SD, len(TIMES))


def problem(unknown=("theta0", "theta1"), rho=RHO, prior=None):
    prior = full_prior() if prior is None else prior
    known = known_of(KNOWN, unknown)
    return Problem.of_trace(FITZHUGH_NAGUMO, NOISY, TIMES, unknown, known, Noise(rho, SD), prior)


@pytest.mark.parametrize("rho", [0.0, RHO])
@pytest.mark.parametrize("axes", list(permutations(NAMES, 2)))
def test_landscape_of_every_pair_of_axes_against_scipy(axes, rho):
    """Rows are the second axis. An error e = 1e-4 in u changes a misfit by at most e Σ|∂misfit/∂u|."""
    n, data = 2, NOISY
    result = loss_landscape(data, TIMES, axes, known_of(KNOWN, axes), SD, rho, n=n)
    columns = [NAMES.index(name) for name in axes]
    for array, column in zip((result.x, result.y), columns, strict=True):
        assert np.allclose(array, np.linspace(SLIDERS_LOWER[column], SLIDERS_UPPER[column], n))
    for row, column in np.ndindex(n, n):
        parameters = np.array(KNOWN)
        parameters[columns] = result.x[column], result.y[row]
        residual = data - reference_solution(parameters, TIMES)[:, 0]
        tolerance = 1e-4 * np.sum(np.abs(residual)) * ((1 + rho) / (1 - rho)) / SD**2
        assert abs(result.misfit[row, column] - plain_misfit(residual, SD, rho)) <= tolerance
        on_axes = np.isin(range(4), columns)
        squares = ((parameters - 0.4) / np.array([0.3, 0.4, np.inf, np.inf])) ** 2
        assert np.isclose(result.regularisation[row, column], 0.5 * np.sum(squares[on_axes]), rtol=1e-12)
        assert result.loss[row, column] == result.misfit[row, column] + result.regularisation[row, column]


@pytest.mark.parametrize("rho", [0.0, RHO])
@pytest.mark.parametrize("axes", [("theta0", "theta1"), ("gamma", "zeta")])
def test_both_landscapes_are_the_loss_point_by_point(axes, rho):
    """That of a store differs by u's rounding to float32, half a unit in the last place of numbers below 4: 2^-23.

    The one that stores nothing differs by the rounding of a hundred squares' sum, with a margin of ten. Its grid has
    more points than a block, each point alone has one.
    """
    task, n = problem(axes, rho), 12
    stored, computed = landscape(task, trajectory_store(task, n)), computed_landscape(task, n)
    tolerance = 2**-23 * len(TIMES) * (np.abs(task.data).max() + 4) * ((1 + rho) / (1 - rho)) / SD**2
    for name in ("x", "y", "regularisation"):
        assert np.array_equal(getattr(computed, name), getattr(stored, name))
    assert computed.axes == stored.axes == axes
    for row, column in np.ndindex(n, n):
        loss = task.loss([computed.x[column], computed.y[row]])
        assert np.isclose(computed.loss[row, column], loss, rtol=1e-12, atol=0)
        assert abs(stored.loss[row, column] - loss) <= tolerance


def test_both_landscapes_are_infinite_where_the_neuron_diverges():
    """A prior that reaches to θ₁ = −6, without weight."""
    task = problem(prior=uniform(NAMES, (-0.2, -6.0, -0.8, 2.0), (1.0, 1.2, 0.0, 5.0)))
    stored = landscape(task, trajectory_store(task, 20)).loss
    computed = computed_landscape(task, 20).loss
    assert 20 <= np.isinf(computed).sum() <= 380
    assert np.array_equal(np.isinf(computed), np.isinf(stored))
    # Potentials up to 20, rounded to 2^-20.
    tolerance = 2**-20 * len(TIMES) * (np.abs(task.data).max() + 20) * ((1 + RHO) / (1 - RHO)) / SD**2
    finite = np.isfinite(computed)
    assert np.abs(computed[finite] - stored[finite]).max() <= tolerance


def test_lowest_is_x_then_y():
    misfits = np.ones((2, 3))
    misfits[1, 2] = 0.5
    regularisation = np.zeros((2, 3))
    result = Landscape(("a", "b"), np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0]), misfits, regularisation)
    assert result.lowest() == (3.0, 20.0)
    regularisation[1, 2] = np.inf
    misfits[0, 1] = 0.9
    assert result.lowest() == (2.0, 10.0)


def test_errors_end_in_a_sentence():
    for axes in (("theta0", "theta0"), ("theta0", "nothing"), ("theta0", "u0")):
        with pytest.raises(ValueError, match="two different"):
            loss_landscape(NOISY, TIMES, axes, n=3)
    for unknown in (("theta0",), ("theta0", "theta1", "zeta")):
        for compute in (computed_landscape, trajectory_store):
            with pytest.raises(ValueError, match="exactly two"):
                compute(problem(unknown), 3)
    store = trajectory_store(problem(("theta1", "theta0")), 3)
    other = replace(problem(("theta1", "theta0")), known={"zeta": -0.2, "gamma": 3.0})
    with pytest.raises(ValueError, match="stored trajectories are those of another problem"):
        landscape(other, store)
    with pytest.raises(ValueError, match="stored trajectories are those of another problem"):
        landscape(problem(("theta0", "theta1")), store)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.3])
def test_misfit_is_the_formula(rho):
    rng = np.random.default_rng(1)
    data, potentials = rng.normal(size=80), rng.normal(size=(5, 6, 80))
    expected = plain_misfit(data - potentials, SD, rho)
    assert np.allclose(misfit(data, potentials, Noise(rho, SD)), expected, rtol=1e-12, atol=0)
    assert np.allclose(misfit(data, potentials[0], Noise(rho, SD)), expected[0], rtol=1e-12, atol=0)


def test_white_misfit_by_hand():
    """½ (1/0.5)² + ½ (2/0.5)² = 10."""
    assert np.isclose(misfit([1.0, 2.0], np.zeros(2), Noise(0.0, 0.5)), 10.0, rtol=1e-15)


def test_misfit_is_the_negative_log_likelihood_up_to_a_constant():
    rng = np.random.default_rng(2)
    data, potentials = rng.normal(size=60), rng.normal(size=(5, 60))
    law = multivariate_normal(np.zeros(60), SD**2 * toeplitz(RHO ** np.arange(60)))
    expected = -law.logpdf(data - potentials)
    losses = misfit(data, potentials, Noise(RHO, SD))
    assert np.allclose(losses - losses[0], expected - expected[0], rtol=0, atol=1e-8)


def test_diverged_potentials_have_an_infinite_misfit():
    potentials = np.zeros((2, 10))
    potentials[0, 5:] = np.nan
    assert misfit(np.ones(10), potentials, Noise(0.0, 1.0)).tolist() == [np.inf, 5.0]


@pytest.mark.parametrize("n", [0, 1.5, -1, np.inf])
def test_a_grid_needs_a_whole_number_of_points(n):
    with pytest.raises(ValueError, match="number of points a side must be a whole number of at least one"):
        computed_landscape(problem(), n)
    with pytest.raises(ValueError, match="number of points a side"):
        loss_landscape(NOISY, TIMES, n=n)


def test_a_landscape_without_a_finite_loss_has_no_lowest_point():
    nowhere = Landscape(("a", "b"), np.arange(3.0), np.arange(2.0), np.full((2, 3), np.inf), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="No point of this landscape has a finite loss"):
        nowhere.lowest()
    with pytest.raises(ValueError, match="must lie between 1e−50 and 1e30"):
        loss_landscape(NOISY, TIMES, marginal_sd=1e307)


def test_a_trace_of_another_length_ends_in_a_sentence():
    with pytest.raises(ValueError, match="5 samples"):
        misfit(np.ones(5), np.zeros((2, 7)), Noise(0.0, SD))


@pytest.mark.parametrize("axes", [("theta0", "theta1"), ("gamma", "zeta")])
def test_slopes_are_those_of_the_loss(axes):
    """Central differences at the frozen step; their error falls with the square of the distance."""
    task, n, h = problem(axes), 4, 1e-5
    found = slopes(task, n)
    assert found.gradient.shape == (n, n, 2)
    for row, column in ((1, 2), (2, 1)):
        point = np.array([found.x[column], found.y[row]])
        for k, step in enumerate(h * np.eye(2)):
            there, back = (float(task.loss(point + sign * step, task.step)) for sign in (1, -1))
            assert found.gradient[row, column, k] == pytest.approx((there - back) / (2 * h), rel=1e-4, abs=1e-3)
    widths = [found.x[-1] - found.x[0], found.y[-1] - found.y[0]]
    np.testing.assert_allclose(found.steepness, np.hypot(*np.moveaxis(found.gradient * widths, -1, 0)))
