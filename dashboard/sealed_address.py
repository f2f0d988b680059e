"""Addresses that hold a hidden truth encrypted."""

import json
from urllib.parse import parse_qsl, urlencode

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from dashboard.scene.address import LONGEST_ADDRESS, from_address, to_address
from dashboard.scene.experiment import Experiment
from dashboard.seal import opened, sealed

TRUTH = "truth"  # the part of an address that holds the encrypted truth
FOREIGN = (
    "The hidden truth in this link can be opened only by the server that made it: the default stands in its place. "
    "Open the link on that server."
)


def to_sealed_address(experiment: Experiment) -> str:
    """Return the query string that holds an experiment; a hidden neuron's parameters encrypted."""
    query = to_address(experiment)
    if not experiment.hidden:
        return query
    parts = dict(parse_qsl(query))
    truth = json.dumps({name: parts.pop(name) for name in PARAMETER_NAMES})
    return urlencode({**parts, TRUTH: sealed(TRUTH, truth)})


def from_sealed_address(query: str) -> tuple[Experiment, tuple[str, ...]]:
    """Return the experiment of a query string, and a sentence for each part that is not valid or did not travel."""
    parts = dict(parse_qsl(query[:LONGEST_ADDRESS], keep_blank_values=True))
    token = parts.pop(TRUTH, "")
    if not token:
        return from_address(query)
    try:
        truth = json.loads(opened(TRUTH, token))
        named = {name: truth[name] for name in PARAMETER_NAMES}
    except (ValueError, KeyError, TypeError):
        experiment, sentences = from_address(urlencode(parts))
        return experiment, (FOREIGN, *sentences)
    return from_address(urlencode({**parts, **named, "hidden": "1"}))  # which an address alone cannot undo
