"""The table of samplers, and a run of one of them that records its path."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from core.optimisation.methods import Needs
from core.optimisation.objective_protocol import Array
from core.sampling.ensemble_kalman import EnsembleKalman
from core.sampling.hamiltonian import Hamiltonian
from core.sampling.langevin import AdjustedLangevin, UnadjustedLangevin
from core.sampling.path import SamplerPath
from core.sampling.random_walk import RandomWalk
from core.sampling.state import Info, State
from core.sampling.stretch import AffineInvariantEnsemble
from core.sampling.svgd import Stein
from core.sampling.target import Density, Target
from core.sampling.tempering import ParallelTempering

BUDGET = 20_000  # evaluations of a run
FRAMES = 90  # times of a path, at most, spread evenly over the logarithm of the evaluations


class Steps(Protocol):
    """What a sampler is: a beginning, and a step from a state to the next. Neither changes what it is given."""

    def init(self, density: Density, z: Array) -> tuple[Any, Info]:
        """Return the state at z, (n, p)."""

    def step(self, density: Density, state: Any, rng: np.random.Generator) -> tuple[Any, Info]:
        """Return the next state."""


@dataclass(frozen=True)
class Sampler:
    """A sampler: its kind in a few words, what it needs of the problem, and its steps.

    is_exact: whether a long run has the target's distribution; of others the step or the particles leave an error.
    n_particles: as many as a run has.
    """

    kind: str
    needs: Needs
    steps: Steps
    is_exact: bool = True
    n_particles: int = 64


SAMPLERS = {
    "Random walk": Sampler("Metropolis: a blind step, accepted or not", Needs.LOSS, RandomWalk()),
    "Langevin": Sampler(
        "gradient descent with noise, never rejected", Needs.GRADIENT, UnadjustedLangevin(), is_exact=False
    ),
    "MALA": Sampler("Langevin with Metropolis’ acceptance", Needs.GRADIENT, AdjustedLangevin()),
    "HMC": Sampler("Hamiltonian: trajectories with momentum", Needs.GRADIENT, Hamiltonian()),
    "Affine ensemble": Sampler("walkers that stretch towards each other", Needs.LOSS, AffineInvariantEnsemble()),
    "Tempering": Sampler(
        "parallel: random walks at nine temperatures swap", Needs.LOSS, ParallelTempering(), n_particles=16
    ),
    "SVGD": Sampler("Stein: particles that push each other apart", Needs.GRADIENT, Stein(), is_exact=False),
    "Ensemble Kalman": Sampler(
        "differences in place of derivatives", Needs.RESIDUALS, EnsembleKalman(), is_exact=False
    ),
}


def walk(steps: Steps, density: Density, z: Array, rng: np.random.Generator) -> Iterator[tuple[State, Info]]:
    """Generate the states of a sampler that starts at z, (n, p), without an end."""
    state, info = steps.init(density, z)
    while True:
        yield state, info
        state, info = steps.step(density, state, rng)


def sample(
    target: Target,
    start: ArrayLike,
    method: str,
    seed: int = 0,
    budget: int = BUDGET,
    n: int | None = None,
    steps: Steps | None = None,
) -> SamplerPath:
    """Run one of SAMPLERS with n particles around the parameters start, (p,), and record its path.

    A start outside the bounds is moved to the nearest point inside.
    n, steps: None for those of that sampler in the table.
    Raises ValueError for an unknown sampler.
    """
    if method not in SAMPLERS:
        raise ValueError(f"The sampler must be one of {', '.join(SAMPLERS)}; it is {method!r}.")
    rng, n = np.random.default_rng(seed), n or SAMPLERS[method].n_particles
    start = np.clip(start, *target.problem.bounds.T)
    positions: list[Array] = []
    losses: list[Array] = []
    clock: list[int] = []
    shares: list[float] = []
    spent, due = 0, 0.0  # the evaluations at which the next time is recorded
    for state, info in walk(steps or SAMPLERS[method].steps, target, target.cloud(start, n, rng), rng):
        spent += info.evaluations
        shares.append(info.acceptance)
        ends = spent >= budget
        if spent >= due or ends:
            positions.append(target.positions(state.positions))
            losses.append(state.losses * target.temperature)
            clock.append(spent)
            due = spent * budget ** (1 / FRAMES)
        if ends:
            break
    acceptance = float(np.mean(shares[1:])) if len(shares) > 1 else float("nan")
    return SamplerPath(
        method, target.temperature, start, np.array(positions), np.array(losses), np.array(clock, np.int64), acceptance
    )
