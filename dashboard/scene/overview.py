"""What a visitor has chosen in the overview of trainings on the page Train."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_TICKED = 6  # trainings whose curves are overlaid
N_AT_FIRST = 3  # the newest ones, before the visitor has ticked any
CURVES = {
    "validation": "validation error",
    "training": "training error",
    "gradient": "gradient norm",
    "rate": "learning rate",
    "speed": "samples a second",
}


@dataclass(frozen=True)
class Overview:
    """What is chosen.

    ticked: names of the trainings whose curves are overlaid; None before any was ticked.
    curve: one of CURVES.
    old: name of the map that new ones are compared with.
    deleting: name of a training that its owner is asked about once more; "" for none.
    typed, problem: a new name that was refused for the training on screen, and what is wrong with it.
    """

    ticked: tuple[str, ...] | None = None
    curve: str = next(iter(CURVES))
    old: str = "best"
    deleting: str = ""
    typed: str = ""
    problem: str = ""

    def overlaid(self, listed: Sequence[str]) -> tuple[str, ...]:
        """Return the names, out of those that are listed, whose curves are drawn."""
        if self.ticked is None:
            return tuple(listed[:N_AT_FIRST])
        return tuple(name for name in listed if name in self.ticked)[:MOST_TICKED]


AT_FIRST = Overview()
