"""What perturbations for many traces show, in words: do they carry over from one map to others?"""

from collections.abc import Mapping

from dashboard.wording.numbers import compact, count, significant, times

QUESTION = "Does what fools one map fool the others?"
RUN = "Run “python -m core.experiments perturbations” to see how perturbations carry over."
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


def how_to_read(made_from: int, size: float, sup_norm: float) -> str:
    """Say what stands in the table; made_from: traces. size: of the perturbations. sup_norm: of the constant shift."""
    return (
        f"A row is a perturbation of size {compact(size)} that was made for one estimator from {count(made_from)} "
        "traces; a column is an estimator that is shown it on other traces of the published prior and noise, with "
        "both signs. Movement is the median over the traces, in sds of the exact posterior; growth is how many times "
        "the RMSE becomes larger. The last rows have random perturbations of the same size, and a constant shift of "
        f"{compact(sup_norm)}."
    )


def about_published(name: str, sup_norm: float, size: float, moved: tuple[float, float, float]) -> str:
    """Say what the published attack on the first hidden layer of a map does, and why that is little.

    sup_norm: of the attack. size: of the two others. moved: sds by the attack, by random noise, by ours.
    """
    first, random, ours = (significant(each, 2) for each in moved)
    return (
        f"The published attack keeps each sample of δ within {compact(sup_norm)} and stretches the first hidden layer. "
        f"It moves {name} by {first} sd; of size {compact(size)}, random noise moves it by {random} sd and the "
        f"perturbation made from its estimates by {ours} sd. What stretches the first layer most is not what moves the "
        "estimate, and a bound on each sample takes no account of the noise, which hides slow shifts best."
    )


def help_of(made_for: str, attacked: str) -> str:
    """Say what a click on a cell does."""
    return f"Show what is made for {made_for} on the trace on screen, and where it moves {attacked}."
