"""Sparse spikes on the circle (Chizat 2019, arXiv:1907.10300, section 5): weighted points found from Fourier modes.

    φ(θ) = (1, √2 cos kθ, √2 sin kθ), k = 1 … K, so that ⟨φ(θ), φ(θ′)⟩ = Σ_{|k| ≤ K} e^{ik(θ − θ′)}
    y = Σ_j w_j φ(θ*_j)
    F = ½ ‖Σ_i a_i φ(θ_i) − y‖² + λ Σ_i |a_i|, a_i = r_i|r_i|/m
    r_i ← r_i exp(−2 α g_i), g_i = sign(r_i) ⟨φ(θ_i), residual⟩ + λ
    θ_i ← θ_i − β sign(r_i) ⟨φ′(θ_i), residual⟩

The published code of the paper has K = 8, λ = 0.3, five spikes at independent uniform angles with weights U(0, 1), and
m particles at equally spaced angles with r = ½. A step keeps every sign: the particles stay positive like the spikes.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.mean_field.cone import Array, Rates, grown, weights

N_SPIKES = 5
ORDER = 8
PENALTY = 0.3
FIRST_SIZE = 0.5
ALPHA = 2e-3
N_STEPS = 1000
RATIOS = (1.0, 1 / 2, 1 / 4, 1 / 8, 1 / 16)  # β / α
WIDTHS = (4, 5, 6, 7, 8, 9, 10, 15, 20)  # m
SUCCESS = 0.03  # above the least loss at most; a true spike of weight 0.077, alone and left out, costs as much


def features(angles: Array, order: int = ORDER) -> Array:
    """Return φ, (..., 2 K + 1), at angles, (...)."""
    phases = angles[..., None] * np.arange(1, order + 1)
    return np.concatenate([np.ones((*angles.shape, 1)), np.sqrt(2) * np.cos(phases), np.sqrt(2) * np.sin(phases)], -1)


def slopes(at: Array) -> Array:
    """Return φ′, (..., 2 K + 1), from φ at the same angles."""
    order = at.shape[-1] // 2
    k, cosines, sines = np.arange(1, order + 1), at[..., 1 : order + 1], at[..., order + 1 :]
    return np.concatenate([np.zeros((*at.shape[:-1], 1)), -k * sines, k * cosines], -1)


@dataclass(frozen=True, eq=False)
class Spikes:
    """A problem, or several at once: true angles and weights, (..., m0), what is seen of them, and the penalty λ."""

    angles: Array
    weights: Array
    order: int = ORDER
    penalty: float = PENALTY

    @cached_property
    def signal(self) -> Array:
        """The Fourier modes y, (..., 2 K + 1)."""
        return np.einsum("...j,...jk->...k", self.weights, features(self.angles, self.order))


@dataclass(frozen=True, eq=False)
class Particles:
    """Sizes r and angles θ of m particles, (..., m) each."""

    sizes: Array
    angles: Array


def random_spikes(rng: np.random.Generator, shape: tuple[int, ...] = (), n_spikes: int = N_SPIKES) -> Spikes:
    """Return problems of a shape, (*shape, m0): uniform angles in [0, 2π), and weights U(0, 1)."""
    return Spikes(rng.uniform(0, 2 * np.pi, (*shape, n_spikes)), rng.uniform(0, 1, (*shape, n_spikes)))


def init(m: int, shape: tuple[int, ...] = ()) -> Particles:
    """Return m particles of one size at equally spaced angles from 0 on, (*shape, m)."""
    angles = np.broadcast_to(np.arange(m) * 2 * np.pi / m, (*shape, m))
    return Particles(np.full((*shape, m), FIRST_SIZE), angles.copy())


def _residual(problem: Spikes, sizes: Array, at: Array) -> Array:
    """Return Σ a_i φ(θ_i) − y, (..., 2 K + 1); at: φ at the angles of the particles."""
    return np.asarray((weights(sizes)[..., None, :] @ at)[..., 0, :] - problem.signal)


def loss(problem: Spikes, state: Particles) -> Array:
    """Return F, (...)."""
    residual = _residual(problem, state.sizes, features(state.angles, problem.order))
    return np.asarray(0.5 * np.sum(residual**2, -1) + problem.penalty * np.sum(np.abs(weights(state.sizes)), -1))


def gradients(problem: Spikes, state: Particles) -> tuple[Array, Array]:
    """Return g of sizes and of angles, (..., m) each: m / (2 r_i) ∂F/∂r_i, and ∂F/∂θ_i / |a_i|."""
    at, signs = features(state.angles, problem.order), np.sign(state.sizes)
    residual = _residual(problem, state.sizes, at)[..., None]
    return signs * (at @ residual)[..., 0] + problem.penalty, signs * (slopes(at) @ residual)[..., 0]


def step(problem: Spikes, state: Particles, rates: Rates) -> Particles:
    """Move every particle once."""
    of_sizes, of_angles = gradients(problem, state)
    return Particles(grown(state.sizes, of_sizes, rates.alpha), state.angles - rates.beta * of_angles)


@dataclass(frozen=True, eq=False)
class Path:
    """A descent at k recorded steps: steps (k,), sizes and angles (k, ..., m), and losses (k, ...)."""

    steps: tuple[int, ...]
    sizes: Array
    angles: Array
    losses: Array


def descend(problem: Spikes, start: Particles, rates: Rates, recorded: tuple[int, ...] = (0, N_STEPS)) -> Path:
    """Return the descent from a start to the last of the recorded steps, which grow from 0."""
    state, found = start, []
    for at in range(recorded[-1] + 1):
        if at > 0:
            state = step(problem, state, rates)
        if at in recorded:
            found.append((state.sizes, state.angles, loss(problem, state)))
    sizes, angles, losses = (np.array(each) for each in zip(*found, strict=True))
    return Path(recorded, sizes, angles, losses)
