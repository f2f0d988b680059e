"""What holds for every lesson: it can be opened, every number that it names is computed, every answer is answered."""

import re
from dataclasses import replace

import pytest

from dashboard.lessons.lesson import Lesson
from dashboard.lessons.question import Outcome, indices_in
from dashboard.lessons.questions import Choice
from dashboard.lessons.table import LESSONS
from dashboard.pictures.layouts import LAYOUTS, PARTS
from dashboard.scene.address import from_address, to_address
from dashboard.scene.kinds import Slider
from dashboard.scene.settings import NUMBERS, SETTINGS
from dashboard.scene.training import FIELDS
from dashboard.session import ASKED
from tests.dashboard.lessons.answers import right, scene_of, sentences, wrong

STEPS = [
    pytest.param(lesson, step, id=f"{lesson.name}-{i}")
    for lesson in LESSONS.values()
    for i, step in enumerate(lesson.steps, 1)
]
ASKING = [each for each in STEPS if each.values[1].question is not None]
ACTIONS = {"start", *ASKED}  # a click on the map, and what the buttons of the pages ask for
PAGES = {"Start", "Neuron", "Landscape", "Inverse map", "Uncertainty", "Trust", "Train", "Your data"}
PLOTS = {area for layout in LAYOUTS.values() for areas, _ in layout.rows for area in areas.split()}
NUMBER = re.compile(r"(?<![₀-₉\w.])[−-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w₀-₉])")
NOTATION = re.compile(r"AR\(1\)|[uv]′ = 0")  # names that hold a digit, not numbers


def plain(number: str) -> float:
    return float(number.replace("−", "-").replace(",", ""))


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_has_five_to_eight_steps_and_asks_in_most(lesson: Lesson):
    assert 5 <= len(lesson.steps) <= 8
    assert sum(step.question is not None for step in lesson.steps) >= len(lesson.steps) - 2
    assert lesson.promise.endswith(".")
    assert len({step.title for step in lesson.steps}) == len(lesson.steps)


@pytest.mark.parametrize(("lesson", "step"), STEPS)
def test_a_step_opens_and_names_only_what_there_is(lesson, step):
    opened = scene_of(step).experiment
    assert from_address(to_address(opened)) == (opened, ())
    assert step.page in PAGES
    for field in step.free:
        assert field in SETTINGS or field in FIELDS or field in ACTIONS, field
    for part in (*step.covers, *step.shows):
        assert part in PLOTS | PARTS, part
    assert not step.shows or set(step.covers) <= set(step.shows)
    then = replace(opened, **step.then)
    assert from_address(to_address(then)) == (then, ())


@pytest.mark.parametrize(("lesson", "step"), STEPS)
def test_every_number_of_a_step_is_set_on_the_page_or_computed(lesson, step):
    """A number belongs to a claim, to the digits that it has, or stands for a setting beside its symbol or unit."""
    text = NOTATION.sub("", " ".join(sentences(step)))
    claimed: list[tuple[int, int]] = []
    for claim in step.claims:
        assert claim.text in text, claim.text
        (number,) = NUMBER.findall(claim.text)
        decimals = len(number.partition(".")[2])
        assert abs(float(claim.value()) - plain(number)) <= 0.5000001 * 10**-decimals, claim.text
        claimed += [found.span() for found in re.finditer(re.escape(claim.text), text)]
    opened = scene_of(step).experiment
    for number in NUMBER.finditer(text):
        is_claimed = any(start <= number.start() and number.end() <= end for start, end in claimed)
        before, after = text[: number.start()], text[number.end() :]
        is_set = any(
            (
                before.endswith(f"{row.symbol} = ")
                or (isinstance(row, Slider) and row.unit and after.startswith(f" {row.unit}"))
            )
            and plain(number.group()) == getattr(opened, row.name)
            for row in NUMBERS.values()
            if row.symbol
        )
        assert is_claimed or is_set, f"{number.group()} in: {before[-40:]}{number.group()}{after[:40]}"


@pytest.mark.parametrize(("lesson", "step"), STEPS)
def test_what_the_sentences_of_a_step_say_holds(lesson, step):
    assert all(holds() for holds in step.holds)


@pytest.mark.parametrize(("lesson", "step"), ASKING)
def test_every_curve_to_choose_by_is_told_in_words_too(lesson, step):
    if not isinstance(step.question, Choice):
        return
    shown = step.question.as_json()["options"]
    assert [bool(each["curve"]) for each in shown] == [bool(each["alt"]) for each in shown]
    told = [each["alt"] for each in shown if each["curve"]]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(("lesson", "step"), ASKING)
def test_right_and_wrong_answers_get_answers_of_their_own(lesson, step):
    judged = [step.question.judge(*given) for given in (right(step), *wrong(step))]
    assert judged[0].outcome == Outcome.RIGHT
    assert all(each.outcome != Outcome.RIGHT for each in judged[1:])
    assert len(judged) >= 3
    assert len({(each.miss, each.said) for each in judged}) == len(judged)
    assert all(each.said.endswith(".") for each in judged)
    assert all(each.solution.endswith(".") for each in judged)
    assert step.question.hint.endswith(".")


@pytest.mark.parametrize(("lesson", "step"), ASKING)
def test_what_is_revealed_is_what_the_last_try_would_have_shown_without_its_guess(lesson, step):
    revealed = step.question.solution(scene_of(step))
    last = step.question.judge(*wrong(step)[0])
    assert revealed.outcome == Outcome.SHOWN
    assert (revealed.miss, revealed.way, revealed.said) == ("", "", "")
    assert revealed.solution == last.solution
    assert revealed.marks == tuple(mark for mark in last.marks if mark.role != "guess")


def test_an_index_counts_once_however_it_is_written():
    assert indices_in("2,0,01", 3) == (2, 0, 1)
    for answer in ("0,00,000", "1,01,2", "3", "", "1,", "²"):
        with pytest.raises(ValueError, match="could not be read"):
            indices_in(answer, 3)


def test_a_region_is_compared_with_the_smallest_one():
    question = LESSONS["certainty"].steps[0].question
    scene, answer = right(LESSONS["certainty"].steps[0])
    x, y, a_x, a_y, b = map(float, answer.split(","))
    twice = question.judge(scene, f"{x},{y},{2 * a_x},{2 * a_y},{2 * b}")
    assert "Its area is 4 times that of the smallest region of 90\u00a0%." in twice.miss
    assert twice.outcome == Outcome.NEAR


@pytest.mark.parametrize(("lesson", "step"), ASKING)
def test_an_answer_that_cannot_be_read_ends_in_a_sentence(lesson, step):
    if step.question.kind == "move":
        return  # what counts is where the slider stands
    for answer in ("", "x", "1,2,3,4,5,6,7", "nan,nan", "9" * 500):
        with pytest.raises(ValueError, match=r"\.$"):
            step.question.judge(scene_of(step), answer)
