from itertools import permutations

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal

from core.objective import Landscape, Problem, landscape, loss_landscape, misfit, trajectory_store
from core.published import full_prior, time_grid
from tests.reference import SLIDERS_LOWER, SLIDERS_UPPER, reference_solution

TIMES = time_grid(20, 100)
KNOWN = (0.5, 0.3, -0.4, 3.0)
NAMES = ("theta0", "theta1", "zeta", "gamma")
SD, RHO = 0.35, 0.8


def plain_misfit(residual, marginal_sd, rho):
    """The formulas of the talk, in plain NumPy."""
    innovations = residual[1:] - rho * residual[:-1]
    return 0.5 * (residual[0] / marginal_sd) ** 2 + 0.5 * np.sum(innovations**2) / (marginal_sd**2 * (1 - rho**2))


def noisy_trace(seed=0):
    return reference_solution(KNOWN, TIMES)[:, 0] + np.random.default_rng(seed).normal(0, SD, len(TIMES))


def problem(unknown=("theta0", "theta1"), rho=RHO, **changes):
    return Problem(noisy_trace(), TIMES, unknown, KNOWN, SD, rho, full_prior(), **changes)


@pytest.mark.parametrize("rho", [0.0, 0.8, -0.3])
def test_misfit_is_the_formula(rho):
    rng = np.random.default_rng(1)
    data, potentials = rng.normal(size=80), rng.normal(size=(2, 3, 80))
    losses = misfit(data, potentials, SD, rho)
    for i, j in np.ndindex(2, 3):
        assert np.isclose(losses[i, j], plain_misfit(data - potentials[i, j], SD, rho), rtol=1e-12)


def test_white_misfit_by_hand():
    """½ (1/0.5)² + ½ (2/0.5)² = 10."""
    assert np.isclose(misfit([1.0, 2.0], np.zeros(2), 0.5), 10.0, rtol=1e-15)


def test_misfit_is_the_negative_log_likelihood_up_to_a_constant():
    rng = np.random.default_rng(2)
    data, potentials = rng.normal(size=60), rng.normal(size=(5, 60))
    law = multivariate_normal(np.zeros(60), SD**2 * toeplitz(RHO ** np.arange(60)))
    expected = -law.logpdf(data - potentials)
    losses = misfit(data, potentials, SD, RHO)
    assert np.allclose(losses - losses[0], expected - expected[0], rtol=0, atol=1e-8)


def test_diverged_potentials_have_an_infinite_misfit():
    potentials = np.zeros((2, 10))
    potentials[0, 5:] = np.nan
    assert misfit(np.ones(10), potentials, 1.0).tolist() == [np.inf, 5.0]
    # θ₁ = −5 diverges; its prior, however wide, does not matter here.
    assert problem(("theta1", "zeta")).misfit([[-5.0, -0.4], [0.3, -0.4]])[0] == np.inf


def test_problem_loss_against_scipy():
    """Misfit at SciPy's solution; an error e = 1e-4 in u changes it by at most e Σ|∂misfit/∂u|."""
    task, candidate = problem(), np.array([0.55, 0.1])
    residual = task.data - reference_solution((*candidate, -0.4, 3.0), TIMES)[:, 0]
    tolerance = 1e-4 * np.sum(np.abs(residual)) * ((1 + RHO) / (1 - RHO)) / SD**2
    assert abs(task.misfit(candidate) - plain_misfit(residual, SD, RHO)) <= tolerance
    penalty = 0.5 * ((0.55 - 0.4) / 0.3) ** 2 + 0.5 * ((0.1 - 0.4) / 0.4) ** 2
    assert np.isclose(task.regularisation(candidate), penalty, rtol=1e-13)
    assert np.isclose(task.loss(candidate), task.misfit(candidate) + penalty, rtol=1e-15)


def test_regularisation_is_infinite_outside_and_can_be_off():
    inside, outside = [0.5, 0.3], [1.0001, 0.3]
    assert problem().regularisation(outside) == np.inf
    assert problem().loss(outside) == np.inf
    assert problem(regularised=False).regularisation(outside) == np.inf
    assert problem(regularised=False).regularisation(inside) == 0
    # ζ and γ have flat priors, so θ₁ alone counts, wherever it stands among the unknowns: ½ (0.2/0.4)².
    assert np.isclose(problem(("gamma", "theta1")).regularisation([4.0, 0.6]), 0.125, rtol=1e-13)
    assert problem(("gamma", "theta1")).regularisation([5.1, 0.6]) == np.inf


def test_unknown_parameters_are_put_in_their_places():
    task = problem(("gamma", "theta0"))
    assert task.complete([[4.0, 0.1], [2.5, 0.9]]).tolist() == [[0.1, 0.3, -0.4, 4.0], [0.9, 0.3, -0.4, 2.5]]
    assert task.bounds.tolist() == [[2.0, 5.0], [-0.2, 1.0]]


@pytest.mark.parametrize("rho", [0.0, RHO])
@pytest.mark.parametrize("axes", list(permutations(NAMES, 2)))
def test_landscape_of_every_pair_of_axes_against_scipy(axes, rho):
    """Rows are the second axis. Tolerance as above, with the rounding to float32 far below 1e-4."""
    n, data = 2, noisy_trace()
    result = loss_landscape(data, TIMES, axes, KNOWN, SD, rho, n=n)
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


@pytest.mark.parametrize("axes", [("theta0", "theta1"), ("gamma", "zeta")])
def test_landscape_is_the_loss_point_by_point(axes):
    """They differ by u's rounding to float32, half a unit in the last place of numbers below 4: 2^-23."""
    task, n = problem(axes), 7
    result = landscape(task, trajectory_store(axes, KNOWN, TIMES, full_prior(), n))
    for row, column in np.ndindex(n, n):
        residual_sum = len(TIMES) * (np.abs(task.data).max() + 4)
        tolerance = 2**-23 * residual_sum * ((1 + RHO) / (1 - RHO)) / SD**2
        assert abs(result.loss[row, column] - task.loss([result.x[column], result.y[row]])) <= tolerance


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
    for marginal_sd, rho in ((0.0, 0.0), (-1.0, 0.0), (np.nan, 0.0), (1.0, 1.0), (1.0, -1.0), (1.0, np.nan)):
        with pytest.raises(ValueError, match="noise"):
            misfit(np.ones(3), np.ones(3), marginal_sd, rho)
    with pytest.raises(ValueError, match="'theta2' is not"):
        problem(("theta0", "theta2"))
    with pytest.raises(ValueError, match="99 samples but 100 times"):
        Problem(np.ones(99), TIMES, ("theta0", "theta1"), KNOWN, SD, RHO, full_prior())
    with pytest.raises(ValueError, match="finite"):
        Problem(np.full(100, np.nan), TIMES, ("theta0", "theta1"), KNOWN, SD, RHO, full_prior())
    for axes in (("theta0", "theta0"), ("theta0", "nothing")):
        with pytest.raises(ValueError, match="two different"):
            trajectory_store(axes, KNOWN, TIMES, full_prior(), 3)
    store = trajectory_store(("theta1", "theta0"), KNOWN, TIMES, full_prior(), 3)
    with pytest.raises(ValueError, match="axes and times"):
        landscape(problem(("theta0", "theta1")), store)
