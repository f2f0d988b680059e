"""What the maps make of the trace on screen, in an answer, and how far noise moves their estimates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import listed, quoted
from core.priors import TruncatedGaussian
from dashboard.wording.numbers import decimals_for, fixed, times

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

EDGE = 1e-6  # of the width of the box: an estimate nearer than this was stopped there
DECIMALS = 3  # of distances on the plane
MANY = 3.0  # times its scatter that an estimate is off: noise is not the reason
SYMBOLS = ("θ₀", "θ₁")
INVERSE_MAP = (
    "An inverse map is a network that takes the whole trace d(t) and returns θ at once. It has learned from simulated "
    "pairs (θ, d) drawn from its prior, and never answers outside that prior’s box."
)
HOW_MEASURED = (
    "All distances are those on the plane of (θ₀, θ₁): √(Δθ₀² + Δθ₁²). ± is one standard deviation. The bias leads "
    "from the truth to the middle of a cloud, the spread from there to its points."
)

Array = NDArray[np.float64]


def distance(estimate: Array, truth: Sequence[float]) -> float:
    """Return how far an estimate, (2,), is from the truth on the plane of θ."""
    return float(np.linalg.norm(estimate - np.array(truth)))


def far(length: float) -> str:
    """Return a distance on the plane of θ in words, with the decimals of the table."""
    return fixed(length, DECIMALS)


def moves(cloud: Array) -> str:
    """Return how far noise moves an estimate, as an sd of each parameter; cloud: (n, 2)."""
    spread = cloud.std(axis=0)
    return ", ".join(
        [f"±{fixed(each, decimals_for(each))} in {name}" for each, name in zip(spread, SYMBOLS, strict=True)]
    )


def nearest(estimates: Mapping[str, Array], truth: Sequence[float], clouds: Mapping[str, Array], noisy: bool) -> str:
    """Say which map is nearest to the truth on this trace, how far it is off, and how far it scatters."""
    misses = {name: distance(estimate, truth) for name, estimate in estimates.items()}
    best = min(misses, key=misses.__getitem__)
    text = f"On this trace {quoted([best])} is nearest to the truth: {far(misses[best])} away."
    if noisy and best in clouds:
        text += f" New noise: {moves(clouds[best])}."
    return text


def fenced(names: Sequence[str], estimates: Mapping[str, Array], truth: Sequence[float]) -> str:
    """Say how far off maps are whose prior does not hold the truth; names: theirs."""
    misses = listed([far(distance(estimates[name], truth)) for name in names])
    box, verb = ("its prior’s box", "is") if len(names) == 1 else ("their priors’ boxes", "are")
    return f"{quoted(names)} cannot leave {box}, and {verb} {misses} away."


def mistaken(name: str, estimate: Array, truth: Sequence[float], cloud: Array, assumed: Sequence[str]) -> str:
    """Say how far off a map is that takes wrong constants for granted; assumed: those, such as "ζ = −0.4"."""
    text = f"The maps take {listed(assumed)} for granted, which is wrong here: {quoted([name])} is "
    text += f"{far(distance(estimate, truth))} away from the truth"
    spread = cloud.std(axis=0)
    if np.all(spread > 0) and np.max(np.abs(estimate - truth) / spread) > MANY:
        return f"{text}, though new noise moves it {moves(cloud)} only. A tight cloud is no proof."
    return f"{text}."


def worst(estimates: Mapping[str, Array], truth: Sequence[float], clean: Sequence[str]) -> str:
    """Say which map is furthest from the truth on this trace; clean: the maps that were trained without noise."""
    misses = {name: distance(estimate, truth) for name, estimate in estimates.items()}
    name = max(misses, key=misses.__getitem__)
    why = " It never saw noise in training." if name in clean else ""
    return f"Furthest off is {quoted([name])}: {far(misses[name])} away.{why}"


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
    text = f"Each cloud shows how far noise alone moves a map’s estimate: {called} {moves(cloud)} over {n} draws."
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
