from itertools import permutations

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.sensitivities import DIRECTIONS
from core.models.fitzhugh_nagumo.simulate import resolving_step, simulate
from core.optimisation import least_squares as states
from core.optimisation.least_squares import StateProblem, cramer_rao, fit_states, refine
from tests.reference import escape_time, reference_solution, taylor_sensitivities, taylor_solution

MAGI = np.array([0.2, 0.2, 0.0, 3.0, -1.0, 1.0])
MAGI_TIMES = np.linspace(0, 20, 41)
UNKNOWN = ("theta0", "theta1", "gamma", "u0", "v0")
LOWER, UPPER = np.array([-1.0, -1, 0.5, -3, -3]), np.array([1.5, 1.5, 10, 3, 3])
TRUTH = MAGI[[0, 1, 3, 4, 5]]

UNEVEN = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.7, 40))])
SD = np.array([0.3, 0.1])
NARROW_LOWER, NARROW_UPPER = MAGI - 0.1, MAGI + 0.1
UNKNOWNS = [DIRECTIONS, ("v0",), ("gamma", "u0"), ("v0", "zeta", "theta1"), UNKNOWN]


def clean(values=MAGI, times=MAGI_TIMES):
    return reference_solution(values[:4], times, values[4:])


def noisy(sd, seed=0):
    data = clean()
    return data + sd * np.random.default_rng(seed).standard_normal(data.shape)


def magi(data, unknown=UNKNOWN, lower=LOWER, upper=UPPER, sd=0.2, times=MAGI_TIMES):
    return StateProblem(data, times, unknown, tuple(MAGI), np.full(2, sd), lower, upper)


def staggered(data):
    """Return the data with u at two of three times, v at every other time, and nothing at some."""
    data = np.array(data)
    data[2::3, 0] = data[1::2, 1] = np.nan
    return data


def uneven(unknown):
    """Return a problem at uneven times from 3 ms on, its data far from its box."""
    data = staggered(np.random.default_rng(1).normal(0, 1, (len(UNEVEN), 2)))
    columns = [DIRECTIONS.index(name) for name in unknown]
    return StateProblem(data, UNEVEN, unknown, tuple(MAGI), SD, NARROW_LOWER[columns], NARROW_UPPER[columns])


def inside(problem, n, seed=2):
    return np.random.default_rng(seed).uniform(problem.lower, problem.upper, (n, len(problem.unknown)))


def whitened(problem, trajectory):
    """Return the residuals of one trajectory, (n_times, 2), sample by sample."""
    return np.array(
        [
            (problem.data[t, k] - trajectory[t, k]) / problem.noise_sd[k]
            for t in range(len(problem.times))
            for k in range(2)
            if np.isfinite(problem.data[t, k])
        ]
    )


def test_unknowns_are_put_in_their_places():
    problem = uneven(("v0", "zeta", "theta1"))
    assert problem.complete([[7, 8, 9]]).tolist() == [[0.2, 9, 8, 3, -1, 7]]
    assert np.allclose(problem.bounds, [[0.9, 1.1], [-0.1, 0.1], [0.1, 0.3]], rtol=1e-12, atol=0)


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_loss_against_scipy(unknown):
    """Of both states, each at times of its own. Errors of 1e-4 in u, and of no more in v, each times its residual."""
    problem = uneven(unknown)
    positions = inside(problem, 3)
    for losses in (problem.loss(positions), problem.loss(positions, problem.step)):
        for values, loss in zip(problem.complete(positions), losses, strict=True):
            residuals = whitened(problem, clean(values, UNEVEN))
            assert abs(loss - 0.5 * np.sum(residuals**2)) <= 1e-4 / SD.min() * np.sum(np.abs(residuals))


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_derivatives_are_those_of_complex_steps(unknown):
    """At the frozen step the Taylor series in plain NumPy rounds alike; 1e-11 leaves room for its sensitivity."""
    problem = uneven(unknown)
    positions = inside(problem, 3)
    losses, gradients = problem.gradient(positions)
    hessians = problem.hessian(positions)
    assert gradients.shape == positions.shape
    assert hessians.shape == (*positions.shape, len(unknown))
    for i, values in enumerate(problem.complete(positions)):
        trajectory = taylor_solution(values[:4], UNEVEN, problem.step, values[4:])
        derivatives = taylor_sensitivities(values[:4], UNEVEN, problem.step, values[4:])
        residuals = whitened(problem, trajectory)
        jacobian = np.array(
            [
                -derivatives[t, k, problem.columns] / SD[k]
                for t, k in np.ndindex(len(UNEVEN), 2)
                if np.isfinite(problem.data[t, k])
            ]
        )
        expected = (residuals, jacobian, 0.5 * residuals @ residuals, jacobian.T @ residuals, jacobian.T @ jacobian)
        found = (
            problem.residuals(positions[i]),
            problem.jacobian(positions[i]),
            losses[i],
            gradients[i],
            hessians[i],
        )
        for one, other in zip(found, expected, strict=True):
            assert one.shape == other.shape
            assert np.abs(one - other).max() <= 1e-11 * np.abs(other).max()
        assert np.isclose(problem.loss(positions[i], problem.step), losses[i], rtol=1e-12, atol=0)


@pytest.mark.parametrize(("sd", "tolerance"), [(0.2, 1e-4), (1e-4, 1e-6)])
def test_the_step_suits_the_whole_box(sd, tolerance):
    """Draws take no shorter one, except a few beside the edge of divergence, which a grid cannot meet exactly."""
    problem = magi(clean(), sd=sd)
    values = problem.complete(inside(problem, 500))
    own = resolving_step(values[:, :4], MAGI_TIMES, values[:, 4:], tolerance)
    assert np.mean(problem.step <= own) >= 0.99


def test_a_small_noise_has_a_finer_step():
    """The error is to stay below a hundredth of the noise, 1e-7; SciPy's is 1e-10. No neuron of this box diverges."""
    problem = magi(clean(), lower=np.maximum(LOWER, [0, 0, 0.5, -3, -3]), sd=1e-5)
    for values in problem.complete(inside(problem, 5)):
        states = simulate(values[:4], MAGI_TIMES, values[4:], step=problem.step)
        assert np.abs(states - clean(values)).max() <= 1e-7


def test_a_batch_has_the_bits_of_each_alone():
    problem = uneven(DIRECTIONS)
    positions = inside(problem, 40)
    together = (problem.loss(positions), *problem.gradient(positions), problem.hessian(positions))
    for i, position in enumerate(positions):
        alone = (problem.loss(position), *problem.gradient(position), problem.hessian(position))
        assert all(np.array_equal(one, many[i]) for one, many in zip(alone, together, strict=True))


def published_bound(data):
    return np.round(np.sqrt(np.diag(cramer_rao(magi(data), TRUTH)))[:3], 3).tolist()


def test_the_bound_is_the_published_one():
    data = np.zeros((41, 2))
    assert published_bound(data) == [0.018, 0.077, 0.031]
    data[:, 1] = np.nan
    assert published_bound(data) == [0.02, 0.14, 0.038]


def test_the_bound_in_closed_form():
    """The start seen once, and θ₀ and γ over so short a time that u and v grow linearly with them."""
    h, data = 1e-6, np.full((2, 2), np.nan)
    data[0] = 0
    start = StateProblem(data, (0, 1), ("v0", "u0"), tuple(MAGI), SD, (0, -2), (2, 0))
    assert np.allclose(cramer_rao(start, (1, -1)), np.diag(SD[::-1] ** 2), rtol=1e-12, atol=1e-15)
    data[:] = np.nan, np.nan
    data[1] = 0
    # u₁ = u₀ + hγ (u₀ − u₀³/3 + v₀), v₁ = v₀ − h/γ (u₀ − θ₀ + θ₁ v₀), but for terms of h² or less.
    rates = StateProblem(data, (0, h), ("gamma", "theta0"), tuple(MAGI), SD, (1, 0), (5, 1))
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
    starts = states._best_apart(problem, draws, losses, 6)
    assert np.array_equal(starts[0], draws[np.argmin(losses)])
    distances = np.abs(starts[:, None] - starts) / (problem.upper - problem.lower)
    assert np.all(distances.max(axis=-1)[~np.eye(6, dtype=bool)] > 0.1)
    worst = problem.loss(starts).max()
    for better in draws[losses < worst]:
        assert np.min(np.max(np.abs(starts - better) / (problem.upper - problem.lower), axis=1)) <= 0.1


DIVERGING = (0.4, -5.0, -0.4, 3.0, 0.0, 0.0)


def test_divergence_has_infinite_residuals():
    times = np.arange(0, 20, 0.1)
    problem = StateProblem(np.zeros((200, 2)), times, ("theta1",), DIVERGING, SD, (-6,), (1.2,))
    residuals = problem.residuals((-5,)).reshape(-1, 2)
    gone = escape_time(DIVERGING[:4], 20)
    assert 1 < gone < 10
    assert np.all(np.isinf(residuals[times > gone]))
    assert np.all(np.isfinite(residuals[times < gone - 0.1]))
    assert problem.loss((-5,)) == problem.loss((-5,), problem.step) == np.inf
    loss, gradient = problem.gradient([(-5,), (0.4,)])
    assert loss[0] == np.inf
    assert np.isnan(gradient[0, 0])
    assert np.isfinite(loss[1])
    assert np.isfinite(gradient[1, 0])
    assert np.isnan(problem.hessian((-5,))[0, 0])


def test_a_box_that_diverges_in_part_still_gives_the_truth():
    lower, upper = np.array([-1, -6, 0.5, -3, -3]), UPPER
    problem = magi(clean(), lower=lower, upper=upper)
    assert 0.4 <= np.mean(np.isinf(problem.loss(inside(problem, 1000)))) <= 0.9
    estimate = fit_states(problem, 0)
    assert np.abs(estimate.mean - TRUTH).max() <= 1e-6
    # θ₁ = −0.8 leaves a narrow valley: the first steps end in divergence, and are cut.
    assert np.all(np.isfinite(refine(problem, (0.2, -0.8, 3, -1, 1)).x))


def test_outside_the_box_the_loss_is_infinite():
    problem = magi(clean())
    outside = np.where(np.arange(5) == 2, 11, TRUTH)
    assert problem.loss([TRUTH, outside]).tolist() == [float(problem.loss(TRUTH)), np.inf]
    with pytest.raises(ValueError, match="outside of provided bounds"):
        refine(problem, outside)


def test_status_on_the_edge():
    """The truth lies outside: γ = 3 above 2.95; and a start that was seen, in the corner nearest to it."""
    upper = np.array([1.5, 1.5, 2.95, 3, 3])
    estimate = fit_states(magi(clean(), upper=upper), 0)
    assert estimate.status == "On the edge of the box in gamma: the covariance does not hold there."
    assert abs(estimate.mean[0, 2] - 2.95) <= 1e-4 * 2.45
    data = np.full((41, 2), np.nan)
    data[0] = -0.7, 1.3
    estimate = fit_states(magi(data, ("u0", "v0"), (-0.5, -3), (3, 1.2)), 0)
    assert estimate.status == "On the edge of the box in u0, v0: the covariance does not hold there."
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
    problem = StateProblem(np.zeros((200, 2)), np.arange(0, 20, 0.1), ("theta1",), DIVERGING, SD, (-6,), (-5,))
    estimate = fit_states(problem, 0)
    assert np.all(np.isnan(estimate.mean))
    assert estimate.covariance is None
    assert estimate.status.startswith("No estimate: all 8000 trajectories drawn from the box diverge")


def test_status_where_the_solver_is_stopped(monkeypatch):
    monkeypatch.setattr(states, "MOST_EVALUATIONS", 2)
    assert fit_states(magi(noisy(0.2)), 0).status.startswith("Not converged in 2 evaluations")


def test_data_are_copied_and_closed():
    data = clean()
    problem = magi(data)
    data[:] = 0
    assert np.array_equal(problem.data, clean())
    with pytest.raises(ValueError, match="read-only"):
        problem.data[0, 0] = 1


BAD = [
    ({"unknown": ("theta2",)}, "'theta2' is not"),
    ({"unknown": ()}, "at least one unknown"),
    ({"unknown": ("gamma", "gamma"), "lower": (1, 1), "upper": (2, 2)}, "each of them once"),
    ({"known": (0.2, 0.2, 0, 3)}, "all of theta0, theta1"),
    ({"known": (0.2, np.nan, 0, 3, -1, 1)}, "known values must be finite"),
    ({"known": (0.2, 0.2, 0, -3, -1, 1)}, "above zero"),
    ({"lower": (1, 2)}, "as many lower bounds"),
    ({"lower": (2,), "upper": (1,)}, "the lower below the upper"),
    ({"upper": (np.inf,)}, "must be finite, the lower below"),
    ({"unknown": ("gamma",), "lower": (-1,)}, "above zero"),
    ({"unknown": ("gamma",), "lower": (0,)}, "above zero"),
    ({"data": np.zeros((41, 1))}, r"a row \(u, v\) for each"),
    ({"times": MAGI_TIMES[:40]}, r"a row \(u, v\) for each"),
    ({"times": (0,), "data": np.zeros((1, 2))}, "two or more times"),
    ({"data": np.full((41, 2), np.inf)}, "NaN where a state was not observed"),
    ({"data": np.full((41, 2), np.nan)}, "hold 0 observed values for 1 unknowns"),
    ({"noise_sd": (0.2,)}, "two finite standard deviations"),
    ({"noise_sd": (0.2, 0)}, "two finite standard deviations"),
    ({"times": MAGI_TIMES[::-1]}, "strictly increasing"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_bad_input_ends_in_a_sentence(change, sentence):
    arguments = {
        "data": np.zeros((41, 2)),
        "times": MAGI_TIMES,
        "unknown": ("theta0",),
        "known": tuple(MAGI),
        "noise_sd": (0.2, 0.2),
        "lower": (-1,),
        "upper": (1.5,),
    }
    with pytest.raises(ValueError, match=sentence):
        fit_states(StateProblem(**(arguments | change)), 0)


def test_no_exact_hessian():
    with pytest.raises(ValueError, match="Gauss–Newton Hessian only"):
        magi(clean()).hessian(TRUTH, exact=True)


@pytest.mark.parametrize("sizes", [(0, 5), (100, 0)])
def test_no_fit_without_draws_or_starts(sizes):
    with pytest.raises(ValueError, match="at least one draw and one start"):
        fit_states(magi(clean()), 0, *sizes)
