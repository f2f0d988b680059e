"""The examination of a map on traces of a task: ranks of the truth, scores, and the exact posterior of a few traces."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.maps.dataset import EXAMINATION_STREAM, Dataset, dataset
from core.maps.examination.bands import family_gamma, gammas
from core.maps.examination.exact_comparison import Comparison, can_compare, comparisons
from core.maps.examination.ranks import N_DRAWS, RankTables, rank_tables
from core.maps.examination.stated_law import StatedLaw
from core.maps.inputs import TraceInputs
from core.maps.inverse_map import InverseMap
from core.maps.task import Task

N_TRACES = 1000
CHUNK = 250  # traces, after which the examination so far is shown
N_EXACT = 12  # traces that are compared with their exact posteriors
EXACT_WORK = 400  # of such a comparison, in traces

State = Callable[[Dataset], StatedLaw]


@dataclass(frozen=True, eq=False)
class Examination:
    """What has been found on n traces.

    names: the p parameters.
    ranks: of the truth among `N_DRAWS` draws, (n,), for each statistic of `core.maps.examination.ranks`.
    gammas: of each statistic's curve. family_gamma: below which a curve has failed.
    z: (n, p), estimate − truth in stated sds. contraction: (n, p), 1 − stated variance over that of the prior.
    central_half: the median of |z| that is stated.
    exact: comparisons with exact posteriors; () where there are none.
    """

    names: tuple[str, ...]
    ranks: Mapping[str, NDArray[np.int16]]
    gammas: Mapping[str, float]
    family_gamma: float
    z: NDArray[np.float64]
    contraction: NDArray[np.float64]
    central_half: float
    exact: tuple[Comparison, ...] = ()

    @property
    def n(self) -> int:
        """The number of traces."""
        return len(self.z)

    @property
    def failed(self) -> tuple[str, ...]:
        """The statistics whose curves leave their bands."""
        return tuple(name for name, gamma in self.gammas.items() if gamma < self.family_gamma)


def can_examine(trained: InverseMap) -> bool:
    """Return whether a map states anything of its error, which could be examined."""
    return trained.recipe.gives_covariance


def n_parts(task: Task, n: int = N_TRACES, n_exact: int = N_EXACT) -> int:
    """Return in how many parts an examination on traces of a task comes."""
    return -(-n // CHUNK) + (min(n_exact, CHUNK) if can_compare(task) else 0)


def examined(
    trained: InverseMap, task: Task, seed: int = 0, n: int = N_TRACES, n_exact: int = N_EXACT
) -> Iterator[tuple[float, Examination]]:
    """Examine a map on fresh traces of a task that estimates the same; yield the share done, and what is found so far.

    seed: of the traces and draws. n_exact: how many of the traces are compared with their exact posteriors, where these
    can be computed. Raises ValueError for a map without covariance.
    """
    return examination(
        lambda data: StatedLaw.of(trained.estimate(TraceInputs(data.noisy, data.given, data.lengths))),
        task,
        seed,
        n,
        n_exact,
    )


def examination(
    state: State, task: Task, seed: int = 0, n: int = N_TRACES, n_exact: int = N_EXACT
) -> Iterator[tuple[float, Examination]]:
    """Examine what is stated about traces of a task, as `examined` does for a map."""
    n_exact = n_exact if can_compare(task) else 0
    total, rng = n + EXACT_WORK * n_exact, np.random.default_rng([EXAMINATION_STREAM, seed])
    parts: list[tuple[Dataset, StatedLaw, RankTables]] = []
    for start in range(0, n, CHUNK):
        data = dataset(task, min(CHUNK, n - start), EXAMINATION_STREAM, seed, 1 + start)
        law = state(data)
        parts.append((data, law, tables_of(task, law, data.truth(task), rng)))
        found = _found(task, parts, rng)
        yield found.n / total, found
    if n_exact:
        for done, comparison in enumerate(comparisons(task, *parts[0][:2], min(n_exact, CHUNK)), 1):
            found = replace(found, exact=(*found.exact, comparison))
            yield (n + EXACT_WORK * done) / total, found


def tables_of(task: Task, law: StatedLaw, truth: NDArray[np.float64], rng: np.random.Generator) -> RankTables:
    """Return the rank tables of truths, (n, p), of a task; the reference points are drawn from the task's prior."""
    references = task.law.sample(len(truth), rng)
    return rank_tables(task.names, law, truth, law.draws(N_DRAWS, rng), references, task.widths)


def _found(task: Task, parts: list[tuple[Dataset, StatedLaw, RankTables]], rng: np.random.Generator) -> Examination:
    tables = parts[0][2]
    for _, _, more in parts[1:]:
        tables = tables.with_more(more)
    ranks = tables.of_truth()
    return Examination(
        task.names,
        ranks,
        {name: float(gammas(each[None], N_DRAWS)[0]) for name, each in ranks.items()},
        family_gamma(tables, rng),
        np.concatenate([(law.mean - data.truth(task)) / law.sd for data, law, _ in parts]),
        np.concatenate([1 - law.sd**2 / task.law.variance for _, law, _ in parts]),
        parts[0][1].central_half,
    )
