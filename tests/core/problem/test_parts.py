"""What a problem is put together of."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.problem.observation import Observation
from core.problem.problem import Problem
from core.published import full_prior
from tests.core.problem.test_problem import RHO, SD, TIMES, noisy_trace, problem

PARTS = {
    "model": FITZHUGH_NAGUMO,
    "observation": Observation(TIMES[:5], np.zeros((5, 2)), ("u", "v")),
    "unknown": ("theta0", "gamma"),
    "known": {"theta1": 0.3, "zeta": -0.4},
    "noise": (Noise(0.0, SD), Noise(0.5, 0.2)),
    "prior": full_prior(),
}
GAPS = np.zeros((5, 2))
GAPS[2, 1] = np.nan
REFUSED = [
    ({"unknown": ("theta0", "theta2")}, "Unknowns are among theta0, theta1, zeta, gamma, u0, v0; 'theta2' is not"),
    ({"known": {"theta1": 0.3, "zeta": -0.4, "delta": 1.0}}, "'delta' is not"),
    ({"unknown": ()}, "at least one unknown"),
    ({"unknown": ("gamma", "theta0", "gamma")}, "each of them once"),
    ({"known": {"theta1": 0.3, "zeta": -0.4, "gamma": 3.0}}, "gamma cannot be known and unknown"),
    ({"known": {"theta1": 0.3}}, "Give a value for zeta, or name it among the unknowns"),
    ({"known": {"theta1": 0.3, "zeta": np.nan}}, "known values must be finite"),
    ({"known": {"theta1": 0.3, "zeta": -0.4, "v0": np.inf}}, "known values must be finite"),
    ({"unknown": ("theta0", "gamma", "u0")}, "prior says nothing about u₀"),
    ({"observation": Observation(TIMES[:5], np.zeros((5, 2)), ("u", "w"))}, "states among u, v, with a noise for each"),
    ({"known": {"theta1": 0.3, "zeta": 10**400}}, "known values must be finite"),
    ({"unknown": ("theta0",), "known": {"theta1": 0.3, "zeta": -0.4, "gamma": 0}}, "damping γ must be above zero"),
    ({"unknown": ("theta0",), "known": {"theta1": 0.3, "zeta": -0.4, "gamma": -1}}, "damping γ must be above zero"),
    ({"unknown": "theta0"}, "Give the names of the unknowns as a tuple"),
    ({"noise": Noise(0.0, SD)}, "Give a tuple of noises"),
    ({"noise": (0.8, 0.35)}, "Give a tuple of noises"),
    ({"noise": (Noise(0.0, SD),)}, "with a noise for each; they are of u, v, with 1"),
    ({"observation": Observation(TIMES[:5], GAPS, ("u", "v"))}, "Correlated noise needs equal steps without gaps"),
    ({"observation": Observation([0, 1, 3, 4, 5.0], np.zeros((5, 2)), ("u", "v"))}, "needs equal steps"),
    (
        {"observation": Observation(TIMES[:2], [[0.0], [np.nan]], ("u",)), "noise": (Noise(0.0, SD),)},
        "The data hold 1 observed values for 2 unknowns",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSED)
def test_parts_that_do_not_fit_together_end_in_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Problem(**{**PARTS, **change})


def test_white_noise_takes_gaps_and_the_start_may_be_known():
    white = {"noise": (Noise(0.0, SD), Noise(0.0, 0.2)), "observation": Observation(TIMES[:5], GAPS, ("u", "v"))}
    task = Problem(**{**PARTS, **white, "known": {"theta1": 0.3, "zeta": -0.4, "v0": 0.7}})
    assert task.initial_state([0.1, 4.0]).tolist() == [0.0, 0.7]
    assert task.parameters([0.1, 4.0]).tolist() == [0.1, 0.3, -0.4, 4.0]


CHANGES = [
    {"observation": Observation(TIMES[:5] + 1, np.zeros((5, 2)), ("u", "v"))},
    {"observation": Observation(TIMES[:5], np.full((5, 2), 1e-9), ("u", "v"))},
    {"observation": Observation(TIMES[:5], np.zeros((5, 2)), ("v", "u"))},
    {"unknown": ("gamma", "theta0")},
    {"known": {"theta1": 0.3, "zeta": -0.41}},
    {"known": {"theta1": 0.3, "zeta": -0.4, "u0": 0.1}},
    {"noise": (Noise(0.5, 0.2), Noise(0.0, SD))},
    {"noise": (Noise(0.0, SD), Noise(0.5, 0.2000001))},
    {"prior": full_prior().flat()},
    {"model": replace(FITZHUGH_NAGUMO, name="another")},
]


def test_identity_differs_with_any_part_and_agrees_for_equal_parts():
    """Equal numbers of another type are equal parts; so is a prior that says more about what is not unknown."""
    identity = Problem(**PARTS).identity
    others = [Problem(**{**PARTS, **change}).identity for change in CHANGES]
    assert len({identity, *others}) == len(CHANGES) + 1
    same = {
        "observation": Observation(TIMES[:5].tolist(), np.zeros((5, 2), int), ("u", "v")),
        "known": {"zeta": np.float64(-0.4), "theta1": np.float64(0.3)},
        "noise": (Noise(0, np.float64(SD)), Noise(np.float64(0.5), 0.2)),
        "prior": full_prior().select(("gamma", "theta0", "zeta")),
    }
    for part, value in same.items():
        assert Problem(**{**PARTS, part: value}).identity == identity, part


def test_nothing_frozen_is_written_to():
    known = {"theta1": 0.3, "zeta": -0.4}
    times, data = TIMES.copy(), noisy_trace()
    task = Problem.of_trace(FITZHUGH_NAGUMO, data, times, ("theta0", "gamma"), known, Noise(RHO, SD), full_prior())
    before, position = task.identity, np.array([0.5, 3.0])
    task.loss(position), task.gradient(position), task.hessian(position), task.residuals(position)
    times[:], data[:], known["zeta"] = 0.0, 0.0, 0.0
    assert task.identity == before
    assert position.flags.writeable
    assert task.known["zeta"] == -0.4
    with pytest.raises(TypeError, match="does not support item assignment"):
        task.known["zeta"] = 0.0
    for array in (task.times, task.data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_one_part_at_a_time_is_exchanged():
    task, other = problem(), noisy_trace(seed=1)
    assert task.with_data(other).data.tolist() == other.tolist()
    assert task.with_noise(Noise(0.1, 0.2)).noise == (Noise(0.1, 0.2),)
    flat = task.with_flat_prior()
    assert flat.bounds.tolist() == task.bounds.tolist()
    assert flat.prior.regularisation([0.9, 0.3]) == 0
    assert flat.loss([0.9, 0.3]) == task.misfit([0.9, 0.3])
    with pytest.raises(ValueError, match="two samples or more, and one a time"):
        task.with_data(np.ones(99))
    with pytest.raises(ValueError, match="finite"):
        task.with_data(np.full(100, np.nan))


def test_a_problem_can_be_sent_to_another_process():
    sent = problem(("theta0", "theta1"))
    received = pickle.loads(pickle.dumps(sent))
    assert received.identity == sent.identity
    assert received.loss([0.3, 0.5]) == sent.loss([0.3, 0.5])


def test_copies_of_a_problem_are_frozen():
    task = Problem(**PARTS)
    for copied in (pickle.loads(pickle.dumps(task)), copy.deepcopy(task)):
        assert copied.identity == task.identity
        for array in (copied.observation.data, copied.observation.times, copied.observation.sampled):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
