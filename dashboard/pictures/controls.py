"""Controls that stand among the plots of a stage."""

from collections.abc import Mapping
from typing import Any


def choice(field: str, label: str, value: str, options: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """Return a drop-down; options: value → label."""
    return {"kind": "choice", "field": field, "label": label, "value": value, "options": list(options.items()), **more}
