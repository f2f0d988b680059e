from base64 import b64decode

import numpy as np
import pytest

from core.files import write_json
from core.maps.examination.examination import examined
from core.maps.examination.examination_file import examination_as_json
from core.maps.examination.ranks import REGION
from core.maps.inverse_map import PLANTED, load_inverse_map
from core.maps.recipes import published_task
from dashboard.background.examination import Examined
from dashboard.pictures.examination import candidates, of_training, picture, wanted
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.scene import Scene


@pytest.fixture(scope="module")
def found():
    trained = load_inverse_map(PLANTED / "trained-clean.safetensors")
    *_, (_, found) = examined(trained, published_task(), n=250, n_exact=1)
    return found


def shown_of(found, name="trained-clean"):
    experiment = Experiment(test_view="examination", test_map=name)
    held = Examined(wanted(experiment).key, found)
    return picture(Scene(experiment, experiment, holdings=Holdings(examined=held)))


def values(part):
    return np.frombuffer(b64decode(part["bdata"]), part["dtype"])


def test_maps_that_state_nothing_are_not_listed():
    assert {"best", "narrow", "few-simulations"} <= set(candidates(Experiment()))
    assert "cnn-noisy" not in candidates(Experiment())


def test_nothing_is_examined_unless_it_is_shown():
    assert wanted(Experiment()) is None
    assert wanted(Experiment(test_view="examination")).trained.name == "best"
    assert wanted(Experiment(test_view="examination", test_map="no such")).trained.name == "best"


def test_the_verdict_stands_first_and_the_curves_are_those_of_the_ranks(found):
    shown = shown_of(found)
    assert "too sure by a factor of" in shown.said[0]
    assert "it was trained on clean traces, and these have noise" in shown.said[0]
    assert [plot.id for plot in shown.plots] == ["coverage", "ranks", "distances", "scores"]
    curve = values(shown.plots[0].figure["data"][1]["y"])
    assert curve[49] == pytest.approx(np.mean(found.ranks[REGION] < 50))
    assert len(shown.table) == 3
    assert len(shown.table[1]) == 5  # with the exact posterior's


def test_before_the_first_part_there_is_a_sentence_alone():
    experiment = Experiment(test_view="examination")
    shown = picture(Scene(experiment, experiment))
    assert len(shown.plots) == 0
    assert "Examining ‘best’" in shown.said[0]


def test_the_examination_of_a_training_is_read_from_its_folder(found, tmp_path):
    recipe = load_inverse_map(PLANTED / "trained-clean.safetensors").recipe
    assert of_training(tmp_path, recipe, True) is None
    write_json(tmp_path / "examination.json", examination_as_json(found))
    assert "trained on clean traces" in of_training(tmp_path, recipe, True).said[0]
    assert of_training(tmp_path, recipe, False).said[0].startswith("So far: ")
    (tmp_path / "examination.json").write_text("{}")
    assert of_training(tmp_path, recipe, True) is None
