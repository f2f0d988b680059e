"""What holds for every lesson: it can be opened, every number that it names is computed, every answer is answered."""

import re

import pytest

from dashboard.lessons.lesson import Lesson
from dashboard.lessons.question import Outcome
from dashboard.lessons.table import LESSONS
from dashboard.pictures.layouts import LAYOUTS, PARTS
from dashboard.scene.address import from_address, to_address
from dashboard.scene.settings import DEFAULTS, SETTINGS
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
PAGES = {"Start", "Neuron", "Landscape", "Inverse map", "Uncertainty", "Train", "Your data"}
PLOTS = {area for layout in LAYOUTS.values() for areas, _ in layout.rows for area in areas.split()}
NUMBER = re.compile(r"(?<![₀-₉\w.])[−-]?\d[\d,]*(?:\.\d+)?(?![\w₀-₉])")


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
    for cover in step.covers:
        assert cover in PLOTS | PARTS, cover


@pytest.mark.parametrize(("lesson", "step"), STEPS)
def test_every_number_of_a_step_is_set_on_the_page_or_computed(lesson, step):
    """A number stands for what a setting of the step is, or for a claim, to the digits that the text has."""
    opened = scene_of(step).experiment
    settings = [getattr(opened, name) for name in SETTINGS] + list(DEFAULTS.values())
    known = [float(each) for each in settings if isinstance(each, int | float) and not isinstance(each, bool)]
    claimed = []
    text = " ".join(sentences(step))
    for claim in step.claims:
        assert claim.text in text, claim.text
        (number,) = NUMBER.findall(claim.text)
        decimals = len(number.partition(".")[2])
        assert abs(float(claim.value()) - plain(number)) <= 0.5000001 * 10**-decimals, claim.text
        claimed.append(plain(number))
    for number in NUMBER.findall(text):
        assert plain(number) in [*known, *claimed], f"{number} in: {text}"


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
def test_an_answer_that_cannot_be_read_ends_in_a_sentence(lesson, step):
    if step.question.kind == "move":
        return  # what counts is where the slider stands
    for answer in ("", "x", "1,2,3,4,5,6,7", "nan,nan", "9" * 500):
        with pytest.raises(ValueError, match=r"\.$"):
            step.question.judge(scene_of(step), answer)
