"""What the samplers of a race show: who reached the exact posterior, and what temperature and step decide."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.maps.differences_from_training import listed
from core.sampling.samplers import BUDGET
from dashboard.wording.numbers import compact, count, percent, significant

REACHED = 1.5  # times the energy distance of as many independent draws: a sampler within it has reached the posterior
SPECK = 0.03  # of the map, below which its shape is not seen
DO_THEY_AGREE = "Do samplers draw from the exact posterior?"
TICK_ONE = "Tick a sampler: its particles start at the best fit and spread."
HOW_THEY_RUN = (
    f"The noise is taken as known, as the sidebar has it. Every sampler starts at the best fit, and has "
    f"{count(BUDGET)} evaluations of the loss. It has reached the posterior once the energy distance of its particles "
    f"is at most {compact(REACHED)} times that of as many independent draws."
)
ABOUT_LEARNED = (
    "The learned posterior and the Gaussian of best do not know the noise of the sidebar, which they integrate out: "
    "they may be a little wider or shifted for this reason alone."
)
LARGE_STEP = 0.5  # up to which the limit on the way downhill hardly matters
SLOW = 1.0  # a Langevin run shorter than this time, in units in which the posterior's memory is 1, has not spread


@dataclass(frozen=True)
class End:
    """How a sampler ended: its name, and its distance over that of independent draws, NaN where none is known."""

    name: str
    ratio: float


@dataclass(frozen=True)
class Steps:
    """Langevin's step h, and the number of steps of a run."""

    size: float
    number: float


def about_samplers(ends: Sequence[End], temperature: float, langevin: Steps | None, width: float = 1.0) -> list[str]:
    """Say which samplers reached the exact posterior, the answer first, and what temperature and step decide.

    langevin: None where Langevin's sampler does not race. width: of the posterior, as a share of the map.
    """
    there, away = _parted(ends)
    at = f"at temperature {significant(temperature, 2)}"
    if not there and not away:
        answer = f"An optimiser stops at a point; {at} there is no exact posterior to compare samplers with."
    elif not there:
        answer = f"An optimiser stops at a point; {at} no sampler has yet spread to the exact posterior."
    else:
        answer = f"An optimiser stops at a point; {at} {listed(there)} {_have(there)} spread to the exact posterior."
        answer += f" {listed(away)} {'is' if len(away) == 1 else 'are'} not there yet." if away else ""
    said = [
        answer,
        "A sampler’s particles go to no single point: they draw from exp(−J/T), some only nearly, and in the end lie "
        "about as the green draws of the exact posterior do. Beside the map: how far each is from it, against what it "
        "cost.",
    ]
    if langevin is not None:
        said.append(f"Langevin goes downhill by a step h and adds noise of variance 2h. {_about_step(langevin)}")
    said.append(
        "A small T shrinks the posterior to its lowest point: there a sampler is an optimiser. A large T flattens J, "
        "and the particles cross from valley to valley."
    )
    if width < SPECK:
        said.append(f"At T = {significant(temperature, 2)} the posterior is a speck on this map: zoom in, or raise T.")
    return said


def _have(names: Sequence[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _about_step(steps: Steps) -> str:
    """Say what Langevin's step does to its cloud: too small, it has not spread; too large, it is too wide."""
    h = compact(steps.size, 2)
    if steps.size > LARGE_STEP:
        return f"With h = {h} its cloud is far too wide; a limit on each step’s way downhill keeps it together."
    if steps.size * steps.number < SLOW:
        return f"With h = {h} its steps are so small that it is still an optimiser on its way down."
    wider = percent(1 / (1 - steps.size / 2) - 1)
    return f"With h = {h} its variance is {wider} too large on a Gaussian, 1/(1 − h/2): the price of no rejections."


def about_agreement(ends: Sequence[End]) -> str:
    """Say which samplers draw from the exact posterior."""
    there, away = _parted(ends)
    if not there and not away:
        return TICK_ONE
    if not there:
        return f"Not yet: {listed(away)} {_have(away)} not spread to it."
    if not away:
        return f"Yes: {listed(there)} {_have(there)} spread to it from the best fit."
    return f"{listed(there)}: yes. {listed(away)}: not yet."


def distance(name: str, found: float, evaluations: int) -> tuple[str, str, str]:
    """Return how far a sampler is from the exact posterior in the end: what it is, the figure, and help."""
    text = f"Energy distance to the exact posterior in the end, after {count(evaluations)} evaluations of the loss."
    return name, significant(found, 2), text


def _parted(ends: Sequence[End]) -> tuple[list[str], list[str]]:
    """Return the names of those that have reached the exact posterior, and of those that are known not to have."""
    known = [end for end in ends if np.isfinite(end.ratio)]
    there = list(dict.fromkeys(end.name for end in known if end.ratio <= REACHED))
    return there, list(dict.fromkeys(end.name for end in known if end.ratio > REACHED and end.name not in there))
