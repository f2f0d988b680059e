"""Langevin dynamics dz = −∇U dt + √2 dW, unadjusted and with Metropolis' acceptance; many chains at once.

Both move by the drift −h ∇U, cut to the target's longest drift, and by √(2 h) ξ. Without a cut, a chain far from the
mode would be thrown across the box. The cut leaves the adjusted sampler exact (MALTA, Roberts and Tweedie 1996).
For the loss L itself and the temperature T the same step reads x′ = x − η ∇L + √(2 η T) ξ with η = h / T: T = 0 is
gradient descent, and the noise of a minibatch plays the part of T in stochastic gradient descent.
"""

from dataclasses import dataclass

import numpy as np

from core.optimisation.objective_protocol import Array
from core.sampling.state import Info, SlopedParticles, accepted, sloped_particles_at
from core.sampling.target import Density


def cut(drift: Array, longest: float) -> Array:
    """Return drifts, (n, p), none longer than the longest."""
    length = np.linalg.norm(drift, axis=1, keepdims=True)
    return drift * np.minimum(1.0, longest / np.maximum(length, 1e-300))


@dataclass(frozen=True)
class UnadjustedLangevin:
    """Langevin dynamics by Euler's method, without an acceptance step; folded back at the walls of the box.

    On a Gaussian of unit variance its own stationary variance is 1 / (1 − h/2): the step decides how far it misses.
    """

    step_size: float = 0.05  # h

    def init(self, density: Density, z: Array) -> tuple[SlopedParticles, Info]:
        """Return chains that start at z, (n, p)."""
        return sloped_particles_at(density, z)

    def step(self, density: Density, state: SlopedParticles, rng: np.random.Generator) -> tuple[SlopedParticles, Info]:
        """Move every chain once. One that arrives where U is infinite stays where it was."""
        noise = rng.standard_normal(state.positions.shape)
        drift = cut(-self.step_size * state.gradients, density.longest_drift)
        moved = density.reflected(state.positions + drift + np.sqrt(2 * self.step_size) * noise)
        losses, gradients = density.gradient(moved)
        lost = np.isinf(losses)
        return SlopedParticles(
            np.where(lost[:, None], state.positions, moved),
            np.where(lost, state.losses, losses),
            np.where(lost[:, None], state.gradients, gradients),
        ), Info(len(losses))


@dataclass(frozen=True)
class AdjustedLangevin:
    """MALA (Besag 1994): a step of Langevin dynamics as the proposal of Metropolis and Hastings."""

    step_size: float = 0.7  # h

    def init(self, density: Density, z: Array) -> tuple[SlopedParticles, Info]:
        """Return chains that start at z, (n, p)."""
        return sloped_particles_at(density, z)

    def step(self, density: Density, state: SlopedParticles, rng: np.random.Generator) -> tuple[SlopedParticles, Info]:
        """Move every chain once."""
        h, longest = self.step_size, density.longest_drift
        noise = np.sqrt(2 * h) * rng.standard_normal(state.positions.shape)
        proposed = state.positions + cut(-h * state.gradients, longest) + noise
        losses, gradients = density.gradient(proposed)
        back = state.positions - proposed - cut(-h * gradients, longest)
        with np.errstate(invalid="ignore"):  # of two infinite losses
            log_ratio = state.losses - losses + (np.sum(noise**2, axis=1) - np.sum(back**2, axis=1)) / (4 * h)
        moves = accepted(log_ratio, rng)
        return SlopedParticles(
            np.where(moves[:, None], proposed, state.positions),
            np.where(moves, losses, state.losses),
            np.where(moves[:, None], gradients, state.gradients),
        ), Info(len(losses), float(np.mean(moves)))
