from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest

from core.published import published_prior, time_grid, with_constants
from core.simulation import divergence_time, simulate, simulate_potential
from tests.reference import (
    SLIDERS_LOWER,
    SLIDERS_UPPER,
    escape_time,
    reference_solution,
    reference_solutions,
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
