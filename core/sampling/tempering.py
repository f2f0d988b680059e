"""Parallel tempering (Swendsen and Wang 1986; Geyer 1991): random walks at several temperatures, which swap places."""

from dataclasses import dataclass

import numpy as np

from core.optimisation.objective_protocol import Array
from core.sampling.random_walk import RandomWalk
from core.sampling.state import Info, accepted
from core.sampling.target import Density


@dataclass(frozen=True, eq=False)
class Rungs:
    """n ladders of m rungs. all_positions: z, (m, n, p), the cold rung first; all_losses: U, (m, n).

    first_swap: the lower rung, 0 or 1, of the first pair that swaps next.
    """

    all_positions: Array
    all_losses: Array
    first_swap: int = 0

    @property
    def positions(self) -> Array:
        """The sample: z of the cold rung, (n, p)."""
        return np.asarray(self.all_positions[0])

    @property
    def losses(self) -> Array:
        """The same of U, (n,)."""
        return np.asarray(self.all_losses[0])


@dataclass(frozen=True)
class ParallelTempering:
    """Rung k draws from exp(−U / ratio^k) by a random walk whose step grows with √ratio^k; neighbours swap places.

    A swap of rungs i and j is accepted with probability min(1, exp((βᵢ − βⱼ)(Uᵢ − Uⱼ))), β = 1 / ratio^k. Even and odd
    pairs take turns (Okabe et al. 2001). The hottest of nine rungs is 6,561 times as hot: it crosses any barrier here.
    """

    n_rungs: int = 9
    ratio: float = 3.0
    step_size: float = RandomWalk.step_size

    @property
    def temperatures(self) -> Array:
        """The temperatures of the rungs, (m,), the cold one first."""
        return np.asarray(self.ratio ** np.arange(self.n_rungs), dtype=np.float64)

    def init(self, density: Density, z: Array) -> tuple[Rungs, Info]:
        """Return ladders all of whose rungs start at z, (n, p)."""
        losses = density.loss(z)
        return Rungs(np.tile(z, (self.n_rungs, 1, 1)), np.tile(losses, (self.n_rungs, 1))), Info(len(z))

    def step(self, density: Density, state: Rungs, rng: np.random.Generator) -> tuple[Rungs, Info]:
        """Move every rung once, then let pairs of neighbours swap. The acceptance is that of the cold rung."""
        temperatures = self.temperatures[:, None]
        positions, losses = state.all_positions, state.all_losses
        m, n, p = positions.shape
        steps = self.step_size * np.sqrt(temperatures)[..., None]
        proposed = positions + steps * rng.standard_normal(positions.shape)
        proposed_losses = density.loss(proposed.reshape(-1, p)).reshape(m, n)
        with np.errstate(invalid="ignore"):  # of two infinite losses
            moves = accepted(((losses - proposed_losses) / temperatures).ravel(), rng).reshape(m, n)
        positions = np.where(moves[..., None], proposed, positions)
        losses = np.where(moves, proposed_losses, losses)
        beta = 1 / self.temperatures
        for k in range(state.first_swap, m - 1, 2):
            with np.errstate(invalid="ignore"):
                swaps = accepted((beta[k] - beta[k + 1]) * (losses[k] - losses[k + 1]), rng)
            # The right-hand side is a copy, which the first assignment does not change.
            losses[k : k + 2, swaps] = losses[k : k + 2, swaps][::-1]
            positions[k : k + 2, swaps] = positions[k : k + 2, swaps][::-1]
        return Rungs(positions, losses, 1 - state.first_swap), Info(m * n, float(np.mean(moves[0])))
