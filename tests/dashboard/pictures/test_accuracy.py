"""What the maps do on many test samples: the figures, and the part of the page Inverse map that shows them."""

import json

import numpy as np
import pytest

from core.experiments.published_figures import PUBLISHED
from core.experiments.records import Key, find
from core.maps.test_sets import published_test_set
from core.metrics import median_ape, r_squared
from dashboard import maps as registry
from dashboard.figures import accuracy as figures
from dashboard.figures import style as plain
from dashboard.pictures import accuracy
from dashboard.pictures.stored_curves import stored_curve
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.settings import CHOICES
from tests.dashboard.conftest import checked, decoded, drag, told, write_map

LEVELS = (0.0, 0.07, 0.2)
NOISE = {"best": (0.011, 0.017, 0.3), "cnn-clean": (0.0016, 0.2855, 0.7), "exact posterior mean": (None, 0.0136, 0.05)}
COUNTS = (500, 1000, 4000, 8000)
KINDS = {
    "paper’s CNN": (0.098, 0.096, 0.06, 0.053),
    "retrained CNN": (0.09, None, 0.055, 0.05),
    "our network": (0.06, 0.04, 0.03, 0.02),
}
MASSES = (0.05, 0.5, 0.9, 0.95)
EXACT = "posterior-noise-integrated-out"
CODES = {"exact posterior mean": "posterior-noise-known", "exact posterior": EXACT,
         "paper’s CNN": "paper", "retrained CNN": "cnn-published", "our network": "ours"}  # fmt: skip
HELD = {"best": (0.06, 0.52, 0.884, 0.94), "exact posterior": (0.05, 0.501, 0.898, 0.951)}


def stored_noise(results):
    """Store the errors of NOISE."""
    codes = {"exact posterior mean": "posterior-noise-known"}
    measurements = {
        Key(codes.get(name, name), "median_ape", "mean", "chosen-sigma", at=sigma): value
        for name, values in NOISE.items()
        for sigma, value in zip(LEVELS, values, strict=True)
    }
    results("noise", {"sigmas": LEVELS, "maps": {"best": "", "cnn-clean": ""}}, measurements)


def lower(app):
    """Return what the lowest live component of the page receives."""
    return json.loads(app.get("bidi_component")[-1].proto.json)


def lines(plot):
    """Return the lines of a plot: name → their heights."""
    return {trace["name"]: decoded(trace["y"]) for trace in plot["figure"]["data"] if isinstance(trace["y"], dict)}


def as_numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype="f4")


# ------------------------------------------------------------------------------------------------------------ figures


def test_the_noise_is_marked_and_the_lines_are_the_numbers():
    maps = {"best": plain.Look("#123456"), "cnn-clean": plain.Look("#654321", hollow=True, dash="dash")}
    curves = [stored_curve(CODES.get(name, name), as_numbers(values), maps) for name, values in NOISE.items()]
    drawn = figures.against_noise(np.array([0, 0.07, 0.2]), curves, 0.123)
    *traces, upright = drawn["data"]
    for trace, (name, values) in zip(traces, NOISE.items(), strict=True):
        assert trace["name"] == name
        np.testing.assert_allclose(decoded(trace["y"]), 100 * as_numbers(values), rtol=1e-6)  # in per cent
        np.testing.assert_array_equal(decoded(trace["x"]), np.float32([0, 0.07, 0.2]))
    best, clean, limit = traces
    assert [trace["line"]["dash"] for trace in (best, clean, limit)] == ["solid", "dash", "dash"]
    assert (limit["line"]["color"], clean["marker"]["symbol"]) == (plain.LIMIT, "circle-open")
    assert (best["line"]["color"], best["marker"]["symbol"]) == ("#123456", "circle")
    assert drawn["layout"]["yaxis"]["type"] == "log"
    low, high = drawn["layout"]["yaxis"]["range"]
    assert 10**low < 0.16 < 70 < 10**high
    (mark,) = drawn["layout"]["shapes"]
    assert mark["legendgroup"] == upright["name"] == "σ now"
    places = [[float(number) for number in place.split(",")] for place in mark["path"][1:].split("L")]
    assert [place[0] for place in places] == [0.123, 0.123]
    assert places[0][1] < 10**low < 10**high < places[1][1]


def test_the_number_of_samples_runs_along_a_logarithm_with_the_limit_below():
    curves = [stored_curve(CODES[name], as_numbers(values), {}) for name, values in KINDS.items()]
    floor = stored_curve("posterior-noise-known", np.array([0.0136]), {})
    drawn = figures.against_samples(np.array([500.0, 1000, 4000, 8000]), curves, floor, "title")
    for trace, (name, values) in zip(drawn["data"], KINDS.items(), strict=False):
        assert trace["name"] == name
        np.testing.assert_allclose(decoded(trace["y"]), 100 * as_numbers(values), rtol=1e-6)  # in per cent
    limit = drawn["data"][-1]
    np.testing.assert_allclose(decoded(limit["y"]), [1.36, 1.36], rtol=1e-6)
    across = drawn["layout"]["xaxis"]
    assert (across["type"], drawn["layout"]["yaxis"]["type"]) == ("log", "log")
    assert 10 ** across["range"][0] < 500 < 8000 < 10 ** across["range"][1]
    looks = {trace["name"]: (trace["line"]["color"], trace["line"]["dash"]) for trace in drawn["data"]}
    assert looks["paper’s CNN"] == (plain.TRUTH, "dot")
    assert looks["exact posterior mean"] == (plain.LIMIT, "dash")
    assert (looks["retrained CNN"][0], looks["our network"][0]) == (plain.CNN, plain.BEST)
    without = figures.against_samples(np.array([500.0, 1000, 4000, 8000]), curves, None, "title")
    assert len(without["data"]) == 3


def test_each_sample_is_drawn_at_its_truth_in_the_colour_of_its_error():
    rng = np.random.default_rng(0)
    truth, errors = rng.uniform(0, 1, (50, 2)), rng.lognormal(-2, 1, 50)
    drawn = figures.errors(("theta0", "theta1"), truth, errors, np.array([[0, 1], [0, 1]]), "title")
    (dots,) = drawn["data"]
    numbers = np.array(dots["customdata"])
    assert sorted(numbers) == list(range(50))
    np.testing.assert_array_equal(decoded(dots["x"]), truth[numbers, 0].astype("f4"))
    np.testing.assert_array_equal(decoded(dots["y"]), truth[numbers, 1].astype("f4"))
    colours = decoded(dots["marker"]["color"])
    shown = colours > dots["marker"]["cmin"]
    np.testing.assert_allclose(10 ** colours[shown], errors[numbers][shown], rtol=1e-5)
    assert shown.sum() > 40
    assert np.all(np.diff(errors[numbers]) >= 0)  # the largest on top
    assert "error" in dots["marker"]["colorbar"]["title"]["text"]


def test_the_calibration_has_a_diagonal_and_the_shares():
    curves = [stored_curve(CODES.get(name, name), np.array(values), {}) for name, values in HELD.items()]
    diagonal, *drawn = figures.calibration(np.array([0.05, 0.5, 0.9, 0.95]), curves)["data"]
    assert diagonal["x"] == diagonal["y"] == [0, 1]
    for trace, (name, values) in zip(drawn, HELD.items(), strict=True):
        assert trace["name"] == name
        np.testing.assert_array_equal(decoded(trace["y"]), np.float32(values))


# -------------------------------------------------------------------------------------------------------------- views


def test_errors_are_scaled_by_the_prior_and_the_worst_are_the_worst():
    rng = np.random.default_rng(1)
    truth = rng.uniform(0, 1, (300, 2))
    estimates = truth + rng.normal(0, 0.1, (300, 2))
    # The published prior has sds 0.3 and 0.4.
    by_hand = [(((a - c) / 0.3) ** 2 + ((b - d) / 0.4) ** 2) ** 0.5
               for (a, b), (c, d) in zip(estimates, truth, strict=True)]  # fmt: skip
    errors = accuracy.scaled_errors(estimates, truth)
    np.testing.assert_allclose(errors, by_hand, rtol=1e-12)
    ranked = sorted(range(300), key=lambda i: by_hand[i])[::-1]
    assert list(accuracy.worst(errors)) == ranked[:10]


def cell(text):
    """Return the number in a cell of the table; a share that is shown in per cent as a share."""
    return float(text.removesuffix("\u00a0%")) / (100 if text.endswith("%") else 1)


def test_each_map_of_a_regime_has_a_column_of_its_own_and_a_row_of_metrics(visit):
    data = published_test_set()
    for regime in CHOICES["regime"]:
        trained, tested = regime.split("-")
        part = lower(visit("inverse-map", regime=regime))
        columns = ["dense-clean", "cnn-clean"] if trained == "clean" else ["dense-noisy", "cnn-noisy", "best"]
        ids = [f"{place}-{i}" for i in range(1, len(columns) + 1) for place in ("first", "second")]
        assert [plot["id"] for plot in part["plots"]] == ids
        assert part["layout"] == f"accuracy-scatter-{len(columns)}"
        rows = {row[0]["text"]: row[1:] for row in part["table"][1:]}
        # Clean traces have no noise that would set a limit.
        assert list(rows) == columns + (["exact posterior mean"] if tested == "noisy" else [])
        for i, name in enumerate(columns):
            values = registry.inverse_maps("")[0][name].predict(data.noisy if tested == "noisy" else data.clean).mean
            r2, error = r_squared(data.theta, values), median_ape(data.theta, values)
            assert [cell(text) for text in rows[name][:3]] == pytest.approx([*r2, r2.mean()], abs=6e-4)
            assert [cell(text) for text in rows[name][3:]] == pytest.approx([*error, error.mean()], abs=6e-5)
            for j, plot in enumerate(part["plots"][2 * i : 2 * i + 2]):
                layout = plot["figure"]["layout"]
                assert layout["title"]["text"] == f"{name}: R² {r2[j]:.3f}"
                dots = layout["shapes"][0]["dots"]
                np.testing.assert_array_equal(decoded(dots["x"]), data.theta[:, j].astype("f4"))
                # Two runs of a network may differ in rounding.
                np.testing.assert_allclose(decoded(dots["y"]), values[:, j], rtol=0, atol=1e-6)


def test_the_sentence_names_the_map_of_the_least_median_error(visit):
    (said, *_) = lower(visit("inverse-map"))["said"]
    # Its median errors stand in the card; those of the exact posterior mean are 0.83 % and 1.9 %.
    assert said == (
        "Most accurate: ‘best’. Half of its estimates miss by less than 0.83\u00a0% in θ₀ and 1.9\u00a0% in θ₁, as "
        "little as the exact answer does."
    )
    (said, *_) = lower(visit("inverse-map", regime="clean-noisy"))["said"]
    assert said.startswith(
        "Most accurate: ‘dense-clean’. Half of its estimates miss by less than 6.9\u00a0% in θ₀ and 15\u00a0%"
    )
    assert said.endswith("; half of the exact answers by less than 0.83\u00a0% and 1.9\u00a0%.")


def test_a_map_that_was_trained_here_gets_a_column(visit, new_run):
    for name in ("mine", "other"):
        write_map(new_run(name), name)
    part = lower(visit("inverse-map"))
    names = [row[0]["text"] for row in part["table"][1:]]
    assert names == ["dense-noisy", "cnn-noisy", "best", "other", "exact posterior mean"]
    (chooser,) = [tool for tool in part["tools"] if tool["field"] == "test_map"]
    assert (chooser["value"], [name for name, _ in chooser["options"]]) == ("other", ["mine", "other"])
    part = lower(visit("inverse-map", test_map="mine"))
    assert [row[0]["text"] for row in part["table"][1:]][3] == "mine"


def test_the_errors_of_a_map_come_with_its_ten_worst(visit):
    data = published_test_set()
    for name, regime in (("best", "noisy-noisy"), ("dense-clean", "clean-clean")):
        part = lower(visit("inverse-map", test_view="errors", regime=regime, test_map=name))
        estimates = registry.inverse_maps("")[0][name].predict(data.noisy if "noisy" in regime else data.clean).mean
        errors = np.linalg.norm((estimates - data.theta) / [0.3, 0.4], axis=1)
        ten = np.argsort(errors)[::-1][:10]
        rows = part["table"][1:]
        assert [row[-1]["change"] for row in rows] == [{"sample": int(number)} for number in ten]
        for row, number in zip(rows, ten, strict=True):
            shown = [[float(value) for value in cell.replace("−", "-").split(", ")] for cell in row[:3]]
            assert shown[0] == pytest.approx(data.theta[number], abs=6e-4)
            assert shown[1] == pytest.approx(estimates[number], abs=6e-4)
            assert shown[2] == pytest.approx([errors[number]], abs=6e-3)
        assert part["plots"][0]["click"] == {"point": "sample"}
        assert part["plots"][0]["figure"]["data"][0]["customdata"][::-1][:10] == ten.tolist()
        assert part["tools"][2]["value"] == name


def test_an_unknown_map_makes_room_for_the_first(visit):
    part = lower(visit("inverse-map", test_view="errors", test_map="theirs"))
    assert part["tools"][2]["value"] == "best"
    noisy = [name for name, each in registry.inverse_maps("")[0].items() if each.recipe.noisy]
    assert [name for name, _ in part["tools"][2]["options"]] == noisy


def test_the_stored_errors_stand_against_the_noise(visit, results):
    stored_noise(results)
    part = lower(visit("inverse-map", test_view="noise", sigma=0.08))
    assert part["layout"] == "accuracy-noise"
    drawn = lines(part["plots"][0])
    assert list(drawn) == list(NOISE)
    for name, values in NOISE.items():
        np.testing.assert_allclose(drawn[name], 100 * as_numbers(values), rtol=1e-6)
    assert part["plots"][0]["figure"]["layout"]["shapes"][0]["path"].startswith("M0.08,")
    assert "At σ = 0.07 ms" in told(part)[0]
    assert "1.4\u00a0% for the exact posterior mean, 1.7\u00a0% for best and 29\u00a0% for cnn-clean" in told(part)[0]
    assert told(part)[1] == "About noise."


def test_the_mark_of_the_noise_follows_the_hand(visit, results):
    stored_noise(results)
    app = visit("inverse-map", test_view="noise")
    drag(app, sigma=0.15)
    part = lower(checked(app.run()))
    assert part["plots"][0]["figure"]["layout"]["shapes"][0]["path"].startswith("M0.15,")
    drag(app, sigma=0.16, test_view="errors")
    assert [plot.get("kept") for plot in lower(checked(app.run()))["plots"]] == [True]


@pytest.mark.parametrize(("regime", "title"), CHOICES["regime"].items())
def test_the_stored_errors_stand_against_n(visit, results, regime, title):
    scale = 1 + list(CHOICES["regime"]).index(regime)  # so that the regimes differ
    codes = {"retrained CNN": "cnn-published", "our network": "ours"}
    measurements = {
        Key(code, "median_ape", "mean", name, n): None if value is None else i * value
        for i, name in enumerate(CHOICES["regime"], 1)
        for kind, code in codes.items()
        for n, value in zip(COUNTS, KINDS[kind], strict=True)
    }
    results("training-size", {"sizes": COUNTS}, measurements)
    limit = {("r2", "theta0"): 0.99, ("r2", "theta1"): 0.99, ("r2", "mean"): 0.99}
    limit |= {("median_ape", "theta0"): 0.01, ("median_ape", "theta1"): 0.02, ("median_ape", "mean"): 0.015}
    results("limit", {}, {Key(EXACT, *each, "noisy"): limit[each] for each in limit})
    part = lower(visit("inverse-map", test_view="samples", regime=regime))
    drawn = lines(part["plots"][0])
    for kind in codes:
        np.testing.assert_allclose(drawn[kind], 100 * scale * as_numbers(KINDS[kind]), rtol=1e-6)
    published = [find(PUBLISHED, Key("paper", "median_ape", "mean", regime, n)).value for n in COUNTS]
    np.testing.assert_allclose(drawn["paper’s CNN"], 100 * np.array(published), rtol=1e-6)
    if regime == "clean-clean":
        assert "exact posterior mean" not in drawn
    else:
        np.testing.assert_allclose(drawn["exact posterior mean"], 1.5, rtol=1e-6)
    assert title in part["plots"][0]["figure"]["layout"]["title"]["text"]
    first = {"noisy-noisy": "5.3", "clean-noisy": "25", "clean-clean": "1.4"}[regime]  # as published
    assert part["said"][0].startswith(f"With N = 8,000 the error is {first}\u00a0% for the paper’s CNN")
    # The paper's table, as it is printed: Median-APE and R² of its CNN with 500 noisy samples.
    row = next(row for row in part["table"] if row[:2] == ["noisy / noisy", "500"])
    assert row[2:] == ["9.8\u00a0% (0.921)", "–", "–", "–"]


@pytest.mark.parametrize(
    ("page", "query", "command"),
    [
        ("inverse-map", {"test_view": "noise"}, "core.experiments noise"),
        ("inverse-map", {"test_view": "samples"}, "core.experiments training-size"),
        ("uncertainty", {"below": "calibration", "t_end": 60}, "core.experiments calibration"),
    ],
)
def test_an_experiment_that_was_not_run_leaves_its_command_and_no_plot(visit, results, page, query, command):
    part = lower(visit(page, **query))
    assert part["plots"] == []
    assert part["layout"].endswith("-none")
    (said,) = told(part)
    assert f"Run “python -m {command}” to see" in said


def test_the_stored_coverage_stands_below_the_posterior(visit, results):
    where = {"best": ("calibration", "best", "noisy-noisy"), "exact posterior": ("limit", EXACT, "noisy")}
    for shown, (name, estimator, regime) in where.items():
        shares = {Key(estimator, "coverage", "", regime, at=mass): HELD[shown][i] for i, mass in enumerate(MASSES)}
        results(name, {"masses": MASSES}, shares)
    part = lower(visit("uncertainty", below="calibration", t_end=60))
    assert [plot["id"] for plot in part["plots"]] == ["calibration"]
    drawn = lines(part["plots"][0])
    for name, values in HELD.items():
        np.testing.assert_array_equal(drawn[name], np.float32(values))
    said = "made to hold 90\u00a0% hold the truth in 88.4\u00a0% for best and 89.8\u00a0% for the exact posterior"
    assert said in " ".join(told(part))


def test_a_sample_that_is_opened_becomes_the_truth_of_the_page_neuron(visit):
    app = visit(
        "inverse-map", test_view="errors", theta0=0.1, zeta=-0.2, gamma=4, t_end=100, hidden=1, starts="0.5,0.5", seed=3
    )
    app.session_state["sample"] = 1234
    app = checked(app.run())
    experiment, data = app.session_state["scene"].experiment, published_test_set()
    assert (experiment.theta0, experiment.theta1) == tuple(data.theta[1234])
    assert (experiment.rho, experiment.sigma) == tuple(data.noise_parameters[1234])
    # As all samples have them; the noise is drawn from the sidebar's seed.
    assert (experiment.zeta, experiment.gamma, experiment.t_end, experiment.seed) == (-0.4, 3.0, 200.0, 3)
    assert not experiment.hidden
    assert experiment.starts == ()
    assert lower(app)["layout"] == "neuron"


@pytest.mark.parametrize("sample", ["2000", "-1", "a", "²"])
def test_a_sample_that_is_none_opens_nothing(visit, sample):
    app = visit("inverse-map", test_view="errors")
    before = app.session_state["scene"].experiment
    app.session_state["sample"] = sample
    app = checked(app.run())
    assert app.session_state["scene"].experiment == before
    assert lower(app)["layout"] == "accuracy-errors"


@pytest.mark.parametrize("view", ["scatter", "errors"])
def test_a_regime_without_maps_ends_in_a_sentence(monkeypatch, view):
    monkeypatch.setattr(accuracy, "inverse_maps", lambda _: ({}, ()))
    shown = accuracy.picture(Scene(Experiment(test_view=view), Experiment(test_view=view)))
    assert shown.plots == ()
    assert shown.said == ["No map was trained on such traces."]
