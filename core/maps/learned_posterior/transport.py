"""The learned posterior of one trace by transport: a flow carries particles from a standard normal distribution."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from core.learning.networks.velocity import VelocityNetwork
from core.maps.learned_posterior.frame import Frame

STEPS = 32  # of the midpoint rule from time 0 to time 1

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Transport:
    """A flow in the frame of one trace. embedding: (1, e), what its velocity takes of the trace's features."""

    network: VelocityNetwork
    embedding: torch.Tensor
    frame: Frame

    def paths(self, normals: ArrayLike, steps: int = STEPS) -> Array:
        """Return the parameters, (steps + 1, n, p), on the way of standard normal coordinates, (n, p)."""
        points = torch.from_numpy(np.array(normals, dtype=np.float32))
        embedding, kept = self.embedding.expand(len(points), -1), [points]
        with torch.inference_mode():
            for k in range(steps):
                middle = points + 0.5 / steps * self._velocity(embedding, points, k / steps)
                points = points + self._velocity(embedding, middle, (k + 0.5) / steps) / steps
                kept.append(points)
        coordinates = torch.stack(kept).double().numpy()
        return self.frame.values(coordinates.reshape(1, -1, coordinates.shape[2]))[0].reshape(coordinates.shape)

    def _velocity(self, embedding: torch.Tensor, points: torch.Tensor, time: float) -> torch.Tensor:
        velocity: torch.Tensor = self.network(embedding, points, torch.full((len(points), 1), time))
        return velocity

    def log_density(self, values: ArrayLike, steps: int = STEPS) -> Array:
        """Return the log density, (n,), at values (n, p): the normal one, less the divergence along the way back."""
        coordinates = self.frame.coordinates(np.asarray(values, dtype=float)[None])[0]
        points = torch.from_numpy(coordinates.astype(np.float32))
        embedding, divergence = self.embedding.expand(len(points), -1), torch.zeros(len(points))
        for k in range(steps):
            time = 1 - k / steps
            velocity = self._velocity(embedding, points, time).detach()
            middle = points - 0.5 / steps * velocity
            velocity, slope = self.network.divergence(
                embedding, middle, torch.full((len(points), 1), time - 0.5 / steps)
            )
            points, divergence = points - velocity / steps, divergence + slope / steps
        normal = -0.5 * points.square().sum(1) - 0.5 * points.shape[1] * np.log(2 * np.pi)
        return np.asarray((normal - divergence).double().numpy() - self.frame.log_scale[0])
