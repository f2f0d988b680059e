"""What perturbations for many traces show, in words: do they carry over from one map to others?"""

from collections.abc import Mapping

from dashboard.wording.numbers import count, significant, times

QUESTION = "Does what fools one map fool the others?"
RUN = "Run “python -m core.experiments perturbations” to see how perturbations carry over."
HOW_TO_READ = (
    "A row is a perturbation that was made for one estimator from 64 traces; a column is an estimator that is shown it "
    "on other traces. All have size 10, a third of the noise, and are tried with both signs. Movement is the median "
    "over the traces, in sds of the exact posterior; growth is how many times the RMSE becomes larger. The last rows "
    "have random perturbations of the same size, and a constant shift of 0.05."
)
HOW_MADE = (
    "The perturbation is the leading singular vector of the stacked Jacobians of the estimates, whitened by the noise, "
    "in sds of the exact posterior of each trace."
)
CLICK = "A click on a cell shows its perturbation on the trace on screen."
MOVED_MORE = 2.0  # times as far as by a random perturbation, from which a perturbation counts as one that carries over


def answer(name: str, moved: Mapping[str, float], random: Mapping[str, float]) -> str:
    """Say whether a perturbation that is made for one estimator moves the others more than a random one does."""
    others = [each for each in moved if each != name]
    caught = [each for each in others if moved[each] > MOVED_MORE * random[each]]
    return (
        f"What is made for {name} moves {name} by {significant(moved[name], 2)} sd, and {count(len(caught))} of "
        f"{count(len(others))} other estimators more than {times(MOVED_MORE)} times as far as random noise does."
    )


def about_published(name: str, first_layer: float, random: float, ours: float) -> str:
    """Say what the published attack on the first hidden layer does, and why that is little."""
    return (
        "The published attack keeps each sample of δ within 0.05 and stretches the first hidden layer. It moves such "
        f"a map by {significant(first_layer, 2)} sd, random noise of size 10 by {significant(random, 2)} sd, and the "
        f"perturbation made from estimates by {significant(ours, 2)} sd: what moves the first layer most is not what "
        "moves the estimate, and a bound on each sample does not know that AR(1) noise hides slow shifts best."
    )


def help_of(made_for: str, attacked: str) -> str:
    """Say what a click on a cell does."""
    return f"Show what is made for {made_for} on the trace on screen, and where it moves {attacked}."
