"""The controls that stand around pictures and in the sidebar, as the live component takes them."""

from typing import Any


def choice(field: str, label: str, value: str, options: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return a drop-down; options: value → label."""
    return {"kind": "choice", "field": field, "label": label, "value": value, "options": list(options.items()), **more}


def toggle(field: str, label: str, value: bool, **more: Any) -> dict[str, Any]:
    """Return a check box."""
    return {"kind": "toggle", "field": field, "label": label, "value": value, **more}


def button(field: str, label: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """Return a button that sets the field to a value."""
    return {"kind": "button", "field": field, "label": label, "value": value, **more}


def progress(field: str, share: float, text: str) -> dict[str, Any]:
    """Return a bar that shows a share from 0 to 1, with a text beside it."""
    return {"kind": "progress", "field": field, "value": share, "text": text}
