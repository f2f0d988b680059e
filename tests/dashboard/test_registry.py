import json
import os

import numpy as np
import pytest

from dashboard import registry
from dashboard.figures.plain import SHIPPED_MAPS
from tests.dashboard.conftest import write_map

SHIPPED = sorted(SHIPPED_MAPS)
DATA = np.sin(np.arange(1000) * 0.1)[None]


def rewrite_card(path, change):
    """Change the card beside a map's weights."""
    card = path.with_suffix(".json")
    content = json.loads(card.read_text())
    change(content)
    card.write_text(json.dumps(content))


def with_settings(change):
    """Return the breakage that changes the settings of a card."""
    return lambda path: rewrite_card(path, lambda card: change(card["settings"]))


BREAKAGES = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:1000]), "truncated"),
    "empty": (lambda path: path.write_bytes(b""), "truncated"),
    "pickle": (lambda path: path.write_bytes(b"\x80\x04\x95" + b"\x00" * 500), "safetensors"),
    "text": (lambda path: path.write_text("not a model"), "safetensors"),
    "too large": (lambda path: path.write_bytes(b"\x00" * (11 * 2**20)), "10 MB"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "no model file"),
    "no card": (lambda path: path.with_suffix(".json").unlink(), "card"),
    "card cut off": (lambda path: path.with_suffix(".json").write_text('{"settings": {'), "JSON"),
    "card is a list": (lambda path: path.with_suffix(".json").write_text("[]"), "JSON object"),
    "card is binary": (lambda path: path.with_suffix(".json").write_bytes(b"\xff\xfe\x00"), "JSON"),
    "card without settings": (lambda path: rewrite_card(path, lambda card: card.pop("settings")), "settings"),
    "settings incomplete": (with_settings(lambda settings: settings.pop("prior")), "complete"),
    "setting unknown": (with_settings(lambda settings: settings.update(depth=3)), "depth"),
    "other architecture": (with_settings(lambda settings: settings.update(architecture="dense")), "do not fit"),
    "no architecture": (with_settings(lambda settings: settings.update(architecture="rnn")), "architecture"),
    "bad prior": (with_settings(lambda settings: settings["prior"].update(sd=[0, 0])), "deviation"),
}  # fmt: skip


def test_the_shipped_maps_stand_first_and_are_all_there(runs):
    maps, sentences = registry.inverse_maps()
    assert list(maps) == SHIPPED
    assert sentences == ()


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_broken_file_becomes_a_sentence_and_hides_no_other(new_run, breakage):
    write_map(new_run("before"), "before")
    broken = write_map(new_run("broken"), "broken")
    write_map(new_run("after"), "after")
    damage, word = BREAKAGES[breakage]
    damage(broken)
    maps, (sentence,) = registry.inverse_maps()
    assert list(maps) == [*SHIPPED, "before", "after"]
    assert word in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("breakage", ["truncated", "no card", "card cut off", "card without settings"])
def test_the_sentence_names_the_file(new_run, breakage):
    BREAKAGES[breakage][0](write_map(new_run("broken"), "broken"))
    assert "broken." in registry.inverse_maps()[1][0]


def test_a_law_that_is_a_list_becomes_a_sentence(new_run):
    with_settings(lambda settings: settings.update(prior=[]))(write_map(new_run("broken"), "broken"))
    assert list(registry.inverse_maps()[0]) == SHIPPED


def test_a_link_to_nothing_becomes_a_sentence(new_run):
    (new_run("broken") / "broken.safetensors").symlink_to("/nowhere")
    assert list(registry.inverse_maps()[0]) == SHIPPED


def test_a_map_of_ones_own_does_not_replace_a_shipped_one(new_run):
    shipped = registry.inverse_maps()[0]["cnn-noisy"].predict(DATA).mean
    write_map(new_run("cnn-noisy"), "cnn-noisy")
    np.testing.assert_array_equal(registry.inverse_maps()[0]["cnn-noisy"].predict(DATA).mean, shipped)


def test_own_maps_stand_in_the_order_they_were_started(new_run):
    for name in ("zebra", "apple", "mango"):
        write_map(new_run(name), name)
    assert list(registry.inverse_maps()[0]) == [*SHIPPED, "zebra", "apple", "mango"]


def test_a_map_written_anew_is_read_anew(new_run):
    folder = new_run("mine")
    path = write_map(folder, "mine")
    before = registry.inverse_maps()[0]["mine"]
    assert registry.inverse_maps()[0]["mine"] is before
    write_map(folder, "mine", training_seed=1)
    os.utime(path, (1_800_000_000,) * 2)
    assert not np.allclose(registry.inverse_maps()[0]["mine"].predict(DATA).mean, before.predict(DATA).mean)


def test_a_run_without_a_map_is_no_map(new_run):
    new_run("just started")
    assert list(registry.inverse_maps()[0]) == SHIPPED


def test_colours_stay_when_maps_are_added(new_run):
    seen = registry.colours(registry.inverse_maps()[0])
    assert seen == SHIPPED_MAPS
    for name in ("one", "two", "three", "four", "five", "six"):
        write_map(new_run(name), name)
        now = registry.colours(registry.inverse_maps()[0])
        assert now == {**seen, name: now[name]}
        assert now[name] not in seen.values()
        seen = now
    write_map(new_run("seven"), "seven")
    assert registry.colours(registry.inverse_maps()[0])["seven"].startswith("#")
