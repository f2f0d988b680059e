import numpy as np
import pytest
from scipy.stats import binom

from core.maps.examination.bands import FAMILY_LEVEL, band, counts_below, family_gamma, gammas
from core.maps.examination.ranks import RankTables
from tests.core.maps.examination.correct import correct_tables


def probability_inside(gamma, n, n_draws):
    """Return the probability that a curve of n uniform ranks stays in its band at all points.

    Point by point, from how many of the ranks lie below (Säilynoja, Bürkner and Vehtari 2022, Algorithm 2).
    """
    low, high = (np.rint(n * end).astype(int) for end in band(gamma, n, n_draws))
    state = {0: 1.0}
    for point in range(n_draws):
        share = 1 / (n_draws + 1 - point)  # of what lies above the last point
        new = {}
        for below, probability in state.items():
            reachable = np.arange(max(below, low[point]), high[point] + 1)
            chances = probability * binom.pmf(reachable - below, n - below, share)
            for count, chance in zip(reachable.tolist(), chances.tolist(), strict=True):
                new[count] = new.get(count, 0.0) + chance
        state = new
    return sum(state.values())


def test_counts_below_each_point():
    ranks = np.array([[0, 0, 3, 1], [3, 3, 3, 2]])
    assert np.array_equal(counts_below(ranks, 3), [[2, 3, 3], [0, 0, 1]])


def test_the_band_is_the_binomial_one():
    gamma, n, n_draws = 0.01, 60, 9
    low, high = band(gamma, n, n_draws)
    shares = np.arange(1, 10) / 10
    assert np.array_equal(np.rint(low * n), binom.ppf(gamma / 2, n, shares))
    assert np.array_equal(np.rint(high * n), binom.isf(gamma / 2, n, shares))


def test_the_law_of_a_curve_is_the_published_one():
    """Of 20,000 curves as many lie within the bands as Algorithm 2 says, to four standard errors."""
    rng, n, n_draws = np.random.default_rng(0), 50, 19
    found = gammas(rng.integers(n_draws + 1, size=(20_000, n)), n_draws)
    for gamma in (0.003, 0.01, 0.05):
        expected = probability_inside(gamma, n, n_draws)
        assert abs(np.mean(found >= gamma) - expected) <= 4 * np.sqrt(expected * (1 - expected) / 20_000)


def test_the_level_of_one_curve_is_the_published_one():
    """Exchanges of one uniform curve give the γ of Algorithm 2; 9,999 of them to four standard errors of the level."""
    rng, n, n_draws = np.random.default_rng(1), 100, 19
    table = np.array([rng.permutation(n_draws + 1) for _ in range(n)])
    gamma = family_gamma(RankTables({"one": table}), rng, 9999)
    assert abs(1 - probability_inside(gamma, n, n_draws) - FAMILY_LEVEL) <= 4 * np.sqrt(0.05 * 0.95 / 9999)


def share_passed(repeats, n, n_exchanges, seed):
    """Return the share of right maps that pass all curves together."""
    rng, passed = np.random.default_rng(seed), 0
    for repeat in range(repeats):
        tables = correct_tables(n, rng, np.inf if repeat % 2 else 6.0)
        n_draws = next(iter(tables.tables.values())).shape[1] - 1
        smallest = min(gammas(ranks[None], n_draws)[0] for ranks in tables.of_truth().values())
        passed += smallest >= family_gamma(tables, rng, n_exchanges)
    return passed / repeats


def test_a_right_map_passes_all_examinations_together():
    """Of 100, 95 are expected, and at least 87 with P > 0.999 (binomial); the long form below is two-sided."""
    assert share_passed(100, 60, 199, seed=0) >= 0.87


@pytest.mark.long
def test_a_right_map_passes_in_950_of_1000():
    assert 930 <= 1000 * share_passed(1000, 500, 999, seed=1) <= 970
