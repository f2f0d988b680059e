import json
import math

import numpy as np
import pytest

from dashboard.scene.report import MALFORMED, Report, read_report

SOUND = {"sequence": 1_764_000_000_000, "final": False, "changes": {"theta0": "0.4", "hidden": True, "sample": 7}}


def test_a_sound_report_is_read():
    report = read_report(json.loads(json.dumps(SOUND)))
    assert report == Report(1_764_000_000_000, False, {"theta0": "0.4", "hidden": True, "sample": 7})


@pytest.mark.parametrize(
    "content",
    [
        None,
        "text",
        [],
        {},
        {**SOUND, "sequence": "1"},
        {**SOUND, "sequence": True},
        {**SOUND, "sequence": [1]},
        {**SOUND, "sequence": math.nan},
        {**SOUND, "sequence": 10**400},
        {**SOUND, "sequence": 1.5},
        {**SOUND, "final": "yes"},
        {**SOUND, "changes": None},
        {**SOUND, "changes": ["theta0"]},
        {**SOUND, "changes": {f"field {i}": 1 for i in range(21)}},
        {**SOUND, "changes": {"f" * 41: 1}},
        {**SOUND, "changes": {7: 1}},
        {**SOUND, "changes": {"theta0": "1" * 1001}},
        {**SOUND, "changes": {"theta0": 10**5000}},
        {**SOUND, "changes": {"theta0": math.inf}},
        {**SOUND, "changes": {"theta0": None}},
        {**SOUND, "changes": {"theta0": [0.4]}},
        {**SOUND, "changes": {"preset": {}}},
        {**SOUND, "changes": {"test_map": "half a \ud83d"}},
        {**SOUND, "changes": {"\udc00": 1}},
    ],
)
def test_anything_else_is_refused_in_a_sentence(content):
    with pytest.raises(ValueError, match="could not be read") as refused:
        read_report(content)
    assert str(refused.value) == MALFORMED


def mutated(rng, value):
    """Return a value of JSON with something in it changed at random."""
    strange = [None, True, -1, 1e308, math.nan, 10**30, "", "x" * 5000, [], [[]], {}, {"a": {"b": 1}}]
    if rng.random() < 0.3:
        return strange[rng.integers(len(strange))]
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if rng.random() > 0.15}
        return {name: mutated(rng, part) for name, part in kept.items()}
    return value


def test_no_report_raises_anything_else():
    rng = np.random.default_rng(4)
    read, refused = 0, 0
    for _ in range(3000):
        try:
            read_report(mutated(rng, SOUND))
            read += 1
        except ValueError:
            refused += 1
    assert min(read, refused) > 50
