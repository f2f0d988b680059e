"""How far one has come in a lesson: through right and wrong answers, and there and back in a link."""

import re
from dataclasses import replace

import pytest

from dashboard.lessons.attendance import attendance_from, begun, experiment_of
from dashboard.lessons.question import Judged, Mark, Outcome, shown
from dashboard.lessons.strip import as_json, grid
from dashboard.lessons.table import LESSONS
from dashboard.scene.experiment import Experiment

VALLEYS = LESSONS["valleys"]


def judged(outcome):
    return Judged(outcome, "Off by 3.", "Said.", "It is 7.")


def test_a_right_answer_settles_a_step_and_a_second_wrong_one_shows_the_solution():
    now = begun(VALLEYS)
    assert not now.is_answered
    assert now.answered(judged(Outcome.RIGHT)).marks == "1-----"
    second = now.answered(judged(Outcome.FAR))
    assert not second.is_answered
    assert as_json(second, "Landscape")["hint"] == VALLEYS.steps[0].question.hint
    assert "7" not in as_json(second, "Landscape")["verdict"]["said"]
    assert second.answered(judged(Outcome.RIGHT)).marks == "2-----"
    over = second.answered(judged(Outcome.NEAR))
    assert over.marks == "0-----"
    shown = as_json(over, "Landscape")
    assert (shown["hint"], shown["verdict"]["said"]) == ("", "Off by 3. Said. It is 7.")
    assert over.again().marks == "------"


def test_what_is_covered_is_seen_once_one_has_answered():
    now = begun(VALLEYS)
    assert as_json(now, "Landscape")["covers"] == list(VALLEYS.steps[0].covers)
    assert as_json(now.answered(judged(Outcome.RIGHT)), "Landscape")["covers"] == []


def test_only_right_answers_count():
    now = attendance_from("valleys.6.120--+")
    assert as_json(now, "Landscape")["score"] == "2 of 5 questions answered right, 1 of them at the second try."


def test_steps_turn_and_the_ends_hold():
    now = begun(VALLEYS)
    assert now.at(-1) is now
    assert now.at(6) is now
    last = now.at(5)
    assert last.step == 5
    assert last.at(4).marks == "-----+"
    assert as_json(last, "Landscape")["last"] is True
    assert as_json(now.at(5), "Neuron")["elsewhere"] == "Landscape"


def test_a_link_holds_lesson_step_and_marks():
    now = begun(VALLEYS).answered(judged(Outcome.RIGHT)).at(2)
    assert now.text == "valleys.3.1-----"
    assert attendance_from(now.text).text == now.text
    assert attendance_from("valleys") == begun(VALLEYS)
    assert attendance_from("valleys.3") == begun(VALLEYS).at(2)


def test_what_is_revealed_counts_as_missed_unless_it_was_answered():
    solution = shown("It is 7.", Mark("map", "truth", "the minimum", ((0.4, 0.4),)))
    now = begun(VALLEYS).revealed(solution)
    seen = as_json(now, "Landscape")
    assert now.marks == "0-----"
    assert seen["verdict"] == {"outcome": "shown", "word": "Here is how it is", "said": "It is 7."}
    assert [mark["role"] for mark in seen["marks"]] == ["truth"]
    tried = begun(VALLEYS).answered(judged(Outcome.FAR)).revealed(solution)
    assert tried.marks == "0-----"
    assert as_json(tried, "Landscape")["verdict"]["said"] == "Off by 3. Said. It is 7."
    again = attendance_from("valleys.1.1-----").revealed(solution)
    assert again.marks == "1-----"
    assert as_json(again, "Landscape")["verdict"]["said"] == "It is 7."


def test_a_link_holds_that_a_first_try_was_used_at_each_step():
    now = begun(VALLEYS).answered(judged(Outcome.FAR))
    assert now.text == "valleys.1.t-----"
    again = attendance_from(now.text)
    assert again.is_tried
    assert as_json(again, "Landscape")["hint"] == VALLEYS.steps[0].question.hint
    assert again.answered(judged(Outcome.RIGHT)).marks == "2-----"
    assert now.at(1).at(0).answered(judged(Outcome.FAR)).marks == "0-----"


def test_what_was_said_of_an_answer_is_seen_again_where_one_comes_back_to_its_step():
    mark = Mark("map", "guess", "your pin", ((0.1, 0.2),))
    now = begun(VALLEYS).answered(replace(judged(Outcome.RIGHT), marks=(mark,)))
    back = as_json(now.at(1).at(0), "Landscape")
    assert as_json(now.at(1), "Landscape")["marks"] == []
    assert back["marks"] == [{"plot": "map", "role": "guess", "label": "your pin", "places": ((0.1, 0.2),)}]
    assert back["verdict"]["word"] == "Right"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "valleys.",
        "valleys.0.------",
        "valleys.7.------",
        "valleys.1.-----",
        "valleys.1.--x---",
        "valleys.².",
        "valleys.1.+-----",
        "valleys.1.-----1",
        "valleys.1.-----0",
        "valleys.1.-----t",
    ],
)
def test_a_text_that_names_no_step_ends_in_a_sentence(text):
    with pytest.raises(ValueError, match="names no step of a lesson"):
        attendance_from(text)


def test_what_alone_stands_is_laid_out_beside_each_other_and_below_each_other_in_a_narrow_window():
    shown = grid(("map", "course", "player", "table"))
    assert shown["names"] == ["map", "course", "player", "table"]
    assert re.sub(r"clamp\(.*?\)", "HIGH", shown["wide"]) == (
        '"player player" auto "map course" HIGH "table table" auto / minmax(0, 1.3fr) minmax(0, 1fr)'
    )
    assert shown["narrow"] == '"player" auto "map" 20rem "course" 20rem "table" auto / minmax(0, 1fr)'


def test_once_it_is_answered_a_step_opens_what_its_answer_shows():
    step = LESSONS["racing"].steps[0]
    assert experiment_of(step, Experiment()).starts == ()
    assert experiment_of(step, Experiment(), is_answered=True).methods == ("Gradient descent",)


def test_a_step_opens_its_experiment_and_keeps_the_maps_trained_here():
    opened = experiment_of(VALLEYS.steps[0], Experiment(own_maps="mine", theta0=0.7))
    assert (opened.own_maps, opened.theta0, opened.sigma) == ("mine", 0.4, 0.01)
