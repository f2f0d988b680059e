import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import Noise
from core.optimisation.minima import map_estimate
from core.posterior.profile import profile_likelihood
from tests.core.optimisation.test_minima import RHO, S, problem_of
from tests.reference import plain_misfit


@pytest.mark.parametrize("name", ["theta0", "theta1"])
def test_rises_against_a_plain_search(name):
    """SciPy's bounded search over the other parameter, from a plain grid of it, on stored trajectories."""
    problem = problem_of((0.95, 0.9)).with_flat_prior()
    ours = profile_likelihood(problem, name)
    axis = problem.unknown.index(name)

    def misfit(value, others):
        values = np.empty((np.size(others), 2))
        values[:, axis], values[:, 1 - axis] = value, others
        u = simulate(problem.parameters(values), problem.times, step=problem.step)[..., 0]
        return plain_misfit(problem.data - u, S, RHO)

    lower, upper = problem.bounds[1 - axis]
    near = np.flatnonzero(ours.rises < 30)[::6]
    lowest = []
    for value in ours.values[near]:
        grid = np.linspace(lower, upper, 400)
        best = grid[np.argmin(misfit(value, grid))]
        width = grid[1] - grid[0]
        result = minimize_scalar(
            lambda other, value=value: float(misfit(value, other)[0]),
            bounds=(max(best - width, lower), min(best + width, upper)),
            method="bounded",
            options={"xatol": 1e-7},
        )
        lowest.append(result.fun)
    expected = np.array(lowest) - np.min(lowest)
    assert len(near) >= 5
    assert np.allclose(ours.rises[near] - ours.rises[near].min(), expected, atol=2e-3)
    assert abs(ours.rises.min()) < 1e-6


def test_the_interval_is_where_the_rise_is_half_of_chi_squared():
    """For a nearly normal likelihood it is ±1.96 standard deviations of the inverse Hessian."""
    problem = problem_of((0.4, 0.4)).with_flat_prior()
    for axis, name in enumerate(problem.unknown):
        ours = profile_likelihood(problem, name)
        low, high = ours.interval
        assert low is not None
        assert high is not None
        best = ours.values[np.argmin(ours.rises)]
        position = map_estimate(problem).mean[0]
        sd = np.sqrt(np.linalg.inv(problem.hessian(position))[axis, axis])
        assert np.isclose((high - low) / (2 * 1.96 * sd), 1, atol=0.06)
        assert low < best < high
        assert ours.verdict == "identifiable"


def test_a_silent_neuron_bounds_its_parameters_on_one_side_only():
    """It fixes a combination of θ₀ and θ₁: along that both go to the edge of the prior."""
    problem = problem_of((-0.1, 1.1))
    first, second = (profile_likelihood(problem, name) for name in problem.unknown)
    assert first.verdict == "bounded above only"
    assert first.interval[0] is None
    assert second.verdict == "bounded below only"
    assert second.interval[1] is None
    assert "above only" in first.sentence


def test_noise_that_drowns_everything_leaves_nothing_identifiable():
    problem = problem_of((0.4, 0.4)).with_noise(Noise(0.0, 1000.0))
    ours = profile_likelihood(problem, "theta0")
    assert ours.verdict == "not identifiable"
    assert ours.interval == (None, None)
    assert "neither end" in ours.sentence


def test_bad_names_are_refused():
    with pytest.raises(ValueError, match="two unknown parameters, and 'gamma' to be one of them"):
        profile_likelihood(problem_of((0.4, 0.4)), "gamma")
