"""The ranks of the truth among draws of what a map states: parameter by parameter, by region, and by distance.

Where a map is right, the truth of a trace is one more draw of what the map states, so that its rank among L draws is
uniform on 0, …, L (Cook, Gelman and Rubin 2006; Talts and others 2018).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.maps.examination.stated_law import StatedLaw

N_DRAWS = 99  # L: the ranks fall on whole hundredths
REGION, DISTANCE = "region", "distance"  # the statistics beside those of the parameters


@dataclass(frozen=True, eq=False)
class RankTables:
    """For each statistic, the rank of each of the L + 1 values of a trace among the L others, (n, L + 1).

    The first column is that of the truth, the others are those of the draws. `REGION`: the rank of the Mahalanobis
    distance, which is the probability of the region with the truth on its edge. `DISTANCE`: the rank of the distance
    from a random point (TARP, Lemos and others 2023). All others are parameters.
    """

    tables: Mapping[str, NDArray[np.int16]]

    @property
    def n(self) -> int:
        """The number of traces."""
        return len(next(iter(self.tables.values())))

    def of_truth(self) -> dict[str, NDArray[np.int16]]:
        """Return the ranks of the truths, (n,), for each statistic."""
        return {name: table[:, 0] for name, table in self.tables.items()}

    def with_more(self, more: "RankTables") -> "RankTables":
        """Return the tables of these and of more traces."""
        return RankTables({name: np.concatenate([table, more.tables[name]]) for name, table in self.tables.items()})


def ranks_among_others(values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Return, for each of the values, (n, k), how many others of its row lie below it, (n, k); equal ones do not."""
    order = np.argsort(values, axis=1, kind="stable")
    ranks = np.empty(values.shape, np.int16)
    np.put_along_axis(ranks, order, np.arange(values.shape[1], dtype=np.int16)[None], axis=1)
    in_order = np.take_along_axis(values, order, axis=1)
    tied = np.zeros(values.shape, bool)
    tied[:, 1:] = in_order[:, 1:] == in_order[:, :-1]
    if tied.any():  # each of several equal values has the rank of the first
        places = np.arange(values.shape[1], dtype=np.int16)
        first = np.maximum.accumulate(np.where(tied, np.int16(0), places), axis=1)
        np.put_along_axis(ranks, order, first.astype(np.int16), axis=1)
    return ranks


def rank_tables(
    names: tuple[str, ...],
    law: StatedLaw,
    truth: NDArray[np.float64],
    draws: NDArray[np.float64],
    references: NDArray[np.float64],
    widths: NDArray[np.float64],
) -> RankTables:
    """Return the rank tables of p named parameters.

    truth: (n, p). draws: (n, L, p), of what is stated.
    references: (n, p), random points that are drawn without a look at the truth.
    widths: (p,), units in which distances from the references are measured.
    """
    both = np.concatenate([truth[:, None], draws], axis=1)
    tables = {name: ranks_among_others(both[..., column]) for column, name in enumerate(names)}
    tables[REGION] = ranks_among_others(law.squared_distances(both))
    tables[DISTANCE] = ranks_among_others(np.sum(((both - references[:, None]) / widths) ** 2, axis=2))
    return RankTables(tables)
