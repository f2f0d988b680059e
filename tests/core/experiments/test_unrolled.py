"""The experiment on the learned optimiser: what is counted along a path, and what was stored."""

import numpy as np
import pytest

from core.experiments.estimators import BEST, STEPS
from core.experiments.records import Key, stored
from core.experiments.steps_anywhere import METHODS, SPENT, _lowest_by
from core.learned_optimiser.kind import LEARNED
from core.optimisation.path import Ending, OptimiserPath


def test_the_lowest_loss_is_that_after_each_number_of_evaluations_and_at_the_end():
    losses, evaluations = np.array([np.inf, 9.0, 4.0, 5.0, 1.0]), np.array([1, 6, 10, 11, 900])
    path = OptimiserPath("any", np.zeros((5, 2)), losses, np.ones(5), evaluations, Ending.CONVERGED, False)
    lowest = dict(zip((*SPENT, None), _lowest_by(path), strict=True))
    assert [lowest[spent] for spent in (5, 10, 15, 400, None)] == [None, 4.0, 4.0, 4.0, 1.0]


def test_the_stored_shares_agree_with_each_other():
    found = stored("unrolled")
    for method in (LEARNED, *METHODS):
        by = [found.value(Key(method, "reached_by", "", "fresh", at=spent)) for spent in SPENT]
        assert by == sorted(by)
        end = found.value(Key(method, "reached", "", "fresh", at=0.5))
        assert end >= by[-1]
        assert end * found.settings["n_traces"] == pytest.approx(round(end * found.settings["n_traces"]))
    shares = [found.value(Key(method, "reached", "", "fresh", at=0.5)) for method in (LEARNED, "Newton")]
    assert found.value(Key(LEARNED, "reached_over_newton", "", "fresh")) == pytest.approx(shares[0] / shares[1])


def test_without_a_step_the_error_is_that_of_the_map_itself():
    """Another experiment measured it on the same traces, on another machine, whose rounding moves a few estimates."""
    found, fresh = stored("unrolled"), stored("fresh")
    for metric in ("rmse_over_limit", "median_ape_over_limit"):
        own = found.value(Key(STEPS, metric, "mean", "fresh", at=0.0))
        assert own == pytest.approx(fresh.value(Key(BEST, metric, "mean", "fresh")), abs=1e-3)
