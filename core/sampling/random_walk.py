"""Random-walk Metropolis (Metropolis et al. 1953), many chains at once."""

from dataclasses import dataclass

import numpy as np

from core.optimisation.objective_protocol import Array
from core.sampling.state import Info, Particles, accepted, particles_at
from core.sampling.target import Density


@dataclass(frozen=True)
class RandomWalk:
    """z′ = z + step ξ, ξ standard normal, accepted with probability min(1, exp(U(z) − U(z′)))."""

    step_size: float = 1.7  # 2.38 / √p is best for a Gaussian of p unknowns (Gelman, Roberts and Gilks 1996)

    def init(self, density: Density, z: Array) -> tuple[Particles, Info]:
        """Return chains that start at z, (n, p)."""
        return particles_at(density, z)

    def step(self, density: Density, state: Particles, rng: np.random.Generator) -> tuple[Particles, Info]:
        """Move every chain once."""
        proposed = state.positions + self.step_size * rng.standard_normal(state.positions.shape)
        losses = density.loss(proposed)
        with np.errstate(invalid="ignore"):  # of two infinite losses
            moves = accepted(state.losses - losses, rng)
        positions = np.where(moves[:, None], proposed, state.positions)
        return Particles(positions, np.where(moves, losses, state.losses)), Info(len(losses), float(np.mean(moves)))
