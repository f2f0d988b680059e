"""The trainings of the overview, as their folders have them; those that have ended are read once."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached

from core.checks import is_finite
from core.files import Stamp, stamp_of
from core.jobs.folder import EPOCHS, OUTCOME, REQUEST, has_ended, has_map
from core.jobs.progress import Progress, read_progress
from core.jobs.request import read_request
from core.maps.card import read_card
from core.maps.recipe import Recipe
from core.maps.recipe_file import recipe_from_json

MOST_CACHED_BYTES = 32 * 2**20
BYTES_OF_EPOCH = 500  # in memory
BYTES_OF_RUN = 10_000  # beside its epochs
FILES = (REQUEST, EPOCHS, OUTCOME)  # that an ended training is read from, beside its card


@dataclass(frozen=True, eq=False)
class Run:
    """A training.

    recipe: None where it cannot be read.
    r2, median_ape: on the noisy traces of the published test set, as the mean over θ. coverage: of its 90 % regions
    there, or else on traces of its own task. None where they are not known.
    """

    name: str
    progress: Progress
    recipe: Recipe | None = None
    r2: float | None = None
    median_ape: float | None = None
    coverage: float | None = None


def read_run(folder: Path) -> Run | None:
    """Return the training in folder, or None where it cannot be read."""
    try:
        if not has_ended(folder):
            return _read(folder)
        return _ended(folder, stamp_of(*(folder / name for name in FILES), folder / f"{folder.name}.json"))
    except (ValueError, OSError):
        return None


def _size(run: Run) -> int:
    return BYTES_OF_RUN + BYTES_OF_EPOCH * len(run.progress.done)


@cached(LRUCache(MOST_CACHED_BYTES, _size), lock=Lock())
def _ended(folder: Path, stamp: Stamp) -> Run:
    """Return an ended training; stamp: of its files."""
    return _read(folder)


def _read(folder: Path) -> Run:
    progress, recipe = read_progress(folder), None
    try:
        recipe = recipe_from_json(read_request(folder).recipe)
        if not has_map(folder):
            return Run(folder.name, progress, recipe)
        card, _ = read_card(folder / f"{folder.name}.json")
    except (ValueError, OSError):
        return Run(folder.name, progress, recipe)
    metrics = card.get("metrics", {})
    published = metrics.get("published", {}).get("noisy", {})
    r2, median_ape = (_number(published.get(name, {}).get("mean")) for name in ("r2", "median_ape"))
    coverage = published.get("coverage", metrics.get("own", {}).get("noisy", {}).get("coverage"))
    return Run(folder.name, progress, recipe, r2, median_ape, _number(coverage))


def _number(value: Any) -> float | None:
    return float(value) if is_finite(value) else None
