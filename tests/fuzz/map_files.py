"""Cards and weights of maps, those that learned covariances among them, with entries, tensors and bytes changed."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import safetensors.numpy
import safetensors.torch
import torch
from hypothesis import strategies as st

from core.learning.training_settings import Dense
from core.maps.card import learned_steps
from core.maps.gauss_newton_step import network_of
from core.maps.inverse_map import PRETRAINED, InverseMap, load_inverse_map
from core.maps.out_of_distribution import with_novelty
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from dashboard.wording.maps import about_recipe, kind
from tests.fuzz.parser import Parser, assert_shown, folder
from tests.fuzz.strategies import as_json, broken, changed

NAMES = (
    "dense-noisy", "cnn-clean", "joint", "window", "conditional", "four", "best", "labelled/cnn-covariance",
    "labelled/covariance",
)  # fmt: skip
MOST_BYTES = 200_000  # of weights


@cache
def small_map(name: str) -> tuple[bytes, dict[str, Any]]:
    """Return weights and card of a shipped map, without what is for people alone; of a large one, with few weights."""
    path = PRETRAINED / f"{name}.safetensors"
    content = json.loads(path.with_suffix(".json").read_text())
    card = {key: content[key] for key in ("recipe", "training", "metrics", "freedom", "novelty") if key in content}
    if path.stat().st_size < MOST_BYTES:
        return path.read_bytes(), card
    recipe = replace(recipe_from_json(card["recipe"]), body=Dense((16,)))
    torch.manual_seed(0)
    network = network_of(recipe, learned_steps(card, recipe))
    return safetensors.torch.save(network.state_dict()), {**card, "recipe": recipe_as_json(recipe)}


def load(weights: bytes, card: bytes) -> InverseMap:
    """Load a map from the content of its two files."""
    path = folder() / "Mine.safetensors"
    path.write_bytes(weights)
    path.with_suffix(".json").write_bytes(card)
    return load_inverse_map(path)


def look(loaded: InverseMap) -> tuple[str, ...]:
    """Use a map as the pages do."""
    task = loaded.recipe.task
    traces = np.random.default_rng(0).normal(size=(2, task.n_times[1]))
    told = dict(task.known) | ({} if task.given is None else dict(zip(task.given.names, task.given.mean, strict=True)))
    assert_finite(loaded, traces, np.array([[told[name] for name in task.known_names]]))
    assert_shown([dict(loaded.card), loaded.fingerprint, about_recipe(loaded), kind(loaded.recipe)])
    assert_shown([loaded.outside(times=np.arange(50.0), rho=0.5, sigma=0.1), loaded.expected(rho=0.5)])
    return ()


def assert_finite(loaded: InverseMap, traces: np.ndarray, known: np.ndarray) -> None:
    """Fail unless a map gives finite estimates, and scores where it has a reference."""
    estimate = loaded.predict(traces, known)
    assert np.all(np.isfinite(estimate.mean))
    if estimate.covariance is not None:
        assert np.all(np.isfinite(estimate.covariance))
        assert np.all(np.linalg.eigvalsh(estimate.covariance) > 0)
    if loaded.card.get("novelty") is not None:
        novelty = with_novelty(loaded, traces[:1], loaded.predict(traces[:1], known)).novelty
        assert novelty is not None
        assert np.all(np.isfinite(novelty))


@st.composite
def cards(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return the name of a map, and its card with something changed."""
    name = draw(st.sampled_from(NAMES))
    card = small_map(name)[1]
    part = draw(st.sampled_from(["all", "recipe", "others", "bytes"]))
    if part == "bytes":
        return name, draw(broken(as_json(card)))
    if part == "recipe":
        return name, as_json({**card, "recipe": draw(changed(card["recipe"], 2))})
    if part == "others":
        return name, as_json(
            {**draw(changed({key: card[key] for key in card if key != "recipe"}, 2)), "recipe": card["recipe"]}
        )
    return name, as_json(draw(changed(card)))


def read_changed_card(example: tuple[str, bytes]) -> InverseMap:
    """Load a map with another card."""
    name, card = example
    return load(small_map(name)[0], card)


@st.composite
def _changed_tensor(draw: st.DrawFn, tensor: np.ndarray) -> np.ndarray:
    """Return a tensor with an entry changed, scaled, or of another shape or precision."""
    found = tensor.copy()
    if found.size:
        at = draw(st.integers(0, found.size - 1))
        found.flat[at] = draw(st.sampled_from([0.0, -1.0, 2.0, 1e-40, 1e19, 3e38, -3e38, np.nan, np.inf]))
    with np.errstate(all="ignore"):
        found = found * np.float32(draw(st.sampled_from([1, 1, 0, -1, 1e10, 1e30])))
    other = [found[:-1] if found.ndim else found, found[None], found.astype(np.float64)]
    return np.ascontiguousarray(([found] * 6 + other)[draw(st.integers(0, 8))])


@st.composite
def weights(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return the name of a map, and its weights' file with tensors or bytes changed."""
    name = draw(st.sampled_from(NAMES))
    whole = small_map(name)[0]
    size = int.from_bytes(whole[:8], "little")
    what = draw(st.sampled_from(["tensor", "tensor", "tensor", "tensor", "bytes", "header"]))
    if what == "bytes":
        return name, draw(broken(whole, 8 + size))
    if what == "header":
        header = as_json(draw(changed(json.loads(whole[8 : 8 + size]))))
        return name, len(header).to_bytes(8, "little") + header + whole[8 + size :]
    tensors = safetensors.numpy.load(whole)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from(sorted(tensors)))
        tensors[draw(st.sampled_from([place, place, place, "x"]))] = draw(_changed_tensor(tensors[place]))
    return name, safetensors.numpy.save(tensors)


def read_changed_weights(example: tuple[str, bytes]) -> InverseMap:
    """Load a map with other weights."""
    name, content = example
    return load(content, as_json(small_map(name)[1]))


CARD = Parser(
    "card of a map", cards(), tuple((name, as_json(small_map(name)[1])) for name in NAMES), read_changed_card, look
)
WEIGHTS = Parser(
    "weights of a map", weights(), tuple((name, small_map(name)[0]) for name in NAMES), read_changed_weights, look
)
