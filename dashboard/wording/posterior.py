"""What a posterior says: where it lies, what its form means, where the truth is, and what it predicts."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.estimate import Outcome
from core.maps.differences_from_training import listed
from core.posterior.exact import Posterior
from core.symbols import symbol_of
from dashboard.wording.numbers import compact, fixed, percent, sds, times, with_sd
from dashboard.wording.shape import Shape

SLANTED = 0.9  # correlation
NEEDLE = 12.0  # times as sharp across as along
BENT = 0.75  # of the area that a normal distribution of the same covariance has
NARROWER = 2.0  # times than the prior, below which the data say little

KEY = (
    "Green is the exact posterior: the inner line holds 50 % of the probability, the outer one 90 %. An ellipse is an "
    "estimator’s own 90 % region. ± and sd are one standard deviation; the green square is the mean."
)
MEAN_OUTSIDE = "The region is bent, and its mean lies beside it: take the MAP or the whole region."
HOW_TO_READ = (
    "corr is the correlation: near −1, raising one parameter makes up for lowering the other, near 1 for raising it.",
    "Three centres: the mean (green square) is the average of the posterior, the MAP (cross) its highest point, and a "
    "map’s mark what that network estimates. Where the region is bent they differ.",
)
BEYOND = "The truth lies beyond the prior’s box, where no posterior can find it."

Array = NDArray[np.float64]


def values(found: Posterior) -> str:
    """Return both parameters with their standard deviations."""
    names = [symbol_of(name) for name in found.names]
    shown = [with_sd(mean, sd) for mean, sd in zip(found.mean, sds(found.covariance), strict=True)]
    return ", ".join(f"{name} = {value}" for name, value in zip(names, shown, strict=True))


def answer(found: Posterior, shape: Shape, truth_lies: str) -> str:
    """Say how sure one can be, in two short sentences; truth_lies: where the truth is, in a sentence.

    What no parameters explain comes first and alone.
    """
    if found.fit.outcome != Outcome.EXPLAINED:
        return unexplained(found)
    second = truth_lies
    if shape.silent:
        second = _silence(found, shape)
    elif shape.pieces > 1:
        second = f"The 90 % region is in {shape.pieces} pieces: several places fit alike."
    elif found.credibility(found.mean) > 0.9:
        second = MEAN_OUTSIDE
    return f"{values(found)}. {second}".replace(" %", "\u00a0%")


def unexplained(found: Posterior) -> str:
    """Say that no parameters explain a trace."""
    ratio = times(found.fit.residual_ratio)
    return f"No parameters explain this trace: the best fit misses it by {ratio} times the noise. No ± here holds."


def size(found: Posterior, shape: Shape) -> str:
    """Say how much the data have told."""
    names = [symbol_of(name) for name in found.names]
    factors = [times(factor) for factor in shape.narrower]
    if shape.silent and shape.edges:
        return ""  # narrow along no parameter, but at the edge of the prior
    if max(shape.narrower) < NARROWER:
        return "The posterior is hardly narrower than the prior: the data say little about either parameter."
    if min(shape.narrower) < NARROWER:
        told, untold = (0, 1) if shape.narrower[0] > shape.narrower[1] else (1, 0)
        return (
            f"The posterior is {factors[told]} times narrower than the prior in {names[told]}, hardly so in "
            f"{names[untold]}."
        )
    return (
        f"The posterior is {factors[0]} times narrower than the prior in {names[0]} and {factors[1]} times in "
        f"{names[1]}."
    )


def _silence(found: Posterior, shape: Shape) -> str:
    """Say what a best fit without spikes means."""
    if set(found.names) != {"theta0", "theta1"}:
        return "Without spikes the trace tells little more than where the potential rests."
    rest = "; the edge of the prior does the rest." if shape.edges else "."
    return f"Without spikes the trace fixes one combination of θ₀ and θ₁ only{rest}"


def form(found: Posterior, shape: Shape) -> str:
    """Say what the form of the posterior means, beyond what the answer says."""
    first, second = (symbol_of(name) for name in found.names)
    parts = []
    if shape.pieces > 1:
        parts.append(f"The 90 % region is in {shape.pieces} pieces, and the mean of them may fit badly.")
    if abs(shape.correlation) > SLANTED:
        change = "lower" if shape.correlation < 0 else "raise"
        kind = "needle" if shape.sharper > NEEDLE or min(shape.narrower) > 20 else "ridge"
        parts.append(
            f"A {kind}: raise {first} and {change} {second} along it, and the fit stays as good. Across it the data "
            f"are {times(shape.sharper)} times as strict."
        )
    elif shape.pieces == 1 and not shape.edges:
        bent = shape.fullness < BENT
        parts.append("The region is one piece, but bent or lopsided: no ellipse." if bent else "One compact region.")
    if (shape.silent or shape.pieces > 1) and found.credibility(found.mean) > 0.9:
        parts.append(MEAN_OUTSIDE)
    if shape.edges:
        parts.append(f"The prior ends the region at {listed(list(shape.edges))}.")
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
        return "The truth lies outside the 90 % region: the white misfit makes it too small."
    return "The truth lies outside the 90 % region. That happens one time in ten."


def about_others(outside: Mapping[str, Array], decimals: tuple[int, int], of_theta: bool) -> str:
    """Say what lies beyond the window; outside: name → estimate, (2,); decimals: of its two numbers."""
    if outside:
        places = [
            f"{name} ({', '.join(fixed(value, digits) for value, digits in zip(values, decimals, strict=True))})"
            for name, values in outside.items()
        ]
        return f"Arrows at the frame point to what lies outside: {listed(places)}."
    if not of_theta:
        return "The inverse maps estimate θ₀ and θ₁ only, so that none is drawn on these axes."
    return ""


def about_prediction(data: Array, potential: Array, noisy: Array, marginal_sd: float) -> tuple[str, str]:
    """Say what the predictive bands, (2, n_times) each, mean: in a sentence or two, and more of it."""
    share = float(np.mean((data >= noisy[0]) & (data <= noisy[1])))
    half = 0.5 * (potential[1] - potential[0])
    median, worst, noise = (compact(value, 2) for value in (float(np.median(half)), float(np.max(half)), marginal_sd))
    return (
        f"Dark: where the true potential is, to ±{median} (at worst ±{worst}). Light: where a measurement is; "
        f"{percent(share)} of the data lie there, where 90 % should.",
        f"A single measurement has an sd of {noise}: the trace as a whole knows the potential far better. Both bands "
        "hold 90 % at each time.",
    )
