import json
from pathlib import Path

import numpy as np
from scipy.stats import binom, kstest, norm

from core.maps.examination.ranks import DISTANCE, N_DRAWS, REGION, rank_tables, ranks_among_others
from tests.core.maps.examination.correct import NAMES, correct_tables, stated, tables_of

STORED = Path(__file__).resolve().parents[3] / "benchmarks" / "results" / "diagnostics.json"


def test_ranks_are_counts_of_the_values_below():
    values = np.random.default_rng(0).integers(0, 6, (50, 8)).astype(float)  # many are equal
    expected = [[np.sum(row < value) for value in row] for row in values]
    assert np.array_equal(ranks_among_others(values), expected)


def test_the_ranks_of_a_right_map_are_uniform():
    """Kolmogorov and Smirnov's test of 2,000 ranks, spread over their cells: none of four below 1e-4 by chance."""
    rng = np.random.default_rng(1)
    for freedom in (np.inf, 5.0):
        for name, ranks in correct_tables(2000, rng, freedom).of_truth().items():
            spread = (ranks + rng.uniform(size=2000)) / (N_DRAWS + 1)
            assert kstest(spread, "uniform").pvalue > 1e-4, name


def test_regions_of_a_map_that_is_too_sure():
    """Ellipses k times too small hold the truth with probability 1 − (1 − m)^(1/k²) in place of m (Rayleigh)."""
    rng, n, factor = np.random.default_rng(2), 4000, 1.5
    law = stated(n, rng)
    truth = law.mean + factor * (law.draws(1, rng)[:, 0] - law.mean)
    ranks = tables_of(law, truth, rng).of_truth()[REGION]
    for mass in (0.5, 0.9):
        expected = 1 - (1 - mass) ** (1 / factor**2)
        least, most = binom.ppf([1e-4, 1 - 1e-4], n, expected)
        # A rank among 99 draws differs from the probability by less than a hundredth of a cell's share.
        assert least - 0.002 * n <= np.sum(ranks < 100 * mass) <= most + 0.002 * n


def test_ranks_of_a_shifted_map():
    """Means that are b sds too high have the truth below them: its mean share is Φ(−b/√2)."""
    rng, n, shift = np.random.default_rng(3), 4000, 0.5
    law = stated(n, rng)
    truth = law.draws(1, rng)[:, 0] - shift * law.sd
    ranks = tables_of(law, truth, rng).of_truth()
    for name in NAMES:  # the sd of a share is below ½, so that 4 standard errors of the mean are below 2/√n
        assert abs(np.mean(ranks[name]) / N_DRAWS - norm.cdf(-shift / np.sqrt(2))) <= 2 / np.sqrt(n)


def test_ranks_by_distance_against_the_definition():
    """Algorithm 2 of Lemos and others (2023): the share of draws that lie nearer to the reference than the truth."""
    rng = np.random.default_rng(4)
    law = stated(40, rng)
    truth, draws, references = law.draws(1, rng)[:, 0], law.draws(N_DRAWS, rng), rng.uniform(0, 1, (40, 2))
    found = rank_tables(NAMES, law, truth, draws, references, np.array([2.0, 3.0])).of_truth()[DISTANCE]
    for i in range(40):
        nearer = [np.linalg.norm((draw - references[i]) / [2, 3]) for draw in draws[i]]
        assert found[i] == np.sum(nearer < np.linalg.norm((truth[i] - references[i]) / [2, 3]))


def test_ranks_and_curves_agree_with_those_of_sbi():
    """The largest differences that python -m tests.benchmarks.diagnostics has stored, on the same draws."""
    figures = json.loads(STORED.read_text())["figures"]
    assert len(figures) == 4
    assert all(figure["value"] <= 1e-9 for figure in figures)
