"""Dense layers."""

from torch import nn


def dense_layers(n_inputs: int, widths: tuple[int, ...], dropout: float = 0.0) -> list[nn.Module]:
    """Return linear layers of these widths, each followed by a swish and, above a probability of 0, by dropout."""
    layers: list[nn.Module] = []
    for n_features, width in zip((n_inputs, *widths), widths, strict=False):
        layers += [nn.Linear(n_features, width), nn.SiLU()]
        if dropout > 0:
            layers.append(nn.Dropout(dropout))
    return layers
