"""Bands for the distribution of uniform ranks, and the level at which all curves lie in their bands together.

At each of the points i / (L + 1), the number of n ranks below i is binomial. A curve's γ is the smallest two-sided
binomial probability of its points: it touches the band of level 1 − γ (Säilynoja, Bürkner and Vehtari 2022). Several
curves, and all of their points, are judged together by the smallest γ. Where the map is right, the truth can change
places with any of its draws: what this smallest γ is then, is found by such exchanges of the very same numbers.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from core.maps.examination.ranks import RankTables

FAMILY_LEVEL = 0.05  # how often a map that is right fails at least one of its curves
N_EXCHANGES = 999
EXCHANGES_AT_ONCE = 111  # of all traces, which bounds the memory


@lru_cache(maxsize=8)
def _two_sided(n: int, n_draws: int) -> NDArray[np.float64]:
    """Return twice the smaller tail of n ranks among n_draws, (n_draws, n + 1), for each point and each count."""
    counts, shares = np.arange(n + 1), np.arange(1, n_draws + 1)[:, None] / (n_draws + 1)
    return np.minimum(2 * np.minimum(binom.cdf(counts, n, shares), binom.sf(counts - 1, n, shares)), 1.0)


def counts_below(ranks: NDArray[np.integer], n_draws: int) -> NDArray[np.int64]:
    """Return how many of ranks, (r, n), lie below 1, …, L, as (r, L)."""
    offsets = (n_draws + 1) * np.arange(len(ranks))[:, None]
    flat = np.bincount((ranks + offsets).ravel(), minlength=(n_draws + 1) * len(ranks))
    return np.asarray(np.cumsum(flat.reshape(len(ranks), n_draws + 1), axis=1)[:, :-1])


def gammas(ranks: NDArray[np.integer], n_draws: int) -> NDArray[np.float64]:
    """Return the γ, (r,), of each of r curves of n ranks, (r, n)."""
    counts = counts_below(ranks, n_draws)
    return np.asarray(_two_sided(ranks.shape[1], n_draws)[np.arange(n_draws), counts].min(axis=1))


def family_gamma(tables: RankTables, rng: np.random.Generator, n_exchanges: int = N_EXCHANGES) -> float:
    """Return the γ below which a curve has failed, at the family-wise level of 5 %.

    The truths and an exchange of each of them are exchangeable, so that the level is exact (Westfall and Young 1993),
    whatever the correlations between the curves are.
    """
    n, smallest = tables.n, []
    n_draws = next(iter(tables.tables.values())).shape[1] - 1
    rows = np.arange(n)
    for first in range(0, n_exchanges, EXCHANGES_AT_ONCE):
        chosen = rng.integers(n_draws + 1, size=(min(EXCHANGES_AT_ONCE, n_exchanges - first), n))
        smallest.append(np.min([gammas(table[rows, chosen], n_draws) for table in tables.tables.values()], axis=0))
    allowed = int(FAMILY_LEVEL * (n_exchanges + 1))
    return float(np.sort(np.concatenate(smallest))[allowed - 1])


def band(gamma: float, n: int, n_draws: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the band, (L,) shares each, that no curve of n ranks with a γ of at least this leaves."""
    inside = _two_sided(n, n_draws) >= gamma
    low = inside.argmax(axis=1)
    high = n - inside[:, ::-1].argmax(axis=1)
    return low / n, high / n
