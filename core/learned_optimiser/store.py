"""Learned steps on disk: weights as safetensors with a JSON card beside them."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from safetensors.torch import save as save_tensors

from core.checks import is_finite, is_whole
from core.files import read_json, write_weights
from core.learned_optimiser.kind import trained_task
from core.learned_optimiser.recipe import StepsRecipe
from core.learned_optimiser.steps import LearnedSteps
from core.maps.inverse_map import MAX_FILE_BYTES, PRETRAINED, read_weights, with_weights

OPTIMISER = PRETRAINED / "optimiser"
MAX_STEPS, MAX_WIDTH = 16, 1024  # of recipes that are read


def save_steps(name: str, steps: LearnedSteps, recipe: StepsRecipe, card: Mapping[str, Any], folder: Path) -> None:
    """Write NAME.json and NAME.safetensors to folder, each in one step; the weights last, as they need a card."""
    write_weights(folder, name, {**card, "recipe": asdict(recipe)}, save_tensors(steps.state_dict()))


def fingerprint(name: str, folder: Path = OPTIMISER) -> str:
    """Return a hash of the weights of learned steps."""
    return sha256((folder / f"{name}.safetensors").read_bytes()).hexdigest()[:16]


@lru_cache(maxsize=4)
def load_steps(name: str, folder: Path = OPTIMISER) -> LearnedSteps:
    """Load learned steps by name; raises ValueError with a sentence where a file is missing, too large or not valid."""
    weights_path, card_path = folder / f"{name}.safetensors", folder / f"{name}.json"
    try:
        if weights_path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{weights_path.name} is larger than 10 MB, which no learned steps are.")
        card, weights = read_json(card_path), read_weights(weights_path)
    except OSError:
        raise ValueError(f"The files of the learned steps {name} cannot be read.") from None
    recipe = _recipe(card, name)
    return with_weights(lambda: LearnedSteps(trained_task(), recipe), weights, name)


def _recipe(card: Mapping[str, Any], name: str) -> StepsRecipe:
    """Return the recipe on a card; raises ValueError where it is none, or one of too large a network."""
    content = card.get("recipe")
    if isinstance(content, dict) and content.keys() == StepsRecipe.__dataclass_fields__.keys():
        sizes = (content["n_steps"], MAX_STEPS), (content["width"], MAX_WIDTH)
        if all(is_whole(size) and 1 <= size <= most for size, most in sizes) and is_finite(content["longest_sds"]):
            return StepsRecipe(**content)
    raise ValueError(f"The card of {name} has no recipe of learned steps.")
