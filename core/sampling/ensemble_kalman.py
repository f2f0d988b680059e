"""The ensemble Kalman sampler (Garbuno-Inigo, Hoffmann, Li and Stuart 2020): Langevin dynamics without a gradient.

dz_j = −1/J Σ_k ⟨r_k − r̄, r_j⟩ (z_k − z̄) dt + (p + 1)/J (z_j − z̄) dt + √(2 C) dW_j, with whitened residuals r of the
data and of the prior, half the sum of whose squares is U, and C the covariance of the J particles. Differences of
residuals stand in the place of derivatives, which is exact where r is linear in z. The second term makes the law of a
finite ensemble right (Nüsken and Reich 2019); the noise J^(−½) Σ_k (z_k − z̄) ξ_k has the covariance C.
"""

from dataclasses import dataclass

import numpy as np

from core.optimisation.objective_protocol import Array
from core.sampling.state import Info
from core.sampling.target import Density


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Particles with their residuals. positions: z, (n, p); residuals: (n, r), NaN where U is infinite."""

    positions: Array
    residuals: Array

    @property
    def losses(self) -> Array:
        """U, (n,)."""
        squares = np.sum(self.residuals**2, axis=1)
        return np.where(np.isnan(squares), np.inf, 0.5 * squares)


@dataclass(frozen=True)
class EnsembleKalman:
    """Euler's method; its step is step_size over one plus the norm of the matrix of the products ⟨r_k − r̄, r_j⟩ / J."""

    step_size: float = 0.1

    def init(self, density: Density, z: Array) -> tuple[Ensemble, Info]:
        """Return particles that start at z, (n, p)."""
        return Ensemble(z, density.residuals(z)), Info(len(z))

    def step(self, density: Density, state: Ensemble, rng: np.random.Generator) -> tuple[Ensemble, Info]:
        """Move every particle once. One that arrives where U is infinite stays where it was."""
        z, n, p = state.positions, *state.positions.shape
        residuals = np.where(np.isnan(state.residuals), 0.0, state.residuals)
        deviations = z - np.mean(z, axis=0)
        products = residuals @ (residuals - np.mean(residuals, axis=0)).T / n  # (j, k)
        h = self.step_size / (1 + float(np.linalg.norm(products)))
        drift = -products @ deviations + (p + 1) / n * deviations
        noise = rng.standard_normal((n, n)) @ deviations / np.sqrt(n)
        moved = density.reflected(z + h * drift + np.sqrt(2 * h) * noise)
        found = density.residuals(moved)
        lost = np.any(np.isnan(found), axis=1, keepdims=True)
        return Ensemble(np.where(lost, z, moved), np.where(lost, state.residuals, found)), Info(n)
