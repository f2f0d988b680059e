"""Read the layers of a dense network with a point head, for training steps that are written out by hand."""

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True, eq=False)
class DenseLayers:
    """The linear layers of a network; each but the last is followed by swish and dropout, the last by a sigmoid."""

    linears: tuple[nn.Linear, ...]
    dropout: float


def dense_layers_of(network: nn.Module) -> DenseLayers:
    """Return the layers of a dense network with a point head.

    Raises ValueError for other networks, and where layers differ in their dropout.
    """
    modules = list(network.children())
    linears = tuple(module for module in modules if isinstance(module, nn.Linear))
    dropouts = {module.p for module in modules if isinstance(module, nn.Dropout)} or {0.0}
    hidden = [nn.Linear, nn.SiLU] if dropouts == {0.0} else [nn.Linear, nn.SiLU, nn.Dropout]
    kinds = [*hidden * (len(linears) - 1), nn.Linear, nn.Sigmoid]
    if list(map(type, modules)) != kinds or len(dropouts) > 1:
        raise ValueError(
            "This training step is for networks of linear layers with swish and one dropout, whose last layer is "
            "linear with a sigmoid."
        )
    return DenseLayers(linears, dropouts.pop())
