"""The stages of a training, and how those who wait are told how far it is. This file does not import torch."""

from collections.abc import Callable
from enum import StrEnum


class Stage(StrEnum):
    """A stage of a training, in order."""

    SIMULATE = "simulate"
    LEARN = "learn"
    STEP = "step"
    TEST = "test"
    EXAMINE = "examine"


class StoppedError(Exception):
    """Raised by who is told, to end the work."""


Tell = Callable[[Stage, float], None]  # is told the stage and the share of it that is done


def untold(_stage: Stage, _share: float) -> None:
    """Hear how far a training is, and do nothing."""


class Work:
    """Adds up the parts of a stage that are done, of a total in the same units, and tells the share."""

    def __init__(self, stage: Stage, total: float, tell: Tell):
        self.stage, self.total, self.tell = stage, total, tell
        self.done = 0.0

    def add(self, part: float) -> None:
        """Note that a part is done; raises StoppedError where whoever is told ends the work."""
        self.done += part
        self.tell(self.stage, min(self.done / self.total, 1.0))
