"""A teacher and a student with two layers of ReLU: neurons as weighted points of a sphere.

    f(x) = Σ_i a_i max(θ_i·x, 0), a_i = r_i|r_i|/m, ‖θ_i‖ = 1, and f* the same with five neurons of weight 1
    F = ½ E (f − f*)² = ½ (aᵀ K(θ, θ) a + 1ᵀ K(θ*, θ*) 1 − 2 aᵀ K(θ, θ*) 1)
    K(θ, θ′) = (sin ω + (π − ω) cos ω) / 2π, ω the angle between θ and θ′: the arc-cosine kernel (Cho and Saul 2009)

The set-up is that of the code of Chizat (2019, arXiv:1907.10300): d = 20, batches of 500 fresh x, steps of 4e-3 for the
sizes, and once, twice or four times that for the directions. Four things differ. A neuron is a direction and a size, so
that the descent is that of the spikes. The x lie on the sphere of radius √d, not 1: losses and gradients are d times as
large, and K is that of x ~ N(0, I). The step is ten times as large, which makes 4,000 steps eight times as long as the
100,000 published ones. And there is no penalty, so that the least loss is known to be 0.
"""

from dataclasses import dataclass

import numpy as np

from core.mean_field.cone import Array, Rates, grown, weights

DIMENSION = 20
N_TEACHERS = 5
BATCH = 500
ALPHA = 4e-2
N_STEPS = 4000
RATIOS = (1.0, 2.0, 4.0)  # β / α
WIDTHS = (1, 3, 4, 5, 6, 7, 10)  # m
SUCCESS = 1e-3  # of the loss of no neurons at most
FIRST_SIZE = 1.0


@dataclass(frozen=True, eq=False)
class Neurons:
    """Sizes r, (..., m), and unit directions θ, (..., m, d), of a student."""

    sizes: Array
    directions: Array


def unit(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return uniform draws from the unit sphere, of a shape, (..., d)."""
    return _normalised(rng.standard_normal(shape))


def random_teacher(rng: np.random.Generator, shape: tuple[int, ...] = ()) -> Array:
    """Return the directions of teachers of a shape, (*shape, m0, d)."""
    return unit(rng, (*shape, N_TEACHERS, DIMENSION))


def init(rng: np.random.Generator, m: int, shape: tuple[int, ...] = ()) -> Neurons:
    """Return students of m neurons of one size and random directions."""
    return Neurons(np.full((*shape, m), FIRST_SIZE), unit(rng, (*shape, m, DIMENSION)))


def kernel(first: Array, second: Array) -> Array:
    """Return K, (..., n, m), between unit directions, (..., n, d) and (..., m, d)."""
    cosines = np.clip(first @ np.swapaxes(second, -1, -2), -1, 1)
    angles = np.arccos(cosines)
    return np.asarray((np.sin(angles) + (np.pi - angles) * cosines) / (2 * np.pi))


def loss(teacher: Array, state: Neurons) -> Array:
    """Return F, (...), in closed form."""
    a = weights(state.sizes)
    own = np.einsum("...i,...ij,...j->...", a, kernel(state.directions, state.directions), a)
    crossed = np.einsum("...i,...ij->...", a, kernel(state.directions, teacher))
    return np.asarray(0.5 * own + empty_loss(teacher) - crossed)


def empty_loss(teacher: Array) -> Array:
    """Return the loss of a student without neurons, (...): ½ E f*²."""
    return np.asarray(0.5 * np.sum(kernel(teacher, teacher), (-1, -2)))


def inputs(rng: np.random.Generator, shape: tuple[int, ...], n: int = BATCH) -> Array:
    """Return n points x for each run, (*shape, n, d), from the sphere of radius √d."""
    return np.sqrt(DIMENSION) * unit(rng, (*shape, n, DIMENSION))


def gradients(teacher: Array, state: Neurons, x: Array) -> tuple[Array, Array]:
    """Return g of sizes, (..., m), and of directions, (..., m, d), along the sphere, over a batch x, (..., n, d)."""
    before = x @ np.swapaxes(state.directions, -1, -2)
    answers = np.maximum(x @ np.swapaxes(teacher, -1, -2), 0).sum(-1)
    residual = ((np.maximum(before, 0) @ weights(state.sizes)[..., None])[..., 0] - answers) / x.shape[-2]
    signs = np.sign(state.sizes)
    shared = (before > 0) * residual[..., None]
    slopes = signs[..., None] * (np.swapaxes(shared, -1, -2) @ x)
    of_sizes = np.sum(
        slopes * state.directions, -1
    )  # E residual max(θ·x, 0), since max(θ·x, 0) = θ·x where it is not 0
    return of_sizes, slopes - of_sizes[..., None] * state.directions


def step(teacher: Array, state: Neurons, rates: Rates, rng: np.random.Generator) -> Neurons:
    """Move every neuron once, by a fresh batch."""
    of_sizes, of_directions = gradients(teacher, state, inputs(rng, state.sizes.shape[:-1]))
    moved = state.directions - rates.beta * of_directions
    return Neurons(grown(state.sizes, of_sizes, rates.alpha), _normalised(moved))


@dataclass(frozen=True, eq=False)
class Path:
    """A training at k recorded steps: steps (k,), sizes (k, ..., m), directions (k, ..., m, d), losses (k, ...)."""

    steps: tuple[int, ...]
    sizes: Array
    directions: Array
    losses: Array


def train(
    teacher: Array, start: Neurons, rates: Rates, rng: np.random.Generator, recorded: tuple[int, ...] = (0, N_STEPS)
) -> Path:
    """Return the training from a start to the last of the recorded steps, which grow from 0."""
    state, found = start, []
    for at in range(recorded[-1] + 1):
        if at > 0:
            state = step(teacher, state, rates, rng)
        if at in recorded:
            found.append((state.sizes, state.directions, loss(teacher, state)))
    sizes, directions, losses = (np.array(each) for each in zip(*found, strict=True))
    return Path(recorded, sizes, directions, losses)


def _normalised(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
