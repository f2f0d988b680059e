"""The affine-invariant ensemble of Goodman and Weare (2010), updated half by half as in emcee (Foreman-Mackey 2013)."""

from dataclasses import dataclass

import numpy as np

from core.optimisation.objective_protocol import Array
from core.sampling.state import Info, Particles, accepted, particles_at
from core.sampling.target import Density


@dataclass(frozen=True)
class AffineInvariantEnsemble:
    """A walker z moves along the line through a walker c of the other half: z′ = c + s (z − c), density of s ∝ 1/√s.

    It is accepted with probability min(1, s^(p−1) exp(U(z) − U(z′))). s lies between 1/a and a.
    """

    stretch: float = 2.0  # a

    def init(self, density: Density, z: Array) -> tuple[Particles, Info]:
        """Return walkers that start at z, (n, p); raises ValueError for fewer than two for each unknown."""
        n, p = z.shape
        if n < 2 * p:
            raise ValueError(f"An ensemble over {p} unknowns needs at least {2 * p} walkers; these are {n}.")
        return particles_at(density, z)

    def step(self, density: Density, state: Particles, rng: np.random.Generator) -> tuple[Particles, Info]:
        """Move every walker once."""
        positions, losses = state.positions.copy(), state.losses.copy()
        n, p = positions.shape
        half = np.arange(n) % 2
        rng.shuffle(half)
        n_moved = 0
        for which in (0, 1):
            own, others = np.flatnonzero(half == which), positions[half != which]
            stretches = ((self.stretch - 1) * rng.random(own.size) + 1) ** 2 / self.stretch
            pivots = others[rng.integers(len(others), size=own.size)]
            proposed = pivots - (pivots - positions[own]) * stretches[:, None]
            proposed_losses = density.loss(proposed)
            with np.errstate(invalid="ignore"):  # of two infinite losses
                log_ratio = (p - 1) * np.log(stretches) + losses[own] - proposed_losses
            moves = accepted(log_ratio, rng)
            positions[own[moves]], losses[own[moves]] = proposed[moves], proposed_losses[moves]
            n_moved += int(np.count_nonzero(moves))
        return Particles(positions, losses), Info(n, n_moved / n)
