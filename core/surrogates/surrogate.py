"""The shipped surrogates, each a model with a card, loaded without torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from core.files import read_json, write_weights
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Model
from core.surrogates.flow_map import FlowMap, flow_map
from core.surrogates.neuron import INTERVAL, PARAMETERS
from core.surrogates.regression import Regression, regression

SURROGATES = Path(__file__).parents[2] / "pretrained" / "surrogates"
FLOW_MAP, REGRESSION = "flow-map", "regression"  # names of the shipped ones
TITLES = {FLOW_MAP: "flow map", REGRESSION: "regression on modes"}
_BUILD: dict[str, Callable[[Mapping[str, Any], float], FlowMap | Regression]] = {
    FLOW_MAP: flow_map,
    REGRESSION: regression,
}

Tensors = Mapping[str, NDArray[np.floating]]


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A trained surrogate. model: of the published neuron, by the network; card: the JSON beside the weights."""

    model: Model
    network: FlowMap | Regression
    card: Mapping[str, Any]


def surrogate(name: str, tensors: Tensors, card: Mapping[str, Any]) -> Surrogate:
    """Return the surrogate with these tensors: u and v from any start by a flow map, u from rest by a regression."""
    network = _BUILD[name](tensors, INTERVAL)
    states = FITZHUGH_NAGUMO.states if isinstance(network, FlowMap) else FITZHUGH_NAGUMO.states[:1]
    model = replace(
        FITZHUGH_NAGUMO,
        name=name,
        title=TITLES[name],
        parameters=PARAMETERS,
        states=states,
        simulate=network.simulate,
        sensitivities=network.sensitivities,
        frozen_step=None,
        fused=None,
        nullclines=None,
    )
    return Surrogate(model, network, card)


def save_surrogate(name: str, tensors: Tensors, card: Mapping[str, Any], folder: Path = SURROGATES) -> None:
    """Write NAME.json and NAME.safetensors to folder, each in one step; the weights last, as they need a card."""
    folder.mkdir(parents=True, exist_ok=True)
    contiguous = {key: np.ascontiguousarray(each) for key, each in tensors.items()}
    write_weights(folder, name, dict(card), save(contiguous))


@lru_cache(maxsize=4)
def load_surrogate(name: str, folder: Path = SURROGATES) -> Surrogate:
    """Return a surrogate; raises ValueError with a sentence where there is none of this name, or a broken file."""
    if name not in _BUILD:
        raise ValueError(f"There is no surrogate {name!r}; there are {', '.join(_BUILD)}.")
    try:
        tensors, card = load((folder / f"{name}.safetensors").read_bytes()), read_json(folder / f"{name}.json")
    except OSError:
        raise ValueError(f"The files of the surrogate {name} cannot be read.") from None
    except SafetensorError:
        raise ValueError(f"The file {name}.safetensors is truncated: copy or train it again.") from None
    return surrogate(name, tensors, card)
