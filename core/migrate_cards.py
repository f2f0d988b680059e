"""Convert the cards of maps that an earlier version wrote: `python -m core.migrate_cards FOLDER`.

The entry "settings" of each card becomes the entry "recipe"; other entries stay. The command reads every JSON file in
the folder and its subfolders, so FOLDER can be pretrained/, a folder of runs, or the work folder of the experiments.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from core.files import read_json, write_bytes, write_json
from core.learning.training_settings import Adam, Body, Cnn, Dense, Residual
from core.maps.recipe import Data, Fixed, NewNoise, NewSimulations, Recipe
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import PUBLISHED_DENSE, gaussian_recipe, point_recipe
from core.maps.task import Task
from core.maps.train import key_of
from core.maps.untrained_network import untrained_network
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.priors import TruncatedGaussian
from core.terminal_encoding import replace_unencodable_characters

COMMAND = "python -m core.migrate_cards"


def _distribution(content: dict[str, Any]) -> TruncatedGaussian:
    return TruncatedGaussian(**{key: tuple(values) for key, values in content.items()})


def recipe_of(settings: dict[str, Any]) -> Recipe:
    """Return the recipe with the meaning of an earlier version's settings; raises an error where they are not valid."""
    prior = _distribution(settings["prior"])
    known = tuple((name, settings[name]) for name in FITZHUGH_NAGUMO.parameter_names if name not in prior.names)
    task = Task(FITZHUGH_NAGUMO.name, prior, known, _distribution(settings["noise_law"]) if settings["noisy"] else None)
    pace = (settings["epochs"], settings["batch_size"], settings["learning_rate"])
    n, seed, renewed = settings["n_samples"], settings["seed"], settings.get("renewed", "nothing")
    published: dict[str, Body] = {"cnn": Cnn(), "dense": PUBLISHED_DENSE}
    ours: dict[str, type[Dense | Residual]] = {"wide": Dense, "residual": Residual}
    if settings["architecture"] in published:
        return point_recipe(task, published[settings["architecture"]], n, Adam(*pace), seed)
    body = ours[settings["architecture"]](tuple(settings["widths"]))
    noise = NewNoise(n) if task.noise is not None else Fixed(n)  # clean traces have no noise to draw anew
    data: Data = {"nothing": Fixed(n), "noise": noise, "everything": NewSimulations(n)}[renewed]
    return gaussian_recipe(task, body, data, *pace, seed)


def _migrated_weights(path: Path, recipe: Recipe) -> bytes:
    """Return the weights at path under the names that the recipe's network uses.

    Earlier versions put a layer without effect before a Gaussian network on clean traces. It is gone, so the number of
    every later layer is one lower.
    """
    weights = load_file(path)
    expected = untrained_network(recipe).state_dict().keys()
    renamed = {_one_less(name): tensor for name, tensor in weights.items()}
    return save(renamed) if renamed.keys() == expected else path.read_bytes()


def _has_step(path: Path) -> bool:
    """Return whether a learned step was kept; earlier versions said so by the weights alone."""
    return any(name.startswith("step.") for name in load_file(path))


def _one_less(name: str) -> str:
    layer, _, rest = name.partition(".")
    return f"{int(layer) - 1}.{rest}" if layer.isdecimal() else name


def migrate(path: Path) -> bool:
    """Convert the card at path, and return whether it was one of an earlier version.

    Trainings of the experiments are named by a hash of their settings, and get the hash of their recipe as a new name.
    The weights are written before their card, so that an interrupted conversion can be repeated. Raises ValueError
    where the card is not valid.
    """
    card = read_json(path)
    settings = card.get("settings")
    if not isinstance(settings, dict) or "architecture" not in settings:
        return False
    try:
        recipe = recipe_of(settings)
    except (KeyError, TypeError, AttributeError):
        raise ValueError("Its settings are not those of a map.") from None
    new = path
    if path.stem == hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]:
        new = path.with_stem(key_of(recipe))
    weights = path.with_suffix(".safetensors")
    if weights.is_file():
        write_bytes(new.with_suffix(".safetensors"), _migrated_weights(weights, recipe))
    entries = {("recipe" if key == "settings" else key): value for key, value in card.items()}
    entries["recipe"] = recipe_as_json(recipe)
    if recipe.learned_steps and weights.is_file() and not _has_step(weights):
        # The record of a training says so itself, a card under "training".
        said = entries.setdefault("training", {}) if "metrics" in entries else entries
        said["learned_steps"] = 0
    write_json(new, entries)
    if new != path:
        path.unlink()
        weights.unlink(missing_ok=True)
    return True


def main() -> None:
    """Convert every card in a folder."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("folder", type=Path, help="folder that holds the cards, at any depth")
    folder = parser.parse_args().folder
    rewritten = 0
    for path in sorted(folder.rglob("*.json")):
        try:
            rewritten += migrate(path)
        except (ValueError, OSError, SafetensorError) as error:
            sys.stdout.write(f"{path} was left as it is. {error}\n")
    sys.stdout.write(f"{rewritten} cards rewritten in {folder}.\n")


if __name__ == "__main__":
    main()
