import json

import numpy as np
import pytest

from core.maps.examination.exact_comparison import Comparison
from core.maps.examination.examination_file import examination_as_json, examination_from_json
from tests.core.maps.examination.correct import NAMES
from tests.core.maps.examination.test_verdict import found


@pytest.fixture(scope="module")
def written():
    exact = (Comparison((0.1, -0.2), (1.0, 2.0), 0.3),)
    return json.dumps(examination_as_json(found(n=50, exact=exact)))


def test_an_examination_comes_back(written):
    before, after = found(n=50), examination_from_json(json.loads(written), NAMES)
    assert after.names == NAMES
    assert all(np.array_equal(after.ranks[name], ranks) for name, ranks in before.ranks.items())
    assert after.failed == before.failed
    assert np.allclose(after.z, before.z, atol=1e-4)
    assert np.allclose(after.contraction, before.contraction, atol=1e-9)
    assert after.exact == (Comparison((0.1, -0.2), (1.0, 2.0), 0.3),)


@pytest.mark.parametrize(
    "change",
    [
        {"names": ["theta0"]},
        {"ranks": {}},
        {"ranks": None},
        {"z": [[1.0]]},
        {"z": [["a", "b"]] * 50},
        {"contraction": [[float("nan"), 0.0]] * 50},
        {"family_gamma": "x"},
        {"central_half": 0.0},
        {"gammas": {"theta0": 1.0}},
        {"exact": [{"shifts": [0.0], "lengths": [1.0, 1.0], "divergence": 0.1}]},
        {"exact": 3},
    ],
)
def test_anything_else_ends_in_a_sentence(written, change):
    with pytest.raises(ValueError, match="examine it again"):
        examination_from_json({**json.loads(written), **change}, NAMES)


def test_no_examination_of_other_parameters_is_taken(written):
    with pytest.raises(ValueError, match="examine it again"):
        examination_from_json(json.loads(written), ("theta0", "gamma"))
