"""What a sampler holds between two steps, and what a step says of itself."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.optimisation.objective_protocol import Array
from core.sampling.target import Density


class State(Protocol):
    """What every sampler holds: z of its n particles, and U there."""

    @property
    def positions(self) -> Array:
        """z, (n, p)."""

    @property
    def losses(self) -> Array:
        """U, (n,)."""


@dataclass(frozen=True, eq=False)
class Particles:
    """Particles without gradients. positions: z, (n, p); losses: U, (n,)."""

    positions: Array
    losses: Array


@dataclass(frozen=True, eq=False)
class SlopedParticles:
    """Particles with gradients. positions: z, (n, p); losses: U, (n,); gradients: of U, (n, p)."""

    positions: Array
    losses: Array
    gradients: Array


@dataclass(frozen=True)
class Info:
    """What a step says of itself.

    evaluations: of the model, those with a gradient counted once, as in a race of optimisers.
    acceptance: share of the proposals that were accepted; NaN for a sampler that accepts everything.
    """

    evaluations: int
    acceptance: float = float("nan")


def particles_at(density: Density, z: Array) -> tuple[Particles, Info]:
    """Return particles at z, (n, p)."""
    return Particles(z, density.loss(z)), Info(len(z))


def sloped_particles_at(density: Density, z: Array) -> tuple[SlopedParticles, Info]:
    """Return particles with gradients at z, (n, p)."""
    return SlopedParticles(z, *density.gradient(z)), Info(len(z))


def accepted(log_ratio: Array, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return whether each proposal is accepted, (n,); log_ratio: of Metropolis and Hastings, NaN for never."""
    return np.log(rng.random(len(log_ratio))) < np.where(np.isnan(log_ratio), -np.inf, log_ratio)
