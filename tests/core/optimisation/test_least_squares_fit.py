from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import scipy.optimize

from core.models.fitzhugh_nagumo.sensitivities import DIRECTIONS
from core.optimisation import least_squares_fit
from core.optimisation.least_squares_fit import check_positive, cramer_rao, fit_states
from core.optimisation.minima import descend_together
from core.priors import TruncatedGaussian
from tests.core.problem.test_states import (
    DIVERGING,
    LOWER,
    MAGI,
    MAGI_TIMES,
    SD,
    TRUTH,
    UNKNOWN,
    UPPER,
    clean,
    inside,
    magi,
    of_states,
    staggered,
    whitened,
)
from tests.reference import taylor_sensitivities, taylor_solution


def noisy(sd, seed=0):
    data = clean()
    return data + sd * np.random.default_rng(seed).standard_normal(data.shape)


def published_bound(data):
    return np.round(np.sqrt(np.diag(cramer_rao(magi(data), TRUTH)))[:3], 3).tolist()


def test_the_bound_is_the_published_one():
    data = np.zeros((41, 2))
    assert published_bound(data) == [0.018, 0.077, 0.031]
    data[:, 1] = np.nan
    assert published_bound(data) == [0.02, 0.14, 0.038]


def test_the_bound_knows_no_prior():
    """A prior narrower than the data's bound leaves it as it is."""
    free = magi(np.zeros((41, 2)))
    narrow = TruncatedGaussian(UNKNOWN, tuple(TRUTH), (1e-3,) * len(UNKNOWN), tuple(LOWER), tuple(UPPER))
    assert np.allclose(cramer_rao(replace(free, prior=narrow), TRUTH), cramer_rao(free, TRUTH), rtol=1e-12)


@pytest.mark.parametrize("truth", [0.2, TRUTH[:1], TRUTH[None], TRUTH + 100, np.full(len(TRUTH), np.nan)])
def test_the_bound_needs_one_point_within_the_bounds(truth):
    with pytest.raises(ValueError, match=r"one point, \(5,\), within the bounds"):
        cramer_rao(magi(np.zeros((41, 2))), truth)


def test_the_bound_in_closed_form():
    """The start seen once, and θ₀ and γ over so short a time that u and v grow linearly with them."""
    h, data = 1e-6, np.full((2, 2), np.nan)
    data[0] = 0
    start = of_states(data, (0, 1), ("v0", "u0"), MAGI, SD, (0, -2), (2, 0))
    assert np.allclose(cramer_rao(start, (1, -1)), np.diag(SD[::-1] ** 2), rtol=1e-12, atol=1e-15)
    data[:] = np.nan, np.nan
    data[1] = 0
    # u₁ = u₀ + hγ (u₀ − u₀³/3 + v₀), v₁ = v₀ − h/γ (u₀ − θ₀ + θ₁ v₀), but for terms of h² or less.
    rates = of_states(data, (0, h), ("gamma", "theta0"), MAGI, SD, (1, 0), (5, 1))
    by_gamma, by_theta0 = h * np.array([-1 + 1 / 3 + 1, (-1 - 0.2 + 0.2) / 9]), h * np.array([0, 1 / 3])
    jacobian = np.column_stack([by_gamma, by_theta0]) / SD[:, None]
    expected = np.linalg.inv(jacobian.T @ jacobian)
    assert np.allclose(cramer_rao(rates, (3, 0.2)), expected, rtol=1e-5, atol=0)


def test_the_start_seen_once_is_the_estimate():
    data = np.full((41, 2), np.nan)
    data[0] = -0.7, 1.3
    estimate = fit_states(magi(data, ("u0", "v0"), (-3, -3), (3, 3)), 0)
    assert np.allclose(estimate.mean, [[-0.7, 1.3]], rtol=0, atol=1e-9)
    assert np.allclose(estimate.covariance, 0.04 * np.eye(2), rtol=0, atol=1e-12)
    assert estimate.names == ("u0", "v0")
    assert estimate.status == ""


@pytest.mark.parametrize("observed", ["both", "u", "v", "staggered"])
def test_data_without_noise_give_the_truth(observed):
    """From a wide box, with the start unknown. SciPy's data are good to 1e-10."""
    data = staggered(clean()) if observed == "staggered" else clean()
    if observed in "uv":
        data[:, "vu".index(observed)] = np.nan
    estimate = fit_states(magi(data), 0)
    assert np.abs(estimate.mean - TRUTH).max() <= 1e-6
    assert estimate.status == ""


def test_all_six_unknown():
    lower, upper = np.insert(LOWER, 2, -1), np.insert(UPPER, 2, 1)
    estimate = fit_states(magi(clean(), DIRECTIONS, lower, upper), 0)
    assert np.abs(estimate.mean - MAGI).max() <= 1e-6


@pytest.mark.parametrize("unknown", list(permutations(("gamma", "theta1", "u0"))), ids=",".join)
def test_the_estimate_is_a_minimum_and_its_covariance_the_curvature(unknown):
    """No gradient: of the changes that one standard deviation makes to the loss, 1/2 each, a thousandth at most."""
    columns = [UNKNOWN.index(name) for name in unknown]
    problem = magi(noisy(0.2), unknown, LOWER[columns], UPPER[columns])
    estimate = fit_states(problem, 0)
    jacobian = problem.jacobian(estimate.mean[0])
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    assert np.allclose(estimate.covariance[0], covariance, rtol=1e-9, atol=0)
    gradient = problem.gradient(estimate.mean[0])[1]
    assert np.abs(gradient * np.sqrt(np.diag(covariance))).max() <= 1e-3
    assert estimate.status == ""


def test_a_fit_can_be_repeated():
    problem = magi(noisy(0.2))
    first, second, other = (fit_states(problem, rng) for rng in (5, np.random.default_rng(5), 6))
    assert np.array_equal(first.mean, second.mean)
    assert not np.array_equal(first.mean, other.mean)


def test_starts_are_the_best_and_apart():
    problem = magi(noisy(0.2), ("theta0", "gamma"), LOWER[[0, 2]], UPPER[[0, 2]])
    draws = inside(problem, 400)
    losses = problem.loss(draws)
    starts = least_squares_fit._best_apart(problem, draws, losses, 6)
    assert np.array_equal(starts[0], draws[np.argmin(losses)])
    distances = np.abs(starts[:, None] - starts) / np.ptp(problem.bounds, axis=1)
    assert np.all(distances.max(axis=-1)[~np.eye(6, dtype=bool)] > 0.1)
    worst = problem.loss(starts).max()
    for better in draws[losses < worst]:
        assert np.min(np.max(np.abs(starts - better) / np.ptp(problem.bounds, axis=1), axis=1)) <= 0.1


def test_a_box_that_diverges_in_part_still_gives_the_truth():
    lower, upper = np.array([-1, -6, 0.5, -3, -3]), UPPER
    problem = magi(clean(), lower=lower, upper=upper)
    assert 0.4 <= np.mean(np.isinf(problem.loss(inside(problem, 1000)))) <= 0.9
    estimate = fit_states(problem, 0)
    assert np.abs(estimate.mean - TRUTH).max() <= 1e-6
    # θ₁ = −0.8 leaves a narrow valley: the first steps end in divergence, and are cut.
    found = descend_together(problem, np.array([[0.2, -0.8, 3, -1, 1]]))
    assert np.all(np.isfinite(found.losses))
    assert np.all(np.isfinite(found.positions))


def test_status_on_the_edge():
    """The truth lies outside: γ = 3 above 2.95; and a start that was seen, in the corner nearest to it."""
    upper = np.array([1.5, 1.5, 2.95, 3, 3])
    estimate = fit_states(magi(clean(), upper=upper), 0)
    assert estimate.status == "On the edge of the box in γ: the covariance does not hold there."
    assert abs(estimate.mean[0, 2] - 2.95) <= 1e-4 * 2.45
    data = np.full((41, 2), np.nan)
    data[0] = -0.7, 1.3
    estimate = fit_states(magi(data, ("u0", "v0"), (-0.5, -3), (3, 1.2)), 0)
    assert estimate.status == "On the edge of the box in u₀, v₀: the covariance does not hold there."
    assert np.allclose(estimate.mean, [[-0.5, 1.2]], rtol=0, atol=1e-4 * 3.5)


def test_status_where_the_noise_explains_too_little():
    """Noise of 0.2 taken for 0.05: the root mean square of 77 degrees of freedom is 4 ± 0.33."""
    status = fit_states(magi(noisy(0.2), sd=0.05), 0).status
    assert "times as large as the noise explains, so that no ± of this fit holds" in status
    assert 3 <= float(status.split()[3]) <= 5
    assert fit_states(magi(noisy(0.2), sd=0.2), 0).status == ""


def test_status_where_the_data_say_nothing():
    """Of θ₀ by the start, and of θ₀ and ζ by one number."""
    data = np.full((41, 2), np.nan)
    data[0] = -1, 1
    estimate = fit_states(magi(data, ("theta0",), (-1,), (1,)), 0)
    assert estimate.covariance is None
    assert estimate.status == "The data do not determine all unknowns: observe more, or fix some of them."
    with pytest.raises(ValueError, match="do not determine the unknowns"):
        cramer_rao(magi(data, ("theta0",), (-1,), (1,)), (0.2,))
    data = np.full((2, 2), np.nan)
    data[0, 0] = data[1, 0] = 0
    with pytest.raises(ValueError, match="do not determine the unknowns"):
        cramer_rao(magi(data, ("theta0", "zeta"), (-1, -1), (1, 1), times=(0, 1)), (0.2, 0))


def test_status_where_everything_diverges():
    problem = of_states(np.zeros((200, 2)), np.arange(0, 20, 0.1), ("theta1",), DIVERGING, SD, (-6,), (-5,))
    estimate = fit_states(problem, 0)
    assert np.all(np.isnan(estimate.mean))
    assert estimate.covariance is None
    assert estimate.status.startswith("No estimate: all 8000 trajectories drawn from the box diverge")


def test_status_where_the_descents_are_stopped(monkeypatch):
    monkeypatch.setattr(least_squares_fit, "MOST_STEPS", 2)
    assert fit_states(magi(noisy(0.2)), 0).status.startswith("Not converged in 2 steps")


@pytest.mark.parametrize(
    ("known", "unknown", "lower"),
    [
        ((0.2, 0.2, 0, -3, -1, 1), ("theta0",), (-1,)),
        ((0.2, 0.2, 0, 0, -1, 1), ("theta0",), (-1,)),
        (MAGI, ("gamma",), (-1,)),
        (MAGI, ("gamma",), (0,)),
    ],
)
def test_the_damping_must_be_above_zero(known, unknown, lower):
    for check in (check_positive, lambda problem: fit_states(problem, 0)):
        with pytest.raises(ValueError, match="The damping γ must be above zero, and so must its lower bound"):
            check(of_states(clean(), MAGI_TIMES, unknown, known, SD, lower, (2,) * len(unknown)))


def test_a_damping_above_zero_is_taken():
    check_positive(of_states(clean(), MAGI_TIMES, ("gamma",), MAGI, SD, (1e-9,), (2,)))
    others = (-0.2, -0.2, -1, 3, -1, -1)
    check_positive(of_states(clean(), MAGI_TIMES, ("theta0", "v0"), others, SD, (-1, -1), (2, 2)))


def test_descents_end_where_scipys_least_squares_does():
    """On residuals of the independent Taylor series, with complex steps for their derivatives, and gaps in the data.

    Of the distance, in standard deviations, a thousandth is left; the covariance is that of SciPy's Jacobian there.
    """
    problem = magi(staggered(noisy(0.2)), lower=TRUTH - 0.5, upper=TRUTH + 0.5)
    estimate = fit_states(problem, 0, 500, 3)
    sampled, columns = np.isfinite(problem.data), [DIRECTIONS.index(name) for name in UNKNOWN]

    def residuals(position):
        neuron, start = (each(position) for each in (problem.parameters, problem.initial_state))
        return whitened(problem, taylor_solution(neuron, MAGI_TIMES, problem.step, start))

    def jacobian(position):
        neuron, start = (each(position) for each in (problem.parameters, problem.initial_state))
        return -taylor_sensitivities(neuron, MAGI_TIMES, problem.step, start)[sampled][:, columns] / 0.2

    start, ends = TRUTH + 0.02, {"xtol": 1e-10, "ftol": 1e-12, "gtol": 1e-10}
    theirs = scipy.optimize.least_squares(residuals, start, jacobian, bounds=problem.bounds.T, **ends)
    sds = np.sqrt(np.diag(estimate.covariance[0]))
    assert np.all(np.abs(estimate.mean[0] - theirs.x) <= 1e-3 * sds)
    scaled = np.linalg.inv(theirs.jac.T @ theirs.jac) / np.outer(sds, sds)
    assert np.allclose(scaled, estimate.covariance[0] / np.outer(sds, sds), rtol=0, atol=1e-3)
    assert float(problem.loss(estimate.mean[0], problem.step)) <= theirs.cost + 1e-9
    ours = descend_together(problem, start[None], 50)
    assert ours.converged.tolist() == [True]
    assert np.all(np.abs(ours.positions[0] - theirs.x) <= 1e-3 * sds)


@pytest.mark.parametrize("sizes", [(0, 5), (100, 0), (10, 1.5), (np.inf, 5)])
def test_no_fit_without_draws_or_starts(sizes):
    with pytest.raises(ValueError, match=r"The number of (draws|starts) must be a whole number of at least one"):
        fit_states(magi(clean()), 0, *sizes)
