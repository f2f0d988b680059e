"""What is said of an answer, for each kind of question."""

import pytest

from dashboard.lessons.question import indices_in
from dashboard.lessons.questions import outline_of
from dashboard.lessons.table import LESSONS
from tests.dashboard.lessons.answers import scene_of


def test_an_answer_in_per_cent_is_off_by_percentage_points():
    step = LESSONS["racing"].steps[5]
    scene = scene_of(step)
    said = step.question.judge(scene, f"{step.question.truth(scene) + 20}").miss
    assert said == "Off by 20 percentage points."


def test_two_answers_to_a_choice_are_none():
    with pytest.raises(ValueError, match="could not be read"):
        indices_in("0,1", 4, most=1)
    assert indices_in("0,1", 4) == (0, 1)


@pytest.mark.parametrize(("a", "b"), [(0.0, 1.0), (1.0, 0.0), (1.0, -1.0), (1e-300, 1.0), (1.0, 1e-300)])
def test_an_ellipse_without_an_area_is_refused(a, b):
    with pytest.raises(ValueError, match="too thin"):
        outline_of(0.4, 0.4, a, 0.0, b)
