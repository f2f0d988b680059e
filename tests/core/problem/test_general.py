"""A model that has no faster ways of its own gives the numbers of one that has."""

from dataclasses import replace

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.posterior.exact import posterior
from core.problem.landscape import computed_landscape, landscape, trajectory_store
from core.problem.observation import Observation
from core.problem.problem import Problem
from core.published import full_prior, time_grid
from tests.reference import known_of, plain_misfit, reference_solution

TIMES = time_grid(20, 100)
KNOWN = (0.5, 0.3, -0.4, 3.0)
SD = 0.35
NOISY = reference_solution(KNOWN, TIMES)[:, 0] + np.random.default_rng(0).normal(0, SD, len(TIMES))
GENERAL = replace(FITZHUGH_NAGUMO, fused=None)
UNKNOWNS = [("theta0", "theta1"), ("gamma", "theta1"), ("gamma", "zeta", "theta1", "theta0")]


def pair(unknown, rho, **start):
    """Return the problem by the fused ways and by the general one; start: known values of the start."""
    known, prior = known_of(KNOWN, unknown), full_prior()
    fused, general = (
        Problem.of_trace(model, NOISY, TIMES, unknown, {**known, **given}, Noise(rho, SD), prior)
        for model, given in ((FITZHUGH_NAGUMO, {}), (FITZHUGH_NAGUMO if start else GENERAL, start))
    )
    return fused, general


def candidates(task, n=3):
    lower, upper = task.bounds.T
    return lower + np.random.default_rng(1).uniform(0.15, 0.85, (n, len(lower))) * (upper - lower)


def close(one, other, tolerance=1e-11):
    """Compare to rounding, relative to the largest entry of each position."""
    axes = tuple(range(1, np.ndim(other)))
    return np.all(np.abs(one - other) <= tolerance * np.max(np.abs(other), axis=axes, keepdims=True))


@pytest.mark.parametrize("start", [{}, {"u0": 0.0, "v0": 0.0}], ids=["no fused ways", "the start is given"])
@pytest.mark.parametrize("rho", [0.0, 0.8])
@pytest.mark.parametrize("unknown", UNKNOWNS, ids=",".join)
def test_loss_gradient_and_hessians_are_those_of_the_fused_ways(unknown, rho, start):
    """Two ways to the same sums, to rounding; the exact Hessian by differences to 1e-5 of its largest entry."""
    fused, general = pair(unknown, rho, **start)
    positions = candidates(fused)
    assert fused.step == general.step
    for step in (None, fused.step):
        assert close(general.loss(positions, step), fused.loss(positions, step))
        assert close(np.stack(general.residual_sums(positions, step)), np.stack(fused.residual_sums(positions, step)))
    for one, other in zip(general.gradient(positions), fused.gradient(positions), strict=True):
        assert close(one, other)
    for one, other in zip(general.expansion(positions), fused.expansion(positions), strict=True):
        assert close(one, other)
    assert close(general.hessian(positions, exact=False), fused.hessian(positions, exact=False))
    assert close(general.hessian(positions), fused.hessian(positions), 1e-5)
    assert np.array_equal(general.residuals(positions[0]), fused.residuals(positions[0]))
    assert np.array_equal(general.jacobian(positions[0]), fused.jacobian(positions[0]))
    ours, theirs = (each.goodness_of_fit(positions[0]) for each in (general, fused))
    assert np.isclose(ours.residual_ratio, theirs.residual_ratio, rtol=1e-11)


def test_a_divergence_is_marked_alike():
    fused, general = pair(("theta1", "zeta"), 0.8)
    lost = [[-5.0, -0.4], [0.3, -0.4]]
    assert fused.misfit(lost).tolist()[0] == general.misfit(lost).tolist()[0] == np.inf
    for sums in (fused.residual_sums(lost), general.residual_sums(lost)):
        assert [float(part[0]) for part in sums] == [np.inf] * 4
    for one, other in zip(general.expansion(lost), fused.expansion(lost), strict=True):
        assert np.array_equal(np.isfinite(one), np.isfinite(other))


def test_landscapes_agree():
    """The stored trajectories are the same, rounded to single precision."""
    fused, general = pair(("theta0", "gamma"), 0.8)
    ours, theirs = computed_landscape(general, 35), computed_landscape(fused, 35)
    assert np.allclose(ours.loss, theirs.loss, rtol=1e-11, atol=0)
    assert np.array_equal(ours.regularisation, theirs.regularisation)
    stores = trajectory_store(general, 35), trajectory_store(fused, 35)
    assert stores[0].potentials.dtype == np.float32
    assert np.array_equal(stores[0].potentials, stores[1].potentials)
    assert np.array_equal(landscape(general, stores[0]).loss, landscape(fused, stores[1]).loss)


@pytest.mark.parametrize("state", ["u", "v"])
def test_a_landscape_of_either_state_from_a_start_of_its_own(state):
    """That of stored trajectories, at a point of the grid, is the misfit to SciPy's solution from that start.

    An error of 1e-4, that of the simulation and of single precision together, counts times the sum of the residuals.
    """
    column, start = ("u", "v").index(state), {"u0": -1.0, "v0": 1.0}
    observation = Observation.of_trace(NOISY, TIMES, state)
    known = {**known_of(KNOWN, ("theta0", "gamma")), **start}
    task = Problem(FITZHUGH_NAGUMO, observation, ("theta0", "gamma"), known, (Noise(0.0, SD),), full_prior())
    stored, computed = landscape(task, trajectory_store(task, 3)), computed_landscape(task, 3)
    for row, other in np.ndindex(3, 3):
        values = (stored.x[other], 0.3, -0.4, stored.y[row])
        residual = NOISY - reference_solution(values, TIMES, (-1.0, 1.0))[:, column]
        for found in (stored, computed):
            error = abs(found.misfit[row, other] - plain_misfit(residual, SD, 0.0))
            assert error <= 1.1e-4 * np.sum(np.abs(residual)) / SD**2


@pytest.mark.parametrize("data", [np.zeros((5, 2)), np.array([[0.0], [0.0], [np.nan], [0.0], [0.0]])])
def test_what_is_made_for_one_trace_refuses_other_data_in_a_sentence(data):
    states = ("u", "v")[: data.shape[1]]
    known, unknown = {"zeta": -0.4, "gamma": 3.0}, ("theta0", "theta1")
    noise = (Noise(0.0, SD),) * len(states)
    task = Problem(FITZHUGH_NAGUMO, Observation(TIMES[:5], data, states), unknown, known, noise, full_prior())
    for compute in (lambda: trajectory_store(task, 3), lambda: task.residual_sums([0.4, 0.4]), lambda: posterior(task)):
        with pytest.raises(ValueError, match="needs the trace of one state without gaps"):
            compute()
