"""The inverse maps that every page shows: the shipped ones, and those trained here, which lie in the folder of runs."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from core.jobs.folder import NAMING, WEIGHTS, is_name, misnamed_in, runs_in
from core.published import published_prior
from dashboard.figures.style import OWN_MAPS, SHIPPED_MAPS, Look
from dashboard.wording.entries import ENTRIES

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

LONGEST_SHOWN = 40  # characters of a file's name in a sentence
MOST_SENTENCES = 8  # about what was left out
RESERVED = frozenset(name.casefold() for name in (*ENTRIES, *SHIPPED_MAPS))  # no map trained here has one of these

_runs = [Path("runs")]


def use_runs(folder: Path) -> None:
    """Set the folder of runs, once, when the server starts."""
    _runs[0] = folder.resolve()


def runs() -> Path:
    """Return the folder of runs."""
    return _runs[0]


Stamp = tuple[tuple[int, int, int], ...]


def _stamp(path: Path) -> Stamp:
    """Return what changes when the weights or the card of a map do."""
    files = [each.stat() for each in (path, path.with_suffix(".json")) if each.exists()]
    return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in files)


@lru_cache(maxsize=512)
def _load(path: Path, stamp: Stamp) -> "InverseMap | str":
    """Return a map, or a sentence that says why it cannot be used: either holds until its files change.

    Raises ValueError where a file could not be opened, which may pass.
    """
    from core.maps.inverse_map import load_inverse_map

    try:
        loaded = load_inverse_map(path)
    except ValueError as error:
        if isinstance(error.__context__, OSError):
            raise
        return str(error)
    if not set(published_prior().names) <= set(loaded.parameter_names):
        return f"{path.name} does not estimate θ₀ and θ₁, which these pages show."
    return loaded


def _printable(name: str) -> str:
    """Return the first characters of a file's name, with “�” for each that is no text."""
    text = os.fsencode(name).decode(errors="replace")[:LONGEST_SHOWN]
    return "".join(character if character.isprintable() else "�" for character in text)


def taken(name: str, maps: Iterable[str]) -> str:
    """Return a sentence that says why no other map can have a name, or "" where one can; case does not matter."""
    key = name.strip().casefold()
    same = next((each for each in maps if each.casefold() == key), None)
    if same is not None:
        return f"There is already a map called {same!r}."
    if key in RESERVED:
        return f"{name.strip()!r} is what a row of the tables or a curve beside the maps is called."
    return ""


def _own_files() -> Iterator[Path]:
    """Yield the weights of all maps that were trained here or put here by hand, the oldest training's first."""
    for folder in reversed(runs_in(runs())):
        with suppress(OSError):
            yield from sorted(path for path in folder.glob("*.safetensors") if path.name != WEIGHTS)


def listed_for(names: Collection[str], maps: Mapping[str, "InverseMap"]) -> dict[str, "InverseMap"]:
    """Return the maps that are listed where estimates of the parameters of these names are shown.

    A shipped map that estimates ζ or γ too is less exact in θ than one that knows them: it is listed where these are.
    """
    theta = published_prior().names
    return {
        name: each
        for name, each in maps.items()
        if name not in SHIPPED_MAPS or set(each.recipe.task.prior.names) <= {*theta, *names}
    }


def inverse_maps() -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return the maps that are listed where θ is shown, and a sentence for each that cannot be used."""
    maps, sentences = all_inverse_maps()
    return listed_for((), maps), sentences


def all_inverse_maps() -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return all maps by name, the shipped ones first, and a sentence for each that cannot be used.

    A picture calls this once: a training that ends meanwhile adds a map.
    """
    from core.maps.inverse_map import PRETRAINED

    misnamed = [f"The folder “{_printable(folder.name)}” was left out. {NAMING}" for folder in misnamed_in(runs())]
    maps, left_out = _loaded((*sorted(PRETRAINED.glob("*.safetensors")), *_own_files()))
    sentences = [*misnamed, *left_out]
    if len(sentences) > MOST_SENTENCES:
        sentences[MOST_SENTENCES:] = [f"{len(sentences) - MOST_SENTENCES} more maps or folders were left out."]
    return maps, tuple(sentences)


def covariance_maps() -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return the shipped maps that learned mean and covariance from labels, and a sentence for each that is broken.

    Only the page Uncertainty shows them.
    """
    from core.maps.inverse_map import LABELLED

    maps, sentences = _loaded(sorted(LABELLED.glob("*.safetensors")))
    return maps, tuple(sentences)


def _loaded(paths: Iterable[Path]) -> tuple[dict[str, "InverseMap"], list[str]]:
    """Return the maps whose weights lie at paths, by name, and a sentence for each that cannot be used."""
    from core.maps.inverse_map import LABELLED, PRETRAINED

    maps: dict[str, InverseMap] = {}
    sentences = []
    for path in paths:
        try:
            if not is_name(path.stem):
                raise ValueError(f"In {path.parent.name} lies “{_printable(path.name)}”. {NAMING}")
            if path.parent not in (PRETRAINED, LABELLED) and (problem := taken(path.stem, maps)):
                raise ValueError(f"{problem} Rename the one in {path.parent.name}.")
            loaded = _load(path, _stamp(path))
            if isinstance(loaded, str):
                raise ValueError(loaded)
            maps[path.stem] = loaded
        except ValueError as error:
            sentences.append(f"A map was left out. {error}")
        except OSError:
            sentences.append(f"A map was left out. {path.name} cannot be read.")
    return maps, sentences


def own_maps() -> tuple[str, ...]:
    """Return the names of the maps that were trained here, without loading them."""
    folders = runs_in(runs())
    return tuple(folder.name for folder in folders if os.path.isfile(folder / f"{folder.name}.safetensors"))


def warm_up() -> None:
    """Import torch, bound its threads and load all maps."""
    import torch

    torch.set_num_threads(1)
    inverse_maps()


def looks(maps: Mapping[str, "InverseMap"]) -> dict[str, Look]:
    """Return how each map is drawn, the same on every page.

    Shipped maps have colours and marks of their own, others take them from a list. A map that was trained on clean
    traces is hollow and dashed.
    """
    others = cycle(OWN_MAPS)
    solid = {name: SHIPPED_MAPS[name] if name in SHIPPED_MAPS else next(others) for name in maps}
    return {
        name: solid[name] if each.recipe.noisy else replace(solid[name], hollow=True, dash="dash")
        for name, each in maps.items()
    }
