"""What a perturbation of a trace shows, in words: is an estimator fooled, or is the problem ill-posed?"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from core.perturbations.target import Arrival
from core.published import SAMPLING_INTERVAL, T_END
from dashboard.wording.entries import EXACT_MEAN, MAP
from dashboard.wording.numbers import compact, count, fixed, significant

QUESTION = "Is the network fooled, or is the problem ill-posed?"
OFF = float(np.sqrt(chi2.ppf(0.9, 2)))  # sds from the mean within which a Gaussian of two parameters has 90 %
GREW = 1.5  # times as far off as before, from which the perturbation is the reason
MEASURE = (
    "The size of a perturbation δ is its norm in units of the noise, √(δᵀC⁻¹δ), with C the covariance of the noise. "
    "Who knows δ can tell a trace with it from one without at as many standard deviations as its size."
)
BOUND = (
    "Where the posterior is nearly Gaussian, MAP and exact mean move in their worst direction by about one sd of it "
    "for each unit of size: that much the data demand. What a network moves beyond is its own folly. One that is drawn "
    "to the middle of its prior, or to its edge, can move by less, and is wrong for that reason."
)
SLOW_SHIFTS = (
    "Where neighbouring samples of the noise are alike (ρ > 0), noise often makes slow shifts: a perturbation that is "
    "a slow shift is small in this measure. It is then the data that speak of another neuron, and a good estimator "
    "follows."
)
SEARCHING = "Searching for the smallest perturbation …"
TOO_FAR = "The perturbed trace is too far from all simulations for an exact posterior: choose a smaller size."
UNEXPLAINED = "No parameters explain the perturbed trace: neither the posterior nor an estimate of it means anything."
EDGE = "edge"  # stands for the amplification of an estimate that cannot move
HOW_TO_READ_TABLE = (
    "Moved: how far the perturbation moves an estimate, in sds of the exact posterior before. Off: how far the "
    "estimate then is from the exact posterior’s mean, in sds of the posterior after."
)


@dataclass(frozen=True)
class Effect:
    """What a perturbation does to one estimator.

    moved: sds of the exact posterior before, by which the estimate moves. exact_moved: the same of the exact mean.
    off_before, off: distances from the exact mean, in sds of the exact posterior before and after.
    """

    moved: float
    exact_moved: float
    off_before: float
    off: float

    @property
    def is_fooled(self) -> bool:
        """Whether the perturbation takes the estimate out of the exact posterior's 90 % region, or nearly so."""
        return self.off > OFF and self.off > GREW * self.off_before


def sds_of(value: float) -> str:
    """Return a number of standard deviations."""
    return f"{significant(value, 2)} sd"


def answer(name: str, size: float, n_times: int, effect: Effect) -> str:
    """Say what the perturbation does to an estimator, and whether the exact posterior follows."""
    begin = f"{_begin(size, n_times)} moves {name} by {sds_of(effect.moved)}"
    if name == EXACT_MEAN:
        return f"{begin}: the data now speak of another neuron." if effect.moved > OFF else f"{begin}."
    return f"{begin} and the exact posterior by {sds_of(effect.exact_moved)}: {_verdict(name, effect)}"


def about_target(arrival: Arrival, name: str, size: float, needed: float | None, n_times: int) -> str:
    """Say what takes the estimate to the target.

    needed: the least size of what makes the target the best fit, None where the prior does not allow it.
    """
    if arrival == Arrival.NOT_THERE:
        return f"No perturbation was found that takes {name} to the target: drag it nearer."
    begin = f"{_begin(size, n_times)} takes {name} to the target"
    if needed is None or name in (EXACT_MEAN, MAP):
        return f"{begin}."
    return f"{begin}. To make it the best fit, the data need at least {compact(needed, 3)}."


def _begin(size: float, n_times: int) -> str:
    return f"A perturbation of size {compact(size, 3)} (the noise has {fixed(np.sqrt(n_times), 1)})"


def _verdict(name: str, effect: Effect) -> str:
    """Say what follows for an estimator."""
    if effect.is_fooled:
        return f"{name} is fooled."
    if effect.off > OFF:
        return f"{name} was {sds_of(effect.off_before)} off before, and is {sds_of(effect.off)} off now."
    if effect.exact_moved > OFF:
        return f"{name} is not fooled, the data now speak of another neuron."
    return f"{name} is not fooled."


def at_edge(name: str) -> str:
    """Say why an estimator has no worst direction."""
    return f"The estimate of {name} lies on an edge of what it can say: no small perturbation moves it."


def searched(name: str, done: int) -> str:
    """Say how far the search for the smallest perturbation is."""
    return f"Searching for what takes {name} to the target: iteration {count(done)} …"


def only_for(n_times: int, is_upload: bool) -> str:
    """Say which traces a perturbation of many traces is made for."""
    said = f"It is made for traces of {count(n_times)} samples, {compact(SAMPLING_INTERVAL)} ms apart"
    return f"{said}." if is_upload else f"{said}: set the window T to {compact(T_END)} ms."
