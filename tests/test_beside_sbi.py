"""The comparison with sbi: its table, and in the benchmark's own environment what stands in for sbi's posterior."""

import numpy as np
import pytest
import torch

from core.experiments.posteriors import REGIME
from core.experiments.records import Key, Measurement, Result
from tests.benchmarks.npe_contenders import (
    CNN,
    CONTENDERS,
    COSTS,
    DEFAULT,
    LABELS,
    METRICS,
    OURS,
    SHIPPED,
    code_of,
    keys_of,
    off,
    rows,
    wins,
)


def made(value_of):
    """Return the benchmark's result with these values for all contenders, and the experiment's with 1 for all."""
    names = (SHIPPED, *CONTENDERS)
    figures = [{"code": f"{name}/{cost}", "value": 1000.0} for name in names for cost in COSTS]
    figures += [{"code": code_of(key), "value": value_of(key)} for name in CONTENDERS for key in keys_of(name)]
    stored = {"figures": figures, "settings": {"trained": dict.fromkeys(names)}}
    return stored, Result("", {}, tuple(Measurement(key, 1.0) for key in keys_of(SHIPPED)))


def test_the_table_has_a_row_for_each_contender_and_a_cell_for_each_figure():
    head, found = rows(*made(lambda key: 2.0))
    assert [row[0] for row in found] == list(LABELS.values())
    assert {len(row) for row in found} == {len(head)} == {1 + len(COSTS) + len(METRICS)}
    assert found[0][1:] == ("1,000",) * 3 + ("1",) * len(METRICS)
    assert found[1][-1] == "2"


def test_a_coverage_is_closer_on_either_side_and_a_higher_p_is_better():
    coverage, p, divergence = (Key("x", code, "", REGIME, at=0.5) for code in ("coverage", "rank_p", "divergence_mean"))
    assert off(coverage, 0.48) < off(coverage, 0.53)
    assert off(p, 0.4) < off(p, 0.01)
    assert off(divergence, 0.1) < off(divergence, 0.2)


def test_wins_are_counted_for_the_one_that_is_closer():
    result, shipped = made(lambda key: (0.5 if key.estimator == OURS else 0.6) * (-1 if key.metric == "rank_p" else 1))
    n_p, n_of_90 = 2, 1  # 0.6 is closer to 0.9; −0.5 is the higher p
    assert wins(result, shipped, OURS, DEFAULT) == len(METRICS) - n_of_90
    assert wins(result, shipped, DEFAULT, OURS) == n_of_90
    assert wins(result, shipped, SHIPPED, OURS) == n_p + 1  # 1 is closer to 0.9 than 0.5 is


def test_a_trace_that_is_embedded_once_has_the_density_and_the_regions_that_sbi_gives():
    """Two copies of one untrained network: sbi's own posterior, and the one of the benchmark."""
    pytest.importorskip("sbi")
    from sbi.inference.posteriors import DirectPosterior

    from tests.benchmarks.npe_figures import NeuralPosterior
    from tests.benchmarks.npe_training import SeededBuilder, prior_box, simulations

    (theta, traces), n = simulations(300), 500
    for name in (DEFAULT, CNN):
        builder = SeededBuilder(name)
        whole = DirectPosterior(builder(theta, traces).eval(), prior_box())
        ours, values = NeuralPosterior(builder(theta, traces).eval()), prior_box().sample((50,))
        expected = whole.log_prob(values, x=traces[:1]).double().numpy()
        difference = ours.log_density(traces[0].numpy(), values.double().numpy()) - expected
        assert np.ptp(difference) < 1e-4
        # Each correction for leakage has the sd √((1 − a)/(a n)) from n = 10,000 draws; a share a ≥ 0.2 is inside.
        assert np.abs(difference).max() < 5 * np.sqrt(2 * 0.8 / 0.2 / 10_000)
    stated, own = NeuralPosterior(SeededBuilder(DEFAULT)(theta, traces).eval()), SeededBuilder(DEFAULT)(theta, traces)
    found, own = stated.stated(traces[:2].numpy(), theta[:2].double().numpy(), n), DirectPosterior(own, prior_box())
    for i in range(2):
        draws = own.sample((n,), x=traces[i : i + 1], show_progress_bars=False)
        logs = own.log_prob(torch.cat([theta[i : i + 1], draws]), x=traces[i : i + 1])
        shares = np.array([*found["ranks"][i], found["credibility"][i]])
        own_shares = [*(draws < theta[i]).double().mean(dim=0), (logs[1:] > logs[0]).double().mean()]
        # Means and shares of two times n draws: five times the sd of their difference, which is largest at one half.
        off = np.abs(draws.mean(dim=0).numpy() - found["mean"][i])
        assert np.all(off < 5 * np.sqrt(2 / n) * draws.std(dim=0).numpy())
        assert np.all(np.abs(shares - own_shares) < 5 * np.sqrt(2 / n) * 0.5)
