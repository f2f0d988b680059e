"""The experiments on the maps for further tasks: what is measured of estimates by hand, and their fresh traces."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.estimate import Estimate
from core.experiments import conditional, coverage, four, over_limit, shipped_maps, windows
from core.experiments.context import Context
from core.experiments.estimators import CNN_MAP, CONDITIONAL_MAP, EXACT, FOUR_MAP, SAMPLED, WINDOW_MAP
from core.experiments.limit_conditional import REGIONS, region_of
from core.experiments.limit_traces import WINDOWS, conditional_traces, four_traces, joint_traces, window_traces
from core.experiments.limits import accuracy
from core.experiments.records import Key, Measurement
from core.experiments.reports import tables
from core.maps.recipes import conditional_task, four_recipe, published_task
from core.parallel import workers

N = 40  # traces of a quick run
FRESH = 20  # fresh traces of a quick run
WIDE = 0.15  # sds of a map whose regions hold some of the truths
ERROR = 0.01  # of the limit's estimates; those of the maps are off by twice as much


def map_of(task, truth, fingerprint="by hand", sd=2 * ERROR):
    """Return a map that is off by 2 ERROR in each of the first estimates."""

    def predict(traces, known=None):
        assert (known is not None) == (task.given is not None)
        n, p = len(traces), len(task.names)
        mean = (truth[:n] if len(truth) >= n else np.zeros((n, p))) + 2 * ERROR
        return Estimate(mean, np.tile(sd**2 * np.eye(p), (n, 1, 1)), task.names)

    recipe = SimpleNamespace(task=task)
    return SimpleNamespace(recipe=recipe, parameter_names=task.names, fingerprint=fingerprint, predict=predict, card={})


def quick(monkeypatch, tmp_path, module, maps):
    """Return what a quick run of an experiment finds with maps by hand, and 20 fresh traces of each set."""
    for each in (shipped_maps, coverage):
        monkeypatch.setattr(each, "load_inverse_map", maps.__getitem__)
    monkeypatch.setattr(shipped_maps, "available_inverse_maps", lambda: tuple(maps))
    monkeypatch.setattr(coverage, "CHUNK", FRESH)
    with workers(None, 1):
        return module.run(Context(lambda line: None, tmp_path, quick=True))


def test_figures_over_the_limit_are_ratios_of_means():
    figures = {
        ("best", "rmse"): 0.03,
        ("best", "median_ape"): 0.02,
        (EXACT, "rmse"): 0.02,
        (EXACT, "median_ape"): 0.016,
    }
    measurements = [Measurement(Key(*key, "mean", "noisy"), value) for key, value in figures.items()]
    found = {each.key.metric: each.value for each in over_limit.over_limit(measurements, "best", ["noisy"])}
    assert found == pytest.approx({"rmse_over_limit": 1.5, "median_ape_over_limit": 1.25})


def test_a_map_that_is_not_shipped_is_named(monkeypatch):
    monkeypatch.setattr(shipped_maps, "available_inverse_maps", lambda: ("best",))
    assert shipped_maps.shipped_or_none("four") is None
    with pytest.raises(SystemExit, match=r"no map called four: run `python -m core\.pretrain` first"):
        shipped_maps.shipped("four")


def test_distances_are_stored_for_this_very_map(monkeypatch, tmp_path):
    """In two dimensions, regions of 50 % and 90 % end at squared distances of −2 ln 0.5 = 1.386 and −2 ln 0.1 = 4.605.

    The truths lie at 1.36, 1.44, 4.5 and 4.7, in sds of 0.5.
    """
    context = Context(lambda line: None, tmp_path, quick=True)
    calls = []

    def make(first):
        calls.append(first)
        data = coverage.fresh_chunk(published_task(), 100, (9, 9), first)
        truth = data.truth(published_task())
        off = 0.5 * np.sqrt([[1.36, 0], [0, 1.44], [2.25, 2.25], [4.7, 0]])
        covariance = np.tile(0.25 * np.eye(2), (4, 1, 1))
        maps["best"].predict = lambda traces, known: Estimate(truth + off, covariance, ("theta0", "theta1"))
        return data

    maps = {"best": map_of(published_task(), np.empty((0, 2)))}
    monkeypatch.setattr(coverage, "load_inverse_map", maps.__getitem__)
    monkeypatch.setattr(coverage, "CHUNK", 4)
    with workers(None, 1):
        found = coverage.coverage("best", {"noisy": make}, context)
        assert coverage.coverage("best", {"noisy": make}, context) == found
        assert calls == [0]
        maps["best"].fingerprint = "another"
        coverage.coverage("best", {"noisy": make}, context)
        assert calls == [0, 0]
    assert [each.value for each in found] == [0.25, 0.75]


def test_fresh_traces_are_from_their_region_and_of_their_length(monkeypatch):
    monkeypatch.setattr(coverage, "CHUNK", 50)
    for region in (0, 5):
        data = conditional.fresh_traces(region, 50)
        assert region_of(data.given).tolist() == [region] * 50
        assert not np.isin(data.theta[:, 0], conditional_traces().truth[:, 0]).any()
        assert not np.isin(data.theta[:, 0], conditional.fresh_traces(region, 0).theta[:, 0]).any()
    assert windows.fresh_traces(200, 0).noisy.shape == (50, 200)
    assert not np.isin(windows.fresh_traces(200, 0).theta[:, 0], window_traces(200).truth[:, 0]).any()


def test_the_conditional_map_is_measured_over_the_range_and_at_the_published_constants(monkeypatch, tmp_path):
    traces, published = conditional_traces(), joint_traces()
    for name, each in (("conditional_limit", traces), ("joint_limit", published)):
        limit = SimpleNamespace(mean=each.truth[:N] + ERROR)
        monkeypatch.setattr(conditional, name, lambda context, limit=limit: limit)
    maps = {
        CONDITIONAL_MAP: map_of(conditional_task(), traces.truth, sd=WIDE),
        CNN_MAP: map_of(published_task(), traces.truth),
    }
    result = quick(monkeypatch, tmp_path, conditional, maps)

    def value(estimator, metric, regime, at=None, parameter="mean"):
        return result.value(Key(estimator, metric, parameter, regime, at=at))

    assert value(CONDITIONAL_MAP, "rmse", "conditional") == pytest.approx(2 * ERROR)
    assert value(CONDITIONAL_MAP, "median_ape_over_limit", "conditional") == pytest.approx(2)
    # At the published constants, the maps by hand return the truths of other traces.
    off = traces.truth[:N] + 2 * ERROR - published.truth[:N, :2]
    assert value(CNN_MAP, "rmse", "published-constants") == pytest.approx(np.sqrt(np.mean(off**2, axis=0)).mean())
    assert value(EXACT, "rmse", "published-constants") == pytest.approx(ERROR)
    shares = []
    for region in REGIONS:
        # Of fresh traces too, the map by hand returns the truths of others.
        off = (traces.truth[:FRESH] + 2 * ERROR - conditional.fresh_traces(region, 0).theta) / WIDE
        shares.append(np.mean(np.sum(off**2, axis=1) < -2 * np.log(0.1)))
        assert value(CONDITIONAL_MAP, "coverage", f"conditional-{region}", 0.9, "") == shares[-1]
    assert 0 < min(shares) < max(shares) < 1
    assert result.settings["n_fresh"] == FRESH
    assert "on 20 fresh traces" in result.about
    accuracy, at_published, regions = tables("conditional", result)
    assert [label for label, _ in accuracy.rows] == [
        "conditional",
        "cnn-noisy",
        "exact posterior, noise integrated out",
    ]
    assert len(at_published.rows) == 3
    assert regions.rows[5][0] == "ζ −0.533 to −0.267, γ 4 to 5"


def test_the_map_of_windows_is_measured_for_each_number_of_samples(monkeypatch, tmp_path):
    """Maps by hand that are right for one window are off for the others, whose traces are other ones."""
    limit = [
        each
        for n_times in WINDOWS
        for each in accuracy(
            EXACT, f"window-{n_times}", ("theta0", "theta1"),
            window_traces(n_times).truth[:N], window_traces(n_times).truth[:N] + ERROR,
        )
    ]  # fmt: skip
    monkeypatch.setattr(windows, "limit_measured", lambda context: limit)
    maps = {WINDOW_MAP: map_of(published_task(), window_traces(500).truth)}
    result = quick(monkeypatch, tmp_path, windows, maps)
    ratios = {n: result.value(Key(WINDOW_MAP, "rmse_over_limit", "mean", f"window-{n}")) for n in WINDOWS}
    assert ratios[500] == pytest.approx(2)
    assert min(ratios[n] for n in WINDOWS if n != 500) > 10
    for table in tables("window", result):
        assert [label for label, _ in table.rows] == ["100", "200", "500", "1,000", "2,000"]


def test_four_unknowns_are_measured_beside_the_sampled_posterior(monkeypatch, tmp_path):
    names, truth = four_traces().names, four_traces().truth[:N]
    limit = accuracy(SAMPLED, "four", names, truth, truth + ERROR)
    limit += [Measurement(Key(SAMPLED, "sd_over_prior", name, "four"), 0.1) for name in names]
    limit.append(Measurement(Key(SAMPLED, "fewest_effective", "", "four"), 1234.0))
    monkeypatch.setattr(four, "limit_measured", lambda context: limit)
    result = quick(monkeypatch, tmp_path, four, {FOUR_MAP: map_of(four_recipe().task, truth)})
    assert result.value(Key(FOUR_MAP, "rmse", "gamma", "four")) == pytest.approx(2 * ERROR)
    for name in names:
        assert result.value(Key(FOUR_MAP, "rmse_over_limit", name, "four")) == pytest.approx(2)
    *_, identified, regions = tables("four", result)
    assert [cell.text for cell in identified.rows[0][1]] == ["0.1"] * 4 + ["1,234"]
    assert len(regions.rows) == 1
