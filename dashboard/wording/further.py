"""What maps say of the noise, or of ζ and γ, where they estimate these beside θ."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.maps.differences_from_training import listed, quoted
from core.published import published_prior
from core.symbols import symbol_of
from dashboard.wording.numbers import compact, count, decimals_for, fixed, percent, sds, with_sd

UNITS: Mapping[str, str] = {"sigma": "ms"}
POINT_DIGITS = 3  # of an estimate without a covariance
HOW_TO_READ = (
    "The estimate stands with its 90 % ellipse, and in a cloud of what the map makes of fresh noise. Where the ellipse "
    "is right, the cloud is as wide, and the truth lies within it nine times in ten."
)

Array = NDArray[np.float64]


def unit_of(name: str) -> str:
    """Return a space and the unit of a parameter, or "" where it has none."""
    return f" {UNITS[name]}" if name in UNITS else ""


def with_uncertainty(estimate: Estimate) -> list[str]:
    """Return the values of one estimate as text, each with its ± where there is a covariance."""
    if estimate.covariance is None:
        return [compact(value, POINT_DIGITS) for value in estimate.mean[0]]
    return [with_sd(*each) for each in zip(estimate.mean[0], sds(estimate.covariance[0]), strict=True)]


def _values(estimate: Estimate, names: Sequence[str]) -> list[str]:
    texts = dict(zip(estimate.names, with_uncertainty(estimate), strict=True))
    return [f"{symbol_of(name)} = {texts[name]}{unit_of(name)}" for name in names]


def in_sds(estimate: Estimate, truth: Sequence[float]) -> list[str]:
    """Return how far one estimate is above the truth in its own standard deviations; none without a covariance."""
    if estimate.covariance is None:
        return []
    return [fixed(value, 1) for value in (estimate.mean[0] - truth) / sds(estimate.covariance[0])]


def answer(name: str, estimate: Estimate, truth: Sequence[float] | None) -> str:
    """Say what a map estimates, and how far that is from the truth."""
    values = _values(estimate, estimate.names)
    said = f"{quoted([name])} reads {listed(values)} from the trace"
    if truth is None:
        return f"{said}. What the truth is, is not known here."
    off = [text.removeprefix("−") for text in in_sds(estimate, truth)]
    if off:
        return f"{said}: {listed(off)} of its sds off the truth."
    misses = [
        f"{compact(abs(value - true), 2)}{unit_of(each)} in {symbol_of(each)}"
        for each, value, true in zip(estimate.names, estimate.mean[0], truth, strict=True)
    ]
    return f"{said}: {listed(misses)} off the truth."


def also_reads(estimate: Estimate) -> str:
    """Say what a map estimates beside θ₀ and θ₁, or return ""."""
    values = _values(estimate, [name for name in estimate.names if name not in published_prior().names])
    return f"It also reads {listed(values)}." if values else ""


def identified(shares: Mapping[str, float], n: int) -> str:
    """Say how narrow the posterior of all four parameters is: its median sd over the prior's, by name."""
    first, *others = ((percent(share), symbol_of(name)) for name, share in shares.items())
    parts = [f"{first[0]} of the prior’s for {first[1]}", *(f"{share} for {symbol}" for share, symbol in others)]
    return (
        f"Where all four are unknown, the posterior’s sd is {listed(parts)}. These are medians over {count(n)} "
        "traces, by importance sampling."
    )


def about_cloud(name: str, cloud: Array, estimate: Estimate) -> str:
    """Say how far fresh noise moves the estimates of a map, (n, p), beside its own ±."""
    spread = cloud.std(axis=0)
    moved = [
        f"±{fixed(sd, decimals_for(sd))}{unit_of(each)} in {symbol_of(each)}"
        for each, sd in zip(estimate.names, spread, strict=True)
    ]
    return f"Fresh noise moves {quoted([name])} {listed(moved)}."
