"""What the Inverse map page says: nothing that is false, and nothing of what is not on screen."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.util import calc_hash

from core.learning.training_settings import Cnn
from core.maps.recipes import best_recipe, published_recipe
from core.published import time_grid
from dashboard.figures.style import Look
from dashboard.maps import inverse_maps
from dashboard.pictures.answers import best_of
from dashboard.pictures.inverse_map import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.presets import PRESETS
from dashboard.scene.scene import Scene
from dashboard.wording import clouds as wording
from tests.dashboard.conftest import checked, decoded, trace_csv
from tests.reference import reference_solution

TRAINED = {
    "best": "yes",
    "cnn-clean": "no",
    "cnn-noisy": "yes",
    "dense-clean": "no",
    "dense-noisy": "yes",
    "narrow": "yes",  # θ₀ = 0.4 is the edge of its box
}


def stage(app):
    """Return what the upper stage of the page receives."""
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next(part for part in parts if part["kind"] == "plots" and part["layout"] != "head")


def rows(part):
    return {(row[0] if isinstance(row[0], str) else row[0]["text"]): row[1:] for row in part["table"]}


def title(part):
    return part["plots"][0]["figure"]["layout"]["title"]["text"]


@pytest.fixture(autouse=True)
def _maps_of_theta_alone(monkeypatch):
    """The maps of θ for the published ζ, γ and window: others would answer where these fail."""
    maps, unreadable = inverse_maps("")
    there = {name: each for name, each in maps.items() if name in TRAINED}
    for module in ("first_window", "limit", "your_data"):
        monkeypatch.setattr(f"dashboard.pictures.{module}.inverse_maps", lambda _: (there, unreadable))
    monkeypatch.setattr("dashboard.pictures.inverse_map.all_inverse_maps", lambda _: (there, unreadable))


@pytest.fixture
def uploaded(visit):
    """Return a function that uploads a trace and turns to a page."""

    def upload(page, times, u, **query):
        app = visit("your-data", **query)
        app.get("file_uploader")[0].set_value(("mine.csv", trace_csv(times, u), "text/csv"))
        app = checked(app.run())
        app._page_hash = calc_hash(page)
        return checked(app.run())

    return upload


def noisy(times):
    """Return the default neuron's potential by SciPy, with white noise of sd 0.35."""
    clean = reference_solution((0.4, 0.4, -0.4, 3.0), times)[:, 0]
    return clean + 0.35 * np.random.default_rng(0).standard_normal(times.size)


def test_a_wrong_stimulus_is_the_answer_and_its_tight_cloud_no_proof(visit):
    """At ζ = −0.2 the best map is a fifth off, and neither its scatter nor its score sees it."""
    part = stage(visit("inverse-map", zeta=-0.2))
    away = rows(part)["best"][2]
    assert float(away) > 0.04
    assert re.fullmatch(
        rf"The maps take ζ = −0\.4 for granted, which is wrong here: ‘best’ is {away} away from the truth, "
        r"though new noise moves it ±0\.00\d+ in θ₀, ±0\.01\d in θ₁ only\. A tight cloud is no proof\.",
        part["answer"],
    )
    assert "Tick “zoom in, with MAP and exact posterior” to see what no map can beat." in part["why"]
    assert part["why"][1:2] == [
        "‘best’, ‘cnn-noisy’, ‘dense-noisy’ and ‘narrow’ were not trained for ζ = −0.2 (trained at −0.4). Their "
        "estimates answer for a neuron with ζ = −0.4.",
    ]
    assert part["why"][-1].startswith("The residual of ‘best’ does not show this (out-of-distribution score 0.")
    assert not any("looks like" in sentence or "familiar" in sentence for sentence in part["why"])


def test_the_answer_names_the_nearest_map_and_how_far_it_is_off(visit):
    part = stage(visit("inverse-map"))
    table = rows(part)
    numbers = [float(cell) for cell in table["best"][:3]]
    assert numbers[2] == pytest.approx(np.hypot(numbers[0] - 0.4, numbers[1] - 0.4), abs=1.3e-3)
    assert part["answer"].startswith(
        f"On this trace ‘best’ is nearest to the truth: {table['best'][2]} away. New noise: ±"
    )
    # The sds of the exact posterior are 0.0015 and 0.010, which a map at the limit scatters by.
    scatter = [float(text) for text in re.findall(r"±([\d.]+\d)", part["answer"])]
    assert scatter == pytest.approx([0.0015, 0.010], rel=0.2)
    away = table["cnn-clean"][2]
    assert part["why"][0] == f"Furthest off is ‘cnn-clean’: {away} away. It never saw noise in training."


def test_the_default_is_familiar_and_says_what_the_score_cannot_see(visit):
    part = stage(visit("inverse-map"))
    assert part["why"][-1].startswith("This trace looks like the training data of ‘best’")
    assert part["why"][-1].endswith("A wrong ζ or γ need not show in this score.")
    assert "‘cnn-clean’ and ‘dense-clean’ never saw noise in training. Do not trust them here." in part["why"]
    assert title(part) == "Estimates of θ and clouds under new noise"
    assert {name: row[-1] for name, row in rows(part).items() if name in TRAINED} == TRAINED


def test_bias_and_spread_are_those_of_the_cloud(visit):
    part = stage(visit("inverse-map"))
    estimates, spread, _ = part["plots"]
    shapes = estimates["figure"]["layout"]["shapes"]
    # The frame and the narrow map's fence stand first, then the clouds in the order of the maps.
    cloud = np.column_stack([decoded(shapes[2]["dots"][axis]) for axis in "xy"])
    assert len(cloud) == 200
    marks = {shape["legendgroup"]: shape["xanchor"] for shape in spread["figure"]["layout"]["shapes"][:2]}
    assert marks["bias"] == pytest.approx(np.linalg.norm(cloud.mean(axis=0) - 0.4), rel=1e-3)
    assert marks["spread"] == pytest.approx(np.linalg.norm(cloud.std(axis=0)), rel=1e-3)
    assert spread["figure"]["layout"]["yaxis"]["ticktext"] == list(TRAINED)


def test_every_estimate_has_its_name_beside_it_and_its_numbers_where_it_is_pointed_at(visit):
    part = stage(visit("inverse-map"))
    figure, table = part["plots"][0]["figure"], rows(part)
    names, priors = (trace for trace in figure["data"] if trace["mode"] == "text")
    assert names["text"] == list(TRAINED)
    # A line leads from each estimate to its name.
    lines = [shape for shape in figure["layout"]["shapes"] if re.fullmatch(r"M[^ML]+L[^ML]+", shape.get("path", ""))]
    ends = [[[float(value) for value in end.split(",")] for end in line["path"][1:].split("L")] for line in lines]
    assert [tuple(f"{value:.3f}" for value in start) for start, _ in ends] == [
        tuple(table[name][:2]) for name in TRAINED
    ]
    np.testing.assert_allclose([end for _, end in ends], np.column_stack([decoded(names[axis]) for axis in "xy"]), 1e-4)
    assert priors["text"] == ["published prior", "prior of narrow"]
    seen = [trace["hovertemplate"].split(":")[0] for trace in figure["data"] if trace.get("meta") == {"rests": True}]
    assert seen == list(TRAINED)


def test_a_column_of_the_table_has_one_number_of_decimals(visit):
    table = rows(stage(visit("inverse-map", theta0=0.4, theta1=0.25)))
    assert table["truth"][:2] == ["0.400", "0.250"]
    assert next(iter(table)) == "estimate of"
    for column in range(3):
        cells = [row[column] for name, row in table.items() if name != "estimate of" and row[column] != "–"]
        assert {len(cell.partition(".")[2]) for cell in cells} == {3}


def test_each_map_says_what_network_it_is_and_what_it_was_trained_on(visit):
    """The published sets have 8,000 samples; the best map's simulations are drawn anew, 100,000 at a time."""
    cells = {name: row[3] for name, row in rows(stage(visit("inverse-map"))).items() if name in TRAINED}
    assert cells["cnn-clean"] == {
        "text": "CNN, clean",
        "help": "A convolutional network (CNN), trained on 8,000 clean traces.",
    }
    assert cells["best"]["text"] == cells["narrow"]["text"] == cells["dense-noisy"]["text"] == "dense, noisy"
    assert cells["best"]["help"] == (
        "A dense network, trained on 100,000 noisy traces at a time, which are simulated anew again and again. "
        "Two Gauss–Newton steps refine its estimate."
    )
    assert cells["narrow"]["help"] == (
        "A dense network, trained on 20,000 simulations, with new noise on them again and again."
    )


def test_without_noise_the_page_says_that_nothing_moves(visit):
    part = stage(visit("inverse-map", sigma=0))
    assert "σ = 0: there is no noise to move the estimates." in part["why"]
    assert "New noise" not in part["answer"]
    assert "It never saw noise" not in " ".join(part["why"])


def test_estimates_that_the_box_stops_are_said_to_be_stopped():
    """A cloud of which a half, or all, lies on the upper edge of θ₀, where the box ends at 1."""

    class Stopped:
        recipe = best_recipe()

    rng = np.random.default_rng(0)
    free = np.column_stack([rng.uniform(0.5, 0.9, 200), rng.uniform(0.2, 0.6, 200)])
    for stopped, words in ((0, ""), (100, " 100 of them lie on the edge"), (200, " All of them lie on the edge")):
        cloud = free.copy()
        cloud[:stopped, 0] = 1
        text = wording.about_clouds({"best": cloud}, "best", 0.35, {"best": Stopped})
        tail = " of the box in which ‘best’ estimates, which holds them back." if words else "."
        assert text.endswith(f"{words}{tail}")
        assert "no noise" not in text
        assert ("edge" in text) == bool(stopped)


class Called:
    """A map of which only the recipe is looked at."""

    def __init__(self, recipe):
        self.recipe = recipe


POINT, CLEAN, COVARIANCE = (
    Called(recipe)
    for recipe in (published_recipe(Cnn(), 8000, True), published_recipe(Cnn(), 8000, False), best_recipe())
)


@pytest.mark.parametrize(
    ("maps", "best"),
    [
        ({"a": CLEAN, "b": POINT, "c": COVARIANCE, "d": COVARIANCE}, "c"),
        ({"best": CLEAN, "b": POINT, "cnn-noisy": POINT}, "b"),
        ({"a": CLEAN, "best": CLEAN}, "a"),
    ],
)
def test_the_best_map_is_chosen_by_its_recipe_and_not_by_its_name(maps, best):
    assert best_of(maps) == best


def test_a_map_that_never_saw_noise_is_told_by_its_recipe():
    """The clean map's cloud is three times as wide as the best one's."""
    cloud = np.random.default_rng(0).normal(0.4, 0.01, (200, 2))
    maps = {"mine": CLEAN, "wide": COVARIANCE}
    text = wording.about_clouds({"mine": 3 * cloud, "wide": cloud}, "wide", 0.35, maps)
    assert text.endswith(" ‘mine’, which never saw noise, moves about 3 times as far.")
    assert "never saw noise" not in wording.about_clouds({"mine": 3 * cloud}, "mine", 0.35, {"mine": CLEAN})


def test_a_window_that_no_map_takes_is_said_once_with_the_remedy(visit):
    part = stage(visit("inverse-map", t_end=100))
    assert part["notes"] == [
        "No map takes a window of this length: all were trained on 1,000 samples 0.2 ms apart. Set T to 200 ms."
    ]
    assert part["answer"] == ""
    assert part["why"] == ["Tick “zoom in, with MAP and exact posterior” to see what no map can beat."]
    assert title(part) == "The prior’s box of θ"
    assert part["plots"][1]["figure"]["layout"]["title"]["text"] == "Data u(t)"
    assert {row[0] for name, row in rows(part).items() if name in TRAINED} == {"–"}


def test_of_a_longer_window_the_maps_read_the_beginning(visit):
    """The first 200 ms of a window of 400 ms are, to the last noise sample, a window of 200 ms."""
    short, long = (stage(visit("inverse-map", t_end=t_end)) for t_end in (200, 400))
    assert long["notes"] == []
    assert long["table"] == short["table"]
    assert long["answer"] == f"{short['answer']} The maps read the first 200 ms."


def test_of_a_longer_upload_the_maps_read_the_beginning(uploaded):
    times = np.arange(1500) * 0.2
    u = noisy(times)
    short, long = (stage(uploaded("inverse-map", times[:n], u[:n])) for n in (1000, 1500))
    assert [row[:3] for row in long["table"][1:]] == [row[:3] for row in short["table"][1:]]
    assert long["answer"].endswith(" The maps read the first 200 ms.")


def test_a_trace_that_is_lost_leaves_no_sentence_about_estimates(visit):
    part = stage(visit("inverse-map", theta1=-3))
    assert [note for note in part["notes"] if "diverged" in note]
    assert (part["answer"], part["why"]) == ("", [])
    assert title(part) == "The prior’s box of θ"


def test_an_upload_is_not_said_to_be_what_maps_were_trained_for(uploaded):
    part = stage(uploaded("inverse-map", time_grid(), noisy(time_grid())))
    assert {row[-1] for name, row in rows(part).items() if name in TRAINED} == {"not known"}
    assert title(part) == "Estimates of θ"
    # White noise is none that the map has seen: this stands before its estimate.
    assert part["answer"].startswith("Beware: this trace is unlike the training data of ‘best’")
    assert part["why"][0].startswith("‘best’ estimates θ₀ = ")
    assert part["why"][0].endswith("What made this trace is not known, so that no error can be told.")
    assert part["why"][1:4] == [
        "‘best’, ‘cnn-noisy’ and ‘dense-noisy’ can read this trace. They expect noise of sd 0.2 to 0.5 with ρ from "
        "0.63 to 0.97, θ₀ from −0.2 to 1, θ₁ from −0.4 to 1.2, ζ = −0.4 and γ = 3.",
        "‘cnn-clean’ and ‘dense-clean’ can read this trace. They expect no noise, θ₀ from −0.2 to 1, θ₁ from −0.4 to "
        "1.2, ζ = −0.4 and γ = 3.",
        "‘narrow’ can read this trace. It expects noise of sd 0.2 to 0.5 with ρ from 0.63 to 0.97, θ₀ from 0 to 0.4, "
        "θ₁ from 0.2 to 0.6, ζ = −0.4 and γ = 3.",
    ]
    assert part["why"][-1] == (
        "Beware: this trace is unlike the training data of ‘narrow’ (out-of-distribution score 2.0; only 1\u00a0% of "
        "the training’s traces exceed 1)."
    )
    assert [plot["id"] for plot in part["plots"]] == ["estimates", "resimulated"]


def test_both_pages_answer_alike_for_an_upload(uploaded):
    table = rows(stage(uploaded("your-data", time_grid(), noisy(time_grid()), zeta=-0.2)))
    known = "was not trained for ζ = −0.2 (trained at −0.4). Its estimate answers for a neuron with ζ = −0.4."
    assert table["cnn-clean"][2] == f"‘cnn-clean’ {known}"
    table = rows(stage(uploaded("your-data", time_grid(), noisy(time_grid()))))
    assert table["cnn-clean"][2].startswith("‘cnn-clean’ can read this trace. It expects no noise, ")
    assert table["dense-noisy"][2].startswith("‘dense-noisy’ can read this trace. It expects noise of sd 0.2 to 0.5")


def test_an_upload_that_no_map_takes_is_compared_with_what_they_take(uploaded):
    part = stage(uploaded("inverse-map", np.arange(41) * 0.5, noisy(np.arange(41) * 0.5)))
    assert part["notes"] == [
        "No map takes this trace: all were trained on 1,000 samples 0.2 ms apart, and it has 41 samples 0.5 ms apart."
    ]


def test_the_preset_of_many_minima_has_an_estimate_that_is_right(visit):
    preset = PRESETS["Many minima"][1]
    part = stage(visit("inverse-map", theta0=preset.theta0, theta1=preset.theta1, t_end=preset.t_end))
    estimate = [float(cell.replace("−", "-")) for cell in rows(part)["best"][:2]]
    # The exact posterior's sds are 0.008 and 0.006.
    assert estimate == pytest.approx([preset.theta0, preset.theta1], abs=0.03)
    assert part["notes"] == []


def test_a_truth_beyond_the_fence_of_a_map_is_in_the_answer(visit):
    part = stage(visit("inverse-map", theta0=0.8, theta1=0.6))
    table = rows(part)
    assert part["answer"] == (
        f"On this trace ‘best’ is nearest to the truth: {table['best'][2]} away. ‘narrow’ cannot leave its prior’s "
        f"box, and is {table['narrow'][2]} away."
    )
    # From the fence at (0.4, 0.6) to the truth at least.
    assert float(table["narrow"][2]) >= 0.4


def test_a_map_of_a_wider_prior_does_not_take_the_published_one_s_name(visit, monkeypatch):
    """Two maps of one box share its name; the box of a wider one is not called the published prior."""
    maps, unreadable = inverse_maps("")
    wide = replace(maps["narrow"].recipe.task.prior, lower=(-0.5, -0.5), upper=(1.5, 1.5))
    recipe = maps["narrow"].recipe
    own = replace(maps["narrow"], name="wide", recipe=replace(recipe, task=replace(recipe.task, prior=wide)))
    shown = {**maps, "twin": replace(maps["narrow"], name="twin"), "wide": own}
    monkeypatch.setattr("dashboard.pictures.inverse_map.all_inverse_maps", lambda _: (shown, unreadable))
    monkeypatch.setattr("dashboard.pictures.inverse_map.looks", lambda maps: dict.fromkeys(maps, Look("theme:best")))
    figure = picture(Scene(Experiment(), Experiment())).plots[0].figure
    rectangles = [each for each in figure["layout"]["shapes"] if each["type"] == "rect"]
    boxes = {(each["x0"], each["x1"], each["y0"], each["y1"]) for each in rectangles}
    assert boxes == {(-0.2, 1.0, -0.4, 1.2), (0.0, 0.4, 0.2, 0.6), (-0.5, 1.5, -0.5, 1.5)}
    names = {text for trace in figure["data"] for text in trace.get("text", [])}
    assert {"published prior", "prior of narrow and twin", "prior of wide"} <= names
