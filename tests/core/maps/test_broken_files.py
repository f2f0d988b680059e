"""Files that were changed at random: whatever they hold, they are read or refused in a plain sentence."""

import copy
import json
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from core.jobs.progress import read_progress
from core.maps.card import read_card
from core.maps.inverse_map import PRETRAINED, load_inverse_map
from core.maps.problem_of_task import problem_of
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.recipes import our_recipe

STRANGE = [
    None, True, False, 0, 1, -1, 2, 10**400, -(10**20), 1e300, 1e-320, 0.5, "", "x", "NaN", "theta0", "σ" * 300,
    [], [1], [[]], {}, {"mean": []}, [0.4, "b"], [None, None], [1e300, -1e300], "\ud800",
]  # fmt: skip
# How Python and its libraries speak.
NOT_PLAIN = re.compile(
    r"argument|object is|NoneType|__|Traceback|Error|unexpected keyword|unhashable|iterable|'int'|'str'|'list'|"
    r"not supported between|0x|size mismatch|could not|index out|codec|subscriptable|\\(\\)"
)
FINE = {kind: {"r2": {"theta0": 0.9, "theta1": 0.5}, "median_ape": {"theta0": 0.01, "theta1": 0.02}}
        for kind in ("clean", "noisy")}  # fmt: skip


def places(content, path=()):
    """Yield the path of every entry in nested dictionaries and lists."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutated(content, rng):
    """Return a copy with one to three entries replaced, left out, doubled or added."""
    content = copy.deepcopy(content)
    for _ in range(rng.randint(1, 3)):
        *path, key = rng.choice(list(places(content)) or [("new",)])
        place = content
        for each in path:
            place = place[each]
        kind = rng.randrange(4)
        if kind == 0:
            place.pop(key, *([None] if isinstance(place, dict) else []))
        elif kind == 1 and isinstance(place, list):
            place.insert(key, place[key])
        elif kind == 1:
            place[f"{key}_"] = rng.choice(STRANGE)
        else:
            place[key] = copy.deepcopy(rng.choice(STRANGE))
    return content


def assert_plain(error):
    sentence = str(error)
    assert sentence[0].isupper() or sentence.startswith(("mine.", "ζ")), sentence
    assert sentence.endswith(".")
    assert len(sentence) < 300, sentence
    assert not NOT_PLAIN.search(sentence), sentence


def outcomes(read, contents):
    """Return how many of the contents can be read; the others must be refused in a plain sentence."""
    count = 0
    for content in contents:
        try:
            read(content)
            count += 1
        except ValueError as error:
            assert_plain(error)
    return count


def test_recipes_changed_at_random():
    rng, valid = random.Random(0), json.loads(json.dumps(recipe_as_json(our_recipe(8000, noisy=True))))
    read = outcomes(recipe_from_json, [mutated(valid, rng) for _ in range(2000)])
    assert 20 <= read <= 500


def test_progress_changed_at_random(tmp_path):
    rng, folder = random.Random(1), tmp_path / "mine"
    folder.mkdir()
    request = {"name": "mine", "epochs": 5, "recipe": recipe_as_json(our_recipe(8000, noisy=True))}
    outcome = {"state": "failed", "message": "The disk is full."}
    progress = {"state": "running", "begun": 1, "stage": "learn", "share": 0.5, "seconds_left": 3.5}

    def read(contents):
        for name, content in zip(("request", "outcome", "progress"), contents, strict=True):
            (folder / f"{name}.json").write_text(json.dumps(content))
        found = read_progress(folder)
        assert len(found.sentence) < 300
        assert np.all(np.isfinite(np.array(found.training_loss + found.validation_loss, dtype=np.float32)))

    contents = [(mutated(request, rng), outcome, progress) for _ in range(200)]
    contents += [(request, mutated(outcome, rng), progress) for _ in range(200)]
    contents += [(request, outcome, mutated(progress, rng)) for _ in range(200)]
    assert 50 <= outcomes(read, contents) <= 400


@pytest.mark.parametrize("name", ["dense-noisy", "best"])
def test_cards_changed_at_random(tmp_path, name):
    """Those that are read give finite estimates of any trace."""
    rng, path = random.Random(2), tmp_path / "mine.safetensors"
    path.write_bytes((PRETRAINED / f"{name}.safetensors").read_bytes())
    card = json.loads((PRETRAINED / f"{name}.json").read_text())
    # The rest is for people alone.
    used = {key: card[key] for key in ("recipe", "novelty") if key in card} | {"metrics": {"own": FINE}}

    def read(content):
        path.with_suffix(".json").write_text(json.dumps(content))
        estimate = load_inverse_map(path).predict(np.random.default_rng(0).normal(size=(2, 1000)))
        assert np.all(np.isfinite(estimate.mean))

    assert 1 <= outcomes(read, [mutated(used, rng) for _ in range(100)]) <= 80


def test_weights_changed_at_random(tmp_path):
    rng, path = random.Random(3), tmp_path / "mine.safetensors"
    path.with_suffix(".json").write_bytes((PRETRAINED / "dense-noisy.json").read_bytes())
    whole, weights = (
        (PRETRAINED / "dense-noisy.safetensors").read_bytes(),
        load_file(PRETRAINED / "dense-noisy.safetensors"),
    )
    header = 8 + int.from_bytes(whole[:8], "little")

    def bytes_changed():
        changed = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(header if rng.random() < 0.8 else len(whole))] = rng.randrange(256)
        return bytes(changed)[: len(whole) if rng.random() < 0.9 else rng.randrange(len(whole))]

    def tensor_changed():
        name = rng.choice(list(weights))
        tensor = weights[name].copy()
        changed = [tensor, tensor[:-1], tensor.astype(np.float16), tensor[None]]
        tensor.flat[rng.randrange(tensor.size)] = rng.choice([np.nan, np.inf, 3e38, 0.0])
        return save({**weights, name: np.ascontiguousarray(rng.choice(changed))})

    def read(content):
        path.write_bytes(content)
        assert np.all(np.isfinite(load_inverse_map(path).predict(np.zeros((1, 1000))).mean))

    contents = [bytes_changed() if i % 2 else tensor_changed() for i in range(200)]
    assert 5 <= outcomes(read, contents) <= 150


@pytest.mark.parametrize(
    ("place", "value"),
    [("first.11.spread", 0.0), ("steps.0.scale", -1.0), ("steps.1.spread", 1e20), ("first.1.bias", 1e19)],
)
def test_weights_that_no_training_leaves_are_refused(tmp_path, place, value):
    path, weights = tmp_path / "Mine.safetensors", load_file(PRETRAINED / "best.safetensors")
    path.with_suffix(".json").write_bytes((PRETRAINED / "best.json").read_bytes())
    path.write_bytes(save({**weights, place: np.full_like(weights[place], value)}))
    with pytest.raises(ValueError, match=r"^Mine.safetensors holds weights as no training leaves them"):
        load_inverse_map(path)


@pytest.mark.parametrize("value", [1e7, -1e300])
def test_metrics_that_no_table_can_show_are_refused(tmp_path, value):
    card = json.loads((PRETRAINED / "dense-noisy.json").read_text())
    card["metrics"]["published"]["noisy"]["r2"]["theta0"] = value
    (tmp_path / "Mine.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match="Its metrics need finite numbers"):
        read_card(tmp_path / "Mine.json")


@pytest.mark.parametrize(("mean", "sigma"), [((1.0, 0.07), 0.07), ((0.8, -0.01), 0.0409), ((-3.0, 0.2), 0.0991)])
def test_a_mean_outside_of_its_bounds_makes_a_problem_at_the_bound(mean, sigma):
    task = our_recipe(8000, noisy=True).task
    noise = replace(task.noise, mean=mean, sd=(1.0, 1.0))
    (found,) = problem_of(replace(task, noise=noise)).noise
    assert np.isclose(found.marginal_sd, sigma / 0.2, rtol=1e-12)
    assert task.noise.lower[0] <= found.rho <= task.noise.upper[0]
