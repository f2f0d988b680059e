import json

import pytest

from core.files import read_json
from core.maps.examination.examination import examined
from core.maps.examination.verdict import verdict
from core.maps.inverse_map import PLANTED, available_inverse_maps, load_inverse_map
from core.maps.planted_faults import Planted, planted_faults
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import published_task
from tests.imports import ROOT


def test_all_planted_faults_are_shipped():
    assert available_inverse_maps(PLANTED) == tuple(sorted(Planted))


@pytest.mark.parametrize("name", Planted)
def test_a_planted_fault_is_named(name):
    """On one set of traces, and no other cause; in how many of 100 sets is stored by the benchmark below."""
    path = PLANTED / f"{name}.safetensors"
    assert path.stat().st_size <= 2**20
    assert read_json(path.with_suffix(".json"))["recipe"] == recipe_as_json(planted_faults()[name].recipe)
    trained, task = load_inverse_map(path), published_task()
    *_, (share, found) = examined(trained, task, seed=1, n_exact=0)
    assert share == 1.0
    judged = verdict(found, trained.recipe, task)
    assert {reason.cause for reason in judged.reasons} == {planted_faults()[name].cause}


def test_stored_figures_are_in_range():
    """What python -m tests.benchmarks.examination has stored."""
    figures = json.loads((ROOT / "tests/benchmarks/results/examination.json").read_text())["figures"]
    assert sum("named" in figure["what"] for figure in figures) == len(Planted)
    assert all(figure.get("met", True) for figure in figures)
