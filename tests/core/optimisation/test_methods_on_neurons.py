from functools import lru_cache

import numpy as np
import pytest
from scipy.optimize import approx_fprime, least_squares

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.optimisation.methods import METHODS, NEGLIGIBLE, descend
from core.optimisation.path import Ending
from core.optimisation.unit_box_run import LOSS_ROUNDING
from core.priors import uniform
from core.problem.problem import Problem
from core.published import full_prior, time_grid
from tests.core.optimisation.objectives import BY_GRADIENTS, is_sound
from tests.core.problem.test_states import MAGI, MAGI_TIMES, of_states, staggered
from tests.core.problem.test_states import clean as clean_states
from tests.reference import known_of, reference_solution, taylor_solution

TIMES = time_grid()
SD, RHO = 0.35, 0.8
NAMES = ("theta0", "theta1", "zeta", "gamma")


@lru_cache
def clean(theta, n_times=1000):
    return reference_solution((*theta, -0.4, 3.0), TIMES[:n_times])[:, 0]


def problem(theta, noise=0.0, rho=0.0, prior=None, regularised=False, unknown=NAMES[:2], n_times=1000):
    prior = full_prior() if prior is None else prior
    prior = prior if regularised else prior.flat()
    data, known = clean(theta, n_times) + noise, known_of((*theta, -0.4, 3.0), unknown)
    return Problem.of_trace(FITZHUGH_NAGUMO, data, TIMES[:n_times], unknown, known, Noise(rho, SD), prior)


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
        assert path.sentence == "Converged."
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
            assert (path.sentence == "Converged.") == (left <= NEGLIGIBLE)
        else:
            assert path.sentence == "Converged."
            assert left <= most
            assert np.abs(path.positions[-1] - best.x).max() <= np.sqrt(2 * most / 1e3)


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
            assert np.all(np.diff(path.losses) <= LOSS_ROUNDING)
    again = descend(task, start, method)
    for name in ("positions", "losses", "gradient_norms", "evaluations"):
        assert np.array_equal(getattr(path, name), getattr(again, name))
    assert (path.ending, path.on_edge) == (again.ending, again.on_edge)


def test_newton_gets_away_from_a_corner():
    """Begun in the lower one, and not a little inside, SciPy's method gives up after one evaluation."""
    task = problem((0.95, 0.9), rho=RHO, regularised=True, unknown=NAMES, n_times=100)
    for corner in task.bounds.T:
        path = descend(task, corner, "Newton")
        is_sound(task, path, "Newton", corner)
        assert path.sentence == "Converged."
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
    prior = uniform(NAMES, (-0.2, -0.4, -0.8, 2.0), (0.5, 1.2, 0.0, 5.0))
    task = problem((0.52, 0.6), prior=prior)
    path = descend(task, (0.49, 0.55), method)
    is_sound(task, path, method, (0.49, 0.55))
    if method != "Gradient descent":
        assert path.positions[-1, 0] == 0.5
        assert path.sentence == "Converged, on the edge of the prior."


@pytest.mark.parametrize("method", METHODS)
def test_an_infinite_loss_shows_no_way_down(method):
    """θ₁ = −5.9 diverges. A population, and a simplex with a corner outside, find their way; a gradient does not."""
    prior = uniform(NAMES, (-0.2, -6.0, -0.8, 2.0), (1.0, 1.2, 0.0, 5.0))
    task = problem((0.5, 0.3), prior=prior, n_times=100)
    path = descend(task, (0.4, -5.9), method)
    is_sound(task, path, method, (0.4, -5.9))
    assert np.isinf(path.losses[0])
    assert np.isnan(path.gradient_norms[0])
    if method == "Differential evolution":
        assert np.all(np.isfinite(path.losses[1:]))
        assert np.all(np.isfinite(path.gradient_norms[1:]))
    elif method != "Nelder–Mead":
        assert path.sentence == "Stopped: the loss is infinite here, and shows no way down."
        assert path.evaluations.tolist() == [1]


@pytest.mark.parametrize("observed", ["both states", "u alone", "with gaps"])
def test_the_general_way_takes_the_same_methods(observed):
    """41 exact samples of MAGI's neuron, whose start is not at rest; the solution's error is far below the noise."""
    data, unknown = clean_states(), ("theta0", "theta1", "gamma")
    data = {"both states": data, "u alone": data[:, :1], "with gaps": staggered(data)}[observed]
    names = ("u", "v")[: data.shape[1]]
    task = of_states(data, MAGI_TIMES, unknown, MAGI, (0.2, 0.2)[: len(names)], (0, 0, 2), (0.5, 0.5, 4), names)
    for method in METHODS:
        path = descend(task, (0.25, 0.15, 2.9), method)
        is_sound(task, path, method, (0.25, 0.15, 2.9))
        if path.ending == Ending.CONVERGED:
            assert path.losses[-1] <= NEGLIGIBLE + 1e-4
        assert (path.ending == Ending.CONVERGED) or method in ("Gradient descent", "Adam")
