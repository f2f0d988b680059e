"""The engine of Inverse Lab. It imports nothing of the user interface, and torch only when needed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from core.estimate import Estimate
from core.models.fitzhugh_nagumo.simulate import simulate
from core.models.spikes import spike_statistics
from core.neuron import exact_posterior, loss_landscape
from core.noise import sample_ar1
from core.published import published_prior, time_grid

if TYPE_CHECKING:
    from core.maps.inverse_map import available_inverse_maps, load_inverse_map

__all__ = [
    "Estimate",
    "available_inverse_maps",
    "exact_posterior",
    "load_inverse_map",
    "loss_landscape",
    "published_prior",
    "sample_ar1",
    "simulate",
    "spike_statistics",
    "time_grid",
]


def __getattr__(name: str) -> Any:
    if name in ("available_inverse_maps", "load_inverse_map"):
        return getattr(import_module("core.maps.inverse_map"), name)
    raise AttributeError(f"module 'core' has no attribute {name!r}")
