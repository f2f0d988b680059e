"""What the maps make of the trace on screen, in an answer, and how far noise moves their estimates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import listed, quoted
from core.priors import TruncatedGaussian
from dashboard.wording.numbers import decimals_for, fixed, times

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

EDGE = 1e-6  # of the width of the box: an estimate nearer than this was stopped there
MANY = 3.0  # times its scatter that an estimate is off: noise is not the reason
SYMBOLS = ("θ₀", "θ₁")

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Off:
    """How far an estimate is off: (2,) in units of the prior's sd, and in words."""

    scaled: float
    words: str


def off(estimate: Array, truth: Sequence[float], sd: Array) -> Off:
    """Return how far an estimate, (2,), is off the truth; sd: of the prior, (2,)."""
    miss = np.abs(estimate - truth)
    parts = [
        f"{fixed(each, 3) if true == 0 else f'{fixed(100 * each / abs(true), 1)} %'} in {symbol}"
        for each, true, symbol in zip(miss, truth, SYMBOLS, strict=True)
    ]
    return Off(float(np.sqrt(np.sum((miss / sd) ** 2))), listed(parts))


def moves(cloud: Array) -> str:
    """Return how far noise moves an estimate, as an sd of each parameter; cloud: (n, 2)."""
    spread = cloud.std(axis=0)
    return listed([f"±{fixed(each, decimals_for(each))}" for each in spread])


def nearest(
    estimates: Mapping[str, Array], truth: Sequence[float], sd: Array, clouds: Mapping[str, Array], noisy: bool
) -> str:
    """Say which map is nearest to the truth on this trace, how far it is off, and how far it scatters."""
    misses = {name: off(estimate, truth, sd) for name, estimate in estimates.items()}
    best = min(misses, key=lambda name: misses[name].scaled)
    text = f"On this trace {quoted([best])} is nearest to the truth: off by {misses[best].words}."
    if noisy and best in clouds:
        text += f" New noise moves it by {moves(clouds[best])}."
    return text


def mistaken(
    name: str, estimate: Array, truth: Sequence[float], sd: Array, cloud: Array, assumed: Sequence[str]
) -> str:
    """Say how far off a map is that takes wrong constants for granted; assumed: those, such as "ζ = −0.4"."""
    text = f"The maps take {listed(assumed)} for granted, which is wrong here: {quoted([name])} is off by "
    text += f"{off(estimate, truth, sd).words}"
    spread = cloud.std(axis=0)
    if np.all(spread > 0) and np.max(np.abs(estimate - truth) / spread) > MANY:
        return f"{text}, though new noise moves it by {moves(cloud)} only. A tight cloud is no proof."
    return f"{text}."


def worst(estimates: Mapping[str, Array], truth: Sequence[float], sd: Array, clean: Sequence[str]) -> str:
    """Say which map is furthest from the truth on this trace; clean: the maps that were trained without noise."""
    misses = {name: off(estimate, truth, sd) for name, estimate in estimates.items()}
    name = max(misses, key=lambda name: misses[name].scaled)
    why = " It never saw noise in training." if name in clean else ""
    return f"Furthest off is {quoted([name])}, by {misses[name].words}.{why}"


def unknown_truth(name: str, estimate: Array, sds: Array | None, uploaded: bool) -> str:
    """Say what a map estimates where the truth is hidden or not known; sds: its own, (2,)."""
    if sds is None:
        values = [f"{symbol} = {fixed(value, 3)}" for symbol, value in zip(SYMBOLS, estimate, strict=True)]
    else:
        values = [
            f"{symbol} = {fixed(value, decimals_for(sd))} ± {fixed(sd, decimals_for(sd))}"
            for symbol, value, sd in zip(SYMBOLS, estimate, sds, strict=True)
        ]
    known = "What made this trace is not known" if uploaded else "The truth is hidden"
    return f"{quoted([name])} estimates {listed(values)}. {known}, so that no error can be told."


def about_clouds(clouds: Mapping[str, Array], best: str, marginal_sd: float, maps: Mapping[str, "InverseMap"]) -> str:
    """Say how far noise moves the estimates; clouds: of each map, (n, 2); best: the name of the best map."""
    if marginal_sd == 0:
        return "σ = 0: there is no noise to move the estimates."
    cloud, called = clouds[best], quoted([best])
    n, at_edge = len(cloud), _at_edge(cloud, maps[best].recipe.task.prior)
    text = f"Each cloud shows how far noise alone moves a map’s estimate: {called} by {moves(cloud)} over {n} draws."
    if at_edge:
        count = "All" if at_edge == n else str(at_edge)
        text += f" {count} of them lie on the edge of the box in which {called} estimates, which holds them back."
    spread = cloud.std(axis=0)
    clean = next((other for other in clouds if not maps[other].recipe.noisy), best)
    if clean != best and np.min(spread) > 1e-4:
        ratio = float(np.mean(clouds[clean].std(axis=0) / spread))
        if ratio > 1.5:
            text += f" {quoted([clean])}, which never saw noise, moves about {times(ratio)} times as far."
    return text


def _at_edge(cloud: Array, prior: TruncatedGaussian) -> int:
    """Return how many of the estimates, (n, 2), lie on the edge of the box in which a map estimates."""
    lower, upper = np.array(prior.lower), np.array(prior.upper)
    near = EDGE * (upper - lower)
    return int(np.sum(np.any((cloud <= lower + near) | (cloud >= upper - near), axis=1)))
