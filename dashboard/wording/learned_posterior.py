"""How the learned posterior compares with the exact one, in words."""

from collections.abc import Sequence

from core.experiments.estimators import BEST, MIXTURE
from core.experiments.records import Key, Result
from dashboard.wording.numbers import count, fixed

QUESTION = "Can a network learn the posterior itself?"
OF_THETA = "The learned posterior is one of θ₀ and θ₁: choose them as the axes."
SEEN = (
    "Left: both posteriors of the same trace, and Gaussians that cannot bend. Right: play, and see particles of a "
    "Gaussian become draws of the learned posterior."
)
HOW_TO_READ = (
    "The noise is integrated out over the published law, in both. The network sees how the loss rises at 33 points "
    "around the estimate of the map best, twice, and states a mixture of sixteen Gaussians, cut at the edges of the "
    "prior. KL(exact ‖ learned) is what is lost, in nats, when draws of the exact posterior are described by the "
    "learned one: 0 for none. Shown one draw at a time, no judge knows more often than in ½ + ½ total variation of all "
    "cases from which of both it comes."
)
GOOD = 0.55  # share of cases in which the best judge is right, up to which a law counts as learned


def nats(divergence: float) -> str:
    """Return a divergence, which is below zero only for the width of its cells, or for the nodes of the learned law."""
    return f"{fixed(max(divergence, 0.0), 3)} nats"


def only_read(n_times: int) -> str:
    """Say which traces the learned posterior reads."""
    return f"The learned posterior reads only traces of {count(n_times)} samples, 0.2 ms apart, at their full length."


def answer(right: float, pieces: tuple[int, int], at_edge: bool) -> str:
    """Say whether the learned posterior is that of the trace.

    right: share of single draws, half from each, of which the best judge knows where they come from.
    pieces: in how many pieces the 90 % regions lie, of the exact and of the learned posterior.
    at_edge: whether the exact posterior reaches the edge of the prior.
    """
    cases = f"{fixed(100 * right, 0)} of 100 draws"
    if right <= GOOD:
        return f"For this trace yes: the best judge knows from which of both come {cases}; guessing gets 50."
    reasons = []
    if pieces[1] < pieces[0]:
        reasons.append(f"its 90 % region has {pieces[1]} of {pieces[0]} pieces")
    if at_edge:
        reasons.append("the posterior is cut at an edge of the prior")
    why = f": {', and '.join(reasons)}" if reasons else ""
    return f"Not quite for this trace{why}. The best judge knows from which of both come {cases}; guessing gets 50."


def metrics(divergence: float, right: float, beside: Sequence[tuple[str, float]]) -> list[tuple[str, str, str]]:
    """Return the divergences from the exact posterior, and how often the best judge is right; beside: of others."""
    found = [
        ("KL(exact ‖ learned)", nats(divergence), "What is lost by the learned posterior."),
        (
            "best judge",
            f"{fixed(100 * right, 0)} of 100",
            "Of how many single draws the best judge knows from which of both they come; guessing gets 50.",
        ),
    ]
    return found + [(f"KL(exact ‖ {name})", nats(value), "What is lost by that Gaussian.") for name, value in beside]


def about_stored(result: Result | None) -> str:
    """Say how the learned posterior did on fresh traces."""
    if result is None:
        return "Run “python -m core.experiments posteriors” to see how it does on 500 fresh traces."
    learned, gaussian = (result.value(Key(name, "divergence_median", "", "fresh")) for name in (MIXTURE, BEST))
    n = count(result.settings["n_compared"])
    return (
        f"On {n} fresh traces the divergence has the median {nats(learned)}; that of the Gaussian of best has "
        f"{nats(gaussian)}."
    )
