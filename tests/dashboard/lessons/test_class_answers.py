from dataclasses import replace

import numpy as np
import pytest

from dashboard.lessons.class_answers import given, of_class
from dashboard.lessons.questions import Choice, Move, Order, Pin, Region, Typed
from dashboard.lessons.table import LESSONS
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from tests.dashboard.lessons.answers import right, wrong

QUESTIONS = {
    type(step.question): (step, step.question)
    for lesson in LESSONS.values()
    for step in lesson.steps
    if step.question is not None
}


def question_of(kind):
    return QUESTIONS[kind][1]


def test_pins_are_dots_on_their_plot_without_a_label():
    found = of_class(question_of(Pin), ["0.1,0.2", "0.3,-0.4", "not a place"])
    assert found.n == 2
    assert [mark.places for mark in found.marks] == [((0.1, 0.2),), ((0.3, -0.4),)]
    assert {(mark.plot, mark.role, mark.label) for mark in found.marks} == {(question_of(Pin).plot, "class", "")}
    assert found.counts == ()


def test_regions_are_outlines_around_their_middle():
    found = of_class(question_of(Region), ["0.4,0.5,0.1,0,0.2", "0.4,0.5,0,0,0.2"])
    (mark,) = found.marks
    assert np.mean(mark.places[:-1], axis=0) == pytest.approx((0.4, 0.5))
    assert np.ptp(mark.places, axis=0) == pytest.approx((0.2, 0.4), rel=1e-3)


def test_choices_orders_and_numbers_are_counted_the_most_frequent_first():
    choice, order, typed = map(question_of, (Choice, Order, Typed))
    labels = [option.label for option in choice.options]
    assert of_class(choice, ["1", "0", "1", "99"]).counts == ((labels[1], 2), (labels[0], 1))
    first, second = order.entries[:2]
    given_order = ",".join(map(str, range(len(order.entries))))
    assert of_class(order, [given_order] * 2).counts == ((", ".join(order.entries), 2),)
    assert first in of_class(order, ["1,0"]).counts[0][0].partition(second)[2]
    unit = f" {typed.unit}" if typed.unit else ""
    assert of_class(typed, ["7", "7.0", "8"]).counts == ((f"7{unit}", 2), (f"8{unit}", 1))


def test_of_sliders_it_is_kept_where_they_stand():
    move = question_of(Move)
    experiment = replace(Experiment(), **dict.fromkeys(move.fields, 0.25))
    scene = Scene(experiment, experiment)
    text = given(move, scene, "moved")
    assert text == ",".join(["0.25"] * len(move.fields))
    assert of_class(move, [text, text]).counts == ((", ".join(["0.25"] * len(move.fields)), 2),)
    assert given(question_of(Typed), scene, "7") == "7"


@pytest.mark.parametrize("kind", QUESTIONS, ids=lambda kind: kind.kind)
def test_right_and_wrong_answers_as_they_are_given_can_be_shown(kind):
    step, question = QUESTIONS[kind]
    for scene, answer in (right(step), *wrong(step)):
        assert of_class(question, [given(question, scene, answer)]).n == 1
