"""The answer key of an exercise: the truth of each student, to be seen and kept."""

import csv
import io

import streamlit as st

from dashboard.scene.exercise import Exercise, Sitting, problems
from dashboard.wording.numbers import fixed


def rows_of(exercise: Exercise) -> list[tuple[str, float, float, int]]:
    """Return name, θ₀, θ₁ and seed of the noise for each student; of all, where all have the same problem."""
    if exercise.names:
        drawn = zip(exercise.names, problems(exercise), strict=True)
        return [(name, each.theta0, each.theta1, each.seed) for name, each in drawn]
    start = Sitting(exercise, "").start
    return [("everyone", start.theta0, start.theta1, start.seed)]


def answer_key(exercise: Exercise) -> None:
    """Show the truth of each student, and a button that keeps it as CSV."""
    head, rows = ("name", "θ₀", "θ₁", "seed of the noise"), rows_of(exercise)
    shown = [{"name": name, "θ₀": fixed(theta0, 3), "θ₁": fixed(theta1, 3)} for name, theta0, theta1, _ in rows]
    st.dataframe(shown, hide_index=True, height=300)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows((head, *rows))
    st.download_button("Answer key as CSV", text.getvalue(), "answer-key.csv", "text/csv", on_click="ignore")
