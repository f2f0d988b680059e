"""How a trace stands to the training of an inverse map, in sentences for one map or for several alike."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One thing that a trace has and the training had not.

    trace: what the trace has, as "ζ = −0.2"; training: what the training had, as "trained at −0.4"; answer: the value
    of a known parameter for which the map answers all the same, as "ζ = −0.4", "" for anything else.
    """

    trace: str
    training: str
    answer: str = ""


def listed(words: Sequence[str]) -> str:
    """Return words with commas and an “and”."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def not_trained_for(names: Sequence[str], differences: Sequence[Difference]) -> str:
    """Say that maps were not trained for a trace, and for which known parameters they answer all the same."""
    one = len(names) == 1
    parts = listed([f"{each.trace} ({each.training})" for each in differences])
    text = f"{quoted(names)} {'was' if one else 'were'} not trained for {parts}."
    answers = [each.answer for each in differences if each.answer]
    if answers:
        subject = "Its estimate answers" if one else "Their estimates answer"
        text += f" {subject} for a neuron with {listed(answers)}."
    return text


def can_read(names: Sequence[str], expected: Sequence[str]) -> str:
    """Say that maps can read a trace, and what they expect of it that is not known."""
    subject = "It expects" if len(names) == 1 else "They expect"
    return f"{quoted(names)} can read this trace. {subject} {listed(expected)}."


def quoted(names: Sequence[str]) -> str:
    """Return the names of maps as a sentence names them."""
    return listed([f"‘{name}’" for name in names])
