"""A trace that no parameters explain, and the good one beside it: every estimator of one trace says which is which."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import differential_evolution

import core
from core.estimate import Outcome
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.optimisation.minima import map_estimate
from core.posterior.laplace import laplace
from core.posterior.parameters_and_noise import estimate_with_noise
from core.posterior.profile import profile_likelihood
from core.problem.problem import Problem
from core.published import full_prior, published_noise_prior, time_grid

RHO, S = 0.8, 0.35
THETA, ZETA, GAMMA = (0.3, 0.6), -0.4, 3.0
N = 250  # samples: a window of 50 ms, in which the neuron spikes several times
TIMES = time_grid(50.0, N)


def trace(seed=3):
    """Return the neuron's potential by SciPy, with noise."""

    def slope(_, state):
        u, v = state
        return GAMMA * (u - u**3 / 3 + v + ZETA), -(u - THETA[0] + THETA[1] * v) / GAMMA

    clean = solve_ivp(slope, (0, TIMES[-1]), (0, 0), "DOP853", TIMES, rtol=1e-10, atol=1e-12).y[0]
    return clean + core.sample_ar1(RHO, S, N, np.random.default_rng(seed))


GOOD = trace()
MILLIVOLTS = -70 + 30 * GOOD


def problem_of(data, rho=RHO, s=S, gamma=GAMMA, times=TIMES):
    known = {"zeta": ZETA, "gamma": gamma}
    return Problem.of_trace(FITZHUGH_NAGUMO, data, times, ("theta0", "theta1"), known, Noise(rho, s), full_prior())


ESTIMATORS = {
    "MAP": map_estimate,
    "Laplace": laplace,
    "MAP with the noise": lambda problem: estimate_with_noise(problem, published_noise_prior()),
    "profile": lambda problem: profile_likelihood(problem, "theta0"),
    "exact posterior": lambda problem: core.exact_posterior(
        problem.data, problem.noise[0].rho, problem.noise[0].marginal_sd, TIMES
    ),
    "exact posterior without the noise": lambda problem: core.exact_posterior(problem.data, times=TIMES),
}


@pytest.mark.case("11")
@pytest.mark.parametrize("name", ESTIMATORS)
def test_millivolts_are_called_unexplained_and_the_good_trace_is_not(name, record_property):
    good, wrong = (ESTIMATORS[name](problem_of(data)) for data in (GOOD, MILLIVOLTS))
    assert good.fit.outcome == Outcome.EXPLAINED
    assert "noise explains" not in good.status
    record_property("measured", f"{name}: {wrong.fit.residual_ratio:.0f} times")
    assert wrong.fit.outcome == Outcome.UNEXPLAINED
    assert wrong.status.startswith(f"The residuals are {wrong.fit.residual_ratio:.1f} times as large as the noise")


def test_the_ratio_is_that_of_the_best_residuals_that_scipy_finds():
    """The potential stays between −3 and 3, and the data around −70: the best residual is known to a few hundredths."""
    problem = problem_of(MILLIVOLTS)
    fit = map_estimate(problem).fit
    best = differential_evolution(
        lambda values: problem.loss(values.T), problem.bounds, rng=0, vectorized=True, updating="deferred", maxiter=30
    )
    residual = MILLIVOLTS - core.simulate((*best.x, ZETA, GAMMA), TIMES)[:, 0]
    assert fit.residual_ratio == pytest.approx(np.sqrt(np.mean(residual**2)) / S, rel=0.02)
    assert fit.residual_ratio > 200


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.EXPLAINED),
        ({"rho": 0.0}, Outcome.EXPLAINED),  # white: too sure, but the noise is as large as it says
        ({"s": 0.5 * S}, Outcome.UNEXPLAINED),
        ({"s": 0.005}, Outcome.UNEXPLAINED),  # σ = 0 typed for data with noise
        ({"gamma": 4.5}, Outcome.UNEXPLAINED),
    ],
    ids=["right", "white", "half the noise", "no noise", "another damping"],
)
def test_wrong_noise_and_wrong_constants_are_told_from_right_ones(changes, outcome):
    assert map_estimate(problem_of(GOOD, **changes)).fit.outcome == outcome


def test_data_without_noise_fit_a_tiny_one():
    clean = core.simulate((*THETA, ZETA, GAMMA), TIMES)[:, 0]
    found = map_estimate(problem_of(clean, s=0.005))
    assert found.fit.outcome == Outcome.EXPLAINED
    assert np.allclose(found.mean[0], THETA, atol=1e-3)


def test_time_in_seconds_read_as_milliseconds_is_called_unexplained():
    assert map_estimate(problem_of(GOOD, times=TIMES / 1000)).fit.outcome == Outcome.UNEXPLAINED
