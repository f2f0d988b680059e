"""What cures against perturbations change, in words: what does protection cost, and is an attack noticed?"""

from dataclasses import dataclass

from dashboard.wording.numbers import count, percent, significant, times

QUESTION = "What protects a map, at what price, and does an alarm notice?"
RUN = "Run “python -m core.experiments cures” to see what cures change."
HOW_TO_READ = (
    "A row is an estimator of the same fresh traces. RMSE is of θ; amplification is the movement in the worst "
    "direction for a small perturbation of size one. A worst case is the largest movement that ascents find for a "
    "trace among all perturbations of a size; the medians over the traces are in sds of the exact posterior. "
    "Noise has the size 31.6."
)
ALARMS = (
    "The out-of-distribution score asks whether residuals of the best fit are such noise as in the training; it does "
    "not know σ and ρ. The posterior predictive check asks whether the residuals are as large as the noise, which it "
    "knows. Both judge the trace and not the estimate: what is as small as 3 hides in the noise from both."
)
CLASSICAL = (
    "MAP and exact mean are no safer than the data allow: their movement follows a change of the data that another "
    "neuron would make, too. Where it is more than the size, the posterior is bent, or has a second mode."
)


@dataclass(frozen=True)
class Row:
    """What stands beside a name: RMSE on noisy traces, and median movement in the worst case of the size quoted."""

    name: str
    rmse: float
    moved: float


def answer(size: float, base: Row, cure: Row, mended: Row, exact: Row) -> str:
    """Say how far the worst perturbation of a size moves a map, its strongest cure, the best map and the exact mean."""
    price = times(cure.rmse / base.rmse)
    return (
        f"The worst perturbation of size {significant(size, 3)} moves {base.name} by {_sd(base)}, its strongest cure "
        f"by {_sd(cure)} at {price} times the error, {mended.name}, by {_sd(mended)} and the {exact.name} by "
        f"{_sd(exact)}."
    )


def noticed(size: float, scored: float, rejected: float, false: float, n: int) -> str:
    """Say how often alarms notice a perturbation of a size, and how often they are false."""
    return (
        f"Of {count(n)} traces that are perturbed so, with size {significant(size, 3)}, the score flags "
        f"{percent(scored)} and the predictive check rejects {percent(rejected)}; of the unperturbed ones, at most "
        f"{percent(false)}."
    )


def _sd(row: Row) -> str:
    return f"{significant(row.moved, 2)} sd"
