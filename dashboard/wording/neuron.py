"""What the Neuron page says of a neuron: what it does, and why."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.equations import FixedPoint
from core.models.spikes import SPIKE_THRESHOLD, regime, spike_timing
from dashboard.wording.numbers import compact, fixed, significant

AT_REST = 0.05  # distance of (u, v) from a fixed point within which the neuron has settled there
HIDDEN = "The truth is hidden: the class sees the data alone."
UPLOADED = "The trace on screen was uploaded: what made it is not known."

DIVERGING = "|u| passes 20, or no step resolves the trajectory: no neuron does this."
# By regime, for a neuron that has not settled at a stable fixed point.
UNSETTLED = {
    "silent": "Silent in the second half of this window, but not at rest. A longer window may show a spike.",
    "excited": "Stays up in the second half of this window. A longer one may show that it falls.",
}
SETTLED = {
    "silent": "Silent: it settles at a stable fixed point, u = {u}. Only one combination of θ₀ and θ₁ can be read from "
    "it, and the prior’s edge does the rest.",
    "excited": "Excited: it rises and stays at a stable fixed point, u = {u}. It stops spiking, so there is no rate.",
}
VARIABLES = (
    "u is the membrane potential: what is measured, with noise. A spike begins where u rises above {threshold}, and "
    "lasts until u falls below it. The rate is one over the mean time from spike to spike.",
    "v is the recovery: it follows u slowly, and ends each spike. γ says how much slower: by γ², here {factor} times.",
)
REGIMES = (
    "On the map, a silent neuron stays down, an excited one goes up and stays there, and a spiking one goes up and "
    "down for ever."
)
NOISE = (
    "The data d are the potential plus noise η. Each ηₖ is ρ times the noise before it, plus a fresh part εₖ, drawn "
    "from a Gaussian."
)


def rate(value: float) -> str:
    """Return a spike rate in 1/s."""
    return f"{compact(value, 3)} per s" if np.isfinite(value) else "none"


def duration(value: float) -> str:
    """Return a duration to the tenth of a millisecond that samples 0.2 ms apart leave."""
    return f"{fixed(value, 1)} ms" if np.isfinite(value) else "none"


def answer(trajectory: NDArray[np.float64], times: NDArray[np.float64], points: Sequence[FixedPoint]) -> str:
    """Return what a neuron does, with its trajectory, (n_times, 2), at times in ms, and its fixed points."""
    u = trajectory[:, 0]
    kind = regime(u)
    if kind == "diverging":
        return DIVERGING
    stable = [point for point in points if point.stable]
    if kind == "spiking":
        spikes, lasts = (float(value) for value in spike_timing(u, times))
        often = f"Spikes {compact(spikes, 3)} times a second" if np.isfinite(spikes) else "Spikes once in this window"
        each = f"; each spike lasts {duration(lasts)}" if np.isfinite(lasts) else ""
        if stable:
            return f"{often}{each}, although a fixed point is stable. A longer window shows whether it goes on."
        return f"{often}{each}. No fixed point is stable, so it runs round a limit cycle."
    settled = next((p for p in stable if np.hypot(*(trajectory[-1] - (p.u, p.v))) < AT_REST), None)
    return UNSETTLED[kind] if settled is None else SETTLED[kind].format(u=fixed(settled.u, 2))


def reasons(points: Sequence[FixedPoint], gamma: float) -> list[str]:
    """Return what u, v, the fixed points, the regions of the map and the noise are."""
    places = "; ".join(
        f"u = {fixed(p.u, 2)}, v = {fixed(p.v, 2)}, {'stable' if p.stable else 'unstable'}" for p in points
    )
    nullclines = f"Where the nullclines u′ = 0 and v′ = 0 cross, both stand still: a fixed point. Here: {places}."
    known = {"factor": compact(gamma**2, 2), "threshold": fixed(SPIKE_THRESHOLD, 1)}
    return [*(sentence.format(**known) for sentence in VARIABLES), nullclines, REGIMES, NOISE]


SEVERAL = (
    "θ₀ moves the nullcline v′ = 0 sideways, and θ₁ tilts it. Where it crosses u′ = 0 decides how long the neuron "
    "stays up and down in each turn.",
    "All neurons start at u = v = 0. Their spikes drift apart, the more the later: so the data tell θ very exactly.",
)


def answer_of_several(
    symbol: str, values: Sequence[float], rates: NDArray[np.float64], durations: NDArray[np.float64]
) -> str:
    """Return what a parameter does, by the rates [1/s] and durations [ms] of neurons with rising values of it."""
    spiking = np.flatnonzero(np.isfinite(rates))
    if not spiking.size:
        return f"With none of these values of {symbol} does the neuron go on spiking."
    first, last = spiking[0], spiking[-1]
    if first == last:
        return f"Only with {symbol} = {fixed(values[first], 2)} does the neuron go on spiking, {rate(rates[first])}."
    said = (
        f"Raising {symbol} from {fixed(values[first], 2)} to {fixed(values[last], 2)} takes the rate from "
        f"{compact(rates[first], 3)} to {compact(rates[last], 3)} per s, and a spike’s length from "
        f"{fixed(durations[first], 1)} to {duration(durations[last])}."
    )
    return said if spiking.size == len(values) else f"{said} With the others it stops."


def about_spectrum(rho: float) -> str:
    """Say how the noise's power is spread over the frequencies, and how to read the spectrum."""
    text = "The spectrum S(f) says how much power lies at each frequency f; its area is the variance. "
    if rho == 0:
        text += "With ρ = 0 the noise has as much at all frequencies."
    else:
        more, less, why = ("lowest", "highest", "alike") if rho > 0 else ("highest", "lowest", "opposite")
        ratio = significant(((1 + abs(rho)) / (1 - abs(rho))) ** 2, 2)
        text += f"The noise has {ratio} times as much at the {more} as at the {less}: neighbouring samples are {why}."
    return f"{text} Spikes that repeat stand out as peaks. A single draw of the noise scatters as the band shows."
