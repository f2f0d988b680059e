"""A sampler that races: what is run, and its path with its distance to the exact posterior."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.optimisation.minima import coarse_grid
from core.posterior.exact import posterior
from core.problem.problem import Problem
from core.sampling.distance import Reference, reference
from core.sampling.langevin import UnadjustedLangevin
from core.sampling.path import SamplerPath
from core.sampling.samplers import SAMPLERS, sample
from core.sampling.target import Target, target_at
from core.sampling.tempered import tempered

SEED = 1
LAST_TIMES = 5  # over which the distance in the end is averaged


@dataclass(frozen=True)
class Sampling:
    """One of SAMPLERS that races at a temperature. step: that of Langevin's sampler; None for the others."""

    method: str
    temperature: float
    step: float | None = None


@dataclass(frozen=True, eq=False)
class Aim:
    """What samplers at one temperature draw from. exact: the exact posterior; None where there is none."""

    target: Target
    exact: Reference | None


@dataclass(frozen=True, eq=False)
class Sampled:
    """The path of a sampler that has raced, (k,) times, beside the exact posterior at its temperature.

    distances: (k,), energy distances; variations: (k,), the mean total variation of the marginals. NaN without exact.
    """

    sampling: Sampling
    path: SamplerPath
    exact: Reference | None
    distances: NDArray[np.float64]
    variations: NDArray[np.float64]

    @property
    def distance(self) -> float:
        """The energy distance in the end, NaN without exact."""
        return float(np.mean(self.distances[-LAST_TIMES:]))

    @property
    def ratio(self) -> float:
        """The distance in the end over that of as many independent draws, NaN without exact."""
        return float("nan") if self.exact is None else self.distance / self.exact.of_independent_draws(self.n_particles)

    @property
    def n_particles(self) -> int:
        """The number of particles."""
        return self.path.positions.shape[1]


def samplings(methods: tuple[str, ...], temperature: float, step: float) -> tuple[Sampling, ...]:
    """Return samplers that race; step: of Langevin's."""
    return tuple(
        Sampling(method, temperature, step if isinstance(SAMPLERS[method].steps, UnadjustedLangevin) else None)
        for method in methods
    )


def aim(problem: Problem, temperature: float) -> Aim:
    """Return what samplers of a problem draw from at a temperature."""
    try:
        found = posterior(tempered(problem, temperature))
    except ValueError:  # nothing can be simulated, or the noise is far too small
        points = coarse_grid(problem)
        return Aim(target_at(problem, points.positions[np.argmin(points.losses)], temperature), None)
    return Aim(target_at(problem, found.mode, temperature), reference(found, np.random.default_rng(SEED)))


def sampled(aimed: Aim, start: ArrayLike, sampling: Sampling) -> Sampled:
    """Run a sampler from around a start, (p,)."""
    steps = None if sampling.step is None else UnadjustedLangevin(sampling.step)
    path = sample(aimed.target, start, sampling.method, SEED, steps=steps)
    if aimed.exact is None:
        nothing = np.full(len(path.evaluations), np.nan)
        return Sampled(sampling, path, None, nothing, nothing)
    variations = aimed.exact.total_variation(path.positions).mean(axis=1)
    return Sampled(sampling, path, aimed.exact, aimed.exact.energy_distance(path.positions), variations)
