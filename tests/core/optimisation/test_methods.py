from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime, least_squares

import core.optimisation.methods
from core.optimisation.least_squares import StateProblem
from core.optimisation.methods import (
    BUDGET,
    GENERATIONS,
    METHODS,
    NEGLIGIBLE,
    POPULATION,
    ROUNDING,
    descend,
    followed_down,
)
from core.priors import TruncatedGaussian
from core.problem.problem import Problem
from core.published import full_prior, time_grid
from tests.reference import reference_solution, taylor_solution

TIMES = time_grid()
SD, RHO = 0.35, 0.8
NAMES = ("theta0", "theta1", "zeta", "gamma")
BY_GRADIENTS = ("L-BFGS-B", "Newton", "Levenberg–Marquardt")


class LeastSquares:
    """½ Σ r² of residuals whose derivatives are given, on a box: a problem with a known answer."""

    step = 0.1

    def __init__(self, bounds, residuals, jacobian, curvatures):
        self.bounds = np.array(bounds, dtype=float)
        self._functions = residuals, jacobian, curvatures
        self.points = {"loss": [], "gradient": [], "hessian": [], "residuals": [], "jacobian": []}

    def _values(self, name, unknown):
        unknown = np.asarray(unknown, dtype=float)
        self.points[name].extend(unknown.reshape(-1, unknown.shape[-1]).tolist())
        return [function(unknown) for function in self._functions]

    def loss(self, unknown, step=None):
        """Return the loss, (...), of values (..., p)."""
        assert step == self.step
        inside = np.all((unknown >= self.bounds[:, 0]) & (unknown <= self.bounds[:, 1]), axis=-1)
        return np.where(inside, 0.5 * np.sum(self._values("loss", unknown)[0] ** 2, axis=-1), np.inf)

    def gradient(self, unknown):
        """Return the loss and its gradient, (..., p)."""
        residuals, jacobian, _ = self._values("gradient", unknown)
        return 0.5 * np.sum(residuals**2, axis=-1), np.einsum("...r,...rp->...p", residuals, jacobian)

    def hessian(self, unknown):
        """Return the Hessian, (..., p, p)."""
        residuals, jacobian, curvatures = self._values("hessian", unknown)
        products = np.einsum("...rp,...rq->...pq", jacobian, jacobian)
        return products + np.einsum("...r,...rpq->...pq", residuals, curvatures)

    def residuals(self, unknown):
        """Return the residuals, (..., r)."""
        return self._values("residuals", unknown)[0]

    def jacobian(self, unknown):
        """Return their derivatives, (..., r, p)."""
        return self._values("jacobian", unknown)[1]


def quadratic(centre, bounds, matrix):
    """Return ½ ‖A (x − c)‖², (p,)."""
    p = len(centre)
    return LeastSquares(
        bounds,
        lambda x: (x - centre) @ matrix.T,
        lambda x: np.broadcast_to(matrix, (*x.shape[:-1], p, p)),
        lambda x: np.zeros((*x.shape[:-1], p, p, p)),
    )


def rosenbrock(bounds):
    """Return ½ (10 (y − x²))² + ½ (1 − x)², lowest at (1, 1)."""

    def jacobian(x):
        result = np.zeros((*x.shape[:-1], 2, 2))
        result[..., 0, 0], result[..., 0, 1], result[..., 1, 0] = -20 * x[..., 0], 10, -1
        return result

    def curvatures(x):
        result = np.zeros((*x.shape[:-1], 2, 2, 2))
        result[..., 0, 0, 0] = -20
        return result

    return LeastSquares(
        bounds, lambda x: np.stack([10 * (x[..., 1] - x[..., 0] ** 2), 1 - x[..., 0]], axis=-1), jacobian, curvatures
    )


@lru_cache
def clean(theta, n_times=1000):
    return reference_solution((*theta, -0.4, 3.0), TIMES[:n_times])[:, 0]


def problem(theta, noise=0.0, rho=0.0, prior=None, regularised=False, unknown=NAMES[:2], n_times=1000):
    prior = full_prior() if prior is None else prior
    data = clean(theta, n_times) + noise
    return Problem(data, TIMES[:n_times], unknown, (*theta, -0.4, 3.0), SD, rho, prior, regularised)


def is_sound(task, path, method, start):
    """Check what holds for the path of any method on any problem."""
    lower, upper = task.bounds.T
    assert path.method == method
    assert path.positions[0].tolist() == np.clip(start, lower, upper).tolist()
    assert np.all((path.positions >= lower) & (path.positions <= upper))
    assert len(path.positions) == len(path.losses) == len(path.gradient_norms) == len(path.evaluations)
    assert path.evaluations[0] == 1
    assert np.all(np.diff(path.evaluations) > 0)
    # SciPy counts between iterations: one of them may go beyond the budget, and an end may be moved onto an edge.
    most = POPULATION * len(lower) * (GENERATIONS + 1) + 2 if METHODS[method].startswith("global") else BUDGET + 25
    assert path.evaluations[-1] <= most
    # The same sums of a thousand squares in two kernels.
    assert np.allclose(path.losses, task.loss(path.positions, task.step), rtol=1e-11)
    assert path.status.startswith(("Converged", "Stopped: "))
    on_edge = np.any((path.positions[-1] == lower) | (path.positions[-1] == upper))
    assert path.status.endswith(", on the edge of the prior.") == on_edge


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
    assert path.status == "Converged."
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
        assert path.status == "Converged, on the edge of the prior."
        assert path.positions[-1, 0] == 2
    assert path.status.startswith("Converged")
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
        assert path.status == f"Stopped: {BUDGET} evaluations were spent before a minimum was reached."
        assert NEGLIGIBLE < path.losses[-1] < 0.2 * path.losses[0]
    else:
        assert path.status == "Converged."
        assert path.losses[-1] <= NEGLIGIBLE


@pytest.mark.parametrize("method", [method for method in METHODS if method != "Adam"])
@pytest.mark.parametrize("rho", [0.0, RHO])
def test_returns_to_the_truth_without_noise(rho, method):
    """At the truth u is off by 1e-4 at most, so the loss is at most ½ n (1e-4/s)² (1 + ρ)/(1 − ρ) = 4e-4 there.

    SciPy's eigenvalues of the Hessian there are 3·10³ at least. So a loss of 1e-6 is left within 2.6e-5 of the minimum,
    and a negligible one within 2.6e-3. Steepest descent does not come so far, for the largest are 10⁸. Adam's first
    steps, of a twentieth of the box, lead out of a valley this narrow.
    """
    for truth in ((0.5, 0.3), (0.7, 0.6), (0.2, 0.8)):
        task, start = problem(truth, rho=rho), np.add(truth, [0.004, -0.006])
        path = descend(task, start, method)
        is_sound(task, path, method, start)
        assert path.losses[0] > 100
        if method == "Gradient descent":
            assert path.losses[-1] <= 0.05 * path.losses[0]
            continue
        assert path.status == "Converged."
        assert path.losses[-1] <= 4e-4 + (1e-6 if method in BY_GRADIENTS else NEGLIGIBLE)
        assert np.abs(path.positions[-1] - truth).max() <= (5e-5 if method in BY_GRADIENTS else 2.6e-3)


@pytest.mark.parametrize("method", BY_GRADIENTS)
@pytest.mark.parametrize("unknown", [("gamma", "theta0", "zeta"), ("zeta", "theta1", "gamma", "theta0")], ids=len)
def test_more_unknowns_return_to_the_truth(unknown, method):
    """The loss at the end is that of the solver's error at most, as above; the start's is a thousand times as much."""
    task = problem((0.5, 0.3), rho=RHO, unknown=unknown)
    truth = np.array([dict(zip(NAMES, (0.5, 0.3, -0.4, 3.0), strict=True))[name] for name in unknown])
    start = truth + 0.003 * np.array([1, -1, 1, -1])[: len(unknown)]
    path = descend(task, start, method)
    is_sound(task, path, method, start)
    allowed = 1e-4 + 0.5 * len(TIMES) * (1e-4 / SD) ** 2 * (1 + RHO) / (1 - RHO)
    assert path.losses[0] > 1000 * allowed
    assert path.losses[-1] <= allowed
    assert np.abs(path.positions[-1] - truth).max() <= 2e-4


@pytest.mark.parametrize("truth", [(0.5, 0.3), (0.2, 0.8)])
def test_minimum_of_a_noisy_loss_is_that_of_least_squares(truth):
    """SciPy's least squares on whitened residuals of the independent Taylor series, with the prior as two more.

    A loss of 1e-6 or a negligible one is left; the curvature is 10³ at least in each direction.
    """
    noise = np.random.default_rng(2).normal(0, SD, 300)
    task = problem(truth, noise, RHO, regularised=True, n_times=300)

    def residuals(position):
        residual = (task.data - taylor_solution((*position, -0.4, 3.0), TIMES[:300], task.step)[:, 0]) / SD
        innovations = (residual[1:] - RHO * residual[:-1]) / np.sqrt(1 - RHO**2)
        return np.concatenate([residual[:1], innovations, (position - [0.4, 0.4]) / [0.3, 0.4]])

    best = least_squares(residuals, truth, xtol=1e-12, ftol=1e-14, gtol=1e-12)
    for method in METHODS:
        path = descend(task, np.add(truth, [0.004, -0.006]), method)
        left, most = path.losses[-1] - best.cost, 1e-6 if method in BY_GRADIENTS else NEGLIGIBLE
        assert left >= -1e-9 * best.cost
        if method in ("Gradient descent", "Adam"):
            assert (path.status == "Converged.") == (left <= NEGLIGIBLE)
        else:
            assert path.status == "Converged."
            assert left <= most
            assert np.abs(path.positions[-1] - best.x).max() <= np.sqrt(2 * most / 1e3)


@pytest.mark.parametrize("method", METHODS)
def test_evaluations_are_counted(method, monkeypatch):
    """What a method asks for, and no more; derivatives belong to a loss or to residuals evaluated at the same point."""
    monkeypatch.setattr(core.optimisation.methods, "followed_down", lambda problem, ends, most: ends)
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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("unknown", [NAMES[:2], NAMES], ids=len)
@pytest.mark.parametrize("truth", [(0.5, 0.3), (0.95, 0.9)], ids=["spiking", "silent"])
def test_every_method_runs_on_every_problem(truth, unknown, method):
    """From inside, from an edge and from without, nearest to a corner; twice alike. (0.95, 0.9) never spikes."""
    noise = np.random.default_rng(4).normal(0, SD, 100)
    task = problem(truth, noise, RHO, regularised=True, unknown=unknown, n_times=100)
    lower, upper = task.bounds.T
    inside = lower + np.random.default_rng(0).uniform(0, 1, len(lower)) * (upper - lower)
    edge = np.where(np.arange(len(lower)) == 0, lower, inside)
    for start in (inside, edge, upper + 1):
        path = descend(task, start, method)
        is_sound(task, path, method, start)
        if method in ("Gradient descent", "L-BFGS-B", "Levenberg–Marquardt", "Nelder–Mead", "Differential evolution"):
            assert np.all(np.diff(path.losses) <= ROUNDING)
    again = descend(task, start, method)
    for name in ("positions", "losses", "gradient_norms", "evaluations"):
        assert np.array_equal(getattr(path, name), getattr(again, name))
    assert path.status == again.status


def test_newton_gets_away_from_a_corner():
    """Begun in the lower one, and not a little inside, SciPy's method gives up after one evaluation."""
    task = problem((0.95, 0.9), rho=RHO, regularised=True, unknown=NAMES, n_times=100)
    for corner in task.bounds.T:
        path = descend(task, corner, "Newton")
        is_sound(task, path, "Newton", corner)
        assert path.status == "Converged."
        assert path.losses[-1] < 0.1 * path.losses[0]


def test_only_the_population_depends_on_the_seed():
    task = problem((0.5, 0.3), rho=RHO, n_times=100)
    for method in METHODS:
        one, two = (descend(task, (0.1, 0.9), method, seed) for seed in (1, 2))
        assert np.array_equal(one.positions, two.positions) == (method != "Differential evolution")


@pytest.mark.parametrize("method", METHODS)
def test_gradient_norms_are_slopes_of_the_loss(method):
    """SciPy's forward differences; their error is the change of the gradient over h, with rounding of the loss over h.

    At h = 1e-7 of 10⁷ in curvature that is 1, and 1e-13 of a loss of 10³ over h is 1e-3.
    """
    task = problem((0.5, 0.3), rho=RHO, n_times=100)
    path = descend(task, (0.55, 0.4), method)
    for position, norm in list(zip(path.positions, path.gradient_norms, strict=True))[:: max(1, len(path.losses) // 5)]:
        curvature = np.abs(task.hessian(position)).max()
        slope = approx_fprime(position, lambda x: float(task.loss(x, task.step)), 1e-7)
        assert abs(np.linalg.norm(slope) - norm) <= 1e-7 * curvature + 1e-3
        assert norm > 100 * (1e-7 * curvature + 1e-3) or task.loss(position, task.step) < 1


@pytest.mark.parametrize("method", METHODS)
def test_a_truth_beyond_the_bounds_ends_on_the_edge_and_says_so(method):
    mean, sd = (0.4, 0.4, -0.4, 3.0), (0.3, 0.4, np.inf, np.inf)
    prior = TruncatedGaussian(NAMES, mean, sd, (-0.2, -0.4, -0.8, 2.0), (0.5, 1.2, 0.0, 5.0))
    task = problem((0.52, 0.6), prior=prior)
    path = descend(task, (0.49, 0.55), method)
    is_sound(task, path, method, (0.49, 0.55))
    if method != "Gradient descent":
        assert path.positions[-1, 0] == 0.5
        assert path.status == "Converged, on the edge of the prior."


@pytest.mark.parametrize("method", METHODS)
def test_an_infinite_loss_shows_no_way_down(method):
    """θ₁ = −5.9 diverges. A population, and a simplex with a corner outside, find their way; a gradient does not."""
    mean, sd = (0.4, 0.4, -0.4, 3.0), (np.inf,) * 4
    prior = TruncatedGaussian(NAMES, mean, sd, (-0.2, -6.0, -0.8, 2.0), (1.0, 1.2, 0.0, 5.0))
    task = problem((0.5, 0.3), prior=prior, n_times=100)
    path = descend(task, (0.4, -5.9), method)
    is_sound(task, path, method, (0.4, -5.9))
    assert np.isinf(path.losses[0])
    assert np.isnan(path.gradient_norms[0])
    if method == "Differential evolution":
        assert np.all(np.isfinite(path.losses[1:]))
        assert np.all(np.isfinite(path.gradient_norms[1:]))
    elif method != "Nelder–Mead":
        assert path.status == "Stopped: the loss is infinite here, and shows no way down."
        assert path.evaluations.tolist() == [1]


def test_both_states_take_the_same_methods():
    """Truth and 41 exact samples of u and v, as MAGI's; the solution's error is far below the noise of 0.2."""
    times = np.linspace(0, 20, 41)
    truth = np.array([0.2, 0.2, 0.0, 3.0, -1.0, 1.0])
    data = reference_solution(truth[:4], times, truth[4:])
    unknown, lower, upper = ("theta0", "theta1", "gamma"), np.array([0, 0, 2.0]), np.array([0.5, 0.5, 4])
    task = StateProblem(data, times, unknown, tuple(truth), np.array([0.2, 0.2]), lower, upper)
    for method in METHODS:
        path = descend(task, (0.25, 0.15, 2.9), method)
        is_sound(task, path, method, (0.25, 0.15, 2.9))
        if path.status == "Converged.":
            assert path.losses[-1] <= NEGLIGIBLE + 1e-4
        assert (path.status == "Converged.") or method in ("Gradient descent", "Adam")


def test_followed_down_to_a_minimum_a_little_lower():
    """The saddle of ½ (x² − 1)² + ½ y² is at the origin, its minima at (±1, 0); at (0.9, 0) it is 0.01805."""

    def jacobian(x):
        result = np.zeros((*x.shape[:-1], 2, 2))
        result[..., 0, 0], result[..., 1, 1] = 2 * x[..., 0], 1
        return result

    def curvatures(x):
        result = np.zeros((*x.shape[:-1], 2, 2, 2))
        result[..., 0, 0, 0] = 2
        return result

    task = LeastSquares(
        [[-2, 2], [-3, 3]], lambda x: np.stack([x[..., 0] ** 2 - 1, x[..., 1]], axis=-1), jacobian, curvatures
    )
    ends = np.array([[1.0, 0], [0, 0], [0.9, 0], [-0.9, 0], [-1, 0.5], [0.4, 0.2], [1e-3, 0]])
    found = followed_down(task, ends, 0.0181)
    assert np.allclose(found[[0, 2, 3]], [[1, 0], [1, 0], [-1, 0]], atol=1e-3)
    assert np.all(np.isnan(found[[1, 4, 5, 6]]))
    assert np.all(np.isnan(followed_down(task, ends[[2, 3]], 0.018)))
    assert np.allclose(followed_down(task, ends[4:], 1.0), [[-1, 0], [1, 0], [1, 0]], atol=1e-3)


def test_errors_end_in_a_sentence():
    with pytest.raises(ValueError, match="one of Gradient descent, Adam, L-BFGS-B"):
        descend(problem((0.5, 0.3)), (0.5, 0.3), "Nelder-Mead")
