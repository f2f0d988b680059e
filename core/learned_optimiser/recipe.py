"""The recipes of the shipped learned steps. This file does not import torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StepsRecipe:
    """What fixes a training of learned steps.

    base: the shipped map whose estimate is the start; "" for starts anywhere in the prior.
    n_examples: simulated traces for each step. width: units of each layer.
    longest_sds: bound of a step's length, in standard deviations of the Gaussian that it starts from.
    reads_series: whether a step reads the residual at each time, not only the derivatives of the loss.
    labels: the shipped learned posterior whose mean and covariance the steps learn; "" to learn the true parameters.
    """

    base: str
    n_steps: int
    width: int
    n_examples: int
    epochs: int
    longest_sds: float = 6.0
    reads_series: bool = True
    labels: str = ""
    learning_rate: float = 1.5e-3
    seed: int = 0


ANYWHERE, FROM_BEST = "anywhere", "from-best"
RECIPES = {
    ANYWHERE: StepsRecipe("", 3, 256, 200_000, 6),
    FROM_BEST: StepsRecipe("best", 4, 256, 60_000, 40, longest_sds=2.0, reads_series=False, labels="theta"),
}
