import threading
import time
from contextlib import closing

import numpy as np
import pytest

import core.optimisation.basins
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.optimisation.basins import Minimum, basins, explore, prior_starts, start_grid
from core.optimisation.methods import METHODS, descend
from core.optimisation.path import Ending, OptimiserPath
from core.problem.problem import Problem
from core.published import full_prior, time_grid
from tests.core.optimisation.objectives import LeastSquares
from tests.reference import known_of, reference_solution

TIMES = time_grid(20, 100)
KNOWN = (0.5, 0.3, -0.4, 3.0)
SD, RHO = 0.35, 0.8


def neuron(unknown=("theta0", "theta1")):
    data = reference_solution(KNOWN, TIMES)[:, 0] + np.random.default_rng(0).normal(0, SD, len(TIMES))
    known = known_of(KNOWN, unknown)
    return Problem.of_trace(FITZHUGH_NAGUMO, data, TIMES, unknown, known, Noise(RHO, SD), full_prior())


def two_wells(box=((-2, 2), (-2, 2))):
    """Return ½ (x² − 1)² + ½ (3y − x)² + ½ ((x − 4)/5)², whose stationary points are roots of a cubic."""

    def residuals(x):
        return np.stack([x[..., 0] ** 2 - 1, 3 * x[..., 1] - x[..., 0], (x[..., 0] - 4) / 5], axis=-1)

    def jacobian(x):
        result = np.zeros((*x.shape[:-1], 3, 2))
        result[..., 0, 0], result[..., 1, 0], result[..., 1, 1], result[..., 2, 0] = 2 * x[..., 0], -1, 3, 0.2
        return result

    def curvatures(x):
        result = np.zeros((*x.shape[:-1], 3, 2, 2))
        result[..., 0, 0, 0] = 2
        return result

    return LeastSquares(box, residuals, jacobian, curvatures)


# Along y = x/3 the slope is 2x (x² − 1) + (x − 4)/25: a minimum, a saddle, a minimum.
LEFT, SADDLE, RIGHT = np.sort(np.roots([2, 0, -2 + 1 / 25, -4 / 25]).real)


def ended(*ends):
    """Return paths that end at these positions, after so many evaluations as their number."""
    task = two_wells()
    return {
        i: OptimiserPath(
            "L-BFGS-B",
            np.array([end]),
            task.loss(np.array([end]), task.step),
            np.zeros(1),
            np.array([i + 1]),
            Ending.CONVERGED,
            False,
        )
        for i, end in enumerate(np.array(ends, dtype=float))
    }


def test_grid_of_starts():
    grid = start_grid([[0, 4], [10, 12]], 2)
    assert grid.tolist() == [[1, 10.5], [3, 10.5], [1, 11.5], [3, 11.5]]
    image = start_grid([[0, 1], [5, 6]], 3).reshape(3, 3, 2)
    assert np.allclose(image[0, :, 0], [1 / 6, 0.5, 5 / 6])
    assert np.allclose(image[:, 0, 1], [5 + 1 / 6, 5.5, 5 + 5 / 6])
    assert start_grid([[0, 1]] * 3, 4).shape == (64, 3)
    for n in (0, 1.5, np.inf):
        with pytest.raises(ValueError, match="number of points a side must be a whole number of at least one"):
            start_grid([[0, 1]], n)


def test_starts_from_the_prior_are_seeded_and_inside():
    task = neuron(("gamma", "theta1"))
    one, two = (prior_starts(task, 50, np.random.default_rng(seed)) for seed in (1, 1))
    assert np.array_equal(one, two)
    assert one.shape == (50, 2)
    assert np.all((one >= task.bounds[:, 0]) & (one <= task.bounds[:, 1]))


@pytest.mark.parametrize("method", METHODS)
def test_explore_runs_each_start_once_as_if_alone(method):
    task = neuron()
    starts = start_grid(task.bounds, 2)
    found = list(explore(task, method, starts))
    assert sorted(i for i, _ in found) == [0, 1, 2, 3]
    for i, path in found:
        alone = descend(task, starts[i], method, seed=i)
        for name in ("positions", "losses", "gradient_norms", "evaluations"):
            assert np.array_equal(getattr(path, name), getattr(alone, name))
        assert (path.ending, path.on_edge) == (alone.ending, alone.on_edge)


def test_one_job_gives_the_same():
    task = neuron()
    starts = start_grid(task.bounds, 2)
    one, two = (dict(explore(task, "L-BFGS-B", starts, n_jobs)) for n_jobs in (1, 2))
    assert all(np.array_equal(one[i].positions, two[i].positions) for i in range(4))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_closing_ends_the_runs_under_way_and_leaves_nothing(n_jobs):
    """An evaluation takes 20 ms and a run hundreds of them; closing waits for one evaluation of each run at most."""
    task = two_wells()
    gradient, count = task.gradient, []

    def slow(unknown):
        count.append(1)
        if np.ndim(unknown) == 1 and len(count) > 600:
            time.sleep(0.02)
        return gradient(unknown)

    task.gradient = slow
    before = set(threading.enumerate())
    with closing(explore(task, "Adam", start_grid(task.bounds, 4), n_jobs)) as paths:
        next(paths)
        began = time.monotonic()
    evaluated = len(count)
    while set(threading.enumerate()) - before and time.monotonic() - began < 1:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before
    assert time.monotonic() - began < 1
    time.sleep(0.1)
    assert len(count) == evaluated < 16 * 400


def test_errors_of_a_run_reach_the_caller():
    with pytest.raises(ValueError, match="one of Gradient descent"):
        list(explore(two_wells(), "Nelder-Mead", [[0, 0]]))


@pytest.mark.parametrize("method", [method for method in METHODS if method != "Differential evolution"])
def test_two_known_wells(method):
    """Each start gets the well in which its path ends; in all, each well is found at the root of the cubic."""
    task = two_wells()
    starts = start_grid(task.bounds, 5)
    ends = dict(explore(task, method, starts))
    found = basins(task, method, starts, ends)
    assert len(found.minima) == 2
    for minimum, x in zip(found.minima, (RIGHT, LEFT), strict=True):
        assert np.allclose(minimum.position, [x, x / 3], atol=1e-3)
        assert np.isclose(minimum.loss, task.loss(np.array([x, x / 3]), task.step), atol=1e-6)
        assert np.allclose(minimum.eigenvalues, np.linalg.eigvalsh(task.hessian(minimum.position)))
        assert not minimum.on_edge
    last = np.array([ends[i].positions[-1] for i in range(25)])
    assert np.array_equal(found.labels, np.where(last[:, 0] > SADDLE, 0, 1))
    assert found.method == method
    assert np.array_equal(found.losses, [ends[i].losses[-1] for i in range(25)])
    assert np.array_equal(found.evaluations, [ends[i].evaluations[-1] for i in range(25)])
    assert [minimum.share for minimum in found.minima] == [np.mean(found.labels == k) for k in (0, 1)]


def test_ends_that_are_no_minimum_have_no_label():
    """The saddle, a point high above the minimum and an infinite loss; and points near a minimum that belong to it.

    The standard deviation along y is 1/3: at 0.9 of it the loss is 0.4 higher, at 1.1 of it 0.6.
    """
    task = two_wells()
    ends = ended(
        [LEFT, LEFT / 3],
        [RIGHT, RIGHT / 3],
        [SADDLE, SADDLE / 3],
        [1.9, 1.9],
        [3, 0],
        [RIGHT, RIGHT / 3 + 0.3],
        [RIGHT, RIGHT / 3 + 1.1 / 3],
        [LEFT + 1e-4, LEFT / 3],
    )
    starts = np.zeros((10, 2))
    found = basins(task, "Adam", starts, ends)
    assert found.labels.tolist() == [1, 0, -1, -1, -1, 0, -1, 1, -1, -1]
    assert [minimum.share for minimum in found.minima] == [0.2, 0.2]
    assert found.evaluations.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 0, 0]
    assert np.isinf(found.losses[4])
    assert np.all(np.isnan(found.losses[8:]))


def test_minima_within_a_tenth_of_a_standard_deviation_are_the_same():
    """Of ½ ‖(x² − a²)/a‖² the minima ±a, with curvature 4, are 4a standard deviations apart, and 2a² high between."""
    for a, expected in ((0.02, 1), (0.3, 2)):
        task = LeastSquares(
            [[-1, 1]],
            lambda x, a=a: (x**2 - a**2) / a,
            lambda x, a=a: (2 * x / a)[..., None],
            lambda x, a=a: np.full((*x.shape, 1, 1), 2 / a),
        )
        paths = {
            i: OptimiserPath(
                "Adam",
                np.array([[x]]),
                task.loss(np.array([[x]]), 0.1),
                np.ones(1),
                np.ones(1, int),
                Ending.CONVERGED,
                False,
            )
            for i, x in enumerate((-a, a))
        }
        found = basins(task, "Adam", np.zeros((2, 1)), paths)
        assert len(found.minima) == expected
        assert np.allclose([minimum.eigenvalues for minimum in found.minima], 4)


@pytest.mark.parametrize(("lower", "upper", "edge"), [(-2, 0.8, 0.8), (-0.8, 2, -0.8)])
def test_a_minimum_on_the_edge(lower, upper, edge):
    """The box ends before one of the wells: there y = x/3, and the loss goes on falling beyond."""
    task = two_wells([[lower, upper], [-2, 2]])
    starts = start_grid(task.bounds, 4)
    found = basins(task, "L-BFGS-B", starts, dict(explore(task, "L-BFGS-B", starts)))
    assert len(found.minima) == 2
    (minimum,) = (minimum for minimum in found.minima if minimum.on_edge)
    assert minimum.position[0] == edge
    assert np.isclose(minimum.position[1], edge / 3, atol=1e-3)
    slope = 2 * edge * (edge**2 - 1) + (edge - 4) / 25
    assert np.isclose(task.gradient(minimum.position)[1][0], slope, atol=1e-2)
    assert slope * edge < 0
    assert minimum.share > 0


def test_growing_ends_give_the_same_as_all_at_once(monkeypatch):
    """And each end is followed down once."""
    task = two_wells()
    starts = start_grid(task.bounds, 4)
    ends = dict(explore(task, "L-BFGS-B", starts))
    whole = basins(task, "L-BFGS-B", starts, ends)
    followed, original = [], core.optimisation.basins.minima_below
    monkeypatch.setattr(
        core.optimisation.basins,
        "minima_below",
        lambda *arguments: followed.append(len(arguments[1])) or original(*arguments),
    )
    growing = basins(task, "L-BFGS-B", starts, {})
    assert growing.minima == ()
    assert np.all(growing.labels == -1)
    assert np.all(np.isnan(growing.losses))
    some = {}
    for i in (3, 0, 7, 5, *range(8, 16), 1, 2, 4, 6):
        some[i] = ends[i]
        growing = basins(task, "L-BFGS-B", starts, some, growing)
    assert followed == [1] * 16
    assert np.array_equal(growing.labels, whole.labels)
    assert np.array_equal(growing.losses, whole.losses)
    for one, two in zip(growing.minima, whole.minima, strict=True):
        assert isinstance(one, Minimum)
        assert np.array_equal(one.position, two.position)
        assert (one.loss, one.share, one.on_edge) == (two.loss, two.share, two.on_edge)


def test_minima_of_the_neuron():
    """Eigenvalues by second central differences of the loss: they err by h² and by 1e-13 of the loss over h².

    At each minimum inside, the loss is lower than all around it at a tenth of a standard deviation.
    """
    task = neuron()
    starts = start_grid(task.bounds, 6)
    found = basins(task, "L-BFGS-B", starts, dict(explore(task, "L-BFGS-B", starts)))
    assert len(found.minima) >= 2
    losses = [minimum.loss for minimum in found.minima]
    assert losses == sorted(losses)
    assert np.isclose(sum(minimum.share for minimum in found.minima), np.mean(found.labels >= 0))
    inside = [minimum for minimum in found.minima if not minimum.on_edge]
    assert inside
    h = 1e-4
    for minimum in inside:
        hessian = np.empty((2, 2))
        for i, j in np.ndindex(2, 2):
            a, b = h * np.eye(2)[i], h * np.eye(2)[j]
            ends = task.loss(minimum.position + np.stack([a + b, a - b, b - a, -a - b]), task.step)
            hessian[i, j] = (ends[0] - ends[1] - ends[2] + ends[3]) / (4 * h**2)
        assert np.allclose(minimum.eigenvalues, np.linalg.eigvalsh(hessian), rtol=1e-2)
        assert minimum.eigenvalues[0] > 0
        values, vectors = np.linalg.eigh(hessian)
        around = minimum.position + np.vstack([vectors.T, -vectors.T]) * 0.1 / np.sqrt(np.tile(values, 2))[:, None]
        assert np.all(task.loss(around, task.step) > minimum.loss)
