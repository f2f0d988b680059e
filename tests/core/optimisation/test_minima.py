import numpy as np
import pytest
from scipy.optimize import differential_evolution, minimize

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import Noise, sample_ar1
from core.optimisation.distinct_minima import distinct
from core.optimisation.minima import coarse_grid, descend_together, find_minima, map_estimate, minima_below
from core.posterior.exact import posterior
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, full_prior, published_prior, time_grid
from tests.core.optimisation.objectives import LeastSquares
from tests.reference import known_of

TIMES = time_grid()
S, RHO = 0.35, 0.8


def problem_of(theta, seed=7, unknown=("theta0", "theta1"), times=TIMES, noise=S):
    values = (*theta, ZETA, GAMMA)
    data = simulate(values, times)[:, 0] + sample_ar1(RHO, noise, times.size, np.random.default_rng(seed))
    known = known_of(values, unknown)
    return Problem.of_trace(FITZHUGH_NAGUMO, data, times, unknown, known, Noise(RHO, S), full_prior())


@pytest.mark.parametrize("seed", range(6))
def test_the_global_map_against_differential_evolution(seed):
    """SciPy's global search over the whole box finds nothing lower, on draws of the prior as they come."""
    problem = problem_of(published_prior().sample(1, np.random.default_rng(seed))[0], seed)
    ours = map_estimate(problem)
    theirs = differential_evolution(
        lambda values: problem.loss(values.T, problem.step),
        problem.bounds,
        rng=seed,
        vectorized=True,
        updating="deferred",
        polish=False,
        popsize=40,
        maxiter=60,
    )
    assert float(problem.loss(ours.mean[0], problem.step)) <= theirs.fun + 1e-6


def test_a_curved_valley_is_followed_to_its_lowest_point():
    """Near the bifurcation descents get stuck on ripples; the exact posterior knows no point that lies higher."""
    problem = problem_of((0.865, 0.4))
    lowest = float(problem.loss(map_estimate(problem).mean[0], problem.step))
    cells = posterior(problem).cells
    highest = cells.centres[np.argsort(-cells.log_densities)[:100]]
    assert lowest <= np.min(problem.loss(highest, problem.step))


def test_clean_data_lead_to_the_truth():
    problem = problem_of((0.3, 0.6), noise=0.0).with_flat_prior()
    assert np.allclose(map_estimate(problem).mean[0], (0.3, 0.6), atol=1e-6)


def test_all_four_parameters_can_be_unknown():
    problem = problem_of((0.3, 0.6), unknown=("theta0", "theta1", "zeta", "gamma"), noise=0.0).with_flat_prior()
    assert np.allclose(map_estimate(problem).mean[0], (0.3, 0.6, ZETA, GAMMA), atol=1e-4)


def test_the_lowest_minimum_found_is_one():
    """From it SciPy's L-BFGS-B, with the exact gradient, gains nothing; the minima are distinct and in order."""
    problem = problem_of((0.4, 0.2))
    minima = find_minima(problem, coarse_grid(problem))
    assert np.all(np.diff(minima.losses) >= 0)
    result = minimize(problem.gradient, minima.positions[0], jac=True, method="L-BFGS-B", bounds=problem.bounds)
    assert result.fun > minima.losses[0] - 1e-6
    assert len(np.unique(minima.positions.round(6), axis=0)) == len(minima.positions)


def test_what_is_fixed_stays_and_the_rest_is_minimised():
    problem = problem_of((0.4, 0.4))
    starts = np.column_stack([np.linspace(0.39, 0.41, 5), np.full(5, 0.42)])
    before = starts.copy()
    found = descend_together(problem, starts, 30, fixed=(0,))
    positions, losses = found.positions, found.losses
    assert np.array_equal(starts, before)
    assert found.converged[np.argmin(losses)]
    assert np.array_equal(positions[:, 0], starts[:, 0])
    for (theta0, theta1), loss in zip(positions, losses, strict=True):
        around = np.linspace(theta1 - 0.01, theta1 + 0.01, 201)
        values = problem.loss(np.column_stack([np.full(201, theta0), around]), problem.step)
        assert loss <= values.min() + 1e-9


def test_an_edge_of_the_prior_is_held_and_said():
    """Data of a neuron beyond the box: the lowest loss lies on the edge, and the descent slides along it."""
    ours = map_estimate(problem_of((1.1, 0.9)))
    lower, upper = published_prior().lower, published_prior().upper
    assert np.any((ours.mean[0] == lower) | (ours.mean[0] == upper))
    assert ours.status == "On the edge of the prior."


def test_a_box_that_cannot_be_simulated_is_said():
    """From u = 0 no neuron with |ζ| of a thousand stays below 20."""
    times = time_grid(20, 100)
    known = {"zeta": 1e4, "gamma": GAMMA}
    problem = Problem.of_trace(
        FITZHUGH_NAGUMO, np.zeros(100), times, ("theta0", "theta1"), known, Noise(RHO, S), full_prior()
    )
    with pytest.raises(ValueError, match="No point of the prior’s box can be simulated"):
        map_estimate(problem)


def test_distinct_minima_by_hand():
    """Curvatures of 400 and 4 are standard deviations of 0.05 and 0.5, of which a tenth is 0.005 and 0.05.

    The lowest end lies in the middle of the first row, and has one neighbour within 0.05 along y, none along x. Of the
    two that are left near each other, the lower one is flat, and takes in the other.
    """
    hessian = np.diag([400.0, 4.0])
    positions = np.array([[0, 0.04], [0, 0], [0.006, 0], [0, 0.051], [5, 5], [5.04, 5]])
    losses = np.array([2.0, 1.0, 1.5, 3.0, 7.0, 6.0])
    hessians = np.array([hessian] * 5 + [4 * np.eye(2)])
    assert distinct(positions, losses, hessians).tolist() == [0, 0, 1, 2, 3, 3]
    # With the roles of the last two exchanged, the steep one is the lowest and stands alone.
    losses[4:] = 6.0, 7.0
    assert distinct(positions, losses, hessians).tolist() == [0, 0, 1, 2, 3, 4]
    # A Hessian without numbers tells nothing: the end is a minimum of its own.
    assert distinct(np.zeros((2, 1)), np.array([1.0, 0.0]), np.full((2, 1, 1), np.nan)).tolist() == [1, 0]


def test_minima_a_little_below():
    """The saddle of ½ (x² − 1)² + ½ y² is at the origin, its minima at (±1, 0); at (0.9, 0) it is 0.01805."""

    def jacobian(x):
        result = np.zeros((*x.shape[:-1], 2, 2))
        result[..., 0, 0], result[..., 1, 1] = 2 * x[..., 0], 1
        return result

    def curvatures(x):
        result = np.zeros((*x.shape[:-1], 2, 2, 2))
        result[..., 0, 0, 0] = 2
        return result

    task = LeastSquares(
        [[-2, 2], [-3, 3]], lambda x: np.stack([x[..., 0] ** 2 - 1, x[..., 1]], axis=-1), jacobian, curvatures
    )
    ends = np.array([[1.0, 0], [0, 0], [0.9, 0], [-0.9, 0], [-1, 0.5], [0.4, 0.2], [1e-3, 0]])
    found = minima_below(task, ends, 0.0181)
    assert np.allclose(found[[0, 2, 3]], [[1, 0], [1, 0], [-1, 0]], atol=1e-3)
    assert np.all(np.isnan(found[[1, 4, 5, 6]]))
    assert np.all(np.isnan(minima_below(task, ends[[2, 3]], 0.018)))
    assert np.allclose(minima_below(task, ends[4:], 1.0), [[-1, 0], [1, 0], [1, 0]], atol=1e-3)


class Wall:
    """A slope that falls towards a wall of infinite loss: there is no minimum, and every step beyond is refused."""

    bounds = np.array([[0.0, 2.0]])

    def expansion(self, positions):
        """Return loss, gradient and Hessian."""
        loss = np.where(positions[:, 0] < 1, -1e3 * positions[:, 0], np.inf)
        return loss, np.full(positions.shape, -1e3), np.ones((len(positions), 1, 1))


def test_a_descent_that_is_stuck_before_a_wall_has_not_converged():
    found = descend_together(Wall(), np.array([[0.5]]), 200)
    assert found.positions[0, 0] < 1
    assert not found.converged[0]


@pytest.mark.parametrize("starts", [np.array([0.4, 0.4]), np.array([[0.4]]), np.zeros((2, 3))])
def test_starts_of_another_shape_are_refused(starts):
    with pytest.raises(ValueError, match=r"Starts need the shape \(k, 2\); theirs is"):
        descend_together(problem_of((0.4, 0.4)), starts)
