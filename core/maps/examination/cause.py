"""Why a map can fail an examination: how its recipe differs from the traces that it is examined on."""

import math
from dataclasses import dataclass
from enum import StrEnum

from core.maps.recipe import NewSimulations, Recipe
from core.maps.task import Task
from core.priors import TruncatedGaussian

FEW_SIMULATIONS = 5000  # with fewer, the error of our maps of θ is 1.5 times the attainable one, and more
SAME = 1e-9  # largest relative difference between numbers that count as equal

Range = tuple[float, float]


class Cause(StrEnum):
    """A cause of a failed examination, in the order in which causes are named."""

    CLEAN = "clean"  # trained on traces without noise
    NOISE = "noise"  # trained on another distribution of the noise
    KNOWN = "known"  # takes another value of a parameter for granted
    PRIOR = "prior"  # trained on another prior
    FEW_SIMULATIONS = "few simulations"
    UNKNOWN = "unknown"  # no setting differs: the form of the regions, the network or the time of training


@dataclass(frozen=True)
class Reason:
    """A cause with what it is seen by.

    name: of the parameter that the cause concerns, or "".
    trained, examined: the 90 % ranges of a distribution, or twice a known value; for few simulations, their number
    and the one from which on there are enough.
    """

    cause: Cause
    name: str = ""
    trained: Range = (0.0, 0.0)
    examined: Range = (0.0, 0.0)

    @property
    def is_narrower(self) -> bool:
        """Whether the training had a part of the examined range alone."""
        return self.trained[0] >= self.examined[0] and self.trained[1] <= self.examined[1]


def reasons(recipe: Recipe, task: Task) -> tuple[Reason, ...]:
    """Return the causes for which a map of this recipe can fail on traces of a task that estimates the same."""
    trained, found = recipe.task, []
    if task.noise is not None and trained.noise is None:
        found.append(Reason(Cause.CLEAN))
    if task.noise is not None and trained.noise is not None:
        found += _differences(Cause.NOISE, trained.noise, task.noise)
    known = dict(task.known)
    for name, value in trained.known:
        if name in known and not math.isclose(value, known[name], rel_tol=SAME, abs_tol=SAME):
            found.append(Reason(Cause.KNOWN, name, (value, value), (known[name], known[name])))
    found += _differences(Cause.PRIOR, trained.prior, task.prior)
    if found:
        return tuple(found)
    if (n := n_simulations(recipe)) < FEW_SIMULATIONS:
        return (Reason(Cause.FEW_SIMULATIONS, "", (n, n), (FEW_SIMULATIONS, FEW_SIMULATIONS)),)
    return (Reason(Cause.UNKNOWN),)


def n_simulations(recipe: Recipe) -> int:
    """Return how many different simulations a training of this recipe sees."""
    data = recipe.data
    rounds = math.ceil(recipe.optimiser.epochs / data.epochs_each) if isinstance(data, NewSimulations) else 1
    return data.n * rounds


def _differences(cause: Cause, trained: TruncatedGaussian, examined: TruncatedGaussian) -> list[Reason]:
    found = []
    for name in trained.names:
        one, other = trained.select((name,)), examined.select((name,))
        columns = [(getattr(law, column)[0] for law in (one, other)) for column in ("mean", "sd", "lower", "upper")]
        if not all(math.isclose(a, b, rel_tol=SAME, abs_tol=SAME) for a, b in columns):
            found.append(Reason(cause, name, _central_range(one), _central_range(other)))
    return found


def _central_range(law: TruncatedGaussian) -> Range:
    """Return the range that leaves out 5 % of a distribution of one parameter on either side."""
    low, high = law.quantiles((0.05, 0.95))[:, 0].tolist()
    return low, high
