"""Stein variational gradient descent (Liu and Wang 2016): particles that fall together and push each other apart."""

from dataclasses import dataclass

import numpy as np

from core.optimisation.objective_protocol import Array
from core.sampling.langevin import cut
from core.sampling.state import Info, SlopedParticles, sloped_particles_at
from core.sampling.target import Density


def direction(z: Array, gradients: Array, bandwidth: float) -> Array:
    """Return φ_i = 1/n Σ_j [−k_ij ∇U(z_j) + ∇_{z_j} k_ij], (n, p), with k_ij = exp(−‖z_i − z_j‖² / (2 b²)).

    bandwidth: b.
    """
    differences = z[:, None] - z[None]  # z_i − z_j
    kernel = np.exp(-0.5 * np.sum(differences**2, axis=2) / bandwidth**2)
    return (-kernel @ gradients + np.einsum("ij,ijk->ik", kernel, differences) / bandwidth**2) / len(z)


def median_bandwidth(z: Array) -> float:
    """Return b with b² = ½ median(‖z_i − z_j‖²) / log(n + 1): the kernel of Liu and Wang's code."""
    squares = np.sum((z[:, None] - z[None]) ** 2, axis=2)
    return float(np.sqrt(max(0.5 * np.median(squares) / np.log(len(z) + 1), 1e-12)))


@dataclass(frozen=True)
class Stein:
    """z_i ← z_i + step φ(z_i), cut to the longest drift of Langevin's, and folded back at the walls of the box.

    Nothing in it is random: it comes to rest, with as many particles as it began with. The coordinates are scaled, so
    that one step serves; the published code adapts it to each coordinate.
    """

    step_size: float = 1.0

    def init(self, density: Density, z: Array) -> tuple[SlopedParticles, Info]:
        """Return particles that start at z, (n, p)."""
        return sloped_particles_at(density, z)

    def step(self, density: Density, state: SlopedParticles, rng: np.random.Generator) -> tuple[SlopedParticles, Info]:
        """Move every particle once. One that arrives where U is infinite stays where it was."""
        del rng
        z = state.positions
        drift = self.step_size * direction(z, state.gradients, median_bandwidth(z))
        moved = density.reflected(z + cut(drift, density.longest_drift))
        losses, gradients = density.gradient(moved)
        lost = np.isinf(losses)
        return SlopedParticles(
            np.where(lost[:, None], z, moved),
            np.where(lost, state.losses, losses),
            np.where(lost[:, None], state.gradients, gradients),
        ), Info(len(losses))
