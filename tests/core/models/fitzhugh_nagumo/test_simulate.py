import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numba
import numpy as np
import pytest

import core.models.fitzhugh_nagumo.sensitivities
from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.misfit import simulated_misfit
from core.models.fitzhugh_nagumo.simulate import divergence_time, simulate, simulate_potential, simulate_with_status
from core.models.fitzhugh_nagumo.stepping import longest_step
from core.models.model import Status
from core.noise import Noise
from core.published import published_prior, time_grid, with_constants
from tests.reference import (
    SLIDERS_LOWER,
    SLIDERS_UPPER,
    escape_time,
    reference_solution,
    reference_solutions,
    sensitivities,
    taylor_solution,
    theta0_at_hopf,
)

TIMES = time_grid()
UNEVEN = np.concatenate([[3.0], 3 + np.cumsum(np.random.default_rng(0).exponential(0.7, 60))])
ORDINARY, DIVERGING = (0.4, 0.4, -0.4, 3.0), (0.4, -5.0, -0.4, 3.0)
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
    expected = reference_solution(parameters, UNEVEN, (-1.0, 1.0))
    assert np.abs(simulate(parameters, UNEVEN, (-1.0, 1.0)) - expected).max() <= 1e-4


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


@pytest.mark.parametrize("times", [TIMES, UNEVEN], ids=["even", "uneven"])
@pytest.mark.parametrize("tolerance", [1e-4, 1e-7])
def test_a_trajectory_does_not_depend_on_its_batch(tolerance, times):
    """The sizes stand on both sides of a block of 16 and of 64, and of four of each, from where on threads share."""
    parameters = draw("sliders", 500, seed=22)
    parameters[::7, 3] /= 4  # other steps, and steps that are halved
    parameters[::50] = DIVERGING
    together = simulate(parameters, times, tolerance=tolerance)
    order = np.random.default_rng(2).permutation(500)
    assert np.array_equal(simulate(parameters[order], times, tolerance=tolerance), together[order], equal_nan=True)
    for n in (1, 16, 17, 64, 65, 256, 257):
        for part in (slice(n), slice(500 - n, 500)):
            alone = simulate(parameters[part], times, tolerance=tolerance)
            assert np.array_equal(alone, together[part], equal_nan=True)
    for i in range(0, 500, 25):
        assert np.array_equal(simulate(parameters[i], times, tolerance=tolerance), together[i], equal_nan=True)


def results(parameters):
    """Return what all kinds of kernels make of parameters (n, 4): arrays with n along their first axis."""
    data, step = np.sin(TIMES), 0.05
    product, full = (
        expand(parameters, TIMES, data, Noise(0.8, 0.35), step=step).hessian for expand in (gauss_newton, full_hessian)
    )
    return [
        simulate(parameters, TIMES),
        simulate(parameters, TIMES, step=step),
        simulated_misfit(parameters, TIMES, data, Noise(0.8, 0.35)),
        core.models.fitzhugh_nagumo.sensitivities.sensitivities(parameters, TIMES, step=step)[1],
        misfit_gradient(parameters, TIMES, data, Noise(0.8, 0.35), step=step).gradient,
        product,
        full,
    ]


def same(left, right):
    return all(np.array_equal(a, b) for a, b in zip(left, right, strict=True))


def test_threads_do_not_change_a_bit():
    """Nor do sessions that call at once; each of the four calls all kinds, so that different kinds meet."""
    parameters = draw("sliders", 300, seed=23)  # enough for two threads
    together = results(parameters)
    numba.set_num_threads(1)
    try:
        assert same(results(parameters), together)
    finally:
        numba.set_num_threads(2)
    with ThreadPoolExecutor(4) as pool:
        assert all(same(result, together) for result in pool.map(results, [parameters] * 8))
    assert numba.threading_layer() == "omp"


def test_bits_do_not_depend_on_which_call_came_first():
    """A process that calls a batch first may take another copy of a kernel from the cache than one that does not."""
    for n in (300, 1):  # so that all is in the cache
        results(draw("sliders", n, seed=32))
    script = """
from tests.core.models.fitzhugh_nagumo.test_simulate import draw, results, same
parameters = draw("sliders", 300, seed=32)
together = results(parameters)
for n in (1, 16, 17, 65):
    print(same(results(parameters[:n]), [array[:n] for array in together]))
"""
    root = Path(__file__).parents[4]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["True"] * 4, done.stderr


def test_busy_cores_do_not_change_a_bit():
    """Two processes keep two cores busy; they end by themselves, too, should this one die."""
    parameters = draw("sliders", 80, seed=26)  # more than a block of 64
    quiet = results(parameters)
    spin = "import time; print('on', flush=True); end = time.monotonic() + 300\nwhile time.monotonic() < end: pass"
    with ExitStack() as stack:
        for _ in range(2):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE))
            stack.callback(process.kill)
            assert process.stdout.readline() == b"on\n"
        for _ in range(3):
            assert same(results(parameters), quiet)
        u = simulate(parameters, TIMES)[:10, :, 0]
        assert process.poll() is None
    assert_explained(np.abs(u - reference_solutions(parameters[:10], TIMES)[..., 0]).max(axis=1), parameters[:10])


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


def test_statuses():
    """SciPy tells which escape; one that diverges or is given up leaves its neighbours' bits alone."""
    parameters, states = draw("sliders", 70, seed=27), np.zeros((70, 2))
    assert np.all(simulate_with_status(parameters, TIMES)[1] == Status.FINITE)
    unspoilt = simulate(parameters, TIMES)
    parameters[3] = DIVERGING
    parameters[5, 2] = np.nan
    parameters[20, 0] = np.inf
    parameters[40, 3] = 1e6  # 60,000 steps between two samples
    states[68] = 0.0, 1e6  # u races at first, and no halving of the step is enough
    trajectories, status = simulate_with_status(parameters, TIMES, states)
    expected = np.full(70, Status.FINITE)
    expected[3], expected[[5, 20, 40, 68]] = Status.DIVERGED, Status.STEP_LIMIT
    assert status.tolist() == expected.tolist()
    escapes = [escape_time(parameters[i], TIMES[-1]) for i in (0, 1, 2, 3)]
    assert np.isfinite(escapes).tolist() == [False, False, False, True]
    fine = status == Status.FINITE
    assert np.array_equal(trajectories[fine], unspoilt[fine])
    assert divergence_time(trajectories[3], TIMES) == TIMES[np.searchsorted(TIMES, escapes[3])]
    # Given up from the start: the initial state alone is known.
    assert np.array_equal(trajectories[~fine][:, 0], states[~fine])
    assert np.all(np.isnan(trajectories[status == Status.STEP_LIMIT][:, 1:]))


def test_gamma_of_zero_is_given_up_without_a_warning():
    trajectories, status = simulate_with_status([ORDINARY, (0.4, 0.4, -0.4, 0.0)], TIMES)
    assert status.tolist() == [Status.FINITE, Status.STEP_LIMIT]
    assert np.array_equal(trajectories[0], simulate(ORDINARY, TIMES))
    assert np.all(np.isnan(trajectories[1, 1:]))


def test_the_layout_of_the_parameters_does_not_matter():
    parameters = draw("sliders", 100, seed=31)
    expected = simulate(parameters, TIMES)
    assert np.array_equal(simulate(np.asfortranarray(parameters), TIMES), expected)
    assert np.array_equal(simulate(np.repeat(parameters, 2, axis=1)[:, ::2], TIMES), expected)


def test_status_has_the_shape_of_the_batch():
    parameters = np.array(np.broadcast_to(ORDINARY, (2, 3, 4)))
    parameters[1, 0] = DIVERGING
    assert simulate_with_status(parameters, TIMES)[1].tolist() == [[0, 0, 0], [1, 0, 0]]
    assert simulate_with_status(DIVERGING, TIMES)[1] == Status.DIVERGED
    assert simulate_with_status(np.empty((0, 4)), TIMES)[1].shape == (0,)


@pytest.mark.parametrize("v", [30.0, 300.0, 1000.0])
def test_a_step_that_is_too_long_is_halved(v):
    """From v of hundreds u first moves far faster than the parameters alone tell; it reaches 14."""
    expected = reference_solution(ORDINARY, TIMES, (0.0, v))[:, 0]
    trajectory, status = simulate_with_status(ORDINARY, TIMES, (0.0, v))
    assert status == Status.FINITE
    assert np.abs(trajectory[:, 0] - expected).max() <= 1e-4
    coarse = simulate(ORDINARY, TIMES, (0.0, v), step=longest_step(ORDINARY))[:, 0]
    assert not np.abs(coarse - expected).max() <= 1e-4


@pytest.mark.parametrize("n", [1, 16, 65])
def test_a_buffer_is_filled_and_returned(n):
    """Every number is written, those of a diverged trajectory too."""
    parameters = draw("sliders", n, seed=28)
    parameters[0] = DIVERGING
    buffer = np.full((n, len(TIMES), 2), 7.0)
    result = simulate(parameters, TIMES, (0.3, -0.2), out=buffer)
    assert result is buffer
    assert np.array_equal(buffer, simulate(parameters, TIMES, (0.3, -0.2)), equal_nan=True)
    assert not np.any(buffer == 7.0)


@pytest.mark.parametrize(
    "buffer",
    [
        np.zeros((3, 1000)),
        np.zeros((1000, 2)),
        np.zeros((4, 1000, 2)),
        np.zeros((3, 1000, 2), np.float32),
        np.zeros((3, 1000, 2), ">f8"),
        np.zeros((3, 2, 1000)).transpose(0, 2, 1),
        np.zeros((3, 1000, 4))[..., ::2],
    ],
    ids=["dimensions", "batch", "length", "type", "bytes", "order", "gaps"],
)
def test_an_unfit_buffer_is_refused(buffer):
    with pytest.raises(ValueError, match=r"contiguous float64 array of shape \(3, 1000, 2\)"):
        simulate([ORDINARY] * 3, TIMES, out=buffer)
    assert not buffer.any()


@pytest.mark.parametrize(
    ("times", "step"),
    [
        (np.arange(401) * 0.25, 0.1),
        (np.arange(401) * 0.25, 0.25),
        (np.arange(401) * 0.25, 10.0),
        (np.arange(101) * 1.0, 0.07),
        (np.cumsum(np.tile([0.1, 0.3], 100)), 0.1),
        (UNEVEN, 0.11),
    ],
    ids=["3 steps", "1 step", "a step beyond the interval", "15 steps", "3 steps but for rounding", "uneven"],
)
def test_a_frozen_step_is_the_taylor_series_at_that_step(times, step):
    """Against the series of the original equations in long double, which hardly rounds.

    The engine rounds a state of 2 to 2^-52 in each of up to 1500 steps; later an error grows at most as a change of the
    start does, a thousandfold (`taylor_sensitivities`), but most die out. 5e-13 is seen; a step of another length, or a
    series of order seven, is off by 1e-9 at least.
    """
    parameters = np.array([ORDINARY, (0.2, 0.8, -0.4, 2.0), (0.1, 0.2, -0.3, 0.7), (1.0, 0.4, -0.4, 3.0)])
    near_hopf = theta0_at_hopf(0.4, -0.4, 3.0) + np.array([-1e-3, 1e-3])
    parameters = np.concatenate([parameters, [(theta0, 0.4, -0.4, 3.0) for theta0 in near_hopf]])
    states = np.random.default_rng(3).uniform(-1, 1, (6, 2))
    long = (np.asarray(array, dtype=np.longdouble) for array in (parameters, times, step, states))
    expected = taylor_solution(*long)
    assert np.abs(simulate(parameters, times, states, step=step) - expected).max() <= 1e-11


def test_a_frozen_step_is_the_same_for_every_tolerance_and_batch():
    parameters = draw("sliders", 500, seed=29)
    together = simulate(parameters, TIMES, step=0.05)
    assert np.array_equal(simulate(parameters, TIMES, tolerance=0.1, step=0.05), together)
    assert np.array_equal(simulate(parameters, TIMES, tolerance=1e-12, step=0.05), together)
    for n in (1, 16, 17, 64, 65):
        assert np.array_equal(simulate(parameters[:n], TIMES, step=0.05), together[:n])


@pytest.mark.parametrize(
    ("parameters", "step"),
    [((0.5, 0.3, -0.4, 3.0), 1 / 16), ((0.2, 0.8, -0.2, 2.0), 1 / 8), ((0.1, 0.2, -0.3, 0.7), 1 / 4)],
)
def test_a_frozen_step_converges_with_order_eight(parameters, step):
    """Half the step divides the error by 2⁸, here to within a factor of 1.5; order seven or nine would give 2."""
    times = np.arange(81) * 0.5
    expected = reference_solution(parameters, times, (0.3, -0.2))
    coarse, fine = (np.abs(simulate(parameters, times, (0.3, -0.2), step=h) - expected).max() for h in (step, step / 2))
    assert 2**8 / 1.5 <= coarse / fine <= 2**8 * 1.5


def test_a_frozen_step_that_takes_too_many_is_given_up_not_diverged():
    """10,000 steps between two samples, of a neuron that never leaves |u| < 3."""
    trajectory, status = simulate_with_status(ORDINARY, [0.0, 10.0], step=1e-3)
    assert np.all(np.isnan(trajectory[1]))
    assert status == Status.STEP_LIMIT


def test_frozen_divergence_is_diverged():
    trajectories, status = simulate_with_status([ORDINARY, DIVERGING], TIMES, step=1e-3)
    assert status.tolist() == [Status.FINITE, Status.DIVERGED]
    first_lost = TIMES[np.searchsorted(TIMES, escape_time(DIVERGING, TIMES[-1]))]
    assert divergence_time(trajectories[1], TIMES) == first_lost
    assert np.array_equal(trajectories[0], simulate(ORDINARY, TIMES, step=1e-3))


def test_longest_step_is_that_of_the_fastest_neuron():
    """A third of the fastest time, 1/|γ| or |γ/θ₁|, at 1e-4; below, the eighth root of the tolerance scales it."""
    assert np.isclose(longest_step(ORDINARY), 1 / 9, rtol=1e-14)
    assert np.isclose(longest_step((0.4, -4.0, -0.4, 0.5)), 1 / 24, rtol=1e-14)
    assert np.isclose(longest_step(ORDINARY, 1e-4 / 2**8), 1 / 18, rtol=1e-14)
    # Those that no step suits are left out.
    assert longest_step([ORDINARY, (0.4, 0.4, -0.4, 0.0), (0.4, np.nan, -0.4, 3.0)]) == longest_step(ORDINARY)
    assert longest_step((0.4, 0.4, -0.4, 0.0)) == np.inf
    batch = draw("sliders", 6, seed=30).reshape(2, 3, 4)
    assert longest_step(batch) == min(longest_step(row) for row in batch.reshape(6, 4))


@pytest.mark.parametrize("tolerance", [1e-4, 1e-6])
def test_longest_step_meets_the_tolerance(reference, tolerance):
    """For 97 of a hundred; one twice as long misses it for half of them, so it is not needlessly short."""
    parameters, u = reference
    for factor, least, most in ((1, 0.97, 1.0), (2, 0.0, 0.5)):
        met = []
        for row, expected in zip(parameters[:100], u[:100], strict=True):
            step = factor * longest_step(row, tolerance)
            met.append(np.abs(simulate(row, TIMES, step=step)[:, 0] - expected).max() <= tolerance)
        assert least <= np.mean(met) <= most


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
        (((0.4, 0.4, -0.4, 3.0), TIMES, (0.0, 0.0), 0.2), "tolerance"),
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


@pytest.mark.parametrize("step", [0.0, -0.1, np.nan, np.inf])
def test_an_invalid_step_ends_in_a_sentence(step):
    with pytest.raises(ValueError, match="step must be a positive number"):
        simulate(ORDINARY, TIMES, step=step)
