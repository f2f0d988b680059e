import json
from math import inf, nan

import pytest

from core.experiments import records
from core.experiments.published_figures import PUBLISHED
from core.experiments.records import RESULTS, Key, Measurement, Result, Target, find, store, stored

STORED = sorted(path.stem for path in RESULTS.glob("*.json"))
R2 = Key("ours", "r2", "theta0", "noisy-noisy", 500)
COVERAGE = Key("best", "coverage", "", "noisy", at=0.9)


@pytest.mark.parametrize(
    ("value", "at_least", "at_most", "met"),
    [
        (0.95, 0.9, None, True),
        (0.85, 0.9, None, False),
        (120.0, None, 100.0, False),
        (0.51, 0.47, 0.53, True),
        (nan, -inf, None, False),
    ],
)
def test_a_target_is_met_within_its_bounds(value, at_least, at_most, met):
    assert Target(R2, at_least, at_most).met(value) is met


def test_a_result_is_stored_with_a_line_a_measurement_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    found = (Measurement(R2, 0.1234567890123456, 0.002), Measurement(COVERAGE, 1))
    result = Result("An experiment, of θ₀.", {"seeds": [3]}, found, (Target(COVERAGE, at_least=0.88),))
    store("small", result)
    assert stored("small") == result
    assert stored("small").missed == ()
    written = (tmp_path / "small.json").read_text("utf-8")
    assert written == (
        '{\n "about": "An experiment, of θ₀.",\n "settings": {\n  "seeds": [\n   3\n  ]\n },\n "measurements": [\n'
        '  {"estimator": "ours", "metric": "r2", "parameter": "theta0", "regime": "noisy-noisy", "n": 500, '
        '"value": 0.1234567890123456, "spread": 0.002},\n'
        '  {"estimator": "best", "metric": "coverage", "regime": "noisy", "at": 0.9, "value": 1}\n ],\n'
        ' "targets": [\n  {"estimator": "best", "metric": "coverage", "regime": "noisy", "at": 0.9, "at_least": 0.88}\n'
        " ]\n}\n"
    )
    assert json.loads(written)["measurements"][0]["value"] == 0.1234567890123456


def test_a_lookup_that_finds_none_or_several_is_refused_with_a_sentence():
    once = (Measurement(R2, 0.5), Measurement(COVERAGE, 0.9))
    assert find(once, R2).value == 0.5
    with pytest.raises(LookupError, match=r"There is no measurement of estimator ours, metric r2, n 8000\."):
        find(once, Key("ours", "r2", n=8000))
    with pytest.raises(LookupError, match="There are several measurements of estimator ours, metric r2, parameter"):
        find((*once, Measurement(R2, 0.6)), R2)
    with pytest.raises(LookupError, match="There is no measurement of"):
        Result("", {}, once).value(Key("ours", "r2", "theta1", "noisy-noisy", 500))


def test_a_result_holds_each_figure_once_and_the_figure_of_each_target():
    with pytest.raises(ValueError, match="Two measurements are both of estimator ours, metric r2"):
        Result("", {}, (Measurement(R2, 0.5), Measurement(R2, 0.5)))
    with pytest.raises(ValueError, match=r"There is a target, but no measurement, of estimator best, metric coverage"):
        Result("", {}, (Measurement(R2, 0.5),), (Target(COVERAGE, 0.88),))


def test_a_curve_has_a_gap_where_nothing_was_measured():
    low, high = (Key("best", "coverage", at=mass) for mass in (0.5, 0.9))
    first, second = Result("", {}, (Measurement(high, 0.89),)).curve([low, high])
    assert first != first  # NaN
    assert second == 0.89


@pytest.mark.parametrize("name", STORED)
def test_stored_results_are_as_they_would_be_written(name):
    assert stored(name).text() == (RESULTS / f"{name}.json").read_text("utf-8")


def test_an_experiment_that_was_not_run_has_no_result():
    assert stored("never") is None


def test_the_published_figures_are_those_of_the_paper():
    """Its table for N = 500, and for 8,000 with noise; the authors' reference run; the further tables of the talk."""
    assert len({each.key for each in PUBLISHED}) == len(PUBLISHED) == 78
    figures = {
        ("clean-clean", 500): (0.023, 0.990),
        ("clean-noisy", 500): (0.169, 0.788),
        ("noisy-noisy", 500): (0.098, 0.921),
        ("noisy-noisy", 8000): (0.053, 0.976),
    }
    for (regime, n), expected in figures.items():
        found = tuple(find(PUBLISHED, Key("paper", each, "mean", regime, n)).value for each in ("median_ape", "r2"))
        assert found == expected
    assert find(PUBLISHED, Key("authors-pytorch", "r2", "theta1", "noisy-noisy", 1024)).value == 0.9285
    joint = [
        find(PUBLISHED, Key("paper", "r2", parameter, "time-and-spectrum", 8000)).value
        for parameter in ("theta0", "theta1", "sigma", "rho")
    ]
    assert joint == [0.968, 0.942, 0.684, 0.722]
    errors = [
        find(PUBLISHED, Key("paper", error, "", regime)).value
        for regime in ("clean-clean", "clean-noisy", "noisy-noisy")
        for error in ("mean_error", "covariance_error")
    ]
    assert errors == [0.032, 0.124, 0.215, 0.229, 0.093, 0.161]
    assert find(PUBLISHED, Key("published-cpu", "total_seconds", "", "published-precision", at=2048)).value == 2576.2
