"""Answers to the questions of lessons, as one gives them and as a room keeps those of a class; links to a lesson."""

from dataclasses import astuple, replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

import core
from dashboard import rooms
from dashboard.lessons.attendance import attendance_from
from dashboard.lessons.class_answers import given, of_class
from dashboard.lessons.question import Question
from dashboard.lessons.questions import Choice, Move, Order, Pin, Region
from dashboard.lessons.table import LESSONS
from dashboard.scene.experiment import Experiment
from dashboard.scene.report import read_report
from dashboard.scene.scene import Scene
from tests.fuzz.parser import Parser, assert_shown
from tests.fuzz.strategies import NUMBERS, TEXTS, broken

SCENE = Scene(Experiment(), Experiment())


@cache
def _posterior(_scene: Any) -> Any:
    return core.exact_posterior(SCENE.observation.data)


def _with_truth(question: Question) -> Question:
    """Return a question whose right answer costs no time."""
    match question:
        case Region():
            return replace(question, posterior=lambda _scene: _posterior(None))
        case Pin():
            return replace(question, truth=lambda _scene: (0.4, 0.4))
        case Move(fields=fields):
            return replace(question, truth=lambda _scene: (0.4,) * len(fields))
        case Order(entries=entries):
            return replace(question, truth=lambda _scene: tuple(range(len(entries))))
        case Choice():
            return replace(question, truth=lambda _scene: 0)
    return replace(question, truth=lambda _scene: 0.4)


STEPS = [
    f"{lesson.name}.{i + 1}" for lesson in LESSONS.values() for i, step in enumerate(lesson.steps) if step.question
]
QUESTIONS = [_with_truth(step.question) for lesson in LESSONS.values() for step in lesson.steps if step.question]
ANSWERS = st.one_of(
    st.lists(NUMBERS, min_size=1, max_size=5).map(lambda numbers: ",".join(map(str, numbers))),
    st.lists(st.floats(-2, 2), min_size=2, max_size=5).map(lambda numbers: ",".join(map(str, numbers))),
    st.permutations(range(4)).flatmap(lambda order: st.integers(1, 4).map(lambda n: ",".join(map(str, order[:n])))),
    st.integers(0, 4).map(str),
    st.floats(0, 100).map(str),
    TEXTS,
)
LINKS = st.one_of(
    st.sampled_from(STEPS),
    st.builds(lambda step, marks: f"{step}.{marks}", st.sampled_from(STEPS), st.text("-t+120", max_size=7)),
    st.lists(TEXTS, max_size=4).map(".".join),
    broken(f"{STEPS[0]}.+----".encode()).map(lambda content: content.decode(errors="replace")),
)


def read_answer(example: tuple[int, list[str], str]) -> tuple[str, ...]:
    """Keep answers to a question in a room, show those of the class, and judge the last one."""
    number, answers, student = example
    question = QUESTIONS[number]
    room = rooms.Room("fuzz", STEPS[number], False)
    for answer in answers:
        read_report({"sequence": 1, "final": True, "changes": {"lesson_answer": answer}})
    for answer in answers:
        rooms.keep(room, student, given(question, SCENE, answer))
    shown = of_class(question, (*rooms.answers(room)[-50:], *answers))
    assert_shown(astuple(shown))
    judged = question.judge(SCENE, answers[-1])
    assert_shown([judged.outcome.value, [astuple(mark) for mark in judged.marks]])
    return tuple(filter(None, (judged.miss, judged.way, judged.solution)))


def read_link(text: str) -> tuple[str, ...]:
    """Read a link to a lesson, which can be written again."""
    attendance = attendance_from(text)
    assert attendance_from(attendance.text) == attendance
    return ()


ANSWER = Parser(
    "answer to a lesson",
    st.tuples(
        st.integers(0, len(QUESTIONS) - 1),
        st.lists(ANSWERS, min_size=1, max_size=3),
        st.sampled_from(["Ana", "Ben", "Chen"]),
    ),
    ((next(i for i, question in enumerate(QUESTIONS) if isinstance(question, Pin)), ["0.4,0.4"], "Ana"),),
    read_answer,
)
LESSON_LINK = Parser("link to a lesson", LINKS, tuple(STEPS), read_link)
