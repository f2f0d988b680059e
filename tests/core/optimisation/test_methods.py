from itertools import pairwise

import numpy as np
import pytest
import torch

import core.optimisation.methods
from core.optimisation.basins import basins, explore
from core.optimisation.methods import BUDGET, METHODS, NEGLIGIBLE, Needs, descend
from core.optimisation.unit_box_run import Run
from tests.core.optimisation.objectives import BY_GRADIENTS, is_sound, quadratic, rosenbrock

MATRIX = np.random.default_rng(3).normal(size=(4, 4)) + 3 * np.eye(4)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("p", [2, 4])
def test_minimum_of_a_quadratic(p, method):
    """Its centre, at 0; the curvatures in the box differ by a factor of ten to thirty, and its units by 2¹⁰."""
    units = np.array([1, 1024, 1 / 1024, 1])[:p]
    bounds = np.array([[-10.0, 20], [-20, 10], [-10, 10], [0, 30]])[:p]
    centre = np.array([3.0, -4, 1, 7])[:p]
    task = quadratic(centre * units, bounds * units[:, None], MATRIX[:p, :p] / units)
    start = bounds.mean(axis=1) * units
    path = descend(task, start, method)
    is_sound(task, path, method, start)
    assert path.losses[0] > 10
    assert path.sentence == "Converged."
    assert path.losses[-1] <= (1e-9 if method in BY_GRADIENTS else NEGLIGIBLE)
    # All methods work in the unit box: other units, which are powers of two and scale exactly, change no bit.
    plain = descend(quadratic(centre, bounds, MATRIX[:p, :p]), bounds.mean(axis=1), method)
    assert np.array_equal(path.positions, plain.positions * units)
    assert np.array_equal(path.losses, plain.losses)


@pytest.mark.parametrize("method", METHODS)
def test_minimum_of_a_quadratic_on_the_edge(method):
    """On the edge x = b the minimum along y is at c_y − H_yx (b − c_x) / H_yy."""
    task = quadratic(np.array([3.0, 1.0]), [[-2, 2], [-4, 4]], MATRIX[:2, :2])
    hessian = MATRIX[:2, :2].T @ MATRIX[:2, :2]
    expected = np.array([2, 1 - hessian[1, 0] * (2 - 3) / hessian[1, 1]])
    path = descend(task, (-1, -1), method)
    is_sound(task, path, method, (-1, -1))
    if method != "Differential evolution":
        assert path.sentence == "Converged, on the edge of the prior."
        assert path.positions[-1, 0] == 2
    assert path.sentence.startswith("Converged")
    assert path.losses[-1] <= task.loss(expected, task.step) + NEGLIGIBLE
    # The loss rises by ½ H_yy Δ².
    assert abs(path.positions[-1, 1] - expected[1]) <= np.sqrt(2 * NEGLIGIBLE / hessian[1, 1])
    assert np.isclose(path.gradient_norms[-1], np.linalg.norm(hessian @ (path.positions[-1] - [3, 1])), rtol=1e-12)


def test_steepest_descent_goes_downhill_far_enough():
    """Each step leads along the gradient, by a length over the last one's that is a power of two, and obeys Armijo."""
    bounds = np.array([[-1.5, 2], [-1, 3]])
    task, width = rosenbrock(bounds), np.ptp(bounds, axis=1)
    path = descend(task, (-1.2, 1.0), "Gradient descent")
    positions, n = path.positions, len(np.unique(path.positions, axis=0))
    slopes = task.gradient(positions)[1] * width
    moves = np.diff(positions / width, axis=0)[: n - 1]
    rates = -np.sum(moves * slopes[: n - 1], axis=1) / np.sum(slopes[: n - 1] ** 2, axis=1)
    assert np.allclose(moves, -rates[:, None] * slopes[: n - 1], rtol=0, atol=1e-12)
    powers = np.log2(rates[1:] / rates[:-1])
    assert np.allclose(powers, np.round(powers), atol=1e-6)
    assert np.all(powers < 1.5)
    assert np.isclose(np.log2(rates[0] * np.linalg.norm(slopes[0]) / 0.1) % 1, 0, atol=1e-6)
    assert np.all(np.diff(path.losses)[: n - 1] <= -1e-4 * rates * np.sum(slopes[: n - 1] ** 2, axis=1))
    # A step of twice the length, tried before where the line search cut it, would not have been enough.
    cut = np.flatnonzero(powers < 0.5) + 1
    longer = positions[cut] - 2 * (rates[cut, None] * slopes[cut]) * width
    ends = task.loss(np.clip(longer, *bounds.T), task.step)
    assert cut.size > 10
    assert np.all(ends > path.losses[cut] - 1e-4 * 2 * rates[cut] * np.sum(slopes[cut] ** 2, axis=1))


def test_adam_is_that_of_torch():
    """With the gradient of the unit box and a rate of 0.05 that falls along half a cosine; no edge is met."""
    bounds, centre = np.array([[-2.0, 2], [-4, 4]]), np.array([0.5, 1.0])
    task, width = quadratic(centre, bounds, MATRIX[:2, :2]), np.ptp(bounds, axis=1)
    path = descend(task, (-0.5, -1.0), "Adam")
    unit = torch.tensor((np.array([-0.5, -1.0]) - bounds[:, 0]) / width, requires_grad=True)
    adam = torch.optim.Adam([unit], lr=0.05, betas=(0.9, 0.999), eps=1e-8)
    expected = [unit.detach().numpy().copy()]
    for step in range(1, BUDGET):
        adam.param_groups[0]["lr"] = 0.05 * np.cos(np.pi * step / BUDGET / 2) ** 2
        unit.grad = torch.tensor(task.gradient(bounds[:, 0] + width * unit.detach().numpy())[1] * width)
        adam.step()
        expected.append(unit.detach().numpy().copy())
    assert len(path.positions) == BUDGET
    assert np.abs((path.positions - bounds[:, 0]) / width - expected).max() <= 1e-9
    assert np.ptp(path.positions, axis=0).min() > 0.5


@pytest.mark.parametrize("method", METHODS)
def test_rosenbrock_valley(method):
    """The budget of steepest descent and of Adam ends in the valley, and they say so."""
    task = rosenbrock([[-2, 2], [-1, 3]])
    path = descend(task, (-1.2, 1.0), method)
    is_sound(task, path, method, (-1.2, 1.0))
    assert path.losses[0] == pytest.approx(0.5 * 24.2)
    if method in ("Gradient descent", "Adam"):
        assert path.sentence == f"Stopped: {BUDGET} evaluations were spent before a minimum was reached."
        assert NEGLIGIBLE < path.losses[-1] < 0.2 * path.losses[0]
    else:
        assert path.sentence == "Converged."
        assert path.losses[-1] <= NEGLIGIBLE


@pytest.mark.parametrize("method", METHODS)
def test_evaluations_are_counted(method, monkeypatch):
    """What a method asks for, and no more; derivatives belong to a loss or to residuals evaluated at the same point."""
    monkeypatch.setattr(core.optimisation.methods, "minima_below", lambda problem, ends, most: ends)
    task = rosenbrock([[-2, 0.5], [-1, 3]])
    path = descend(task, (-2, 1.0), method)
    # In the end the gradients along the path are evaluated at once, which does not count.
    gradients = task.points["gradient"]
    assert gradients[-len(path.positions) :] == path.positions.tolist()
    evaluated = task.points["loss"] + gradients[: -len(path.positions)] + task.points["residuals"]
    assert path.evaluations[-1] == len(evaluated)
    # No method pays twice in a row for the same point; the population's first member is the start again.
    assert all(one != two for one, two in pairwise(evaluated)) or method == "Differential evolution"
    assert {tuple(point) for point in path.positions.tolist()} <= {tuple(point) for point in evaluated}
    for name in ("hessian", "jacobian"):
        assert {tuple(point) for point in task.points[name]} <= {tuple(point) for point in evaluated}
    assert bool(task.points["hessian"]) == (method == "Newton")
    assert bool(task.points["residuals"]) == (method == "Levenberg–Marquardt")


def test_methods_say_what_they_need():
    """As seen by a problem that notes what it is asked for, before what follows each run."""
    asked = {"hessian": Needs.HESSIAN, "residuals": Needs.RESIDUALS, "gradient": Needs.GRADIENT, "loss": Needs.LOSS}
    for name, method in METHODS.items():
        task = rosenbrock([[-2, 0.5], [-1, 3]])
        run = Run(task, np.array([-1.2, 1.0]), 0)
        method.run(run)
        assert method.needs == next(needs for what, needs in asked.items() if task.points[what]), name


def test_errors_end_in_a_sentence():
    with pytest.raises(ValueError, match="one of Gradient descent, Adam, L-BFGS-B"):
        descend(rosenbrock([[-2, 2], [-1, 3]]), (0.5, 0.3), "Nelder-Mead")


@pytest.mark.parametrize("start", [0.1, (0.1,), (0.1, 0.1, 0.1), ((0.1, 0.1),), (0.1, np.nan)])
def test_a_start_needs_a_number_for_each_unknown(start):
    task = quadratic(np.zeros(2), [[-2, 2], [-4, 4]], MATRIX[:2, :2])
    with pytest.raises(ValueError, match="Each start needs 2 numbers, one for each unknown, and none may be NaN"):
        descend(task, start, "Adam")
    with pytest.raises(ValueError, match="Each start needs 2 numbers"):
        next(explore(task, "Adam", [start], 1))
    with pytest.raises(ValueError, match="Each start needs 2 numbers"):
        basins(task, "Adam", [start], {})
