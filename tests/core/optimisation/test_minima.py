import numpy as np
import pytest
from scipy.optimize import differential_evolution, minimize

from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import sample_ar1
from core.optimisation.minima import descend_together, find_modes, map_estimate, survey
from core.posterior.exact import posterior
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, full_prior, published_prior, time_grid

TIMES = time_grid()
S, RHO = 0.35, 0.8


def problem_of(theta, seed=7, unknown=("theta0", "theta1"), times=TIMES, noise=S, **changes):
    u = simulate((*theta, ZETA, GAMMA), times)[:, 0]
    data = u + sample_ar1(RHO, noise, times.size, np.random.default_rng(seed))
    return Problem(data, times, unknown, (*theta, ZETA, GAMMA), S, RHO, full_prior(), **changes)


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
    problem = problem_of((0.3, 0.6), noise=0.0, regularised=False)
    assert np.allclose(map_estimate(problem).mean[0], (0.3, 0.6), atol=1e-6)


def test_all_four_parameters_can_be_unknown():
    problem = problem_of((0.3, 0.6), unknown=("theta0", "theta1", "zeta", "gamma"), noise=0.0, regularised=False)
    assert np.allclose(map_estimate(problem).mean[0], (0.3, 0.6, ZETA, GAMMA), atol=1e-4)


def test_the_lowest_mode_is_a_minimum():
    """From it SciPy's L-BFGS-B, with the exact gradient, gains nothing; the modes are distinct and in order."""
    problem = problem_of((0.4, 0.2))
    modes = find_modes(problem, survey(problem))
    assert np.all(np.diff(modes.losses) >= 0)
    result = minimize(problem.gradient, modes.positions[0], jac=True, method="L-BFGS-B", bounds=problem.bounds)
    assert result.fun > modes.losses[0] - 1e-6
    assert len(np.unique(modes.positions.round(6), axis=0)) == len(modes.positions)


def test_what_is_fixed_stays_and_the_rest_is_minimised():
    problem = problem_of((0.4, 0.4))
    starts = np.column_stack([np.linspace(0.39, 0.41, 5), np.full(5, 0.42)])
    positions, losses, _ = descend_together(problem, starts, 30, fixed=(0,))
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
    known = (0.4, 0.4, 1e4, GAMMA)
    problem = Problem(np.zeros(100), times, ("theta0", "theta1"), known, S, RHO, full_prior())
    with pytest.raises(ValueError, match="No point of the prior’s box can be simulated"):
        map_estimate(problem)
