"""What a deep prior shows, in words: what can a network do without training data?"""

from dashboard.wording.entries import AT_ITERATION, DEEP_PRIOR, EXACT_MEAN, SAVITZKY_GOLAY, WIENER
from dashboard.wording.numbers import count, percent

QUESTION = "What can a network do without training data?"
PRESS = "Press “Fit the network”: it has seen no trace but this one, and learns it as you watch."
WHY = (
    "A convolutional network makes smooth curves first, and needs many iterations for noise. Stopped in time, it has "
    "taken the noise off a trace without having seen any other: its form is the prior.",
    "The curve on the right: the misfit of the samples that are fitted falls to the end, while the noise is learned; "
    "the error against the truth does not.",
    "Where to stop is told by 5 % of the samples, which its loss leaves out: the curve comes nearer to them as long as "
    "it learns the signal.",
    "Savitzky–Golay smooths by polynomials in a window, chosen here with the truth as no one else could. Wiener’s "
    "filter knows the noise, and the spectrum of 200 other traces. The exact posterior knows the model: its curve is "
    "the simulation at the posterior’s mean.",
)
COLOURED = "AR(1) noise with ρ > 0 is smooth itself, so that a prior of smooth first cannot tell it from the signal."
WHITENED = "The whitened loss treats a smooth run of the residual as what it is."
FAILED = "The fit has failed. Press “Fit the network” to try again."
NO_NOISE = "There is no noise to take off: raise σ of the sidebar."
KNOWS = {
    AT_ITERATION: "this trace",
    DEEP_PRIOR: "this trace",
    SAVITZKY_GOLAY: "the best window, from the truth",
    WIENER: "the noise, and the spectrum of other traces",
    EXACT_MEAN: "the model, and the noise",
}
NO_WHITE = "With the truth hidden or not known, the network is fitted to the data on screen."


def answer(left: dict[str, float], network: str, rho: float) -> str:
    """Say what share of the noise the network leaves, and what knowing the model would.

    left: what is left of the noise, by name. rho: of the noise.
    """
    said = f"Stopped by samples left out, it leaves {percent(left[network])} of the noise"
    if EXACT_MEAN in left:
        said += f"; who knows the model leaves {percent(left[EXACT_MEAN])}"
    return f"{said}. {COLOURED}" if rho > 0 else f"{said}."


def stopped_by_hand(done: int, left: float | None) -> str:
    """Say where you have stopped the fit; left: of the noise there, None where the truth is not known."""
    said = f"You stopped it at iteration {count(done)}"
    return f"{said}." if left is None else f"{said}: {percent(left)} of the noise is left there."


def learning(done: int, total: int) -> str:
    """Say how far the fit is."""
    return f"It is learning: iteration {count(done)} of {count(total)}."


def unknown(done: int) -> str:
    """Say where the fit is stopped, where nobody can say what is left of the noise."""
    return f"Samples left out stop it at iteration {count(done)}. What is left of the noise, the truth alone could say."
