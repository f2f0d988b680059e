"""The inverse maps that every page shows: the shipped ones, and a few of those trained here, in the folder of runs.

A map that was trained here is listed by its name alone. Its files are read once it is shown.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import chain, cycle, islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache, cached

from core.files import Stamp, stamp_of
from core.jobs.folder import NAMING, is_name
from core.published import published_prior
from dashboard.figures.style import OWN_MAPS, SHIPPED_MAPS, Look
from dashboard.scene.changes import NONE
from dashboard.scene.settings import MOST_OWN_MAPS, NEWEST_OWN_MAPS
from dashboard.wording.entries import ENTRIES

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

LONGEST_SHOWN = 40  # characters of a folder's name in a sentence
MOST_SENTENCES = 8  # about what was left out
MOST_LOADED_BYTES = 256 * 2**20  # of loaded maps, of which the shipped ones take 60 MB
BYTES_BESIDE_WEIGHTS = 100_000  # of the card and the modules of a loaded map
RESERVED = frozenset(name.casefold() for name in (*ENTRIES, *SHIPPED_MAPS))  # no map trained here has one of these

_runs = [Path("runs")]
_newest = [NEWEST_OWN_MAPS]  # so many are shown where none is chosen


def use_runs(folder: Path) -> None:
    """Set the folder of runs, once, when the server starts."""
    _runs[0] = folder.resolve()


def show_newest(n: int) -> None:
    """Set how many of the newest maps are shown where none is chosen, once, when the server starts."""
    _newest[0] = n


def runs() -> Path:
    """Return the folder of runs."""
    return _runs[0]


def _size(loaded: "InverseMap | str") -> int:
    """Return about how many bytes a loaded map takes, or a sentence in its place."""
    if isinstance(loaded, str):
        return len(loaded)
    tensors = chain(loaded.network.parameters(), loaded.network.buffers())
    return BYTES_BESIDE_WEIGHTS + sum(each.nbytes for each in tensors)


_loaded_maps: "LRUCache[object, InverseMap | str]" = LRUCache(MOST_LOADED_BYTES, _size)


@cached(_loaded_maps, lock=Lock())
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


def taken(name: str, own: Iterable[str] = ()) -> str:
    """Return a sentence that says why no map trained here can have a name, or "" where one can; case does not matter.

    own: the names of those that are here.
    """
    key = name.strip().casefold()
    same = next((each for each in (*SHIPPED_MAPS, *own) if each.casefold() == key), None)
    if same is not None:
        return f"There is already a map called {same!r}."
    if key in RESERVED:
        return f"{name.strip()!r} is what a row of the tables or a curve beside the maps is called."
    return ""


def own_maps() -> tuple[str, ...]:
    """Return the names of the maps that were trained here, the newest first, without reading any."""
    found, root = [], str(runs())
    for name in filter(is_name, _folders()):
        try:
            found.append((os.stat(f"{root}/{name}/{name}.safetensors").st_mtime_ns, name))
        except OSError:  # its training has not ended
            continue
    return tuple(name for _, name in sorted(found, reverse=True))


def _folders() -> list[str]:
    """Return the names in the folder of runs, but for hidden ones; [] where it cannot be read."""
    try:
        return [name for name in os.listdir(runs()) if not name.startswith(".")]
    except OSError:
        return []


def chosen(own: str) -> tuple[str, ...]:
    """Return the names of the maps trained here that are to be shown, in the order of their looks.

    own: the setting own_maps. Where it is empty, the newest maps are shown, the newest last. A name may be that of a
    training that has not ended; one without a training is left out.
    """
    if not own:
        return own_maps()[: _newest[0]][::-1]
    here = (name for name in dict.fromkeys(own.split(",")) if is_name(name) and os.path.isdir(runs() / name))
    return tuple(islice(here, MOST_OWN_MAPS))


def with_chosen(own: str, name: str) -> str:
    """Return the setting own_maps that shows one more map, in the place of the first one where there is no room."""
    others = [each for each in chosen(own) if each != name]
    return ",".join([*others, name][-MOST_OWN_MAPS:])


def with_renamed(own: str, name: str, renamed: str) -> str:
    """Return the setting own_maps after a map was renamed, or deleted where it is renamed to ""."""
    return ",".join(filter(None, (renamed if each == name else each for each in own.split(","))))


def missing(own: str) -> list[str]:
    """Return the names in a setting own_maps that no training here has."""
    names = [name for name in own.split(",") if name not in ("", NONE)]
    return [name for name in names if not (is_name(name) and os.path.isdir(runs() / name))]


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


def inverse_maps(own: str) -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return the maps that are listed where θ is shown, and a sentence for each that cannot be used.

    own: the setting own_maps.
    """
    maps, sentences = all_inverse_maps(own)
    return listed_for((), maps), sentences


def all_inverse_maps(own: str) -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return the maps by name, the shipped ones first, and a sentence for each that cannot be used.

    own: the setting own_maps. A picture calls this once: a training that ends meanwhile adds a map.
    """
    shipped, broken = shipped_maps()
    maps, left_out = own_inverse_maps(chosen(own))
    sentences = [*broken, *left_out]
    if len(sentences) > MOST_SENTENCES:
        sentences[MOST_SENTENCES:] = [f"{len(sentences) - MOST_SENTENCES} more maps were left out."]
    return {**shipped, **maps}, tuple(sentences)


def shipped_maps() -> tuple[dict[str, "InverseMap"], list[str]]:
    """Return the shipped maps by name, and a sentence for each that is broken."""
    from core.maps.inverse_map import PRETRAINED

    return _loaded(sorted(PRETRAINED.glob("*.safetensors")))


def own_inverse_maps(names: Iterable[str]) -> tuple[dict[str, "InverseMap"], list[str]]:
    """Return maps that were trained here, by name, and a sentence for each that cannot be used.

    A training that has not written its map has none.
    """
    maps: dict[str, InverseMap] = {}
    sentences = []
    for name in names:
        path = runs() / name / f"{name}.safetensors"
        if not os.path.exists(path):  # which is no error in a folder that cannot be entered
            continue
        if problem := taken(name):
            sentences.append(f"A map was left out. {problem} Rename its folder and its files.")
            continue
        found, broken = _loaded([path])
        maps |= found
        sentences += broken
    return maps, sentences


def misnamed() -> str:
    """Say which folders hold a map and have a name that no map can have; "" where there are none."""
    folders = [name for name in _folders() if not is_name(name) and any((runs() / name).glob("*.safetensors"))]
    if not folders:
        return ""
    others = f" and {len(folders) - 1} more were" if len(folders) > 1 else " was"
    return f"The folder “{_printable(min(folders))}”{others} left out. {NAMING}"


def covariance_maps() -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return the shipped maps that learned mean and covariance from labels, and a sentence for each that is broken.

    Only the page Uncertainty shows them.
    """
    from core.maps.inverse_map import LABELLED

    maps, sentences = _loaded(sorted(LABELLED.glob("*.safetensors")))
    return maps, tuple(sentences)


def planted_maps() -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return the shipped maps with a deliberate fault each, and a sentence for each that is broken.

    Only the gallery of failures on the page Inverse map shows them.
    """
    from core.maps.inverse_map import PLANTED

    maps, sentences = _loaded(sorted(PLANTED.glob("*.safetensors")))
    return maps, tuple(sentences)


def _loaded(paths: Iterable[Path]) -> tuple[dict[str, "InverseMap"], list[str]]:
    """Return the maps whose weights lie at paths, by name, and a sentence for each that cannot be used."""
    maps: dict[str, InverseMap] = {}
    sentences = []
    for path in paths:
        try:
            loaded = _load(path, stamp_of(path, path.with_suffix(".json")))
            if isinstance(loaded, str):
                raise ValueError(loaded)
            maps[path.stem] = loaded
        except ValueError as error:
            sentences.append(f"A map was left out. {error}")
        except OSError:
            sentences.append(f"A map was left out. {path.name} cannot be read.")
    return maps, sentences


def warm_up() -> None:
    """Import torch, bound its threads and load the shipped maps."""
    import torch

    torch.set_num_threads(1)
    shipped_maps()


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
