"""What is said of an answer, for each kind of question."""

from dashboard.lessons.table import LESSONS
from tests.dashboard.lessons.answers import scene_of


def test_an_answer_in_per_cent_is_off_by_percentage_points():
    step = LESSONS["racing"].steps[5]
    scene = scene_of(step)
    said = step.question.judge(scene, f"{step.question.truth(scene) + 20}").miss
    assert said == "Off by 20 percentage points."
