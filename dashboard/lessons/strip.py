"""What the strip of a lesson shows, as JSON for the live component."""

from dataclasses import asdict
from typing import Any

from dashboard.lessons.attendance import FIRST, SECOND, Attendance
from dashboard.lessons.class_answers import OfClass
from dashboard.lessons.question import Outcome
from dashboard.lessons.table import LESSONS
from dashboard.pictures.layouts import NARROW_PLOT, PARTS

# The height that the window leaves for plots below the strip.
HEIGHT, HEIGHT_BELOW_PLAYER = (f"clamp(20rem, 100vh - {taken}, 50rem)" for taken in ("22rem", "24.5rem"))
BELOW = ("metrics", "said", "table")
LARGER, SMALLER = "minmax(0, 1.3fr)", "minmax(0, 1fr)"


def as_json(now: Attendance, page: str, others: OfClass | None = None) -> dict[str, Any]:
    """Return the step on screen.

    page: the title of the page that is shown, which may be another than the step's.
    others: the answers of a class, where they are watched.
    """
    step, n = now.shown, len(now.lesson.steps)
    covers = () if now.is_answered else step.covers
    return {
        "title": now.lesson.title,
        "lesson": now.lesson.name,
        "text": now.text,
        "step": now.step,
        "steps": [{"title": each.title, "mark": mark} for each, mark in zip(now.lesson.steps, now.marks, strict=True)],
        "paragraphs": list(step.text),
        "free": list(step.free),
        "races": "start" in step.free or "starts" in step.sets,
        "covers": list(covers),
        "shows": grid(step.shows) if step.shows else None,
        "elsewhere": "" if page == step.page else step.page,
        "question": None if step.question is None else step.question.as_json(),
        "answered": now.is_answered,
        "verdict": _verdict(now),
        "hint": step.question.hint if step.question is not None and now.is_tried else "",
        "marks": [*_marks(now), *(asdict(mark) for mark in (others.marks if others else ()))],
        "others": None if others is None else {"n": others.n, "counts": [list(each) for each in others.counts]},
        "note": now.note,
        "last": now.step == n - 1,
        "following": _following(now.lesson.name),
        "score": _score(now),
    }


def grid(shows: tuple[str, ...]) -> dict[str, Any]:
    """Return the plots and parts that alone stand in a step, and how the page lays them out.

    The plots stand beside each other as high as the window allows; in a narrow window, all below each other.
    """
    plots = [name for name in shows if name not in PARTS]
    before, after = ([name for name in names if name in shows] for names in (("player",), ("tools", *BELOW)))
    across = [(" ".join([part] * len(plots)), "auto") for part in (*before, *after)]
    across.insert(len(before), (" ".join(plots), HEIGHT_BELOW_PLAYER if before else HEIGHT))
    rows = " ".join(f'"{areas}" {height}' for areas, height in across)
    return {
        "names": list(shows),
        "wide": f"{rows} / {' '.join([LARGER, SMALLER][: len(plots)])}",
        "narrow": " ".join(
            [f'"{each}" auto' for each in before]
            + [f'"{each}" {NARROW_PLOT}' for each in plots]
            + [f'"{each}" auto' for each in after]
        )
        + " / minmax(0, 1fr)",
    }


def _verdict(now: Attendance) -> dict[str, str] | None:
    """Return what is said of the last answer, with the solution after the last try."""
    judged, over = now.judged, now.is_answered
    if judged is None:
        return None
    solution = judged.solution if over and judged.outcome != Outcome.RIGHT else ""
    return {
        "outcome": judged.outcome.name.lower(),
        "word": judged.outcome.value if not over or judged.outcome == Outcome.RIGHT else Outcome.SHOWN.value,
        "said": " ".join(filter(None, (judged.miss if over else judged.way or judged.miss, judged.said, solution))),
    }


def _marks(now: Attendance) -> list[dict[str, Any]]:
    """Return what is drawn over the plots: the guess, and what is right where nothing more is asked."""
    if now.judged is None:
        return []
    return [asdict(mark) for mark in now.judged.marks if now.is_answered or mark.role == "guess"]


def _following(name: str) -> str:
    """Return the title of the lesson after this one, "" after the last."""
    names = list(LESSONS)
    following = names[names.index(name) + 1 :]
    return LESSONS[following[0]].title if following else ""


def _score(now: Attendance) -> str:
    """Say how many questions were answered right."""
    asked = [mark for step, mark in zip(now.lesson.steps, now.marks, strict=True) if step.question is not None]
    first, second = asked.count(FIRST), asked.count(SECOND)
    later = f", {second} of them at the second try" if second else ""
    return f"{first + second} of {len(asked)} questions answered right{later}."
