"""What the Inverse map page says: nothing that is false, and nothing of what is not on screen."""

import json

import numpy as np
import pytest
from streamlit.util import calc_hash

from core.learning.training_settings import Cnn
from core.maps.recipes import best_recipe, published_recipe
from core.published import time_grid
from dashboard.pictures import inverse_map
from dashboard.pictures.clouds import best_of
from dashboard.scene.presets import PRESETS
from tests.dashboard.conftest import checked, told, trace_csv
from tests.reference import reference_solution

TRAINED = {
    "best": "yes",
    "cnn-clean": "no",
    "cnn-noisy": "yes",
    "dense-clean": "no",
    "dense-noisy": "yes",
    "narrow": "no",
}


def stage(app):
    """Return what the upper stage of the page receives."""
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next(part for part in parts if part["kind"] == "plots" and part["layout"] != "head")


def rows(part):
    return {(row[0] if isinstance(row[0], str) else row[0]["text"]): row[1:] for row in part["table"]}


def title(part):
    return part["plots"][0]["figure"]["layout"]["title"]["text"]


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


def test_a_wrong_stimulus_looks_familiar_nowhere(visit):
    """At ζ = −0.2 the best map is a fifth off, and its score does not see it."""
    part = stage(visit("inverse-map", zeta=-0.2))
    said = told(part)
    errors = [float(cell.split(" ")[0]) for cell in rows(part)["best"][2:4]]
    assert max(errors) > 10
    assert said[1] == (
        "‘best’, ‘cnn-noisy’ and ‘dense-noisy’ were not trained for ζ = −0.2 (trained at −0.4). Their estimates answer "
        "for a neuron with ζ = −0.4."
    )
    assert said[-1].startswith("The residual of ‘best’ does not show this (out-of-distribution score 0.")
    assert not any("looks like" in sentence or "familiar" in sentence for sentence in said)


def test_the_default_is_familiar_and_says_what_the_score_cannot_see(visit):
    part = stage(visit("inverse-map"))
    assert told(part)[-1].startswith("This trace looks like the training data of ‘best’")
    assert told(part)[-1].endswith("A wrong ζ or γ need not show in this score.")
    assert title(part) == "Estimates of θ and clouds of 200 fresh noise draws"
    assert {name: row[-1] for name, row in rows(part).items() if name in TRAINED} == TRAINED


def test_a_column_of_the_table_has_one_number_of_decimals(visit):
    table = rows(stage(visit("inverse-map", theta0=0.4, theta1=0.25)))
    assert table["truth"][:2] == ["0.400", "0.250"]
    for column in range(4):
        cells = [row[column].split(" ")[0] for name, row in table.items() if name and row[column] != "–"]
        assert {len(cell.partition(".")[2]) for cell in cells} == {3 if column < 2 else 1}


def test_without_noise_the_page_says_that_nothing_moves(visit):
    said = told(stage(visit("inverse-map", sigma=0)))
    assert said[0].startswith("σ = 0: there is no noise to move the estimates. ")


def test_estimates_that_the_box_stops_are_said_to_be_stopped():
    """A cloud of which a half, or all, lies on the upper edge of θ₀, where the box ends at 1."""

    class Stopped:
        recipe = best_recipe()

    rng = np.random.default_rng(0)
    free = np.column_stack([rng.uniform(0.5, 0.9, 200), rng.uniform(0.2, 0.6, 200)])
    for stopped, words in ((0, ""), (100, " 100 of them lie on the edge"), (200, " All of them lie on the edge")):
        cloud = free.copy()
        cloud[:stopped, 0] = 1
        text = inverse_map._about_clouds({"best": cloud}, 0.35, {"best": Stopped})
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
    text = inverse_map._about_clouds({"mine": 3 * cloud, "wide": cloud}, 0.35, maps)
    assert text.endswith(" ‘mine’, which never saw noise, scatters about 3 times as far.")
    assert "never saw noise" not in inverse_map._about_clouds({"mine": 3 * cloud}, 0.35, {"mine": CLEAN})


@pytest.mark.parametrize("t_end", [100, 400])
def test_a_window_that_no_map_takes_is_said_once_with_the_remedy(visit, t_end):
    part = stage(visit("inverse-map", t_end=t_end))
    assert part["notes"] == [
        "No map takes a window of this length: all were trained on 1,000 samples 0.2 ms apart. Set T to 200 ms."
    ]
    assert told(part) == ["Tick “zoom on the limit” to see how much the trace tells: the exact posterior."]
    assert title(part) == "The prior’s box of θ"
    assert part["plots"][1]["figure"]["layout"]["title"]["text"] == "Data u(t)"
    assert {row[0] for name, row in rows(part).items() if name in TRAINED} == {"–"}


def test_a_trace_that_is_lost_leaves_no_sentence_about_estimates(visit):
    part = stage(visit("inverse-map", theta1=-3))
    assert [note for note in part["notes"] if "diverged" in note]
    assert told(part) == []
    assert title(part) == "The prior’s box of θ"


def test_an_upload_is_not_said_to_be_what_maps_were_trained_for(uploaded):
    part = stage(uploaded("inverse-map", time_grid(), noisy(time_grid())))
    assert {row[-1] for name, row in rows(part).items() if name in TRAINED} == {"not known"}
    assert title(part) == "Estimates of θ"
    assert told(part)[0].startswith("Each diamond is what a map makes of the trace on screen. ")
    assert told(part)[1:3] == [
        "‘best’, ‘cnn-noisy’ and ‘dense-noisy’ can read this trace. They expect noise of sd 0.2 to 0.5 with ρ from "
        "0.63 to 0.97, θ₀ from −0.2 to 1, θ₁ from −0.4 to 1.2, ζ = −0.4 and γ = 3.",
        "‘cnn-clean’ and ‘dense-clean’ can read this trace. They expect no noise, θ₀ from −0.2 to 1, θ₁ from −0.4 to "
        "1.2, ζ = −0.4 and γ = 3.",
    ]
    # White noise is none that the map has seen.
    assert told(part)[3].startswith("Beware: this trace is unlike the training data of ‘best’")


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
