from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
from scipy.linalg import expm

from core.fitzhugh_nagumo import (
    divergence_time,
    fixed_points,
    simulate,
    simulate_potential,
    u_nullcline,
    v_nullcline,
)
from core.published import published_prior, time_grid, with_constants
from tests.reference import (
    SLIDERS_LOWER,
    SLIDERS_UPPER,
    escape_time,
    reference_solution,
    reference_solutions,
    right_hand_side,
    sensitivities,
)

TIMES = time_grid()
# Backward error: a trajectory off by more than the tolerance must be one that moves at least as far when one of its
# parameters changes by a millionth, a hundredth of the tolerance. A solver with an error of 1e-3 on ordinary
# trajectories, which move by about 5e-4, would fail.
PARAMETER_ERROR = 1e-6


def draw(law, n, seed):
    rng = np.random.default_rng(seed)
    if law == "published":
        return with_constants(published_prior().sample(n, rng))
    return rng.uniform(SLIDERS_LOWER, SLIDERS_UPPER, (n, 4))


@pytest.fixture(scope="module", params=["published", "sliders"])
def reference(request):
    """Return 300 parameters of a law, and u of SciPy at each."""
    parameters = draw(request.param, 300, seed=20)
    return parameters, reference_solutions(parameters, TIMES)[..., 0]


def assert_explained(error, parameters):
    wrong = np.flatnonzero(~(error <= 1e-4))
    if wrong.size:
        assert np.all(error[wrong] <= sensitivities(parameters[wrong], TIMES, PARAMETER_ERROR))


def test_agrees_with_scipy(reference):
    parameters, u = reference
    error = np.abs(simulate(parameters, TIMES)[..., 0] - u).max(axis=1)
    assert np.mean(error <= 1e-4) >= 0.99
    assert_explained(error, parameters)


@pytest.mark.parametrize("law", ["published", "sliders"])
def test_agrees_with_scipy_where_it_is_hardest(law):
    """Of 10,000 draws, those with the largest estimated error and those that move most with their parameters."""
    parameters = draw(law, 10_000, seed=21)
    fine = simulate(parameters, TIMES, tolerance=1e-11)[..., 0]
    estimated_error = np.abs(simulate(parameters, TIMES)[..., 0] - fine).max(axis=1)
    moved = simulate(parameters * (1 + PARAMETER_ERROR), TIMES, tolerance=1e-11)[..., 0]
    hardest = np.union1d(np.argsort(estimated_error)[-4:], np.argsort(np.abs(moved - fine).max(axis=1))[-4:])
    u = reference_solutions(parameters[hardest], TIMES)[..., 0]
    assert_explained(np.abs(simulate(parameters[hardest], TIMES)[..., 0] - u).max(axis=1), parameters[hardest])


@pytest.mark.parametrize("tolerance", [1e-3, 1e-5, 1e-6, 1e-7, 1e-8])
def test_tolerance_bounds_the_error(reference, tolerance):
    parameters, u = reference
    error = np.abs(simulate(parameters, TIMES, tolerance=tolerance)[..., 0] - u).max(axis=1)
    assert np.mean(error <= tolerance) >= 0.99


def test_any_time_grid_and_initial_state():
    """Non-uniform times from a time other than 0, and the start (−1, 1) of Yang, Wong and Kou (2021)."""
    parameters = (0.2, 0.2, 0.0, 3.0)
    times = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.7, 60))])
    expected = reference_solution(parameters, times, (-1.0, 1.0))
    assert np.abs(simulate(parameters, times, (-1.0, 1.0)) - expected).max() <= 1e-4


def test_shapes_and_broadcasting():
    rng = np.random.default_rng(1)
    parameters = rng.uniform(SLIDERS_LOWER, SLIDERS_UPPER, (2, 3, 4))
    states = rng.uniform(-1, 1, (3, 2))
    times = np.linspace(0, 10, 21)
    trajectories = simulate(parameters, times, states)
    assert trajectories.shape == (2, 3, 21, 2)
    for i, j in np.ndindex(2, 3):
        expected = reference_solution(parameters[i, j], times, states[j])
        assert np.abs(trajectories[i, j] - expected).max() <= 1e-4
    assert simulate(parameters[0, 0], times).shape == (21, 2)
    assert simulate(parameters, times[:1], states).tolist() == np.broadcast_to(states[:, None], (2, 3, 1, 2)).tolist()
    assert simulate(np.empty((0, 4)), times).shape == (0, 21, 2)


def test_a_trajectory_does_not_depend_on_its_batch():
    parameters = draw("sliders", 500, seed=22)
    together = simulate(parameters, TIMES)
    order = np.random.default_rng(2).permutation(500)
    assert np.array_equal(simulate(parameters[order], TIMES), together[order])
    for i in range(0, 500, 25):
        assert np.array_equal(simulate(parameters[i], TIMES), together[i])


def test_threads_do_not_change_a_bit():
    parameters = draw("sliders", 200, seed=23)
    together = simulate(parameters, TIMES)
    numba.set_num_threads(1)
    try:
        assert np.array_equal(simulate(parameters, TIMES), together)
    finally:
        numba.set_num_threads(2)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: simulate(parameters, TIMES), range(16)))
    assert all(np.array_equal(result, together) for result in results)
    assert numba.threading_layer() == "omp"


@pytest.mark.parametrize("parameters", [(0.4, -5.0, -0.4, 3.0), (0.4, -2.0, -0.4, 3.0)])
def test_divergence_is_nan_from_there_on(parameters):
    first_lost = TIMES[np.searchsorted(TIMES, escape_time(parameters, TIMES[-1]))]
    trajectory = simulate(parameters, TIMES)
    assert divergence_time(trajectory, TIMES) == first_lost
    kept = np.less(TIMES, first_lost)
    assert np.all(np.isnan(trajectory[~kept]))
    assert np.abs(trajectory[kept] - reference_solution(parameters, TIMES[kept])).max() <= 1e-4


def test_divergence_does_not_spoil_neighbours():
    parameters = draw("sliders", 64, seed=24)
    unspoilt = simulate(parameters, TIMES)
    parameters[::3, 1] = -5.0
    parameters[1] = np.nan
    trajectories = simulate(parameters, TIMES)
    lost = np.isnan(trajectories[:, -1, 0])
    assert np.flatnonzero(lost).tolist() == sorted({*range(0, 64, 3), 1})
    assert np.array_equal(trajectories[~lost], unspoilt[~lost])
    assert divergence_time(trajectories[2], TIMES) is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (((0.4, 0.4, 3.0), TIMES), "last axis of length 4"),
        ((0.4, TIMES), "last axis of length 4"),
        (((0.4, 0.4, -0.4, 3.0), TIMES[::-1]), "strictly increasing"),
        (((0.4, 0.4, -0.4, 3.0), [0.0, 1.0, 1.0]), "strictly increasing"),
        (((0.4, 0.4, -0.4, 3.0), [0.0, np.nan]), "finite"),
        (((0.4, 0.4, -0.4, 3.0), [0.0, np.inf]), "finite"),
        (((0.4, 0.4, -0.4, 3.0), []), "one-dimensional"),
        (((0.4, 0.4, -0.4, 3.0), TIMES[None]), "one-dimensional"),
        (((0.4, 0.4, -0.4, 3.0), TIMES, (0.0, 0.0, 0.0)), "initial state"),
        ((np.ones((2, 4)), TIMES, np.zeros((3, 2))), "initial state"),
        (((0.4, 0.4, -0.4, 3.0), TIMES, (0.0, 0.0), 0.0), "tolerance"),
        (((0.4, 0.4, -0.4, 3.0), TIMES, (0.0, 0.0), np.nan), "tolerance"),
    ],
)
@pytest.mark.parametrize("solver", [simulate, simulate_potential])
def test_invalid_input_ends_in_a_sentence(solver, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        solver(*arguments)


def test_potential_alone_is_the_same_rounded():
    parameters = draw("sliders", 100, seed=25)
    parameters[7, 1] = -5.0
    expected = simulate(parameters, TIMES)[..., 0].astype(np.float32)
    u = simulate_potential(parameters, TIMES)
    assert u.dtype == np.float32
    assert np.array_equal(u, expected, equal_nan=True)


def test_near_a_fixed_point_the_solution_is_the_linear_one():
    """To first order x(t) = x* + exp(A t) δ; the remainder is of order |δ|², with second derivatives below 10."""
    parameters, deviation = (1.0, 0.4, -0.4, 3.0), np.array([1e-5, -2e-5])
    (point,) = fixed_points(parameters)
    rest = np.array([point.u, point.v])
    jacobian = _jacobian(rest, parameters)
    times = np.linspace(0, 20, 41)
    linear = rest + np.array([expm(jacobian * t) @ deviation for t in times])
    assert np.abs(simulate(parameters, times, rest + deviation, tolerance=1e-12) - linear).max() <= 1e-8


def _jacobian(state, parameters, step=1e-6):
    columns = [
        (right_hand_side(state + step * unit, parameters) - right_hand_side(state - step * unit, parameters))
        / (2 * step)
        for unit in np.eye(2)
    ]
    return np.column_stack(columns)


@pytest.mark.parametrize(
    ("parameters", "n_points"),
    [
        ((0.4, 0.4, -0.4, 3.0), 1),
        ((1.0, 0.4, -0.4, 3.0), 1),
        ((0.4, 0.0, -0.4, 3.0), 1),
        ((-0.2, 1.2, -0.8, 2.0), 1),
        ((0.0, 2.5, 0.0, 3.0), 3),
        ((0.0, -2.5, 0.0, 3.0), 3),
    ],
)
def test_fixed_points(parameters, n_points):
    """The right-hand side vanishes there, and finite differences of it give the stability."""
    points = fixed_points(parameters)
    assert len(points) == n_points
    assert [point.u for point in points] == sorted(point.u for point in points)
    for point in points:
        state = np.array([point.u, point.v])
        assert np.abs(right_hand_side(state, parameters)).max() <= 1e-12
        assert point.stable == (np.linalg.eigvals(_jacobian(state, parameters)).real.max() < 0)
        if point.stable:
            assert np.abs(simulate(parameters, TIMES, state) - state).max() <= 1e-12


@pytest.mark.parametrize("parameters", [(0.4, 0.4, -0.4, 0.0), (0.4, np.nan, -0.4, 3.0), (np.inf, 0.4, -0.4, 3.0)])
def test_fixed_points_need_sound_parameters(parameters):
    with pytest.raises(ValueError, match="finite parameters"):
        fixed_points(parameters)


def test_right_hand_side_vanishes_on_the_nullclines():
    theta0, theta1, zeta, gamma = 0.3, 0.7, -0.2, 2.5
    grid = np.linspace(-3, 3, 61)
    on_u = right_hand_side((grid, u_nullcline(grid, zeta)), (theta0, theta1, zeta, gamma))
    on_v = right_hand_side((v_nullcline(grid, theta0, theta1), grid), (theta0, theta1, zeta, gamma))
    # Terms of up to 9 γ ≈ 22 cancel: 22 · 2^-52, with a few roundings, stays below 1e-13.
    assert np.abs(on_u[0]).max() <= 1e-13
    assert np.abs(on_v[1]).max() <= 1e-13
