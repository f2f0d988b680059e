"""The stored cures, against what theory says of them; alarms at traces that should and should not raise them."""

import numpy as np
import pytest

from core.experiments.alarms import LEVEL, predictive_ps, scores
from core.experiments.cured_maps import recipe_of
from core.experiments.estimators import BEST, CURES, DENSE_MAP, KNOWN, MAP
from core.experiments.limit import problem_of
from core.experiments.limit_traces import fresh_set
from core.experiments.perturbed import fresh, learned
from core.experiments.records import Key, stored

NUMBERS = range(3000, 3004)
EVERY = (DENSE_MAP, *CURES, BEST, MAP, KNOWN)


def test_noise_three_times_as_large_raises_both_alarms_and_the_own_noise_none():
    problems, traces = [problem_of(fresh_set(), i) for i in NUMBERS], fresh(NUMBERS)[0]
    clean = fresh_set().clean[list(NUMBERS)]
    assert np.all(predictive_ps(problems, traces) > LEVEL)
    assert np.all(scores(traces) < 1)
    larger = clean + 3 * (traces - clean)
    assert np.all(predictive_ps(problems, larger) < LEVEL)
    assert np.all(scores(larger) > 1)


def test_the_network_that_is_cured_is_the_shipped_one():
    assert recipe_of(learned(DENSE_MAP).recipe.seed) == learned(DENSE_MAP).recipe


@pytest.fixture(scope="module")
def figure():
    result = stored("cures")
    return lambda code, metric, at=None, parameter="": result.value(Key(code, metric, parameter, "fresh", at=at))


@pytest.mark.parametrize("code", EVERY)
def test_worst_cases_grow_with_size_and_reach_what_is_linear(figure, code):
    """At a small size the worst case is the amplification times the size, and an ascent finds at least that."""
    sizes = stored("cures").settings["sizes"]
    movements = [figure(code, "worst_movement", size) for size in sizes]
    assert movements == sorted(movements)
    assert figure(code, "beyond_linear", sizes[0]) > 0.97
    assert figure(code, "amplification_exact") > 0.99


def test_few_alarms_are_false_and_a_perturbation_as_large_as_noise_raises_most(figure):
    """Of 100 traces, six false alarms at 1 % have a probability below 0.001."""
    for code in (DENSE_MAP, BEST):
        for alarm in ("score_alarms", "predictive_alarms"):
            assert figure(code, alarm, 0.0) < 0.06
            assert figure(code, alarm, 31.6) > 0.5


def test_at_a_small_size_learned_steps_are_moved_least_of_the_maps_and_little_more_than_the_exact_mean(figure):
    moved = {code: figure(code, "worst_movement", 3.0) for code in (DENSE_MAP, *CURES, BEST)}
    assert min(moved, key=moved.get) == BEST
    assert moved[BEST] < 2 * figure(KNOWN, "worst_movement", 3.0)
