import json
from math import inf

import pytest

from core.experiments.record import RESULTS, Result, Table, Target, stored

STORED = sorted(path.stem for path in RESULTS.glob("*.json"))


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target("share", 0.95, at_least=0.9), True),
        (Target("share", 0.85, at_least=0.9), False),
        (Target("time", 120.0, at_most=100.0), False),
        (Target("coverage", 0.51, 0.47, 0.53), True),
        (Target("nothing was measured", float("nan"), at_least=-inf), False),
    ],
)
def test_a_target_is_met_within_its_bounds(target, met):
    assert target.met is met
    assert ("met" if met else "missed") in str(target)


def test_a_result_as_text_and_as_json():
    table = Table("What was found", ("name", "figure"), (("first", 0.123456), ("second", None)))
    result = Result("An experiment.", {"seed": 3}, (table,), (Target("share", 0.5, at_least=0.4),))
    lines = str(result).splitlines()
    assert lines[0] == "An experiment."
    assert "first   0.1235" in lines
    assert "second  –     " in lines
    assert lines[-1] == "share: 0.5 (at least 0.4: met)"
    restored = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert restored["tables"][0]["rows"] == [["first", 0.123456], ["second", None]]
    assert restored["targets"][0]["met"] is True


@pytest.mark.parametrize("name", STORED)
def test_stored_results_agree_with_themselves(name):
    """What is called met lies within the bounds that stand beside it, and every row has its columns."""
    result = stored(name)
    assert result is not None
    for target in result["targets"]:
        bounds = {key: target[key] for key in ("figure", "measured", "at_least", "at_most")}
        assert Target(**bounds).met is target["met"]
    for table in result["tables"]:
        assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_an_experiment_that_was_not_run_has_no_result():
    assert stored("never") is None
