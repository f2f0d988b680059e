"""The part of the page Trust about perturbations for many traces."""

from dataclasses import replace

import pytest

from core.experiments.estimators import KNOWN, RANDOM_CHANGE, made_for
from core.experiments.records import Key, stored
from dashboard.pictures import trust_many
from dashboard.pictures.trust import picture
from dashboard.scene.changes import change
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.wording import entries, universal
from dashboard.wording.numbers import significant

MANY = Experiment(trust="many")


def at_rest(experiment):
    return picture(Scene(experiment, experiment))


def cell(shown, row, column):
    """Return a cell of the table by the texts of its row and its column."""
    head, *rows = shown.table
    found = next(each for each in rows if row in (each[0], each[0]["text"] if isinstance(each[0], dict) else ""))
    return found[head.index(column)]


@pytest.mark.parametrize("metric", ["movement", "growth"])
def test_the_table_has_what_was_measured(metric):
    shown, found = at_rest(replace(MANY, carried=metric)), stored("perturbations")
    measured = found.value(Key("best", metric, "", made_for(KNOWN)))
    assert cell(shown, entries.EXACT_MEAN, "best")["text"] == significant(measured, 2)
    random = found.value(Key("dense-clean", metric, "", RANDOM_CHANGE))
    assert cell(shown, "random perturbation", "dense-clean")["text"] == significant(random, 2)


def test_a_click_on_a_cell_shows_its_perturbation_on_the_trace():
    pressed = cell(at_rest(MANY), "cnn-clean", "dense-noisy")["change"]
    after, sentences = change(replace(MANY, opposite=True), pressed)
    assert sentences == ()
    assert (after.trust, after.perturbation, after.made_for, after.perturbed) == (
        "one", "universal", "cnn-clean", "dense-noisy",
    )  # fmt: skip
    assert (after.perturbation_size, after.opposite) == (stored("perturbations").settings["size"], False)
    assert at_rest(after).plots[0].figure is not None
    assert "change" not in cell(at_rest(MANY), "best, first network only", "best")  # which is no map of its own


def test_a_darker_cell_is_a_larger_figure():
    shown = at_rest(MANY)
    shades = [cell(shown, "dense-clean", name)["shade"] for name in ("best", "dense-noisy", "dense-clean")]
    assert shades == sorted(shades)
    assert 0 <= shades[0] < shades[-1] <= 1


def test_the_answer_counts_whom_it_moves_more_than_noise_does():
    moved, random = {"a": 5.0, "b": 3.0, "c": 1.9}, {"a": 1.0, "b": 1.0, "c": 1.0}
    assert universal.answer("a", moved, random).endswith(
        "and 1 of 2 other estimators more than 2 times as far as random noise does."
    )


def test_before_the_experiment_it_says_what_to_run(monkeypatch):
    monkeypatch.setattr(trust_many, "stored", lambda _: None)
    assert at_rest(MANY).answer == universal.RUN
    unknown = replace(MANY, made_for="no-such-map")
    monkeypatch.undo()
    assert "dense-noisy" in at_rest(unknown).answer
