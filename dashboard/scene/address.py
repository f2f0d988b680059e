"""The round trip of an experiment to the address."""

from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dashboard.scene.changes import NONE, change, text_of_starts
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Compared, Methods, Samplers, Setting, Starts, Toggle
from dashboard.scene.settings import SETTINGS

LONGEST_ADDRESS = 8000  # characters; browsers and servers take no longer ones either


def _text(row: Setting, value: Any) -> str:
    """Return the value of a setting as it stands in the address: a number to its last digit."""
    if isinstance(row, Methods | Samplers):
        return ",".join(value)
    if isinstance(row, Compared):
        return ",".join(value) or NONE
    if isinstance(row, Starts):
        return text_of_starts(value)
    return str(int(value)) if isinstance(row, Toggle) else str(value)


def parts_of(experiment: Experiment) -> dict[str, str]:
    """Return each setting of an experiment as it stands in an address."""
    return {name: _text(row, getattr(experiment, name)) for name, row in SETTINGS.items()}


def to_address(experiment: Experiment) -> str:
    """Return the query string that holds the experiment; what is empty is left out."""
    return urlencode({name: text for name, text in parts_of(experiment).items() if text})


def difference(now: Experiment, before: Experiment, without: Collection[str]) -> str:
    """Return the query string of the settings that differ between two experiments, but for some that are left out."""
    texts, others = parts_of(now), parts_of(before)
    return urlencode({name: text for name, text in texts.items() if name not in without and text != others[name]})


def from_address(query: str) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment of a query string, and a sentence for each part that is not valid or did not travel."""
    given = dict(parse_qsl(query[:LONGEST_ADDRESS], keep_blank_values=True))
    upload, own_maps = given.pop("upload", ""), given.pop("own_maps", "")
    experiment, sentences = change(Experiment(own_maps=own_maps), given)
    if upload:
        sentences += (
            f"The uploaded trace “{upload[:60]}” is not here: it does not travel in a link, and is kept for some hours "
            "for the browser that sent it. Simulated data stand in its place: upload the file on the page Your data.",
        )
    return experiment, sentences
