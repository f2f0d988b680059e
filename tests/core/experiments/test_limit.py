"""What is measured of estimates that are given by hand; the estimators have tests of their own."""

import numpy as np
import pytest

from core.estimate import Estimate
from core.experiments import best_map, limit
from core.experiments.records import Key, Measurement, Result, find, stored

TRUTH = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 6.0]])
MEAN = TRUTH + np.array([[0.1, -0.1], [-0.1, 0.1], [0.1, 0.3], [-0.1, 0.3]])
CREDIBILITIES = (0.04, 0.51, 0.89, 0.97)


def test_the_limit_measures_accuracy_coverage_and_ranks_as_by_hand():
    rows = [
        {"mean": mean, "credibility": credibility, "ranks": [rank, 0.5], "unresolved": rank > 0.8}
        for mean, credibility, rank in zip(MEAN, CREDIBILITIES, (0.125, 0.375, 0.625, 0.875), strict=True)
    ]
    found = limit._measured("posterior-noise-known", TRUTH, rows)

    def value(metric, parameter="", at=None):
        return find(found, Key("posterior-noise-known", metric, parameter, "noisy", at=at)).value

    assert value("rmse", "theta0") == pytest.approx(0.1)
    assert value("rmse", "theta1") == pytest.approx(np.sqrt(0.05))  # of 0.01, 0.01, 0.09 and 0.09
    assert value("rmse", "mean") == pytest.approx((0.1 + np.sqrt(0.05)) / 2)
    assert value("r2", "theta0") == pytest.approx(1 - 0.04 / 5)  # squares of −1.5, −0.5, 0.5 and 1.5
    assert value("median_ape", "theta1") == pytest.approx((0.05 + 0.1) / 2)  # of 0.1, 0.05, 0.1 and 0.05
    assert [value("coverage", at=mass) for mass in (0.05, 0.5, 0.55, 0.9)] == [0.25, 0.25, 0.5, 0.75]
    assert (value("covered_share"), value("unresolved")) == (1, 0.25)
    # Ranks in the middle of each quarter lie 1/8 from uniform, the nearest that four can; all at 0.5 lie 1/2, which by
    # Smirnov's formula four uniform ranks do with probability 2 · (0.5⁴ + 0.5 · 4 · 0.25³).
    assert value("rank_p", "theta0") == pytest.approx(1)
    assert value("rank_p", "theta1") == pytest.approx(0.1875)


def test_an_estimator_without_a_posterior_has_accuracy_alone():
    found = limit._measured("map-noise-known", TRUTH, [{"mean": mean} for mean in MEAN])
    assert {each.key.metric for each in found} == {"r2", "median_ape", "rmse"}
    assert len(found) == 9


def test_the_limit_measures_what_is_stored_of_it():
    rows = [{"mean": mean, "credibility": 0.3, "ranks": [0.2, 0.6], "unresolved": False} for mean in MEAN]
    laplace = [{"mean": mean, "credibility": 0.3} for mean in MEAN]
    plain = [{"mean": mean} for mean in MEAN]
    codes = dict.fromkeys((limit.KNOWN, limit.EXACT, limit.WHITE), rows)
    codes |= {limit.LAPLACE: laplace, limit.MAP: plain, limit.JOINT: plain}
    keys = {each.key for name, described in codes.items() for each in limit._measured(name, TRUTH, described)}
    assert keys == {each.key for each in stored("limit").measurements}
    assert stored("limit").targets == limit._targets()


def test_the_best_map_is_measured_against_the_limit():
    covariance = np.tile(0.01 * np.eye(2), (4, 1, 1))
    metrics = ("rmse", "median_ape")
    yardstick = tuple(Measurement(Key(limit.EXACT, each, "mean", "noisy"), 0.05) for each in metrics)
    estimate = Estimate(MEAN, covariance, limit.PARAMETERS)
    found = best_map._measured("best", TRUTH, estimate, Result("", {}, yardstick))

    def value(metric, parameter="", at=None):
        return find(found, Key("best", metric, parameter, "noisy-noisy", at=at)).value

    assert value("rmse_over_limit", "mean") == pytest.approx(value("rmse", "mean") / 0.05)
    assert value("median_ape_over_limit", "mean") == pytest.approx(value("median_ape", "mean") / 0.05)
    # Squared distances 2, 2, 10 and 10: the masses 1 − exp(−d²/2) are 0.632 and 0.993.
    assert [value("coverage", at=mass) for mass in (0.6, 0.65, 0.95)] == [0, 0.5, 0.5]
    keys = {each.key for each in stored("calibration").measurements if each.key.estimator == "best"}
    assert {each.key for each in found} == {key for key in keys if key.metric != "flagged"}
    assert stored("calibration").targets == tuple(best_map._targets(2000, limited=True))
