"""The inverse maps that every page shows: the shipped ones, and those trained here, which lie in the folder of runs."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.jobs import runs_in
from dashboard.figures.plain import MAP_ESTIMATE, OWN_MAPS, SHIPPED_MAPS

if TYPE_CHECKING:
    from core.inverse_map import InverseMap

_runs = [Path("runs")]


def use_runs(folder: Path) -> None:
    """Set the folder of runs, once, when the server starts."""
    _runs[0] = folder.resolve()


def runs() -> Path:
    """Return the folder of runs."""
    return _runs[0]


@lru_cache(maxsize=512)
def _load(path: Path, changed: int) -> "InverseMap":
    from core.inverse_map import load_inverse_map

    return load_inverse_map(path)


def inverse_maps() -> tuple[dict[str, "InverseMap"], tuple[str, ...]]:
    """Return all maps by name, the shipped ones first, and a sentence for each file that cannot be read."""
    from core.inverse_map import PRETRAINED

    paths = sorted(PRETRAINED.glob("*.safetensors"))
    paths += [path for folder in reversed(runs_in(runs())) for path in folder.glob("*.safetensors")]
    maps: dict[str, InverseMap] = {}
    sentences: list[str] = []
    for path in paths:
        if path.stem in (*maps, MAP_ESTIMATE):
            sentences.append(
                f"A map was left out. There are two called {path.stem}: rename the one in {path.parent.name}."
            )
            continue
        try:
            maps[path.stem] = _load(path, path.stat().st_mtime_ns)
        except ValueError as error:
            sentences.append(f"A map was left out. {error}")
        except OSError:
            sentences.append(f"A map was left out. {path.name} cannot be read.")
    return maps, tuple(sentences)


def own_maps() -> tuple[str, ...]:
    """Return the names of the maps that were trained here, without loading them."""
    folders = runs_in(runs())
    return tuple(folder.name for folder in folders if (folder / f"{folder.name}.safetensors").is_file())


def warm_up() -> None:
    """Import torch, bound its threads and load all maps."""
    import torch

    torch.set_num_threads(1)
    inverse_maps()


def colours(names: Iterable[str]) -> dict[str, str]:
    """Return one colour a map, the same on every page: shipped maps have their own, others take them from a list."""
    own = [name for name in names if name not in SHIPPED_MAPS]
    return SHIPPED_MAPS | {name: OWN_MAPS[i % len(OWN_MAPS)] for i, name in enumerate(own)}
