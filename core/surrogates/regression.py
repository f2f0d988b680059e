"""Direct regression: a network from θ to the coefficients of the whole trace in a basis of traces.

The network is told θ by random Fourier features, cos 2πBθ and sin 2πBθ (Rahimi and Recht 2007; for sharp functions of
few inputs Tancik et al. 2020), and the basis is a proper orthogonal decomposition.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.model import TOLERANCE
from core.surrogates.arguments import checked_parameters, refuse_step, whole_intervals
from core.surrogates.layers import Layers, layers_of
from core.surrogates.pod import Pod

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Regression:
    """A network for a trace of u that starts at rest.

    centre, scale: (2,), of θ. frequencies: (k, 2), of the features of scaled θ.
    layers: from scaled θ and features to coefficients, (r,).
    basis: of traces. interval: in ms, between its times.
    """

    centre: Array
    scale: Array
    frequencies: Array
    layers: Layers
    basis: Pod
    interval: float

    def simulate(
        self,
        parameters: ArrayLike,
        times: ArrayLike,
        initial_state: ArrayLike | None = None,
        tolerance: float = TOLERANCE,
        step: float | None = None,
    ) -> Array:
        """Return u, (..., n_times, 1), as a `Simulate` does; its errors are those of the training.

        Raises ValueError for times that are not among those of the basis, for another start, and for a step.
        """
        refuse_step(step)
        theta, columns = self._checked(parameters, times, initial_state)
        features, _ = self._features(theta.reshape(-1, theta.shape[-1]))
        u = self.basis.curves(self.layers(features))[:, columns]
        return u.reshape(*theta.shape[:-1], columns.size, 1)

    def sensitivities(
        self, parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None = None, step: float | None = None
    ) -> tuple[Array, Array]:
        """Return u, (..., n_times, 1), and its derivatives by θ, then by its start, (..., n_times, 1, 3).

        The network knows one start only: the derivative by it is NaN.
        """
        refuse_step(step)
        theta, columns = self._checked(parameters, times, initial_state)
        features, tangents = self._features(theta.reshape(-1, theta.shape[-1]))
        coefficients, slopes = self.layers.with_derivatives(features, tangents)
        derivatives = np.full((len(features), columns.size, 1, theta.shape[-1] + 1), np.nan)
        derivatives[..., 0, :-1] = np.moveaxis((slopes @ self.basis.modes)[..., columns], 0, -1)
        u, batch = self.basis.curves(coefficients)[:, columns], theta.shape[:-1]
        return u.reshape(*batch, columns.size, 1), derivatives.reshape(*batch, *derivatives.shape[1:])

    def _features(self, theta: Array) -> tuple[Array, Array]:
        """Return the inputs of the layers, (n, 2 + 2 k), for θ (n, 2), and their derivatives by θ, (2, n, 2 + 2 k)."""
        scaled, slope = (theta - self.centre) / self.scale, np.diag(1 / self.scale)
        turns = 2 * np.pi * self.frequencies
        angles = scaled @ turns.T
        cosine, sine = np.cos(angles), np.sin(angles)
        rates = (turns @ slope).T[:, None]
        straight = np.broadcast_to(slope[:, None], (*slope.shape[:1], *theta.shape))
        return (
            np.concatenate([scaled, cosine, sine], axis=-1),
            np.concatenate([straight, -sine * rates, cosine * rates], axis=-1),
        )

    def _checked(
        self, parameters: ArrayLike, times: ArrayLike, initial_state: ArrayLike | None
    ) -> tuple[Array, NDArray[np.int64]]:
        if initial_state is not None and np.any(np.asarray(initial_state) != 0):
            raise ValueError("This surrogate knows trajectories that start at rest only: leave out the initial state.")
        first = np.ravel(times)[:1]
        columns = whole_intervals(np.append(0.0, times) if first.size and first[0] > 0 else times, self.interval)
        columns = columns[-np.size(times) :]
        if columns[-1] >= self.basis.mean.size:
            raise ValueError(
                f"This surrogate knows times up to {(self.basis.mean.size - 1) * self.interval:g} ms only."
            )
        return checked_parameters(parameters), columns


def regression(tensors: Mapping[str, NDArray[np.floating]], interval: float) -> Regression:
    """Return the regression with the tensors of a trained `ScaledNetwork` and of its basis, by name."""
    centre, scale, frequencies, mean, modes = (
        np.array(tensors[name], dtype=float) for name in ("input_centre", "input_scale", "frequencies", "mean", "modes")
    )
    return Regression(centre, scale, frequencies, layers_of(tensors), Pod(mean, modes), interval)
