"""The layers of a trained network as plain arrays in double precision, and their derivative, without torch.

The activation is the swish h σ(h), of which the derivative is σ(h) (1 + h (1 − σ(h))).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layers:
    """Layers h ↦ W h + b with a swish after all but the last. weights: (n_out, n_in) each; biases: (n_out,) each."""

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def __call__(self, inputs: Array) -> Array:
        """Return outputs, (n, n_out), of inputs, (n, n_in)."""
        return self.with_derivatives(inputs, np.empty((0, *inputs.shape)))[0]

    def with_derivatives(self, inputs: Array, tangents: Array) -> tuple[Array, Array]:
        """Return outputs, (n, n_out), and their derivatives, (k, n, n_out), along tangents, (k, n, n_in)."""
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            sums = inputs @ weights.T + biases
            share = expit(sums)
            inputs = sums * share
            tangents = share * (1 + sums * (1 - share)) * (tangents @ weights.T)
        return inputs @ self.weights[-1].T + self.biases[-1], tangents @ self.weights[-1].T


def layers_of(tensors: Mapping[str, NDArray[np.floating]]) -> Layers:
    """Return the layers of a `ScaledNetwork` by the names of its tensors, with the scale of its outputs in the last."""
    names = {name.rpartition(".")[0] for name in tensors if name.startswith("layers.")}
    ordered = sorted(names, key=lambda name: int(name.removeprefix("layers.")))
    weights = [np.array(tensors[f"{name}.weight"], dtype=float) for name in ordered]
    biases = [np.array(tensors[f"{name}.bias"], dtype=float) for name in ordered]
    centre, scale = (np.array(tensors[f"output_{part}"], dtype=float) for part in ("centre", "scale"))
    weights[-1], biases[-1] = scale[:, None] * weights[-1], scale * biases[-1] + centre
    return Layers(tuple(weights), tuple(biases))
