"""What a posterior says: where it lies, what its form means, where the truth is, and what it predicts."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import listed
from core.posterior.exact import Posterior
from core.symbols import symbol_of
from dashboard.wording.numbers import compact, fixed, percent, sds, times, with_sd
from dashboard.wording.shape import Shape

SLANTED = 0.9  # correlation
NEEDLE = 12.0  # times as sharp across as along
BENT = 0.75  # of the area that a normal distribution of the same covariance has
NARROWER = 2.0  # times than the prior, below which the data say little

BEYOND = "The truth lies beyond the prior’s box, where no posterior can find it."

Array = NDArray[np.float64]


def size(found: Posterior, shape: Shape) -> str:
    """Say where the posterior lies, how wide it is, and how much the data have told."""
    names = [symbol_of(name) for name in found.names]
    values = [with_sd(mean, sd) for mean, sd in zip(found.mean, sds(found.covariance), strict=True)]
    text = f"Given these data, {names[0]} = {values[0]} and {names[1]} = {values[1]}: "
    factors = [times(factor) for factor in shape.narrower]
    if max(shape.narrower) < NARROWER:
        return text + "hardly narrower than the prior, so that the data say little about either."
    if min(shape.narrower) < NARROWER:
        told, untold = (0, 1) if shape.narrower[0] > shape.narrower[1] else (1, 0)
        return text + f"{factors[told]} times narrower than the prior in {names[told]}, hardly so in {names[untold]}."
    return text + f"{factors[0]} and {factors[1]} times narrower than the prior."


def form(found: Posterior, shape: Shape) -> str:
    """Say what the form of the posterior means."""
    first, second = (symbol_of(name) for name in found.names)
    parts = []
    if shape.silent and set(found.names) == {"theta0", "theta1"}:
        rest = ": the edge of the prior does the rest." if shape.edges else "."
        parts.append(f"The best fit does not spike, so that the trace fixes one combination of θ₀ and θ₁ alone{rest}")
    elif shape.silent:
        parts.append("The best fit does not spike, so that the trace tells little more than where the potential rests.")
    if shape.pieces > 1:
        parts.append(
            f"The 90 % region is in {shape.pieces} pieces: several places fit alike, and their mean may fit badly."
        )
    if abs(shape.correlation) > SLANTED:
        side = "smaller" if shape.correlation < 0 else "larger"
        kind = "needle" if shape.sharper > NEEDLE or min(shape.narrower) > 20 else "ridge"
        parts.append(
            f"It is a slanted {kind}: a larger {first} with a {side} {second} fits almost as well, so that one "
            f"combination of the two is known {times(shape.sharper)} times better than the other."
        )
    elif shape.pieces == 1 and not shape.edges:
        bent = shape.fullness < BENT
        parts.append("It is one piece, but bent or lopsided: no ellipse." if bent else "It is one compact piece.")
    if found.credibility(found.mean) > 0.9:
        parts.append("The mean lies outside the 90 % region: best in the mean square, it is itself improbable.")
    if shape.edges:
        parts.append(f"It leans on the edge of the prior at {listed(list(shape.edges))}: there the prior ends it.")
    return " ".join(parts)


def about_truth(found: Posterior, truth: tuple[float, float] | None, uploaded: bool, white: bool) -> str:
    """Say where the truth lies in the posterior, or why nobody knows."""
    if truth is None:
        return "What made this trace is not known." if uploaded else "The truth is hidden."
    bounds = found.problem.bounds
    point = np.array(truth)
    if np.any((point < bounds[:, 0]) | (point > bounds[:, 1])):
        return BEYOND
    held = float(found.credibility(point))
    if held <= 0.5:
        return "The truth lies inside the 50 % region."
    if held <= 0.9:
        return "The truth lies between the 50 % and the 90 % region."
    if white:
        return "The truth lies outside the 90 % region, which the white misfit makes too small."
    return "The truth lies outside the 90 % region, as for one trace in ten whose truth is drawn from the prior."


def about_others(outside: Mapping[str, Array], decimals: tuple[int, int], of_theta: bool) -> str:
    """Say what lies beyond the window; outside: name → estimate, (2,); decimals: of its two numbers."""
    if outside:
        places = [
            f"{name} ({', '.join(fixed(value, digits) for value, digits in zip(values, decimals, strict=True))})"
            for name, values in outside.items()
        ]
        return f"The arrows at the frame point to what lies further out: {listed(places)}."
    if not of_theta:
        return "The inverse maps estimate θ₀ and θ₁ only, so that none is drawn on these axes."
    return ""


def about_prediction(data: Array, potential: Array, noisy: Array, marginal_sd: float) -> str:
    """Say what the predictive bands, (2, n_times) each, mean."""
    share = float(np.mean((data >= noisy[0]) & (data <= noisy[1])))
    half = 0.5 * (potential[1] - potential[0])
    median, worst, noise = (compact(value, 2) for value in (float(np.median(half)), float(np.max(half)), marginal_sd))
    return (
        f"The inner band is what is not known of u itself: ±{median} in the median over time and "
        f"±{worst} at worst, where a single measurement has an sd of {noise}. The outer band adds "
        f"the noise: {percent(share)} of the data lie in it, which is made to hold 90 %."
    )
