"""The networks of the inverse maps as diagrams, with the layers that they have and the weights of each."""

from typing import TYPE_CHECKING, Any

import numpy as np

from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.published import time_grid, with_constants
from dashboard.figures import network as figures
from dashboard.figures.network import Layer
from dashboard.figures.style import Look
from dashboard.pictures.shown import Plot, Shown
from dashboard.shared_results import shared
from dashboard.wording.clouds import INVERSE_MAP
from dashboard.wording.numbers import count

if TYPE_CHECKING:
    from torch import nn

DRAWN = {"dense-noisy": "Published dense network", "cnn-noisy": "Published CNN", "best": "Our network ‘best’"}
EXAMPLE = (0.4, 0.4)  # θ of the trace at the left of each diagram

Maps = tuple[tuple[str, InverseMap, Look], ...]  # name, map and look


def n_weights(module: "nn.Module") -> int:
    """Return how many weights a network, or a part of one, has."""
    return sum(tensor.numel() for tensor in module.parameters())


def layers(inverse_map: InverseMap) -> list[Layer]:
    """Return the layers of a map that learn or average, from the trace to the parameters, as its network has them."""
    from torch import nn

    network: Any = inverse_map.network
    parts = list(getattr(network, "first", network).modules())
    output = [each for each in parts if isinstance(each, nn.Linear)][-1]
    length, found = len(inverse_map.times), list[Layer]()
    for part in parts:
        if isinstance(part, nn.Conv1d):
            length = (length + 2 * int(part.padding[0]) - part.kernel_size[0]) // part.stride[0] + 1
            numbers = f"{part.out_channels} filters × {count(length)}"
            found.append(Layer("convolution", numbers, part.out_channels, length, n_weights(part)))
        elif isinstance(part, nn.AvgPool1d):
            length //= 2
            channels = found[-1].channels
            found.append(Layer("pairs averaged", f"{channels} × {count(length)}", channels, length, 0))
        elif part is output:
            held = "θ₀, θ₁" if part.out_features == 2 else "θ₀, θ₁, covariance"
            found.append(Layer("estimate", held, 0, part.out_features, n_weights(part)))
        elif isinstance(part, nn.Linear):
            found.append(Layer("dense", f"{count(part.out_features)} units", 0, part.out_features, n_weights(part)))
    steps = list(getattr(network, "steps", ()))
    if steps:
        name, cost = "learned step", "from one simulation"
        if len(steps) > 1:
            name, cost = f"{len(steps)} learned steps", "from one simulation each"
        found.append(Layer(name, cost, 0, found[-1].length, n_weights(network.steps)))
    return found


@shared(megabytes=4)
def picture(maps: Maps) -> Shown:
    """Return the diagram of each network; maps: those with the names in DRAWN, as far as they are there."""
    trace = simulate_potential(with_constants(np.array([EXAMPLE])), time_grid())[0]
    plots = []
    for number, (name, each, look) in enumerate(maps, 1):
        title = f"{DRAWN[name]}: {count(n_weights(each.network))} weights"
        plots.append(Plot(f"network-{number}", figures.network(title, trace, layers(each), look.colour)))
    said = [
        f"{INVERSE_MAP} It needs no loss landscape.",
        "A dense layer joins every number to every unit; a convolution slides one short filter along the trace, which "
        "takes fewer weights. At most 12 units of a layer are drawn.",
    ]
    if any(hasattr(each.network, "steps") for _, each, _ in maps):
        said.append("The network of ‘best’ corrects its estimate by simulations: learned Gauss–Newton steps.")
    return Shown(f"accuracy-network-{len(plots)}", plots, said=said)
