"""The overview of trainings: its table and curves, what is asked of a training, and the comparison of two priors."""

import io
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.files import read_json
from core.jobs.archive import pack, unpacked_bytes
from core.jobs.request import Request
from core.learning.training_settings import Adam, Cnn, Dense, PointEstimate, Spectrum, SquaredError
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.inverse_map import load_inverse_map
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import (
    best_recipe,
    fitzhugh_nagumo_task,
    narrow_prior,
    point_recipe,
    published_task,
)
from core.published import GAMMA, ZETA, published_noise_prior
from dashboard import trainings
from dashboard.allowance import Allowance
from dashboard.figures.style import Look
from dashboard.maps import with_renamed
from dashboard.panels import run_files, uploaded_file
from dashboard.pictures import prior_story
from dashboard.pictures.training_overview import MOST_LISTED, picture, ticked
from dashboard.scene.cloned_form import form_of
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.overview import MOST_TICKED, Overview
from dashboard.scene.scene import Scene
from dashboard.scene.training import Form
from dashboard.wording.training import differences
from tests.dashboard.conftest import checked, decoded, finish, write_map
from tests.dashboard.test_training import ask, moved, parts, run_of
from tests.dashboard.test_training import form_of as controls_of

FIGURES = {
    "r2": {"theta0": 0.9, "theta1": 0.7, "mean": 0.8},
    "median_ape": {"theta0": 0.02, "theta1": 0.04, "mean": 0.03},
}
METRICS = {"published": {"clean": FIGURES, "noisy": {**FIGURES, "coverage": 0.875}}}
PLAIN = recipe_as_json(point_recipe(published_task(), Cnn(), 8000, Adam()))


@pytest.fixture
def trained(new_run):
    """Return a function that leaves an ended training of somebody, with a map."""

    def make(name, owner="", **card):
        folder = new_run(name)
        time = (folder / "request.json").stat()
        Request(name, 200, PLAIN, owner).save(folder)
        write_map(folder, name, **card)
        finish(folder)
        os.utime(folder / "request.json", ns=(time.st_mtime_ns, time.st_mtime_ns))
        return folder

    return make


def rows_of(shown):
    return {row[0]["text"]: row[1:] for row in shown.table[1:]}


def test_the_table_says_what_the_cards_say_and_how_far_the_limit_is(trained):
    folder = trained("mine", metrics=METRICS)
    row = rows_of(picture([folder], "mine", Overview()))["mine"]
    key = {"estimator": "posterior-noise-integrated-out", "metric": "median_ape", "parameter": "mean"}
    measured = read_json(Path("core/experiments/results/limit.json"))["measurements"]
    (limit,) = (each["value"] for each in measured if key.items() <= each.items())
    assert row == ["finished", "published CNN, N = 8,000, 200 epochs", "0.800", "3\u00a0%", f"{0.03 / limit:.2g} ×",
                   "88\u00a0%", "watched"]  # fmt: skip


def test_what_is_not_known_is_a_dash(trained):
    bare = trained("bare")
    row = rows_of(picture([bare], "", Overview()))["bare"]
    assert row[2:6] == ["–"] * 4
    assert row[6]["change"] == {"train_watched": "bare"}


def test_a_training_that_cannot_be_read_is_one_row_and_one_sentence(visit, trained, new_run):
    """It is the newest here, which the page shows first."""
    trained("good")
    damaged = new_run("damaged")
    finish(damaged)
    (damaged / "request.json").write_text("{")
    app = checked(visit("train"))
    run, overview = run_of(app), parts(app)["train_overview_below"]
    assert run["said"] == [
        "A file of the training damaged is damaged: keep the map in its folder on the server, if any; delete the rest."
    ]
    assert [value for value, _ in run["tools"][0]["options"]] == ["damaged", "good"]
    rows = {row[0]["text"]: row[1:] for row in overview["table"][1:]}
    assert rows["damaged"] == ["cannot be read", "–", "–", "–", "–", "–", "watched"]
    assert rows["good"][0] == "finished"
    assert "train_progress" in [tool["field"] for tool in run_of(ask(app, "train_watched", "good"))["tools"]]


def test_the_newest_dozen_is_listed_with_looks_that_stay(trained):
    folders = [trained(f"run {i}") for i in range(MOST_LISTED + 2)][::-1]
    shown = picture(folders, "", Overview())
    assert list(rows_of(shown)) == [f"run {i}" for i in range(MOST_LISTED + 1, 1, -1)]
    assert shown.said == ["… and 2 more, which the list “training” above holds."]
    looks = {row[0]["text"]: row[0]["colour"] for row in shown.table[1:]}
    before = {row[0]["text"]: row[0]["colour"] for row in picture(folders[1:], "", Overview()).table[1:]}
    assert {name: looks[name] for name in before if name in looks}.items() <= before.items()


def test_ticked_curves_are_the_epochs_of_their_trainings(trained):
    folders = [trained(f"run {i}") for i in range(8)][::-1]
    names = tuple(folder.name for folder in folders)
    first = picture(folders, "", Overview())
    assert [trace["name"] for trace in first.plots[0].figure["data"]] == ["run 7", "run 6", "run 5"]
    for curve, expected in (("validation", [0.3, 0.15]), ("training", [0.2, 0.1]), ("gradient", [0.5, 0.2]),
                            ("rate", [1e-3, 0.0]), ("speed", [100.0, 100.0])):  # fmt: skip
        shown = picture(folders, "", Overview(ticked=("run 2", "gone"), curve=curve))
        (trace,) = shown.plots[0].figure["data"]
        assert trace["name"] == "run 2"
        np.testing.assert_allclose(decoded(trace["y"]), expected, rtol=1e-6)
    drawn = picture(folders, "", Overview(ticked=names)).plots[0].figure["data"]
    assert len(drawn) == MOST_TICKED
    assert len({(trace["line"]["color"], trace["line"]["dash"]) for trace in drawn}) == MOST_TICKED


def test_one_more_than_can_be_drawn_is_refused_in_a_sentence():
    names = [f"run {i}" for i in range(MOST_TICKED + 1)]
    kept, said = ticked(Overview(ticked=tuple(names[1:])), ",".join(names))
    assert kept == tuple(names[1:])
    assert said == "At most 6 trainings are drawn over each other: untick one first."
    assert ticked(Overview(), "") == ((), "")


def test_a_recipe_differs_in_a_few_words():
    usual = Form().recipe(ZETA, GAMMA)
    own = moved({"train_network": "dense", "train_samples": "500", "train_epochs": "1", "train_theta0_mean": "0.2"})
    assert differences(usual, usual) == "–"
    assert differences(own.recipe(-0.3, GAMMA), usual) == "dense 32–32–32–32, N = 500, 1 epoch, own prior, ζ = −0.3"
    other = replace(usual, inputs=Spectrum(), head=PointEstimate(), loss=SquaredError(), learned_steps=0, seed=3)
    assert differences(other, usual) == "no ±, gets the spectrum, seed 3"
    clean = moved({"train_noise": "clean", "train_constants": "given"})
    assert differences(clean.recipe(ZETA, GAMMA), usual) == "clean traces, is told ζ and γ"
    assert differences(replace(usual, optimiser=replace(usual.optimiser, batch_size=7)), usual) == "other settings"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"train_network": "cnn", "train_samples": "1234", "train_epochs": "7"},
        {"train_network": "dense", "train_centre_theta0": 0.123, "train_noise": "own", "train_sigma_mean": "0.09"},
        {"train_estimates": "four", "train_head": "point"},
        {"train_estimates": "with-noise", "train_inputs": "whitened-both"},
        {"train_constants": "given", "train_noise": "clean"},
    ],
)
def test_a_clone_is_the_form_of_its_recipe(changes):
    form = moved(changes)
    recipe = form.recipe(-0.31, 2.7)
    cloned, zeta, gamma = form_of(recipe)
    assert cloned.recipe(zeta, gamma) == recipe
    assert cloned.prior == form.prior
    assert cloned.problems == {}


def test_what_the_form_has_no_place_for_is_not_cloned():
    for recipe in (best_recipe(), point_recipe(published_task(), Dense((7,)), 100, Adam(3))):
        with pytest.raises(ValueError, match="no place for all settings"):
            form_of(recipe)


# ---------------------------------------------------------------------------------------- what is asked of a training


@pytest.fixture
def mine(monkeypatch):
    """Let every visitor of a test be one, and return the owner that these have."""
    monkeypatch.setattr(trainings, "owner_of", lambda visitor: "me")
    return "me"


def overview_of(app):
    return app.session_state["scene"].holdings.overview


def fields_of(app):
    return {tool["field"]: tool for tool in run_of(app)["tools"]}


def test_a_training_is_cloned_with_a_free_name(visit, new_run, mine):
    folder = new_run("mine")
    recipe = moved({"train_network": "dense", "train_samples": "777"}).recipe(-0.3, 2.5)
    Request("mine", 12, recipe_as_json(recipe), "somebody").save(folder)
    finish(folder, state="failed")
    app = ask(visit("train"), "train_clone", "mine")
    form = controls_of(app)
    assert form["train_samples"]["value"] == "777"
    assert form["train_name"]["value"] == "my-map-1"
    experiment = app.session_state["scene"].experiment
    assert (experiment.zeta, experiment.gamma) == (-0.3, 2.5)
    assert app.session_state["scene"].holdings.training.recipe(-0.3, 2.5) == recipe


def test_a_training_is_renamed_and_stays_on_screen(visit, trained, runs, mine):
    trained("mine", mine)
    app = ask(visit("train", own_maps="mine"), "train_new_name", " better ")
    assert [folder.name for folder in runs.iterdir()] == ["better"]
    assert load_inverse_map(runs / "better" / "better.safetensors").card["name"] == "better"
    assert fields_of(app)["train_new_name"]["value"] == "better"
    assert app.session_state["scene"].experiment.own_maps == "better"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("other", "There is already a map called 'other'. Choose another name."),
        ("best", "There is already a map called 'best'. Choose another name."),
        ("truth", "'truth' is what a row of the tables or a curve beside the maps is called. Choose another name."),
        ("../out", "Name a map with at most 40 letters"),
    ],
)
def test_a_name_that_is_taken_stays_in_its_box_with_the_reason(visit, trained, runs, mine, name, sentence):
    trained("other", mine)
    trained("mine", mine)
    app = ask(visit("train"), "train_new_name", name)
    box = fields_of(app)["train_new_name"]
    assert box["value"] == name
    assert box["problem"].startswith(sentence)
    assert {folder.name for folder in runs.iterdir()} == {"mine", "other"}
    assert fields_of(ask(app, "train_watched", "other"))["train_new_name"]["problem"] == ""


def test_a_training_is_deleted_after_it_was_asked_once_more(visit, trained, runs, mine):
    trained("other", mine)
    trained("mine", mine)
    app = ask(visit("train", own_maps="other,mine"), "train_delete", "mine")
    assert (runs / "mine").exists()
    assert {"train_delete_surely", "train_keep"} <= fields_of(app).keys()
    app = ask(app, "train_keep")
    assert "train_delete_surely" not in fields_of(app)
    app = ask(ask(app, "train_delete", "mine"), "train_delete_surely", "mine")
    assert [folder.name for folder in runs.iterdir()] == ["other"]
    assert app.session_state["scene"].experiment.own_maps == "other"
    assert fields_of(app)["train_new_name"]["value"] == "other"
    app = ask(app, "train_delete_surely", "other")
    assert list(runs.iterdir()) == []
    assert "training_run_stage" not in parts(app)


@pytest.mark.parametrize("wish", [("train_new_name", "x"), ("train_delete", "mine"), ("train_delete_surely", "mine")])
def test_others_are_told_that_they_may_not(visit, trained, runs, mine, wish):
    trained("mine", "somebody")
    app = visit("train")
    assert fields_of(app).keys() & {"train_new_name", "train_delete", "train_clone"} == {"train_clone"}
    app = ask(app, *wish)
    assert app.session_state["sentences"] == (
        "Only the browser that started “mine” can stop, pause, rename or delete it. Clone it to train your own.",
    )
    assert [folder.name for folder in runs.iterdir()] == ["mine"]


def test_the_setting_of_maps_follows_a_name():
    assert with_renamed("a,b,c", "b", "d") == "a,d,c"
    assert with_renamed("a,b", "b", "") == "a"
    assert (with_renamed("", "b", "d"), with_renamed("-", "b", ""), with_renamed("b", "b", "")) == ("", "-", "")


def test_curves_and_ticks_are_chosen(visit, trained, mine):
    for name in ("one", "two"):
        trained(name, mine)
    app = ask(ask(visit("train"), "train_curve", "rate"), "train_ticked", "one")
    assert overview_of(app) == Overview(ticked=("one",), curve="rate")
    shown = parts(app)["train_overview_below"]
    assert [trace["name"] for trace in shown["plots"][0]["figure"]["data"]] == ["one"]
    app = ask(ask(app, "train_curve", "nonsense"), "train_ticked", 3)
    assert overview_of(app) == Overview(ticked=("one",), curve="rate")
    app = ask(app, "train_new_name", "zwei")
    assert overview_of(app).ticked == ("one",)  # the other one is on screen
    app = ask(ask(app, "train_watched", "one"), "train_new_name", "uno")
    assert overview_of(app).ticked == ("uno",)


# ---------------------------------------------------------------------------------------------- training as a file


@pytest.fixture
def upload(visit, monkeypatch):
    """Return a function that uploads a file to the page Train of a new session."""

    def send(name, content):
        app = visit("train")
        monkeypatch.setattr(uploaded_file, "take_file", lambda: sent.pop() if sent else None)
        sent = [(name, content)]
        monkeypatch.setattr(run_files.st, "file_uploader", lambda *_, on_change, **__: on_change())
        return checked(app.run())

    return send


def test_an_uploaded_training_stands_among_the_others_under_a_free_name(upload, trained, runs, mine):
    folder = trained("mine", "somebody", metrics=METRICS)
    app = upload("mine.zip", pack(folder))
    assert sorted(each.name for each in runs.iterdir()) == ["mine", "mine-2"]
    assert app.session_state["sentences"] == ("mine.zip stands among your trainings as “mine-2”.",)
    assert app.session_state["watched_run"] == "mine-2"
    assert read_json(runs / "mine-2" / "request.json")["owner"] == "me"
    assert rows_of(picture([runs / "mine-2"], "", Overview()))["mine-2"][3] == "3\u00a0%"


def test_an_archive_that_would_take_too_much_is_refused_before_it_is_unpacked(upload, trained, runs, mine, monkeypatch):
    content = pack(trained("mine", "somebody", metrics=METRICS))
    enough = unpacked_bytes(content)
    assert len(content) < enough
    monkeypatch.setattr(run_files, "UPLOADED_BYTES", Allowance(enough - 1, "Too much: wait {minutes}."))
    monkeypatch.setattr(run_files, "unpack", lambda _: pytest.fail("unpacked"))
    app = upload("mine.zip", content)
    assert app.session_state["sentences"] == ("mine.zip: Too much: wait 60 minutes. Nothing was added.",)
    assert [each.name for each in runs.iterdir()] == ["mine"]


def test_a_bad_file_ends_in_a_sentence_and_leaves_nothing(upload, trained, runs):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("../evil", b"")
    for each in (content.getvalue(), b"no zip", b""):
        app = upload("bad.zip", each)
        (said,) = app.session_state["sentences"]
        assert said.startswith("bad.zip: ")
        assert said.endswith("Nothing was added.")
    assert list(runs.iterdir()) == []


# ------------------------------------------------------------------------------------------------------ two priors


def scene_with(form, dragging=False, **overview):
    holdings = replace(Holdings(), training=form, overview=Overview(**overview))
    return Scene(Experiment(), Experiment(), dragging, holdings)


def test_the_answer_says_how_a_map_does_on_the_prior_on_screen():
    """Its estimates stop at θ₀ = 1 and θ₁ = 1.2: where these are 2 and 2.4, both miss by at least a half."""
    far = moved({f"train_theta{i}_{column}": str(value) for i, low in ((0, 1.98), (1, 2.38))
                 for column, value in (("upper", low + 0.04), ("mean", low + 0.02), ("lower", low))})  # fmt: skip
    said = prior_story.at_a_glance(scene_with(far))
    assert said.startswith("On θ from it the map ‘best’ misses by ")
    assert 49 <= float(said.split(" by ")[1].split("\u00a0")[0]) <= 100
    card = load_inverse_map("best").card["metrics"]["published"]["noisy"]["median_ape"]["mean"]
    assert said.endswith(f"on θ from its own prior by {100 * card:.1f}\u00a0%.")
    assert prior_story.at_a_glance(scene_with(far, dragging=True)) == "Let go to see how the map ‘best’ does there."
    assert prior_story.at_a_glance(scene_with(Form())) == ""
    assert "‘narrow’" in prior_story.at_a_glance(scene_with(Form(), old="narrow"))


def test_two_maps_stand_side_by_side_on_both_priors():
    """The shipped map narrow as the new one, and the published CNN as the old one, by plain formulas."""
    maps = {name: load_inverse_map(name) for name in ("best", "cnn-noisy", "cnn-clean", "conditional", "narrow")}
    assert list(prior_story.compared_with(maps["narrow"], maps)) == ["best", "cnn-noisy"]
    looks = {name: Look("theme:best") for name in maps}
    shown = prior_story.picture(maps["narrow"], maps, looks, Overview(old="cnn-noisy"))
    assert shown.table[0] == ["", "R², old prior", "R², new prior", "Median-APE, old prior", "Median-APE, new prior"]
    expected = {}
    for name in ("cnn-noisy", "narrow"):
        for column, prior in enumerate((published_task().prior, narrow_prior())):
            data = dataset(fitzhugh_nagumo_task(prior, published_noise_prior()), 500, TEST_STREAM)
            error = maps[name].predict(data.noisy).mean - data.theta
            r2 = np.mean(1 - np.sum(error**2, axis=0) / np.sum((data.theta - data.theta.mean(axis=0)) ** 2, axis=0))
            expected[name, column] = f"{r2:.3f}".replace("-", "−")
            expected[name, 2 + column] = np.mean(np.median(np.abs(error / data.theta), axis=0))
    for row, name in zip(shown.table[1:], ("cnn-noisy", "narrow"), strict=True):
        assert row[0]["text"] == f"{'old' if name == 'cnn-noisy' else 'new'} map: {name}"
        assert row[1:3] == [expected[name, 0], expected[name, 1]]
        assert [float(cell.split("\u00a0")[0]) for cell in row[3:]] == pytest.approx(
            [100 * expected[name, 2], 100 * expected[name, 3]], rel=0.06
        )
    assert expected["narrow", 3] < expected["cnn-noisy", 3]
    assert expected["narrow", 2] > expected["cnn-noisy", 2]
    assert shown.said[0].endswith("Each does better where it has learned.")


def test_a_map_of_the_published_prior_or_of_another_task_has_no_such_story():
    maps = {name: load_inverse_map(name) for name in ("best", "cnn-noisy", "conditional")}
    for name in maps:
        assert prior_story.old_map(maps[name], maps, Overview()) == ""
