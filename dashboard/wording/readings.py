"""What can be read off a posterior, in sentences that change with what is on screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import Estimate
from core.maps.differences_from_training import Difference, can_read, listed, not_trained_for, quoted
from core.metrics import squared_distances
from core.models.spikes import SPIKE_THRESHOLD, regime
from core.posterior.exact import Posterior
from core.posterior.profile import Profile
from core.published import SAMPLING_INTERVAL
from core.symbols import symbol_of
from dashboard.figures.density import Raster
from dashboard.wording import entries

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

SLANTED = 0.9  # correlation
NEEDLE = 12.0  # times as sharp across as along
BENT = 0.75  # of the area that a normal law of the same covariance has
NARROWER = 2.0  # times than the prior, below which the data say little
AT_EDGE = 0.03  # of the probability, within a fiftieth of the box from an edge
FAR_OFF = 3.0  # standard deviations between an assumed noise and what the data say
SHIFTED = 0.7  # standard deviations between the centres of two laws that differ
TOO_SURE, TOO_CAUTIOUS = 0.8, 0.97  # of the posterior, held by an ellipse that should hold 90 %
N_DRAWS = 10_000  # of the posterior: a share of 90 % is then exact to 0.3 %

EXACT_ONES = (entries.EXACT_POSTERIOR, entries.EXACT_MEAN)
BEYOND = "The truth lies beyond the prior’s box, where no posterior can find it."

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """What a posterior looks like: pieces of its 90 % region, correlation, and the edges it leans on.

    sharper: length over width, each parameter measured by its own standard deviation; fullness: area of that region
    over that of a normal law of the same covariance; narrower: how many times narrower than the prior's each
    standard deviation is; edges: as "θ₁ = 1.2"; silent: the best fit does not spike.
    """

    pieces: int
    correlation: float
    sharper: float
    fullness: float
    narrower: tuple[float, float]
    edges: tuple[str, ...]
    silent: bool


def region_area(found: Posterior, mass: float) -> float:
    """Return the area of the region of highest density that holds this mass."""
    inside = found.cells.log_densities >= found.threshold(mass)
    return float(np.sum(np.exp(found.cells.log_areas[inside])))


def number(value: float, decimals: int) -> str:
    """Return a number with so many decimals, a true minus sign and no minus before zero."""
    text = f"{value:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, unless it rounds to zero."""
    text = f"{value:+.{decimals}f}"
    return f"{0:.{decimals}f}" if float(text) == 0 else text.replace("-", "−")


def decimals_for(sd: float) -> int:
    """Return the decimals with which a standard deviation has two digits."""
    if not 0 < sd < np.inf:
        return 4
    rounded = float(f"{sd:.1e}")  # 0.00997 is 0.010 to two digits
    return int(np.clip(1 - np.floor(np.log10(rounded)), 0, 8))


def with_sd(value: float, sd: float, decimals: int | None = None) -> str:
    """Return a value with its standard deviation, to the digits that the latter leaves meaningful, or so many."""
    decimals = decimals_for(sd) if decimals is None else decimals
    shown = number(sd, decimals)
    if sd > 0 and float(shown) == 0:
        shown = f"<{number(10.0**-decimals, decimals)}"
    return f"{number(value, decimals)} ± {shown}"


def times(factor: float) -> str:
    """Return a factor with two digits."""
    rounded = float(f"{factor:.2g}")
    return f"{rounded:.2g}" if rounded < 100 else f"{rounded:,.0f}"


def named(estimator: str) -> str:
    """Return an estimator as a sentence names it."""
    return f"the {estimator}" if estimator in EXACT_ONES else estimator


def sds(covariance: Array) -> Array:
    """Return the standard deviations, (p,), of a covariance (p, p)."""
    return np.sqrt(np.diag(covariance))


def prior_sds(found: Posterior) -> Array:
    """Return the standard deviations, (2,), of the prior of the two unknown parameters, as far as it is on."""
    problem = found.problem
    widths = problem.bounds[:, 1] - problem.bounds[:, 0]
    given = np.array(problem.prior.sd)
    # Cut off at ±2 sd, a Gaussian has 0.88 of its sd.
    return np.where(np.isinf(given), widths / np.sqrt(12), 0.88 * given)


def shape_of(found: Posterior, density: Raster) -> Shape:
    """Return what a posterior looks like; density: its raster."""
    bounds = found.problem.bounds
    widths = bounds[:, 1] - bounds[:, 0]
    first, second = sds(found.covariance)
    correlation = float(np.clip(found.covariance[0, 1] / (first * second), -1, 1))
    edges = []
    for axis, (low, high) in enumerate(bounds):
        near = 0.02 * widths[axis]
        below = float(found.distribution(axis, low + near))
        above = 1 - float(found.distribution(axis, high - near))
        ends = [(below, low), (above, high)]
        edges += [
            f"{symbol_of(found.names[axis])} = {end:.3g}".replace("-", "−") for held, end in ends if held > AT_EDGE
        ]
    best = found.problem.states(found.mode)[:, 0]
    silent = regime(best) == "silent" and bool(np.max(best) <= SPIKE_THRESHOLD)
    narrower = prior_sds(found) / sds(found.covariance)
    return Shape(
        density.pieces(0.9),
        correlation,
        float(np.sqrt((1 + abs(correlation)) / max(1 - abs(correlation), 1e-12))),
        region_area(found, 0.9) / float(np.pi * chi2.ppf(0.9, 2) * np.sqrt(np.linalg.det(found.covariance))),
        (float(narrower[0]), float(narrower[1])),
        tuple(edges),
        silent,
    )


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


def about_noise(found: Posterior) -> str:
    """Say what the data made of a noise that was not known."""
    sigma, rho = found.problem.noise[0].marginal_sd * SAMPLING_INTERVAL, found.problem.noise[0].rho
    return (
        "σ and ρ of the rail are not used: both are integrated out, and the data themselves put them at about "
        f"{number(sigma, 3)} ms and {number(rho, 2)}."
    )


def held_by(found: Posterior, normal: Estimate) -> float:
    """Return how much of a posterior the 90 % ellipse of a normal law holds."""
    assert normal.covariance is not None
    draws = found.draws(N_DRAWS, np.random.default_rng(0))
    return float(np.mean(squared_distances(draws - normal.mean, normal.covariance[0]) <= chi2.ppf(0.9, 2)))


def about_laplace(found: Posterior, normal: Estimate) -> str:
    """Say how far the Laplace approximation can be trusted here."""
    if normal.status:
        return normal.status
    distance = float(np.sqrt(squared_distances(normal.mean - found.mean, found.covariance)[0]))
    held = held_by(found, normal)
    if distance < SHIFTED and TOO_SURE < held < TOO_CAUTIOUS:
        return (
            f"Laplace (dashed) nearly coincides with the exact posterior: its 90 % ellipse holds {100 * held:.0f} % of "
            "it. Here a parabola at the MAP point is enough."
        )
    text = "Laplace (dashed) knows the curvature at the MAP point alone"
    if distance >= SHIFTED:
        text += f", which lies {distance:.1f} sd off the mean"
    text += f": its 90 % ellipse holds {100 * held:.0f} % of the exact posterior."
    if held <= TOO_SURE:
        return f"{text} It is too sure."
    return f"{text} It is too cautious." if held >= TOO_CAUTIOUS else text


def about_map(found: Posterior, name: str, normal: Estimate) -> str:
    """Say how far the estimate of an inverse map lies from the exact mean, and whether its ellipse says so."""
    decimals = [decimals_for(sd) for sd in sds(found.covariance)]
    misses = [
        f"{number(abs(miss), digits)} in {symbol_of(parameter)}"
        for miss, digits, parameter in zip(normal.mean[0] - found.mean, decimals, found.names, strict=True)
    ]
    held = held_by(found, normal)
    return (
        f"The estimate of {quoted([name])} lies {listed(misses)} from the exact mean, and its 90 % ellipse holds "
        f"{100 * held:.0f} % of the exact posterior."
    )


def about_calibration(mass: float, held: Mapping[str, float]) -> str:
    """Say what share of truths the regions of a mass hold; held: estimator → share."""
    shares = listed([f"{100 * share:.1f} % for {named(name)}" for name, share in held.items()])
    return (
        f"Of 2,000 test samples, the regions made to hold {100 * mass:.0f} % hold the truth in {shares}. Below the "
        "diagonal an estimator is too sure, above it too cautious."
    )


def trained_for(inverse_map: "InverseMap", trace: dict[str, Any]) -> str:
    """Say in a word whether a map was trained for a trace; trace: what is known of it."""
    if inverse_map.differences(**trace):
        return "no"
    return "not known" if inverse_map.expected(**trace) else "yes"


def about_training(maps: Mapping[str, "InverseMap"], trace: dict[str, Any]) -> list[str]:
    """Say what maps were not trained for in a trace, or what they expect of it where that is not known.

    Maps of which the same holds share a sentence; a map that was trained for the trace has none.
    """
    untrained: dict[tuple[Difference, ...], list[str]] = {}
    unknown: dict[tuple[str, ...], list[str]] = {}
    for name, each in maps.items():
        differences = each.differences(**trace)
        if differences:
            untrained.setdefault(differences, []).append(name)
        elif expected := each.expected(**trace):
            unknown.setdefault(expected, []).append(name)
    return [
        *(not_trained_for(names, differences) for differences, names in untrained.items()),
        *(can_read(names, expected) for expected, names in unknown.items()),
    ]


def about_novelty(name: str, score: float, untrained: bool) -> str:
    """Say whether a trace is like those that a map was trained on; score: its out-of-distribution score.

    untrained: whether it is known that the map was not trained for the trace, which has been said before.
    """
    from core.maps.out_of_distribution import FALSE_ALARM_RATE

    shown = f"out-of-distribution score {number(score, 1) if score < 100 else 'above 100'}"
    if score > 1:
        rare = f"only {100 * FALSE_ALARM_RATE:.0f} % of the training’s traces exceed 1"
        return f"Beware: this trace is unlike the training data of {quoted([name])} ({shown}; {rare})."
    if untrained:
        return f"The residual of {quoted([name])} does not show this ({shown}, alarm above 1)."
    return (
        f"This trace looks like the training data of {quoted([name])} ({shown}, alarm above 1). "
        "A wrong ζ or γ need not show in this score."
    )


def about_others(outside: Mapping[str, Array], decimals: tuple[int, int], of_theta: bool) -> str:
    """Say what lies beyond the window; outside: name → estimate, (2,); decimals: of its two numbers."""
    if outside:
        places = [
            f"{name} ({', '.join(number(value, digits) for value, digits in zip(values, decimals, strict=True))})"
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
    return (
        f"The inner band is what is not known of u itself: ±{np.median(half):.2g} in the median over time and "
        f"±{np.max(half):.2g} at worst, where a single measurement has an sd of {marginal_sd:.2g}. The outer band adds "
        f"the noise: {100 * share:.0f} % of the data lie in it, which is made to hold 90 %."
    )


def about_profile(found: Profile) -> str:
    """Say what a profile likelihood tells of its parameter."""
    symbol = symbol_of(found.name)
    low, high = found.interval
    decimals = decimals_for((high - low) / 4) if low is not None and high is not None else 3
    if low is not None and high is not None:
        where = f"95 % interval {number(low, decimals)} to {number(high, decimals)}"
    elif high is not None:
        where = f"95 % below {number(high, decimals)}"
    elif low is not None:
        where = f"95 % above {number(low, decimals)}"
    else:
        where = "no 95 % bound within the prior"
    return f"{symbol} is {found.verdict}, {where}. {found.sentence}"


def about_noise_models(
    ratio: float, rho: float, held: tuple[float, float] | None, lags: tuple[Array, Array], n_times: int
) -> str:
    """Say what taking the noise as white does; ratio: area of the AR(1) region over that of the white one.

    held: the mass of all that is more probable than the truth under AR(1) and white; lags: the autocorrelation
    (n_lags + 1,) of the whitened residual under each.
    """
    if rho == 0:
        return "With ρ = 0 the noise is white, and both models are the same."
    if ratio > 1.1:
        text = (
            f"Taken as white, the same data give a 90 % region of 1/{times(ratio)} of the area: overconfident, since "
            "neighbouring errors are alike and tell less than as many independent ones."
        )
    elif ratio < 1 / 1.1:
        text = (
            f"Taken as white, the same data give a 90 % region {times(1 / ratio)} times as large: what the correlation "
            "of the errors tells is thrown away."
        )
    else:
        text = "Taken as white, the same data give a 90 % region of about the same area, in another place."
    if held is not None:
        coloured, white = (mass <= 0.9 for mass in held)
        if coloured == white:
            text += f" Both regions {'hold' if white else 'miss'} the truth."
        else:
            text += f" The {'AR(1)' if coloured else 'white'} region holds the truth, the other misses it."
    half = 1.96 / np.sqrt(n_times)
    beyond = [int(np.sum(np.abs(each[1:]) > half)) for each in lags]
    n = lags[0].size - 1
    return text + (
        f" The whitened residual judges between the models without the truth: of {n} lags, {beyond[1]} leave the band "
        f"under the white one and {beyond[0]} under AR(1), where chance alone puts about {0.05 * n:.1g}."
    )


def about_given_noise(given: tuple[float, float], joint: Estimate) -> str:
    """Say where the noise that is assumed, (ρ, σ [ms]), is not what the data say; joint: with it in the last places."""
    if joint.covariance is None:
        return ""
    off = np.abs(joint.mean[0, -2:] - given) / sds(joint.covariance[0])[-2:]
    far = [symbol for symbol, distance in zip(("ρ", "σ"), off, strict=True) if distance > FAR_OFF]
    if not far:
        return ""
    return (
        f" The data themselves say another {listed(far)} than is assumed: set the rail to it, or untick “noise known”."
    )
