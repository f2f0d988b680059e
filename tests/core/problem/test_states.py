"""Problems of both states, at times of their own, with the start among the unknowns: the general way."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import toeplitz

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.sensitivities import DIRECTIONS
from core.models.fitzhugh_nagumo.simulate import resolving_step, simulate
from core.noise import Noise
from core.priors import uniform
from core.problem.observation import Observation
from core.problem.problem import Problem
from tests.reference import (
    COMPLEX_STEP,
    complex_steps,
    escape_time,
    known_of,
    reference_solution,
    taylor_sensitivities,
    taylor_solution,
)

MAGI = np.array([0.2, 0.2, 0.0, 3.0, -1.0, 1.0])
MAGI_TIMES = np.linspace(0, 20, 41)
UNKNOWN = ("theta0", "theta1", "gamma", "u0", "v0")
LOWER, UPPER = np.array([-1.0, -1, 0.5, -3, -3]), np.array([1.5, 1.5, 10, 3, 3])
TRUTH = MAGI[[0, 1, 3, 4, 5]]

UNEVEN = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.7, 40))])
SD = np.array([0.3, 0.1])
NARROW_LOWER, NARROW_UPPER = MAGI - 0.1, MAGI + 0.1
UNKNOWNS = [DIRECTIONS, ("v0",), ("gamma", "u0"), ("v0", "zeta", "theta1"), UNKNOWN]
DIVERGING = (0.4, -5.0, -0.4, 3.0, 0.0, 0.0)


def clean(values=MAGI, times=MAGI_TIMES):
    """Return u and v, (n_times, 2), by SciPy, of all six values."""
    return reference_solution(values[:4], times, values[4:])


def of_states(data, times, unknown, known, sd, lower, upper, states=("u", "v")):
    """Return the problem for white noise of sds (k,) and a flat prior, with six known values of which some count."""
    noise, prior = tuple(Noise(0.0, each) for each in sd), uniform(unknown, lower, upper)
    return Problem(FITZHUGH_NAGUMO, Observation(times, data, states), unknown, known_of(known, unknown), noise, prior)


def magi(data, unknown=UNKNOWN, lower=LOWER, upper=UPPER, sd=0.2, times=MAGI_TIMES):
    return of_states(data, times, unknown, MAGI, (sd, sd), lower, upper)


def staggered(data):
    """Return the data with u at two of three times, v at every other time, and nothing at some."""
    data = np.array(data)
    data[2::3, 0] = data[1::2, 1] = np.nan
    return data


def uneven(unknown):
    """Return a problem at uneven times from 3 ms on, its data far from its box."""
    data = staggered(np.random.default_rng(1).normal(0, 1, (len(UNEVEN), 2)))
    columns = [DIRECTIONS.index(name) for name in unknown]
    return of_states(data, UNEVEN, unknown, MAGI, SD, NARROW_LOWER[columns], NARROW_UPPER[columns])


def inside(problem, n, seed=2):
    return np.random.default_rng(seed).uniform(*problem.bounds.T, (n, len(problem.unknown)))


def complete(problem, positions):
    """Return all six values, (..., 6)."""
    return np.concatenate([problem.parameters(positions), problem.initial_state(positions)], axis=-1)


def whitened(problem, trajectory):
    """Return the residuals of one trajectory, (n_times, 2), sample by sample."""
    return np.array(
        [
            (problem.data[t, k] - trajectory[t, k]) / problem.noise[k].marginal_sd
            for t in range(len(problem.times))
            for k in range(2)
            if np.isfinite(problem.data[t, k])
        ]
    )


def test_unknowns_are_put_in_their_places():
    problem = uneven(("v0", "zeta", "theta1"))
    assert problem.parameters([[7, 8, 9]]).tolist() == [[0.2, 9, 8, 3]]
    assert problem.initial_state([[7, 8, 9]]).tolist() == [[-1, 7]]
    assert np.allclose(problem.bounds, [[0.9, 1.1], [-0.1, 0.1], [0.1, 0.3]], rtol=1e-12, atol=0)


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_loss_against_scipy(unknown):
    """Of both states, each at times of its own. Errors of 1e-4 in u, and of no more in v, each times its residual."""
    problem = uneven(unknown)
    positions = inside(problem, 3)
    for losses in (problem.loss(positions), problem.loss(positions, problem.step)):
        for values, loss in zip(complete(problem, positions), losses, strict=True):
            residuals = whitened(problem, clean(values, UNEVEN))
            assert abs(loss - 0.5 * np.sum(residuals**2)) <= 1e-4 / SD.min() * np.sum(np.abs(residuals))


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_derivatives_are_those_of_complex_steps(unknown):
    """At the frozen step the Taylor series in plain NumPy rounds alike; 1e-11 leaves room for its sensitivity."""
    problem = uneven(unknown)
    positions, columns = inside(problem, 3), [DIRECTIONS.index(name) for name in unknown]
    losses, gradients = problem.gradient(positions)
    hessians = problem.hessian(positions, exact=False)
    together = problem.expansion(positions)
    assert all(np.array_equal(one, two) for one, two in zip(together, (losses, gradients, hessians), strict=True))
    assert gradients.shape == positions.shape
    assert hessians.shape == (*positions.shape, len(unknown))
    for i, values in enumerate(complete(problem, positions)):
        trajectory = taylor_solution(values[:4], UNEVEN, problem.step, values[4:])
        derivatives = taylor_sensitivities(values[:4], UNEVEN, problem.step, values[4:])
        residuals = whitened(problem, trajectory)
        jacobian = np.array(
            [
                -derivatives[t, k, columns] / SD[k]
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


@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_the_exact_hessian_is_the_slope_of_complex_gradients(unknown):
    """It is a central difference at a thousandth of a standard deviation: 1e-5 of its largest entry is allowed.

    Complex-step gradients, differenced from h and from half of it, are good to 1e-9. The curvature of the trajectories
    is no small part, so that the Gauss–Newton Hessian would not pass.
    """
    problem = uneven(unknown)
    columns = [DIRECTIONS.index(name) for name in unknown]

    def gradient(values):
        moved, states = complex_steps(values[..., :4], values[..., 4:])
        trajectories = taylor_solution(moved, UNEVEN, problem.step, states)
        sampled = np.isfinite(problem.data)
        residuals = np.where(sampled, np.where(sampled, problem.data, 0.0) - trajectories, 0.0) / SD
        return 0.5 * np.sum(residuals**2, axis=(-2, -1)).imag / COMPLEX_STEP

    for position in inside(problem, 2):
        values, slopes = complete(problem, position), []
        for h in (1e-5, 5e-6):
            steps = h * np.eye(6)[columns]
            slopes.append((gradient(values + steps) - gradient(values - steps))[:, columns] / (2 * h))
        expected = (4 * slopes[1] - slopes[0]) / 3
        found = problem.hessian(position)
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
        assert np.array_equal(found, found.T)
        assert np.abs(problem.hessian(position, exact=False) - expected).max() >= 0.01 * np.abs(expected).max()


@pytest.mark.parametrize(("sd", "tolerance"), [(0.2, 1e-4), (1e-4, 1e-6)])
def test_the_step_suits_the_whole_box(sd, tolerance):
    """Draws take no shorter one, except a few beside the edge of divergence, which a grid cannot meet exactly."""
    problem = magi(clean(), sd=sd)
    positions = inside(problem, 500)
    own = resolving_step(problem.parameters(positions), MAGI_TIMES, problem.initial_state(positions), tolerance)
    assert np.mean(problem.step <= own) >= 0.99


def test_a_small_noise_has_a_finer_step():
    """The error is to stay below a hundredth of the noise, 1e-7; SciPy's is 1e-10. No neuron of this box diverges."""
    problem = magi(clean(), lower=np.maximum(LOWER, [0, 0, 0.5, -3, -3]), sd=1e-5)
    for values in complete(problem, inside(problem, 5)):
        states = simulate(values[:4], MAGI_TIMES, values[4:], step=problem.step)
        assert np.abs(states - clean(values)).max() <= 1e-7


def test_a_batch_has_the_bits_of_each_alone():
    problem = uneven(DIRECTIONS)
    positions = inside(problem, 40)

    def numbers(some):
        return problem.loss(some), *problem.expansion(some), problem.hessian(some)

    together = numbers(positions)
    for i, position in enumerate(positions):
        assert all(np.array_equal(one, many[i]) for one, many in zip(numbers(position), together, strict=True))


def test_a_divergence_has_no_residuals_and_an_infinite_loss():
    times = np.arange(0, 20, 0.1)
    problem = of_states(np.zeros((200, 2)), times, ("theta1",), DIVERGING, SD, (-6,), (1.2,))
    residuals = problem.residuals((-5,)).reshape(-1, 2)
    gone = escape_time(DIVERGING[:4], 20)
    assert 1 < gone < 10
    assert np.all(np.isnan(residuals[times > gone]))
    assert np.all(np.isfinite(residuals[times < gone - 0.1]))
    assert problem.loss((-5,)) == problem.loss((-5,), problem.step) == np.inf
    loss, gradient = problem.gradient([(-5,), (0.4,)])
    assert loss[0] == np.inf
    assert np.isnan(gradient[0, 0])
    assert np.isfinite(loss[1])
    assert np.isfinite(gradient[1, 0])
    for exact in (True, False):
        assert np.isnan(problem.hessian((-5,), exact)[0, 0])


def test_outside_the_box_the_loss_is_infinite():
    problem = magi(clean())
    outside = np.where(np.arange(5) == 2, 11, TRUTH)
    assert problem.loss([TRUTH, outside]).tolist() == [float(problem.loss(TRUTH)), np.inf]


def test_a_state_that_is_nowhere_observed_may_be_left_out():
    """The same numbers as with gaps throughout, and the states in any order, to the rounding of their sums."""
    data, box = clean(), (TRUTH - 0.1, TRUTH + 0.1)
    gaps = np.column_stack([data[:, 0], np.full(41, np.nan)])
    alone = of_states(data[:, :1], MAGI_TIMES, UNKNOWN, MAGI, (0.2,), *box, ("u",))
    turned = of_states(data[:, ::-1], MAGI_TIMES, UNKNOWN, MAGI, (0.2, 0.2), *box, ("v", "u"))
    positions = inside(alone, 5)
    for one, other in ((alone, magi(gaps, UNKNOWN, *box)), (turned, magi(data, UNKNOWN, *box))):
        for ours, theirs in zip(one.expansion(positions), other.expansion(positions), strict=True):
            assert np.all(np.isfinite(ours))
            largest = np.max(np.abs(theirs), axis=tuple(range(1, theirs.ndim)), keepdims=True)
            assert np.all(np.abs(ours - theirs) <= 1e-12 * largest)


def test_correlated_noise_of_both_states():
    """The dense covariance of each state's noise, with SciPy's trajectory; the ratio is that of the larger residuals.

    The loss errs by 1e-4 in u and v, times what R⁻¹ r makes of it.
    """
    data = clean() + np.random.default_rng(3).normal(0, 0.2, (41, 2))
    noise, unknown = (Noise(0.8, 0.3), Noise(-0.5, 0.2)), ("theta0", "u0")
    observation, prior = Observation(MAGI_TIMES, data, ("u", "v")), uniform(unknown, (-1, -3), (1, 3))
    problem = Problem(FITZHUGH_NAGUMO, observation, unknown, known_of(MAGI, unknown), noise, prior)
    position = np.array([0.25, -0.9])
    residuals = data - clean(complete(problem, position))
    inverses = [np.linalg.inv(each.marginal_sd**2 * toeplitz(each.rho ** np.arange(41))) for each in noise]
    weighted = [inverse @ column for inverse, column in zip(inverses, residuals.T, strict=True)]
    expected = 0.5 * sum(float(each @ column) for each, column in zip(weighted, residuals.T, strict=True))
    tolerance = 1.1e-4 * np.sum(np.abs(weighted))
    assert abs(problem.loss(position) - expected) <= tolerance
    white = problem.residuals(position)
    assert abs(0.5 * white @ white - expected) <= tolerance
    plain = np.sum((residuals / [0.3, 0.2]) ** 2)
    ratio = problem.goodness_of_fit(position).residual_ratio
    assert np.isclose(ratio, np.sqrt(max(plain, 2 * expected) / 80), rtol=1e-3)
    slow = replace(
        problem, observation=Observation(MAGI_TIMES, clean() + 5.0, ("u", "v")), noise=(Noise(0.9, 0.3),) * 2
    )
    residuals = clean() + 5.0 - clean(complete(problem, position))
    assert np.isclose(
        slow.goodness_of_fit(position).residual_ratio, np.sqrt(np.sum((residuals / 0.3) ** 2) / 80), rtol=1e-3
    )
