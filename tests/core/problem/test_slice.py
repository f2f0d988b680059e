"""The loss along a line: its valleys are one spike apart, as a fine scan of the white misfit by other code shows."""

from dataclasses import replace

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import colour
from core.problem.problem import Problem
from core.problem.slice import Slice, line_slice
from core.published import full_prior, published_noise, time_grid

TIMES = time_grid(200.0, 1000)
KNOWN = {"zeta": -0.4, "gamma": 3.0}


def problem():
    noise = published_noise()
    clean = simulate(np.array([0.4, 0.4, -0.4, 3.0]), TIMES)[:, 0]
    data = clean + colour(np.random.default_rng(7).standard_normal(1000), noise.rho, noise.marginal_sd)
    return Problem.of_trace(FITZHUGH_NAGUMO, data, TIMES, ("theta0", "theta1"), KNOWN, noise.white, full_prior().flat())


PROBLEM = problem()


def test_along_theta1_of_the_truth_each_valley_is_one_spike_fewer():
    """The places were found by a scan of 1,201 points with another simulation."""
    found = line_slice(PROBLEM, (0.6, 0.4), (0.4, 0.4))
    places = {int(found.spikes[i]): found.points[i] for i in found.valleys if found.points[i][0] > 0.3}
    expected = {22: 0.401, 21: 0.585, 20: 0.679, 19: 0.749, 18: 0.80, 17: 0.836, 16: 0.858}
    for spikes, place in expected.items():
        assert places[spikes] == pytest.approx((place, 0.4), abs=0.0025), spikes


def test_it_runs_from_edge_to_edge_through_both_points_and_holds_the_problem_s_loss():
    found = line_slice(PROBLEM, (0.6, 0.2), (0.4, 0.4))
    assert np.all(np.diff(found.shares) > 0)
    np.testing.assert_allclose(found.points[[0, -1]], [(1.0, -0.2), (-0.2, 1.0)], atol=1e-12)
    for share, point in ((0.0, (0.6, 0.2)), (1.0, (0.4, 0.4))):
        np.testing.assert_allclose(found.points[found.shares == share], [point], atol=1e-12)
    # Trajectories are held in single precision, at the step that each chooses.
    np.testing.assert_allclose(found.loss, PROBLEM.loss(found.points), rtol=1e-4)


def test_the_candidate_s_valley_and_the_ridges_between_are_those_that_a_descent_would_meet():
    found = line_slice(PROBLEM, (0.6, 0.4), (0.4, 0.4))
    ridges = {0.41: 0, 0.5: 0, 0.57: 1, 0.6: 1, 0.67: 2, 0.75: 3, 0.8: 4}
    for place, expected in ridges.items():
        assert found.ridges_between((0.6 - place) / 0.2, 1.0) == expected, place


def test_a_line_through_one_point_runs_along_the_first_unknown():
    found = line_slice(PROBLEM, (0.4, 0.3), (0.4, 0.3))
    assert set(found.points[:, 1]) == {0.3}
    np.testing.assert_allclose(found.points[[0, -1], 0], [-0.2, 1.0])


def test_points_outside_the_box_are_taken_to_its_edge():
    found = line_slice(PROBLEM, (3.0, 0.4), (0.4, 0.4))
    assert np.max(found.points[:, 0]) == 1.0
    assert found.shares[-1] == pytest.approx(1 + 0.6 / 0.6)


def test_a_line_where_nothing_can_be_simulated_has_no_valley():
    nothing = np.full(5, np.inf)
    found = Slice(np.zeros((5, 2)), np.linspace(0, 1, 5), nothing, np.zeros(5, np.int64), np.zeros(0, np.int64))
    assert found.valley_of(0.5) is None
    assert found.ridges_between(0.0, 1.0) == 0


def test_the_prior_is_part_of_the_loss():
    informed = replace(PROBLEM, prior=full_prior())
    plain, weighed = (line_slice(each, (0.6, 0.4), (0.4, 0.4)) for each in (PROBLEM, informed))
    # The grids are refined where the losses have valleys: the coarse points are shared.
    at = np.searchsorted(weighed.shares, plain.shares)
    shared = np.isin(plain.shares, weighed.shares)
    penalty = 0.5 * (((plain.points - [0.4, 0.4]) / [0.3, 0.4]) ** 2).sum(axis=1)
    np.testing.assert_allclose(weighed.loss[at[shared]] - plain.loss[shared], penalty[shared], atol=1e-6)
