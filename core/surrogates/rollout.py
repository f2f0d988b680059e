"""Roll out a flow map: add a network's change to the state again and again, with derivatives by the chain rule.

The network's activation is the swish h σ(h), of which the derivative is σ(h) (1 + h (1 − σ(h))).
"""

import numba
import numpy as np
from numpy.typing import NDArray

from core.compiled import kernel, parallel_kernel

Array = NDArray[np.float64]


@kernel
def _dense(weights: Array, biases: Array, inputs: Array, outputs: Array) -> None:
    """Write W x + b to row 0 of outputs, (channels, n_out), and W x to the others; inputs: (channels, n_in)."""
    for j in range(weights.shape[0]):
        for c in range(inputs.shape[0]):
            total = 0.0
            for i in range(weights.shape[1]):
                total += weights[j, i] * inputs[c, i]
            outputs[c, j] = total
        outputs[0, j] += biases[j]


@kernel
def _activate(hidden: Array, width: int) -> None:
    """Replace row 0 by its swish, and multiply the other rows by the slope there."""
    for j in range(width):
        value = hidden[0, j]
        share = 1.0 / (1.0 + np.exp(-value))
        hidden[0, j] = value * share
        slope = share * (1.0 + value * (1.0 - share))
        for c in range(1, hidden.shape[0]):
            hidden[c, j] *= slope


@kernel
def _roll_out_one(
    weights: tuple[Array, ...], biases: tuple[Array, ...], start: Array, n_steps: int, every: int, out: Array
) -> None:
    """Fill out, (n_kept, n_states, channels), with every so-many-th state from a start, (n_inputs, channels)."""
    n_inputs, channels = start.shape
    n_states, widest = out.shape[1], n_inputs
    for each in biases:
        widest = max(widest, each.shape[0])
    state = start.copy()
    now, then = np.empty((channels, widest)), np.empty((channels, widest))
    for step in range(n_steps + 1):
        if step % every == 0:
            for i in range(n_states):
                for c in range(channels):
                    out[step // every, i, c] = state[i, c]
        if step == n_steps:
            break
        for i in range(n_inputs):
            for c in range(channels):
                now[c, i] = state[i, c]
        for k in range(len(weights)):
            _dense(weights[k], biases[k], now, then)
            now, then = then, now
            if k < len(weights) - 1:
                _activate(now, biases[k].shape[0])
        for i in range(n_states):
            for c in range(channels):
                state[i, c] += now[c, i]


@parallel_kernel
def roll_out(
    weights: tuple[Array, ...], biases: tuple[Array, ...], starts: Array, n_steps: int, every: int, out: Array
) -> None:
    """Fill out, (n, n_kept, n_states, channels), with every so-many-th state of n trajectories, and its derivatives.

    weights, biases: of layers h ↦ W h + b, with a swish after all but the last, from the inputs to the change of the
    states, which are the first of the inputs; the other inputs stay as they are.
    starts: (n, n_inputs, channels), the first inputs in channel 0 and tangents in the others.
    """
    for i in numba.prange(starts.shape[0]):
        _roll_out_one(weights, biases, starts[i], n_steps, every, out[i])
