"""Dense layers."""

from torch import nn


def dense_layers(n_inputs: int, widths: tuple[int, ...]) -> list[nn.Module]:
    """Return linear layers of these widths, each followed by a swish."""
    layers: list[nn.Module] = []
    for n_features, width in zip((n_inputs, *widths), widths, strict=False):
        layers += [nn.Linear(n_features, width), nn.SiLU()]
    return layers
