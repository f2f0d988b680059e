"""The verdict on an examined map: what is wrong with what it states, how large it is, and why."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.maps.examination.cause import Cause, Reason, reasons
from core.maps.examination.examination import Examination
from core.maps.examination.ranks import DISTANCE, N_DRAWS, REGION
from core.maps.recipe import Recipe
from core.maps.task import Task

CLEAR = 2.6  # standard errors from which on a failed curve is one of a shift or of a wrong width
SMALL_SHIFT = 0.05  # stated sds, below which a shift is not named
LONG = 1.5  # times the exact interval, from which on a map has learned too little of the traces
MASS = 0.9  # of the region whose coverage is named


class Symptom(StrEnum):
    """A fault of what a map states."""

    SHIFTED = "shifted"  # a parameter; size: median of estimate − truth, in stated sds
    TOO_SURE = "too sure"  # a parameter; size: by which its ± would have to be multiplied, above 1
    TOO_UNSURE = "too unsure"  # likewise, below 1
    FORM = "form"  # a parameter whose shift and width are right; size: 0
    REGIONS = "regions"  # all parameters together; size: the share of truths in the 90 % regions
    LONG = "long"  # a parameter; size: the median length of its interval over the exact one


@dataclass(frozen=True)
class Fault:
    """A symptom in a parameter, or "" for all together, and its size."""

    symptom: Symptom
    name: str
    size: float


@dataclass(frozen=True)
class Verdict:
    """The faults of a map, and the reasons; neither for a map that has passed."""

    faults: tuple[Fault, ...]
    reasons: tuple[Reason, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong with what the map states."""
        return not self.faults

    def names(self, cause: Cause) -> bool:
        """Return whether a cause is named."""
        return any(reason.cause is cause for reason in self.reasons)


def verdict(found: Examination, recipe: Recipe, task: Task) -> Verdict:
    """Return the verdict on a map of a recipe that was examined on traces of a task."""
    faults: list[Fault] = []
    for column, name in enumerate(found.names):
        if name in found.failed:
            faults += _of_parameter(found, column, name)
    if not faults and (REGION in found.failed or DISTANCE in found.failed):
        faults.append(Fault(Symptom.REGIONS, "", coverage(found, MASS)))
    faults += _long(found)
    return Verdict(tuple(faults), reasons(recipe, task) if faults else ())


def coverage(found: Examination, mass: float) -> float:
    """Return the share of truths in the regions that are stated to hold this mass."""
    return float(np.mean(found.ranks[REGION] < round(mass * (N_DRAWS + 1))))


def _of_parameter(found: Examination, column: int, name: str) -> list[Fault]:
    """Return what the ranks of a parameter whose curve has failed show: a shift, a wrong width, both, or neither."""
    shares = (found.ranks[name] + 0.5) / (N_DRAWS + 1)  # uniform on 0 to 1 where the map is right
    z, faults = found.z[:, column], []
    middle = float(np.median(z))
    if abs(middle) > SMALL_SHIFT and abs(np.mean(shares) - 0.5) * np.sqrt(12 * found.n) > CLEAR:
        faults.append(Fault(Symptom.SHIFTED, name, middle))
    central = np.abs(z - middle)  # half of these lie within the stated half length, where the width is right
    if abs(np.mean(central < found.central_half) - 0.5) * 2 * np.sqrt(found.n) > CLEAR:
        factor = float(np.median(central)) / found.central_half
        faults.append(Fault(Symptom.TOO_SURE if factor > 1 else Symptom.TOO_UNSURE, name, factor))
    return faults or [Fault(Symptom.FORM, name, 0.0)]


def _long(found: Examination) -> list[Fault]:
    """Return the parameters whose intervals are much longer than those of the exact posterior."""
    if not found.exact:
        return []
    lengths = np.median([each.lengths for each in found.exact], axis=0).tolist()
    return [Fault(Symptom.LONG, name, each) for name, each in zip(found.names, lengths, strict=True) if each > LONG]
