"""What the page of lessons shows: a card for each, with how far one has come."""

from dashboard.lessons.table import LESSONS
from dashboard.pictures.controls import Control, desk
from dashboard.pictures.shown import Shown

QUESTION = "What do you want to understand?"
ANSWER = (
    "Each lesson takes about six minutes: look, commit to an answer on the picture itself, then see how far off it is. "
    "They build on each other."
)
WHY = (
    "Predicting before looking is what makes one remember: what is right stays grey until you have committed.",
    "A second try follows a hint. You can leave a lesson at any time and come back to where you were.",
    "How far you have come is kept in this browser and in the link of the page, nowhere else.",
)


def picture() -> Shown:
    """Return what the page shows."""
    return Shown("lessons", answer=ANSWER, why=WHY, tools=[_card(name, i) for i, name in enumerate(LESSONS, 1)]).under(
        QUESTION, [desk()]
    )


def _card(name: str, number: int) -> Control:
    lesson = LESSONS[name]
    n = len(lesson.steps)
    return {
        "kind": "card", "field": "lesson_asked", "label": f"{number} · {lesson.title}",
        "text": lesson.promise, "value": name, "resumes": name, "steps": n,
    }  # fmt: skip
