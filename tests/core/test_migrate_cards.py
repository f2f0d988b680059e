import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.learning.training_settings import Cnn, Dense, GaussianEstimate, Residual, TimeSeries
from core.maps.inverse_map import PRETRAINED, load_inverse_map
from core.maps.recipe import Fixed, NewSimulations
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import gaussian_recipe, our_recipe, published_recipe, published_task
from core.maps.train import key_of
from core.maps.untrained_network import untrained_network
from core.migrate_cards import main, migrate, recipe_of

TRACES = np.random.default_rng(0).normal(size=(3, 1000))
# As an earlier version wrote them.
PUBLISHED = {
    "architecture": "cnn",
    "prior": {"names": ["theta0", "theta1"], "mean": [0.4, 0.4], "sd": [0.3, 0.4], "lower": [-0.2, -0.4],
              "upper": [1.0, 1.2]},
    "noise_law": {"names": ["rho", "sigma"], "mean": [0.8, 0.07], "sd": [0.057, 0.0097],
                  "lower": [0.629, 0.040900000000000006], "upper": [0.9710000000000001, 0.09910000000000001]},
    "noisy": True, "zeta": -0.4, "gamma": 3.0, "n_samples": 8000, "epochs": 60, "batch_size": 32,
    "learning_rate": 0.002, "seed": 2, "widths": [], "renewed": "nothing",
}  # fmt: skip


def earlier(**changes):
    return {**PUBLISHED, **changes}


@pytest.mark.parametrize(
    ("settings", "recipe"),
    [
        (PUBLISHED, published_recipe(Cnn(), 8000, noisy=True, seed=2)),
        (
            earlier(architecture="wide", widths=[768, *[512] * 4], n_samples=20_000, epochs=800, batch_size=128,
                    learning_rate=1e-3, seed=0, renewed="everything"),
            gaussian_recipe(published_task(), Dense((768, *[512] * 4)), NewSimulations(20_000), 800, 128, 1e-3),
        ),
        (
            earlier(architecture="residual", widths=[128, 128], epochs=80, batch_size=64, learning_rate=1e-3, seed=1,
                    renewed="noise"),
            our_recipe(8000, noisy=True, seed=1),
        ),
        (
            earlier(architecture="wide", widths=[512] * 4, epochs=50, learning_rate=1e-3, seed=0, noisy=False,
                    renewed="noise"),
            our_recipe(8000, noisy=False),
        ),
        (
            earlier(architecture="wide", widths=[8], seed=0),
            gaussian_recipe(published_task(), Dense((8,)), Fixed(8000), 60),
        ),
    ],
)  # fmt: skip
def test_settings_of_earlier_versions_say_what_these_recipes_say(settings, recipe):
    assert recipe_of(settings) == recipe


def test_settings_from_before_there_were_widths_are_read():
    settings = {key: value for key, value in PUBLISHED.items() if key not in ("widths", "renewed")}
    assert recipe_of(settings) == recipe_of(PUBLISHED)


def aged(folder, settings):
    """Make the card of a shipped map one of an earlier version, and return it as it stood before."""
    for end in ("safetensors", "json"):
        shutil.copy(PRETRAINED / f"cnn-noisy.{end}", folder / f"mine.{end}")
    path = folder / "mine.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({("settings" if key == "recipe" else key): (settings if key == "recipe" else value)
                                for key, value in card.items()}))  # fmt: skip
    return path, card


def test_all_else_in_a_card_stays_as_it_was(tmp_path):
    path, before = aged(tmp_path, PUBLISHED)
    with pytest.raises(ValueError, match="rewrite it by `python -m core"):
        load_inverse_map(tmp_path / "mine.safetensors")
    assert migrate(path)
    after = json.loads(path.read_text())
    assert list(after) == list(before)
    assert after == before
    estimate = load_inverse_map(tmp_path / "mine.safetensors").predict(TRACES)
    assert np.array_equal(estimate.mean, load_inverse_map("cnn-noisy").predict(TRACES).mean)
    assert not migrate(path)


@pytest.mark.parametrize(("architecture", "body"), [("wide", Dense((8, 8))), ("residual", Residual((8, 8)))])
def test_layers_are_numbered_anew_where_one_did_nothing(tmp_path, architecture, body):
    """A Gaussian of clean traces once had a layer before all others; every number was one higher."""
    recipe = gaussian_recipe(published_task(noisy=False), body, Fixed(8000), 60, seed=2)
    assert (recipe.inputs, recipe.head) == (TimeSeries(), GaussianEstimate())
    weights = untrained_network(recipe).state_dict()
    old = {f"{int(name.split('.')[0]) + 1}.{name.split('.', 1)[1]}": tensor for name, tensor in weights.items()}
    path, _ = aged(tmp_path, earlier(architecture=architecture, widths=[8, 8], noisy=False, renewed="noise"))
    save_file(old, path.with_suffix(".safetensors"))
    card = path.read_text()
    for _ in range(2):  # as where it was stopped before the card was written
        path.write_text(card)
        assert migrate(path)
        found = load_file(path.with_suffix(".safetensors"))
        assert found.keys() == weights.keys()
        assert all(torch.equal(found[name], weights[name]) for name in weights)
    load_inverse_map(path.with_suffix(".safetensors"))


def test_a_map_whose_learned_step_was_rejected_goes_on_without_one(tmp_path):
    settings = earlier(architecture="wide", widths=[8, 8], n_samples=500, epochs=9, renewed="everything")
    path, _ = aged(tmp_path, settings)
    recipe = recipe_of(settings)
    assert recipe.learned_steps == 1
    save_file(untrained_network(recipe).state_dict(), path.with_suffix(".safetensors"))
    assert migrate(path)
    assert load_inverse_map(path.with_suffix(".safetensors")).card["training"]["learned_steps"] == 0


def test_a_training_of_the_experiments_is_found_under_its_new_name(tmp_path):
    """The old name is a fingerprint of the old settings, written down from a version that had them."""
    path, _ = aged(tmp_path, PUBLISHED)
    old = tmp_path / "bd837f6bf8f51e85.json"
    for end in (".json", ".safetensors"):
        path.with_suffix(end).rename(old.with_suffix(end))
    assert migrate(old)
    recipe = published_recipe(Cnn(), 8000, noisy=True, seed=2)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        f"{key_of(recipe)}.json",
        f"{key_of(recipe)}.safetensors",
    ]
    assert json.loads((tmp_path / f"{key_of(recipe)}.json").read_text())["recipe"] == recipe_as_json(recipe)


def test_the_command_goes_through_a_folder_and_says_what_it_left(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "bad").mkdir()
    aged(tmp_path / "mine", PUBLISHED)
    bad, _ = aged(tmp_path / "bad", earlier(epochs="many"))
    (tmp_path / "mine" / "progress.json").write_text('{"state": "finished"}')
    (tmp_path / "mine" / "request.json").write_text(json.dumps({"name": "mine", "epochs": 60, "settings": PUBLISHED}))
    before = bad.read_bytes()
    monkeypatch.setattr("sys.argv", ["migrate", str(tmp_path)])
    main()
    said = capsys.readouterr().out
    assert f"{bad} was left as it is. The number of epochs and the batch size must be whole numbers.\n" in said
    assert said.endswith(f"2 cards rewritten in {tmp_path}.\n")
    assert bad.read_bytes() == before


def test_the_command_works_from_the_root():
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "core.migrate_cards", "pretrained"]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "0 cards rewritten in pretrained.\n"), ended.stderr
