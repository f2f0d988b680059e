"""Recipes as JSON: those of shipped maps, of every kind of setting, with entries changed."""

import json
from dataclasses import replace
from typing import Any

from core.learning.training_settings import Adam, Cnn, Residual
from core.maps.inverse_map import LABELLED, PRETRAINED
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.recipes import point_recipe, published_task
from tests.fuzz.parser import Parser, assert_shown
from tests.fuzz.strategies import one_of_changed

SHIPPED = [
    json.loads(path.with_suffix(".json").read_text())["recipe"]
    for folder in (PRETRAINED, LABELLED)
    for path in sorted(folder.glob("*.safetensors"))
]
OTHERS = [
    point_recipe(published_task(False), Cnn(), 8000, Adam()),
    replace(
        point_recipe(published_task(True), Residual((32, 16)), 100, Adam(gradient_clip=0.5)), keeps_last_epoch=True
    ),
]
VALID = [*SHIPPED, *(json.loads(json.dumps(recipe_as_json(recipe))) for recipe in OTHERS)]


def read(content: Any) -> tuple[str, ...]:
    """Read a recipe; what it gives can be written again, which gives the same."""
    recipe = recipe_from_json(content)
    written = recipe_as_json(recipe)
    assert_shown(written)
    assert recipe_from_json(json.loads(json.dumps(written))) == recipe
    return ()


RECIPE = Parser("settings of a training", one_of_changed(VALID, 2), tuple(VALID), read)
