"""The shipped maps that experiments test."""

from core.maps.inverse_map import InverseMap, available_inverse_maps, load_inverse_map


def shipped(name: str) -> InverseMap:
    """Return a shipped map; raises SystemExit with a sentence where there is none of this name."""
    found = shipped_or_none(name)
    if found is None:
        raise SystemExit(not_shipped(name))
    return found


def shipped_or_none(name: str) -> InverseMap | None:
    """Return a shipped map, or None where there is none of this name."""
    return load_inverse_map(name) if name in available_inverse_maps() else None


def not_shipped(name: str) -> str:
    """Return the sentence that says that there is no shipped map of a name."""
    return f"There is no map called {name}: run `python -m core.pretrain` first."
