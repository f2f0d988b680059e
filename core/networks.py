"""The published architectures. Each maps traces (n, n_times) to parameters scaled to [0, 1], (n, n_outputs)."""

import torch
from torch import nn


class Dense(nn.Sequential):
    """The published dense network: four layers of 32 units, swish, sigmoid output."""

    def __init__(self, n_times: int, n_outputs: int):
        layers: list[nn.Module] = []
        for n_inputs in (n_times, 32, 32, 32):
            layers += [nn.Linear(n_inputs, 32), nn.SiLU()]
        super().__init__(*layers, nn.Linear(32, n_outputs), nn.Sigmoid())


class ConvolutionalNetwork(nn.Sequential):
    """The published CNN: 8, 16, 32 filters of length 3 and stride 2, average pooling between, two layers of 32 units.

    For 1,000 times and two outputs it has the published 33,874 weights.
    """

    def __init__(self, n_times: int, n_outputs: int):
        layers: list[nn.Module] = [nn.Unflatten(1, (1, n_times))]
        length = n_times
        for n_inputs, n_filters in ((1, 8), (8, 16), (16, 32)):
            if n_inputs > 1:
                layers.append(nn.AvgPool1d(2))
                length //= 2
            layers += [nn.Conv1d(n_inputs, n_filters, 3, stride=2), nn.SiLU()]
            length = (length - 3) // 2 + 1
        layers.append(nn.Flatten())
        for n_features in (32 * length, 32):
            layers += [nn.Linear(n_features, 32), nn.SiLU()]
        super().__init__(*layers, nn.Linear(32, n_outputs), nn.Sigmoid())


ARCHITECTURES: dict[str, type[nn.Module]] = {"cnn": ConvolutionalNetwork, "dense": Dense}


def build(architecture: str, n_times: int, n_outputs: int, seed: int) -> nn.Module:
    """Return a network of the named architecture; its weights are drawn from seed by Glorot's uniform law.

    Raises ValueError for an unknown name.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"The architecture must be one of {', '.join(ARCHITECTURES)}; it is {architecture!r}.")
    network = ARCHITECTURES[architecture](n_times, n_outputs)
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv1d):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network
