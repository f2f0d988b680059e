import numpy as np
import pytest
from scipy.optimize import least_squares

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import sample_ar1
from core.posterior.followed_profile import followed_profile
from core.posterior.profile import RISE_95, profile_likelihood
from core.problem.problem import Problem
from core.published import full_prior, published_noise, time_grid
from tests.core.optimisation.test_minima import problem_of
from tests.reference import plain_misfit

TRUTH = np.array([0.4, 0.4, -0.4, 3.0])


def four_unknown(truth=TRUTH):
    """Return the problem of a trace of the published set-up, of which all four parameters are unknown."""
    noise, times = published_noise(), time_grid()
    data = simulate(truth, times)[:, 0]
    data = data + sample_ar1(np.array([noise.rho]), noise.marginal_sd, times.size, np.random.default_rng(3))[0]
    return Problem.of_trace(FITZHUGH_NAGUMO, data, times, full_prior().names, {}, noise, full_prior())


@pytest.mark.parametrize("truth", [(0.4, 0.4), (0.95, 0.9), (-0.1, 1.1)])
def test_of_two_unknowns_it_is_the_profile_over_the_whole_box(truth):
    """Where the rise is within reach of a bound; the silent neuron of the last truth bounds one side only."""
    problem = problem_of(truth)
    for name in problem.unknown:
        found, whole = followed_profile(problem, name, truth), profile_likelihood(problem, name)
        assert found.verdict == whole.verdict
        near = whole.values[whole.rises < 2 * RISE_95]
        expected = np.interp(near, whole.values, whole.rises)
        np.testing.assert_allclose(np.interp(near, found.values, found.rises), expected, rtol=0, atol=0.02)


@pytest.mark.parametrize("name", ["theta0", "gamma"])
def test_of_four_unknowns_no_search_of_scipy_finds_less(name):
    """Its trust-region search over the other three, with differences of trajectories, from the truth."""
    problem = four_unknown()
    found, axis = followed_profile(problem, name, TRUTH), problem.unknown.index(name)
    low, high = problem.bounds.T
    others = np.delete(np.arange(4), axis)
    noise = problem.noise[0]

    def complete(values, rest):
        return np.insert(rest, axis, values)

    def residuals(rest, value):
        u = simulate(complete(value, rest), problem.times, step=problem.step)[:, 0]
        r = (problem.data - u) / noise.marginal_sd
        return np.append(r[0], (r[1:] - noise.rho * r[:-1]) / np.sqrt(1 - noise.rho**2))

    lowest, best = [], int(np.argmin(found.rises))
    sides = (range(best), range(best, found.values.size))
    chosen = [best, *(min(side, key=lambda i: abs(found.rises[i] - RISE_95)) for side in sides)]
    for value in found.values[chosen]:
        fit = least_squares(
            residuals, TRUTH[others], bounds=(low[others], high[others]), x_scale=(high - low)[others], xtol=1e-12,
            ftol=1e-12, args=(value,),
        )  # fmt: skip
        end = complete(value, fit.x)
        u = simulate(end, problem.times, step=problem.step)[:, 0]
        assert fit.cost == pytest.approx(float(plain_misfit(problem.data - u, noise.marginal_sd, noise.rho)), rel=1e-9)
        lowest.append(fit.cost)
    np.testing.assert_allclose(np.subtract(lowest, lowest[0]), found.rises[chosen], rtol=0, atol=2e-3)
    assert np.all(found.rises[chosen[1:]] > 1)


def test_the_stimulus_of_a_silent_neuron_is_open_on_a_side():
    truth = np.array([-0.1, 1.1, -0.4, 3.0])
    assert followed_profile(four_unknown(truth), "zeta", truth).verdict != "identifiable"


def test_a_name_that_is_not_unknown_is_refused():
    with pytest.raises(ValueError, match=r"^A profile needs an unknown parameter; 'zeta' is none\.$"):
        followed_profile(problem_of((0.4, 0.4)), "zeta", (0.4, 0.4))
