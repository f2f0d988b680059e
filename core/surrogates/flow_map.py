"""The flow map: a network that maps a state of the neuron to the state a sampling interval later, again and again.

Near a state it is as right as its training; a trajectory that it follows is off by the errors of all steps before,
which the cycle of a spiking neuron damps, apart from those along the cycle: they add up to an error of the phase.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.buffers import result_array
from core.models.fitzhugh_nagumo.equations import DIVERGENCE_LIMIT, REST
from core.models.model import TOLERANCE
from core.surrogates.arguments import checked_parameters, refuse_step, whole_intervals
from core.surrogates.layers import layers_of
from core.surrogates.rollout import roll_out

Array = NDArray[np.float64]

N_STATES = 2


@dataclass(frozen=True, eq=False)
class FlowMap:
    """A network for the change of (u, v) within an interval, evaluated in double precision.

    weights, biases: of its layers, with all scales multiplied in, from (u, v, θ) to the change.
    interval: in ms.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    interval: float

    def simulate(
        self,
        parameters: ArrayLike,
        times: ArrayLike,
        initial_state: ArrayLike | None = None,
        tolerance: float = TOLERANCE,
        step: float | None = None,
    ) -> Array:
        """Return the states, (..., n_times, 2), as a `Simulate` does; its errors are those of the training.

        Raises ValueError for times that are no whole numbers of intervals apart, and for a step.
        """
        refuse_step(step)
        starts, batch = self._starts(parameters, initial_state, 0)
        found = self._rolled_out(starts, times)
        return found.reshape(*batch, *found.shape[1:3])

    def sensitivities(
        self, parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None = None, step: float | None = None
    ) -> tuple[Array, Array]:
        """Return states (..., n_times, 2), and their derivatives by θ and the initial state, (..., n_times, 2, 4)."""
        refuse_step(step)
        n_inputs = self.weights[0].shape[1]
        starts, batch = self._starts(parameters, initial_state, n_inputs)
        # The inputs begin with the states, the derivatives with the parameters.
        starts[:, :, 1:] = np.roll(np.eye(n_inputs), -N_STATES, axis=1)
        found = self._rolled_out(starts, times)
        found = found.reshape(*batch, *found.shape[1:])
        return found[..., 0], found[..., 1:]

    def _starts(
        self, parameters: ArrayLike, initial_state: ArrayLike | None, tangents: int
    ) -> tuple[Array, tuple[int, ...]]:
        theta = checked_parameters(parameters)
        state = np.asarray(REST if initial_state is None else initial_state, dtype=float)
        if state.shape not in ((N_STATES,), (*theta.shape[:-1], N_STATES)):
            raise ValueError("The initial state needs a last axis of length 2 (u, v) that fits the parameters.")
        states = np.broadcast_to(state, (*theta.shape[:-1], N_STATES)).reshape(-1, N_STATES)
        flat = theta.reshape(-1, theta.shape[-1])
        starts = np.zeros((len(flat), N_STATES + flat.shape[1], 1 + tangents))
        starts[:, :N_STATES, 0], starts[:, N_STATES:, 0] = states, flat
        return starts, theta.shape[:-1]

    def _rolled_out(self, starts: Array, times: ArrayLike) -> Array:
        """Return states and derivatives, (n, n_times, 2, channels), NaN from a divergence on."""
        counts = whole_intervals(times, self.interval)
        every = int(np.gcd.reduce(counts)) or 1
        rolled = result_array((len(starts), counts[-1] // every + 1, N_STATES, starts.shape[2]), np.float64)
        roll_out(self.weights, self.biases, starts, int(counts[-1]), every, rolled)
        found = rolled if len(counts) == rolled.shape[1] else rolled[:, counts // every]
        inside = np.logical_and.accumulate(np.abs(found[:, :, 0, 0]) <= DIVERGENCE_LIMIT, axis=1)
        if not np.all(inside):
            found[~inside] = np.nan
        return found


def flow_map(tensors: Mapping[str, Array], interval: float) -> FlowMap:
    """Return the flow map with the tensors of a trained `ScaledNetwork`, by name."""
    layers = layers_of(tensors)
    first = layers.weights[0] / tensors["input_scale"].astype(float)
    biases = (layers.biases[0] - first @ tensors["input_centre"].astype(float), *layers.biases[1:])
    return FlowMap((first, *layers.weights[1:]), biases, interval)
