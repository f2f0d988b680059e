"""Hamiltonian Monte Carlo (Duane, Kennedy, Pendleton and Roweth 1987; Neal 2011) with the exact gradient."""

from dataclasses import dataclass

import numpy as np

from core.optimisation.objective_protocol import Array
from core.sampling.langevin import cut
from core.sampling.state import Info, SlopedParticles, accepted, sloped_particles_at
from core.sampling.target import Density


@dataclass(frozen=True)
class Hamiltonian:
    """A trajectory of leapfrog steps of U(z) + ½‖p‖² with new momenta, accepted by the error of the energy.

    The kicks of the leapfrog are cut as Langevin's drift is. Any force that depends on z alone keeps it reversible and
    keeps volumes, so that the sampler stays exact. A trajectory that touches the outside of the box is rejected, as its
    reverse would be.
    """

    step_size: float = 0.35
    n_leapfrogs: int = 5

    def init(self, density: Density, z: Array) -> tuple[SlopedParticles, Info]:
        """Return chains that start at z, (n, p)."""
        return sloped_particles_at(density, z)

    def step(self, density: Density, state: SlopedParticles, rng: np.random.Generator) -> tuple[SlopedParticles, Info]:
        """Move every chain along one trajectory."""
        z, losses, gradients = state.positions, state.losses, state.gradients
        momentum = rng.standard_normal(z.shape)
        energy = losses + 0.5 * np.sum(momentum**2, axis=1)
        lost = np.zeros(len(z), bool)
        for _ in range(self.n_leapfrogs):
            momentum = momentum + 0.5 * cut(-self.step_size * gradients, density.longest_drift)
            z = z + self.step_size * momentum
            losses, gradients = density.gradient(z)
            momentum = momentum + 0.5 * cut(-self.step_size * gradients, density.longest_drift)
            lost |= np.isinf(losses)
        with np.errstate(invalid="ignore"):  # of two infinite losses
            log_ratio = energy - losses - 0.5 * np.sum(momentum**2, axis=1)
        moves = accepted(np.where(lost, -np.inf, log_ratio), rng)
        return SlopedParticles(
            np.where(moves[:, None], z, state.positions),
            np.where(moves, losses, state.losses),
            np.where(moves[:, None], gradients, state.gradients),
        ), Info(self.n_leapfrogs * len(losses), float(np.mean(moves)))
