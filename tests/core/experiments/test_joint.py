"""The joint experiment on trainings small enough for a test, and its figures on estimates made by hand."""

from dataclasses import fields, replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from core.experiments import compared_maps, joint
from core.experiments.context import Context
from core.experiments.estimators import (
    CNN,
    EXACT,
    JOINT_MAP,
    JOINT_TRACES,
    OURS,
    SPECTRUM,
    TIME_AND_SPECTRUM,
    TIME_SERIES,
)
from core.experiments.labels import key_label
from core.experiments.published_figures import JOINT_PARAMETERS, JOINT_SIZES, PUBLISHED
from core.experiments.records import Key, Measurement, Result, find
from core.experiments.reports import tables
from core.maps import calibration, untrained_network
from core.maps.dataset import Dataset
from core.maps.recipes import joint_task
from core.maps.test_sets import published_test_set
from core.parallel import workers

# By how much the published R² of the better input is above that of the other, by hand from the published table.
PUBLISHED_GAINS = {
    ("theta0", TIME_SERIES, SPECTRUM, 1000): 0.454,
    ("theta0", TIME_AND_SPECTRUM, SPECTRUM, 1000): 0.475,
    ("theta1", TIME_SERIES, SPECTRUM, 1000): 0.235,
    ("theta1", TIME_AND_SPECTRUM, SPECTRUM, 1000): 0.279,
    ("theta1", TIME_AND_SPECTRUM, TIME_SERIES, 1000): 0.044,
    ("sigma", SPECTRUM, TIME_SERIES, 1000): 1.144,
    ("sigma", TIME_AND_SPECTRUM, TIME_SERIES, 1000): 1.209,
    ("sigma", TIME_AND_SPECTRUM, SPECTRUM, 1000): 0.065,
    ("rho", SPECTRUM, TIME_SERIES, 1000): 1.403,
    ("rho", TIME_AND_SPECTRUM, TIME_SERIES, 1000): 1.445,
    ("rho", TIME_AND_SPECTRUM, SPECTRUM, 1000): 0.042,
    ("theta0", TIME_SERIES, SPECTRUM, 8000): 0.382,
    ("theta0", TIME_AND_SPECTRUM, SPECTRUM, 8000): 0.388,
    ("theta1", TIME_SERIES, SPECTRUM, 8000): 0.136,
    ("theta1", TIME_AND_SPECTRUM, SPECTRUM, 8000): 0.145,
    ("sigma", SPECTRUM, TIME_SERIES, 8000): 0.042,
    ("sigma", TIME_AND_SPECTRUM, TIME_SERIES, 8000): 0.057,
    ("rho", SPECTRUM, TIME_SERIES, 8000): 0.164,
    ("rho", TIME_AND_SPECTRUM, TIME_SERIES, 8000): 0.165,
}


@cache
def few() -> Dataset:
    """Return the first of the published test traces."""
    data = published_test_set()
    return Dataset(*(getattr(data, field.name)[:200] for field in fields(Dataset)))


def off_by(error):
    """Return a map whose estimates of all test traces are off by the same errors, (4,)."""
    truth = published_test_set().truth(joint_task())
    return SimpleNamespace(
        fingerprint="by hand", predict=lambda traces: SimpleNamespace(mean=(truth + error)[: len(traces)])
    )


def published_as_measured() -> list[Measurement]:
    """Return measurements of a CNN with the published figures."""
    return [
        replace(each, key=replace(each.key, estimator=CNN))
        for each in PUBLISHED
        if each.key.parameter in JOINT_PARAMETERS and each.key.regime in joint.INPUTS
    ]


def test_scores_are_means_over_the_seeds_with_their_spread():
    """Two seeds whose estimates are off by e and by 3e: RMSE 2e ± √2 e; R² is 1 − e²/variance and 1 − 9e²/variance."""
    error = np.array([0.02, 0.03, 0.004, 0.01])
    found = joint.measured(OURS, TIME_AND_SPECTRUM, 8000, [off_by(error), off_by(3 * error)])
    assert len(found) == 3 * 4
    variance = published_test_set().truth(joint_task()).var(axis=0)
    for k, parameter in enumerate(JOINT_PARAMETERS):
        rmse = find(found, Key(OURS, "rmse", parameter, TIME_AND_SPECTRUM, 8000))
        assert (rmse.value, rmse.spread) == pytest.approx((2 * error[k], np.sqrt(2) * error[k]), rel=1e-9)
        r2 = find(found, Key(OURS, "r2", parameter, TIME_AND_SPECTRUM, 8000))
        assert r2.value == pytest.approx(1 - 5 * error[k] ** 2 / variance[k], rel=1e-9)
    assert all(each.spread is None for each in joint.measured(OURS, TIME_AND_SPECTRUM, 8000, [off_by(error)]))


def test_the_order_of_two_inputs_is_compared_where_the_published_figures_clearly_differ():
    found = joint.gains(published_as_measured(), JOINT_SIZES)
    expected = {
        Key(CNN, f"r2_above_{worse}", parameter, better, n): gain
        for (parameter, better, worse, n), gain in PUBLISHED_GAINS.items()
    }
    assert {each.key: each.value for each in found} == pytest.approx(expected, abs=1e-9)
    assert key_label(found[0].key) == (
        "CNN, as published, time series, N = 1,000: R² θ₀ above that from Fourier spectrum"
    )


def test_a_pair_of_inputs_in_another_order_has_a_negative_gain_and_misses_its_target():
    """The time series is put above time and Fourier in θ₁ at N = 1,000, by 0.02."""
    key = Key(CNN, "r2", "theta1", TIME_SERIES, 1000)
    figures = [each if each.key != key else Measurement(key, 0.876) for each in published_as_measured()]
    gains = joint.gains(figures, JOINT_SIZES)
    targets = joint._targets(gains)
    assert len(targets) == len(PUBLISHED_GAINS)
    (missed,) = Result("By hand.", {}, tuple(gains), tuple(targets)).missed
    assert missed.key == Key(CNN, "r2_above_time-series", "theta1", TIME_AND_SPECTRUM, 1000)
    assert find(gains, missed.key).value == pytest.approx(-0.02)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """What a quick run finds with trainings of one epoch and 200 traces, without and with the shipped map."""
    lines, results = [], []
    context = Context(lines.append, tmp_path_factory.mktemp("work"), quick=True)
    limit = [
        Measurement(Key(EXACT, metric, parameter, JOINT_TRACES), 0.9)
        for metric in ("r2", "median_ape", "rmse")
        for parameter in (*JOINT_PARAMETERS, "mean")
    ]
    with pytest.MonkeyPatch.context() as patch, workers(None, 1):
        patch.setattr(compared_maps, "QUICK_EPOCHS", 1)
        patch.setattr(untrained_network, "N_VALIDATION", 100)
        patch.setattr(calibration, "N_CALIBRATION", 100)
        patch.setattr(joint, "published_test_set", few)
        patch.setattr(joint, "limit_measured", lambda _: limit)
        for shipped in ([], [JOINT_MAP]):
            patch.setattr(joint, "shipped_or_none", lambda name, shipped=shipped: off_by(0.01) if shipped else None)
            results.append(joint.run(context))
    return results, lines


def test_a_run_measures_every_input_our_network_and_the_limit(quick):
    (without, with_map), lines = quick
    rows = [(CNN, inputs, 1000) for inputs in (TIME_SERIES, SPECTRUM, TIME_AND_SPECTRUM)]
    rows += [(OURS, TIME_AND_SPECTRUM, 1000), (EXACT, JOINT_TRACES, None)]
    expected = {
        Key(estimator, metric, parameter, regime, n)
        for estimator, regime, n in rows
        for metric in ("r2", "median_ape", "rmse")
        for parameter in JOINT_PARAMETERS
    }
    keys = {each.key for each in without.measurements}
    gains = {key for key in keys if key.metric.startswith("r2_above_")}
    assert keys - gains == expected
    assert len(gains) == 11  # those at N = 1,000
    assert {each.key for each in with_map.measurements} - keys == {
        Key(JOINT_MAP, metric, parameter, TIME_AND_SPECTRUM)
        for metric in ("r2", "median_ape", "rmse")
        for parameter in JOINT_PARAMETERS
    }
    assert [line for line in lines if "no map called joint" in line] == [
        "There is no map called joint: run `python -m core.pretrain` first. Its figures are left out."
    ]
    assert (without.settings["map"], with_map.settings["map"]) == (None, "by hand")


def test_a_gain_is_the_difference_of_two_measured_figures(quick):
    (result, _), _ = quick
    series, spectrum = (result.value(Key(CNN, "r2", "sigma", inputs, 1000)) for inputs in (TIME_SERIES, SPECTRUM))
    gain = result.value(Key(CNN, "r2_above_time-series", "sigma", SPECTRUM, 1000))
    assert gain == pytest.approx(spectrum - series, rel=1e-12)


def test_the_tables_hold_published_figures_beside_measured_ones(quick):
    (_, result), _ = quick
    accuracy, error, _, order = tables("joint", result)
    rows = dict(accuracy.rows)
    labels = ("published CNN, time series, N = 1,000", "joint", "exact posterior, noise integrated out")
    assert [[cell.text for cell in rows[label]] for label in (labels[0], labels[2])] == [
        ["0.914", "0.812", "−0.62", "−0.8"],
        ["0.9"] * 4,
    ]
    assert labels[1] in rows
    assert not any(label.startswith("published") for label, _ in error.rows)
    assert len(order.rows) == 4  # pairs of inputs with a clear published order in any parameter
