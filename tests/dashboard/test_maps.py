import errno
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from core.files import write_json
from core.maps import inverse_map as inverse_map_module
from core.maps.inverse_map import available_inverse_maps
from dashboard import maps as registry
from dashboard.figures.style import OWN_MAPS, SHIPPED_MAPS
from dashboard.pictures import accuracy, inverse_map, support, training_size, uncertainty, your_data
from dashboard.pictures.own_maps import chooser
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.settings import CHOICES
from tests.dashboard.conftest import write_map

SHIPPED = [name for name in available_inverse_maps() if name != "four"]  # which is listed beside ζ and γ alone
DATA = np.sin(np.arange(1000) * 0.1)[None]


def rewrite_card(path, change):
    """Change the card beside a map's weights."""
    card = path.with_suffix(".json")
    content = json.loads(card.read_text())
    change(content)
    card.write_text(json.dumps(content))


def with_recipe(change):
    """Return the breakage that changes the recipe of a card."""
    return lambda path: rewrite_card(path, lambda card: change(card["recipe"]))


def scale(path, factor):
    """Multiply all weights of a map."""
    path.write_bytes(save({name: tensor * np.float32(factor) for name, tensor in load_file(path).items()}))


BREAKAGES = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:1000]), "truncated"),
    "empty": (lambda path: path.write_bytes(b""), "truncated"),
    "pickle": (lambda path: path.write_bytes(b"\x80\x04\x95" + b"\x00" * 500), "safetensors"),
    "text": (lambda path: path.write_text("not a model"), "safetensors"),
    "too large": (lambda path: path.write_bytes(b"\x00" * (11 * 2**20)), "10 MB"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "no model file"),
    "no card": (lambda path: path.with_suffix(".json").unlink(), "card"),
    "card is a folder": (lambda path: (path.with_suffix(".json").unlink(), path.with_suffix(".json").mkdir()), "card"),
    "card nested deep": (lambda path: path.with_suffix(".json").write_text("[" * 100_000), "JSON"),
    "card with NaN": (lambda path: rewrite_card(path, lambda card: card.update(a=float("nan"))), "JSON"),
    "metrics malformed": (lambda path: rewrite_card(path, lambda card: card.update(metrics={"own": 3})), "metrics"),
    "novelty malformed": (lambda path: rewrite_card(path, lambda card: card.update(novelty="x")), "out-of-dist"),
    "seed is true": (with_recipe(lambda recipe: recipe.update(seed=True)), "whole number"),
    "weights are NaN": (lambda path: scale(path, np.nan), "broken.safetensors holds weights that are not finite"),
    "weights are huge": (lambda path: scale(path, 1e20), "as no training leaves them"),
    "card cut off": (lambda path: path.with_suffix(".json").write_text('{"recipe": {'), "JSON"),
    "card is a list": (lambda path: path.with_suffix(".json").write_text("[]"), "JSON object"),
    "card is binary": (lambda path: path.with_suffix(".json").write_bytes(b"\xff\xfe\x00"), "JSON"),
    "card without recipe": (lambda path: rewrite_card(path, lambda card: card.pop("recipe")), "recipe"),
    "recipe incomplete": (with_recipe(lambda recipe: recipe["task"].pop("prior")), "complete"),
    "setting unknown": (with_recipe(lambda recipe: recipe.update(depth=3)), "depth"),
    "other body": (with_recipe(lambda recipe: recipe.update(body={"kind": "dense", "widths": [32]})), "do not fit"),
    "no body": (with_recipe(lambda recipe: recipe.update(body={"kind": "rnn"})), "body"),
    "bad prior": (with_recipe(lambda recipe: recipe["task"]["prior"].update(sd=[0, 0])), "deviation"),
}  # fmt: skip


def test_the_shipped_maps_stand_first_and_are_all_there(runs):
    maps, sentences = registry.inverse_maps("")
    assert list(maps) == SHIPPED
    assert sentences == ()


def test_the_shipped_map_of_all_four_is_listed_beside_zeta_and_gamma():
    every, sentences = registry.all_inverse_maps("")
    assert (list(every), sentences) == (list(available_inverse_maps()), ())
    assert list(registry.listed_for(("zeta", "gamma"), every)) == list(every)
    assert list(registry.listed_for(("sigma", "rho"), every)) == SHIPPED


@pytest.mark.case("36")
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_file_becomes_a_sentence_and_hides_no_other(new_run, breakage, record_property):
    write_map(new_run("before"), "before")
    broken = write_map(new_run("broken"), "broken")
    write_map(new_run("after"), "after")
    damage, word = BREAKAGES[breakage]
    damage(broken)
    maps, (sentence,) = registry.inverse_maps("")
    assert list(maps) == [*SHIPPED, "before", "after"]
    if breakage == "weights are NaN":
        record_property("measured", sentence)
    assert word in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("breakage", ["truncated", "no card", "card cut off", "card without recipe"])
def test_the_sentence_names_the_file(new_run, breakage):
    BREAKAGES[breakage][0](write_map(new_run("broken"), "broken"))
    assert "broken." in registry.inverse_maps("")[1][0]


@pytest.mark.parametrize("breakage", ["truncated", "card cut off", "weights are NaN", "other body"])
def test_a_broken_file_is_read_once_until_it_changes(new_run, monkeypatch, breakage):
    path = write_map(new_run("broken"), "broken")
    BREAKAGES[breakage][0](path)
    _, sentences = registry.inverse_maps("")
    with monkeypatch.context() as patched:
        patched.setattr("core.maps.inverse_map.load_inverse_map", lambda path: pytest.fail(f"{path} was read again"))
        assert registry.inverse_maps("")[1] == sentences
    write_map(path.parent, "broken")
    maps, sentences = registry.inverse_maps("")
    assert (list(maps), sentences) == ([*SHIPPED, "broken"], ())


def test_a_file_that_could_not_be_opened_is_tried_again(new_run, monkeypatch):
    """Its times and size do not change when it can be."""
    write_map(new_run("mine"), "mine")

    def refused(path):
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr("core.maps.inverse_map.read_weights", refused)
        assert registry.inverse_maps("")[1] == ("A map was left out. The files of the map mine cannot be read.",)
    assert list(registry.inverse_maps("")[0]) == [*SHIPPED, "mine"]


@pytest.mark.parametrize("page", [your_data, uncertainty, support])
def test_a_picture_outlasts_a_training_that_ends_while_it_is_made(monkeypatch, page):
    """Every later look at the maps finds others: a picture may take those of the first alone."""
    all_maps, _ = registry.inverse_maps("")
    answers = iter([dict(list(all_maps.items())[:2])])
    monkeypatch.setattr(page, "inverse_maps", lambda _: (next(answers, all_maps), ()))
    experiment = Experiment(t_end=200, compared=tuple(SHIPPED))
    shown = page.picture(Scene(experiment, experiment))
    named = {row[0]["text"] for row in shown.table if isinstance(row[0], dict)} | {
        trace.get("name") for plot in shown.plots for trace in plot.figure["data"]
    }
    assert named & set(SHIPPED) == {"best", "cnn-clean"}


def test_a_map_of_other_parameters_becomes_a_sentence(new_run):
    def change(recipe):
        prior = recipe["task"]["prior"]
        prior["names"] = ["theta1", "gamma"]
        prior["lower"][1], prior["upper"][1], prior["mean"][1] = 2.0, 5.0, 3.0
        recipe["task"]["known"] = {"theta0": 0.4, "zeta": -0.4}

    with_recipe(change)(write_map(new_run("broken"), "broken"))
    maps, (sentence,) = registry.inverse_maps("")
    assert list(maps) == SHIPPED
    assert "does not estimate θ₀ and θ₁" in sentence


def test_a_law_that_is_a_list_becomes_a_sentence(new_run):
    with_recipe(lambda recipe: recipe["task"].update(prior=[]))(write_map(new_run("broken"), "broken"))
    assert list(registry.inverse_maps("")[0]) == SHIPPED


def test_a_link_to_nothing_becomes_a_sentence(new_run):
    (new_run("broken") / "broken.safetensors").symlink_to("/nowhere")
    assert list(registry.inverse_maps("")[0]) == SHIPPED


def test_a_map_of_ones_own_does_not_replace_a_shipped_one(new_run):
    shipped = registry.inverse_maps("")[0]["cnn-noisy"].predict(DATA).mean
    write_map(new_run("cnn-noisy"), "cnn-noisy")
    np.testing.assert_array_equal(registry.inverse_maps("")[0]["cnn-noisy"].predict(DATA).mean, shipped)


def test_own_maps_stand_in_the_order_they_were_started(new_run):
    for name in ("zebra", "apple", "mango"):
        write_map(new_run(name), name)
    assert list(registry.inverse_maps("")[0]) == [*SHIPPED, "zebra", "apple", "mango"]


def test_a_map_written_anew_is_read_anew(new_run):
    folder = new_run("mine")
    path = write_map(folder, "mine")
    before = registry.inverse_maps("")[0]["mine"]
    assert registry.inverse_maps("")[0]["mine"] is before
    write_map(folder, "mine", training_seed=1)
    os.utime(path, (1_800_000_000,) * 2)
    assert not np.allclose(registry.inverse_maps("")[0]["mine"].predict(DATA).mean, before.predict(DATA).mean)


def test_a_run_without_a_map_is_no_map(new_run):
    new_run("just started")
    assert list(registry.inverse_maps("")[0]) == SHIPPED


def test_looks_stay_when_maps_are_added(new_run):
    names = []

    def looks():
        return registry.looks({**registry.inverse_maps("-")[0], **registry.own_inverse_maps(names)[0]})

    seen = looks()
    assert {name: replace(look, hollow=False, dash="solid") for name, look in seen.items()} == {
        name: SHIPPED_MAPS[name] for name in SHIPPED
    }
    for name in ("one", "two", "three", "fourth", "five", "six"):
        write_map(new_run(name), name)
        names.append(name)
        now = looks()
        assert now == {**seen, name: now[name]}
        assert now[name] not in seen.values()
        seen = now
    write_map(new_run("seven"), "seven")
    names.append("seven")
    assert looks()["seven"] in OWN_MAPS


def test_a_map_that_was_trained_on_clean_traces_is_hollow_whatever_it_is_called(new_run):
    write_map(new_run("noisy"), "noisy")
    write_map(new_run("quiet"), "quiet", noisy=False)
    looks = registry.looks(registry.inverse_maps("")[0])
    assert {name for name, look in looks.items() if look.hollow} == {"cnn-clean", "dense-clean", "quiet"}
    assert {name for name, look in looks.items() if look.dash == "dash"} == {"cnn-clean", "dense-clean", "quiet"}
    assert looks["quiet"].colour != looks["noisy"].colour


def test_a_changed_card_is_noticed(new_run):
    """Though neither its size nor its time tells, as on disks that keep whole seconds."""
    path = write_map(new_run("mine"), "mine", about="first")
    card = path.with_suffix(".json")
    os.utime(card, (1_800_000_000,) * 2)
    assert registry.inverse_maps("")[0]["mine"].card["about"] == "first"
    write_json(card, {**json.loads(card.read_text()), "about": "other"})
    os.utime(card, (1_800_000_000,) * 2)
    assert registry.inverse_maps("")[0]["mine"].card["about"] == "other"


@pytest.mark.parametrize("name", ["MAP", "map", "Truth", "exact posterior mean", "MAP together with σ and ρ", "Best"])
def test_a_map_called_like_what_stands_beside_the_maps_is_left_out_with_a_sentence(new_run, name):
    write_map(new_run(name), name)
    maps, (sentence,) = registry.inverse_maps("")
    assert list(maps) == SHIPPED
    assert sentence.startswith("A map was left out. ")
    assert sentence.endswith(" Rename its folder and its files.")
    assert name.casefold() in sentence.casefold()


def test_all_that_stored_curves_are_called_is_reserved():
    contents = [accuracy._noise({}, 0.07), support._calibration({}), *map(training_size.picture, CHOICES["regime"])]
    names = {trace["name"] for content in contents for trace in content.plots[0].figure["data"]}
    assert len(names) >= 14
    assert {name.casefold() for name in names} <= registry.RESERVED


def test_folders_whose_names_no_map_can_have_become_one_sentence_that_can_be_shown(new_run, runs):
    write_map(new_run("mine"), "mine")
    assert registry.misnamed() == ""
    write_map(new_run(os.fsdecode(b"m\xfcll")), "fine")
    (runs / ".hidden").mkdir()  # holds no map
    naming = "Name a map with at most 40 letters, digits, spaces, dots, hyphens or underscores."
    assert registry.misnamed() == f"The folder “m�ll” was left out. {naming}"
    for i in range(30):
        write_map(new_run(f"a, b {i}"), "x")
    assert registry.misnamed() == f"The folder “a, b 0” and 30 more were left out. {naming}"
    assert registry.misnamed().encode().decode()
    assert registry.own_maps() == ("mine",)
    assert list(registry.inverse_maps("")[0]) == [*SHIPPED, "mine"]


def test_a_map_that_vanishes_while_it_is_read_hides_no_other(new_run, monkeypatch):
    write_map(new_run("mine"), "mine")
    gone = write_map(new_run("gone"), "gone")

    def stamp(path, *others, stamp=registry.stamp_of):
        if path == gone:
            gone.unlink()
        return stamp(path, *others)

    monkeypatch.setattr(registry, "stamp_of", stamp)
    maps, sentences = registry.inverse_maps("")
    assert list(maps) == [*SHIPPED, "mine"]
    assert sentences == ("A map was left out. There is no model file gone.safetensors.",)


def test_files_that_cannot_be_read_become_a_sentence(new_run, monkeypatch):
    write_map(new_run("mine"), "mine")

    def load(_):
        raise PermissionError(13, "Permission denied")

    registry._load.cache_clear()
    monkeypatch.setattr(registry, "MOST_SENTENCES", 100)
    monkeypatch.setattr("core.maps.inverse_map.load_tensors", load)
    maps, sentences = registry.inverse_maps("")
    assert maps == {}
    assert sentences[-1] == "A map was left out. The files of the map mine cannot be read."


def test_best_weights_of_a_training_are_no_map(new_run):
    folder = new_run("mine")
    write_map(folder, "mine").rename(folder / "weights.safetensors")
    assert registry.inverse_maps("") == (registry.inverse_maps("")[0], ())
    assert list(registry.inverse_maps("")[0]) == SHIPPED


@pytest.fixture
def many(new_run):
    """Make 600 maps of which the newest is called map-599, and return the names in the order they were trained.

    Only the files that a test writes can be read.
    """
    names = [f"map-{i}" for i in range(600)]
    for i, name in enumerate(names):
        path = new_run(name) / f"{name}.safetensors"
        path.write_bytes(b"")
        os.utime(path, (1_700_000_000 + i,) * 2)
    return names


@pytest.fixture
def reads(monkeypatch, runs):
    """Return the names of the maps trained here that were read since the last look, which may be cleared."""
    names = []

    def load(path, load=inverse_map_module.load_inverse_map):
        if runs in path.parents:
            names.append(path.stem)
        return load(path)

    monkeypatch.setattr(inverse_map_module, "load_inverse_map", load)
    return names


def write_old_map(runs, name):
    """Write a map whose training ended when that of its name did."""
    path = write_map(runs / name, name)
    os.utime(path, (1_700_000_000 + int(name.removeprefix("map-")),) * 2)
    return path


def test_of_600_maps_those_that_are_shown_are_read_and_no_other(runs, many, reads):
    for name in ("map-7", *many[-3:]):
        write_old_map(runs, name)
    assert registry.own_maps() == tuple(reversed(many))
    assert reads == []
    maps, sentences = registry.inverse_maps("")
    assert (list(maps), sentences) == ([*SHIPPED, *many[-3:]], ())
    assert reads == many[-3:]
    maps, sentences = registry.inverse_maps("map-7,map-599")
    assert (list(maps), sentences) == ([*SHIPPED, "map-7", "map-599"], ())
    assert list(registry.inverse_maps("-")[0]) == SHIPPED
    assert reads == [*many[-3:], "map-7"]


def test_a_broken_map_that_is_chosen_says_so_once_and_the_picture_stands(runs, many, reads):
    write_old_map(runs, "map-7")
    experiment = Experiment(own_maps="map-7,map-8")
    shown = inverse_map.picture(Scene(experiment, experiment))
    broken = "A map was left out. The weights have no card: map-8.json should lie beside them."
    assert [note for note in shown.notes if note] == [broken]
    assert [plot.id for plot in shown.plots] == ["estimates", "spread", "resimulated"]
    rows = [row[0]["text"] for row in shown.table if isinstance(row[0], dict)]
    assert "map-7" in rows
    assert "map-8" not in rows
    for page in (your_data, uncertainty):
        assert [note for note in page.picture(Scene(experiment, experiment)).notes if note] == [broken]
    assert sorted(reads) == ["map-7", "map-8"]


def test_a_picture_holds_the_names_of_600_maps_and_while_a_control_is_dragged_no_more_than_of_five(runs, many):
    for name in many[-5:]:
        write_old_map(runs, name)
    experiment = Experiment(t_end=20.0)  # which few maps read

    def size(dragging):
        return len(json.dumps(inverse_map.picture(Scene(experiment, experiment, dragging)).as_json()))

    large, large_dragged = size(False), size(True)
    for name in many[:-5]:
        shutil.rmtree(runs / name)
    names_bytes = sum(len(json.dumps(name)) + 2 for name in many[:-5])
    assert large - size(False) == names_bytes
    assert large_dragged == size(True)


def test_a_setting_names_maps_and_trainings_that_are_here(runs, new_run):
    for name in ("one", "two", "three"):
        write_map(new_run(name), name)
    new_run("at work")
    assert registry.chosen("") == ("one", "two", "three")
    assert registry.chosen("three,gone,at work,one,three,../runs,-") == ("three", "at work", "one")
    assert registry.missing("three,gone,at work,../runs,-") == ["gone", "../runs"]
    assert list(registry.inverse_maps("three,at work,one")[0]) == [*SHIPPED, "three", "one"]
    assert registry.with_chosen("", "at work") == "one,two,three,at work"
    assert registry.with_chosen("-", "at work") == "at work"
    assert registry.with_chosen("two,at work", "two") == "at work,two"
    for name in ("fourth", "five"):
        write_map(new_run(name), name)
    assert registry.chosen("") == ("three", "fourth", "five")
    assert registry.with_chosen("one,two,three,fourth,five", "at work") == "two,three,fourth,five,at work"


def test_the_list_has_the_newest_first_after_trainings_that_have_not_ended(runs, new_run):
    def list_of(own, dragging=False):
        experiment = Experiment(own_maps=own)
        return chooser(Scene(experiment, experiment, dragging))

    assert list_of("") == []
    for name in ("one", "two"):
        write_map(new_run(name), name)
    new_run("at work")
    (control,) = list_of("one,at work")
    assert (control["value"], control["names"], control["most"]) == (("one", "at work"), ["at work", "two", "one"], 5)
    assert list_of("")[0]["names"] == ["two", "one"]
    assert list_of("-")[0]["value"] == ()
    (dragged,) = list_of("one,at work", dragging=True)
    assert dragged == {name: value for name, value in control.items() if name != "names"}


def test_a_card_that_is_rewritten_in_its_place_is_noticed(new_run):
    """Though its time was put back, as an archive or a copy does."""
    path = write_map(new_run("mine"), "mine", about="first")
    card = path.with_suffix(".json")
    before, text = card.stat(), card.read_text()
    assert registry.inverse_maps("")[0]["mine"].card["about"] == "first"
    with card.open("r+") as file:
        file.write(text.replace("first", "other"))
    os.utime(card, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (card.stat().st_ino, card.stat().st_size) == (before.st_ino, before.st_size)
    assert registry.inverse_maps("")[0]["mine"].card["about"] == "other"


def test_a_loaded_map_counts_with_the_bytes_of_its_weights():
    for name in ("best", "cnn-noisy"):
        stored = (inverse_map_module.PRETRAINED / f"{name}.safetensors").stat().st_size
        counted = registry._size(registry.inverse_maps("-")[0][name]) - registry.BYTES_BESIDE_WEIGHTS
        assert counted == pytest.approx(stored, rel=0.05)
    assert registry._loaded_maps.currsize <= registry._loaded_maps.maxsize == 256 * 2**20


def test_beyond_the_limit_the_map_that_was_shown_last_long_ago_is_forgotten(runs, many, reads, monkeypatch):
    names = many[:4]
    for name in names:
        write_old_map(runs, name)
    size = registry._size(registry.own_inverse_maps(names[:1])[0]["map-0"])
    registry._loaded_maps.clear()
    monkeypatch.setattr(registry._loaded_maps, "_Cache__maxsize", 3 * size)
    for name in (*names[:3], "map-0", "map-3", "map-0", "map-1"):
        registry.own_inverse_maps([name])
    assert reads[1:] == ["map-0", "map-1", "map-2", "map-3", "map-1"]
    registry._loaded_maps.clear()
