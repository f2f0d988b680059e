"""The published convolutional network (Rudi, Bessac and Lenzi 2021)."""

from torch import nn

from core.learning.networks.dense import dense_layers

WIDTHS = (32, 32)  # units of the dense layers


def cnn_layers(n_times: int) -> list[nn.Module]:
    """Return convolutions with 8, 16 and 32 filters of length 3 and stride 2, then two dense layers of 32 units.

    Average pooling comes before the second and the third convolution. With 1,000 times, a point head and two
    parameters, the network has the published 33,874 weights.
    """
    layers: list[nn.Module] = [nn.Unflatten(1, (1, n_times))]
    length = n_times
    for n_inputs, n_filters in ((1, 8), (8, 16), (16, 32)):
        if n_inputs > 1:
            layers.append(nn.AvgPool1d(2))
            length //= 2
        layers += [nn.Conv1d(n_inputs, n_filters, 3, stride=2), nn.SiLU()]
        length = (length - 3) // 2 + 1
    return [*layers, nn.Flatten(), *dense_layers(32 * length, WIDTHS)]
