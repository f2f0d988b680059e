"""What learned steps from the best map's estimate do to it, in words."""

from dashboard.wording.numbers import count, significant

QUESTION = "Do a few learned steps bring an estimate to the limit?"
RUN = "Run “python -m core.experiments unrolled” to see the errors of all test traces."
WHY = (
    "A learned step costs one simulation with sensitivities at the estimate so far. It reads the loss there, its "
    "gradient and its Gauss–Newton step, and has learnt what share of that step leads to the posterior mean. A "
    "Gauss–Newton step leads to the minimum of the nearest valley, which is not the posterior mean.",
    "The steps know the published prior, noise and time grid alone. They do not know the noise of the trace: each "
    "estimates it from the residual. Simulations are counted after the two that the map takes itself.",
)


def answer(steps: int, before: float, learned: float, newton: float) -> str:
    """Say how far from the exact posterior mean the estimate is, in its sds, before and after some steps."""
    if steps == 0:
        return f"The best map’s estimate is {_sd(before)} from the exact posterior mean: take steps from there."
    after = "After 1 learned step" if steps == 1 else f"After {steps} learned steps"
    as_many = "one Gauss–Newton step ends" if steps == 1 else "as many Gauss–Newton steps end"
    return (
        f"{after} the estimate is {_sd(learned)} from the exact posterior mean, {_sd(before)} before; {as_many} "
        f"{_sd(newton)} away."
    )


def over_limit(steps: int, n: int, value: float) -> str:
    """Say what the error of so many steps is over the limit's, on n test traces."""
    after = "of the map itself" if steps == 0 else f"after K = {steps}"
    return (
        f"On {count(n)} test traces the RMSE {after} is {significant(value, 4)} times that of the exact posterior mean."
    )


def _sd(distance: float) -> str:
    return f"{significant(distance, 2)} sd"
