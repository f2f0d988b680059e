"""Sentences about differences between a trace and the training of one or several inverse maps."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A difference between a trace and the training of a map.

    trace: the property of the trace, such as "ζ = −0.2".
    training: the property of the training, such as "trained at −0.4".
    answer: the known parameter that the estimate still assumes, such as "ζ = −0.4"; "" for other properties.
    """

    trace: str
    training: str
    answer: str = ""


def listed(words: Sequence[str]) -> str:
    """Join words with commas and a final “and”."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def not_trained_for(names: Sequence[str], differences: Sequence[Difference]) -> str:
    """Say that maps were not trained for a trace, and which known parameters their estimates assume."""
    one = len(names) == 1
    parts = listed([f"{each.trace} ({each.training})" for each in differences])
    text = f"{quoted(names)} {'was' if one else 'were'} not trained for {parts}."
    answers = [each.answer for each in differences if each.answer]
    if answers:
        subject = "Its estimate answers" if one else "Their estimates answer"
        text += f" {subject} for a neuron with {listed(answers)}."
    return text


def can_read(names: Sequence[str], expected: Sequence[str]) -> str:
    """Say that maps can read a trace, and list the properties that they expect but that are not known."""
    subject = "It expects" if len(names) == 1 else "They expect"
    return f"{quoted(names)} can read this trace. {subject} {listed(expected)}."


def quoted(names: Sequence[str]) -> str:
    """Return the names of maps in quotation marks, for a sentence."""
    return listed([f"‘{name}’" for name in names])
