from dataclasses import replace
from urllib.parse import parse_qs

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from core.models.fitzhugh_nagumo.simulate import simulate
from core.models.spikes import spike_statistics
from core.published import time_grid
from dashboard.scene.exercise import Exercise, Sitting, problems
from dashboard.scene.experiment import Experiment

CLASS = Exercise(
    "theta0=0.317&sigma=0.1&axis_x=theta0", ("Landscape",), ("sigma", "rho"), ("seed",), sealed=True, word="tulip"
)
NAMES = tuple(str(number) for number in range(1, 31))


def test_thirty_names_have_thirty_different_problems_of_neurons_that_spike():
    found = problems(replace(CLASS, names=NAMES, seed=5))
    assert len({(each.theta0, each.theta1) for each in found}) == len({each.seed for each in found}) == 30
    times = time_grid()
    for each in found:
        assert np.isfinite(spike_statistics(simulate((each.theta0, each.theta1, -0.4, 3.0), times)[:, 0], times)[0])
    assert problems(replace(CLASS, names=NAMES, seed=5)) == found
    assert {each.theta0 for each in problems(replace(CLASS, names=NAMES, seed=6))} != {each.theta0 for each in found}


def test_problems_are_drawn_from_the_published_prior():
    """θ₁, on which spiking depends little, has the prior's law; a wrong mean or sd would be rejected at once."""
    found = problems(replace(CLASS, names=tuple(map(str, range(200))), seed=1))
    theta1 = [each.theta1 for each in found]
    assert kstest(theta1, truncnorm(-2, 2, 0.4, 0.4).cdf).pvalue > 1e-3


def test_a_student_begins_with_their_problem_and_what_is_pinned_stays():
    named = replace(CLASS, names=NAMES, seed=5)
    sitting = Sitting(named, "token", 3)
    problem = problems(named)[3]
    start = sitting.start
    assert (start.theta0, start.theta1, start.seed) == (problem.theta0, problem.theta1, problem.seed)
    assert (start.sigma, start.hidden) == (0.1, True)
    assert start.seed > 2**31  # of so many nobody can try all
    moved = sitting.over(replace(start, theta0=0.9, sigma=0.0, seed=1, zeta=0.0, hidden=False, candidate_theta0=0.2))
    assert moved == replace(start, candidate_theta0=0.2)
    opened = replace(sitting, is_open=True)
    assert opened.over(start) == replace(start, hidden=False)
    assert opened.over(replace(start, theta0=0.9)).theta0 == problem.theta0


def test_without_a_seal_the_truth_is_free_and_can_be_hidden():
    sitting = Sitting(replace(CLASS, sealed=False), "token")
    assert sitting.start.hidden is False
    assert sitting.over(replace(sitting.start, theta0=0.9, hidden=True)).hidden
    assert sitting.over(replace(sitting.start, theta0=0.9)).theta0 == 0.9


def test_the_address_holds_what_the_student_changed_and_nothing_of_the_truth():
    sitting = Sitting(replace(CLASS, names=NAMES, seed=5), "token", 3)
    moved = replace(sitting.start, candidate_theta0=0.25, misfit="white", t_end=100.0)
    address = sitting.address(moved)
    assert parse_qs(address) == {"candidate_theta0": ["0.25"], "misfit": ["white"], "t_end": ["100.0"]}
    assert sitting.experiment(address) == (moved, ())


@pytest.mark.parametrize(
    "part",
    [
        "theta0=0.9",
        "hidden=0",
        "sigma=0",
        "upload=mine.csv",
        "zeta=0",
        "rho=0",
        "seed=1",
        "axis_x=zeta",
    ],
)
def test_an_address_that_is_changed_by_hand_changes_nothing_that_is_pinned(part):
    sitting = Sitting(CLASS, "token")
    assert sitting.experiment(part) == (sitting.start, ())


def test_a_student_chooses_among_the_maps_trained_here():
    sitting = Sitting(CLASS, "token")
    chosen = replace(sitting.start, own_maps="mine")
    assert sitting.experiment(sitting.address(chosen)) == (chosen, ())


def test_an_address_with_a_mistake_says_so():
    _, sentences = Sitting(CLASS, "token").experiment("t_end=much")
    assert "must be a number" in sentences[0]


def test_what_is_not_in_the_query_is_the_default():
    assert Sitting(Exercise("", ("Neuron",)), "token").start == Experiment()


def test_a_sealed_truth_without_names_has_noise_that_nobody_can_draw_again():
    seeds = {Sitting(replace(CLASS, seed=seed), "token").start.seed for seed in (1, 2)}
    assert len(seeds) == 2
    assert min(seeds) > 2**31
    assert Sitting(replace(CLASS, sealed=False), "token").start.seed == Experiment().seed


def test_an_axis_that_is_locked_locks_the_other_which_could_be_made_the_same():
    sitting = Sitting(replace(CLASS, sealed=False, locked=("axis_x",)), "token")
    assert sitting.experiment("axis_y=theta0") == (sitting.start, ())


def test_hiding_the_truth_for_oneself_travels_where_it_is_not_sealed():
    sitting = Sitting(replace(CLASS, sealed=False), "token")
    hidden = replace(sitting.start, hidden=True)
    assert sitting.experiment(sitting.address(hidden)) == (hidden, ())


@pytest.mark.parametrize("query", ["t_end=2", "t_end=12", "gamma=8&t_end=20"])
def test_neurons_that_do_not_spike_end_the_draw_with_a_sentence(query):
    with pytest.raises(ValueError, match="too few neurons"):
        problems(replace(CLASS, query=query, names=tuple(map(str, range(200)))))
