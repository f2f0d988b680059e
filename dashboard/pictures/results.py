"""What is computed for a problem, kept for all sessions; two that ask for the same compute it once."""

import math
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.noise import colour
from core.optimisation import minima
from core.posterior import exact
from core.posterior import laplace as laplace_approximation
from core.posterior import local_gaussian as label
from core.posterior import profile as profiles
from core.posterior.exact import Posterior
from core.posterior.followed_profile import followed_profile
from core.posterior.local_gaussian import LocalGaussian
from core.posterior.noise_of_fit import noise_of_fit
from core.posterior.parameters_and_noise import estimate_with_noise
from core.posterior.profile import Profile
from core.priors import TruncatedGaussian
from core.problem.problem import Problem
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import LEAST_SIGMA
from dashboard.shared_results import MEGABYTE, SharedResults
from dashboard.threads import CORES
from dashboard.turns import Turns

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

N_PREDICTED = 250  # draws of the potential
NOISES = 4  # draws of the noise on each

# Of the results of each name, in MB; of other names OTHERS_MEGABYTES each.
MOST_MEGABYTES = {"posterior": 32.0, "landscape": 32.0, "slopes": 32.0, "at release": 32.0}
OTHERS_MEGABYTES = 8.0
# Names of what takes a tenth of a second and more: a core's worth at once, so that light pages are answered meanwhile.
HEAVY = (
    "clouds", "posterior", "map", "laplace", "local gaussian", "with noise", "noise left", "profile", "profile of many",
    "student", "sampler draws", "amplification", "courses", "denoised",
)  # fmt: skip

Result = TypeVar("Result")

_turns = Turns(max(1, CORES - 1))
_results: dict[str, SharedResults[Any]] = {}
_lock = Lock()


def _of(name: str) -> SharedResults[Any]:
    with _lock:
        if name not in _results:
            most_bytes = int(MEGABYTE * MOST_MEGABYTES.get(name, OTHERS_MEGABYTES))
            _results[name] = SharedResults(name, most_bytes, _turns if name in HEAVY else None)
        return _results[name]


def kept(name: str, key: Hashable, compute: Callable[[], Result]) -> Result:
    """Return what compute returns, or has returned before for this name and key; who asks meanwhile waits for it."""
    return _of(name).get(key, compute)


def is_kept(name: str, key: Hashable) -> bool:
    """Say whether a result of this name and key is there already."""
    return _of(name).seconds(key) is not None


def put(name: str, key: Hashable, result: object) -> None:
    """Put a result in the place of the one that is kept for this name and key."""
    _of(name).put(key, result)


def forget() -> None:
    """Drop all results."""
    for each in _results.values():
        each.clear()


def noise_prior(experiment: Experiment) -> TruncatedGaussian:
    """Return a prior of (rho, sigma [ms]) that is nearly uniform over all sensible values."""
    bounds = np.array([(-0.999, 0.999), (LEAST_SIGMA, max(0.8, 3 * experiment.sigma))])
    width = bounds[:, 1] - bounds[:, 0]
    return TruncatedGaussian(
        ("rho", "sigma"),
        tuple(bounds.mean(axis=1).tolist()),
        tuple((10 * width).tolist()),
        tuple(bounds[:, 0].tolist()),
        tuple(bounds[:, 1].tolist()),
    )


def posterior(problem: Problem, law: TruncatedGaussian | None = None) -> Posterior:
    """Return the exact posterior, with the problem's noise, or with the noise integrated out over a prior of it.

    Raises ValueError where no point of the box can be simulated.
    """
    return kept("posterior", (problem.identity, law), lambda: exact.posterior(problem, law))


def posterior_seconds(problem: Problem, law: TruncatedGaussian | None = None) -> float:
    """Return how long the exact posterior took to compute, in s; infinite where it is not kept."""
    seconds = _of("posterior").seconds((problem.identity, law))
    return math.inf if seconds is None else seconds


def map_estimate(problem: Problem, search: bool = True) -> Estimate | None:
    """Return the MAP estimate, None where no point of the prior's box can be simulated.

    search: without it, None too where the estimate is not kept, as while a slider is dragged.
    """

    def compute() -> Estimate | None:
        try:
            return minima.map_estimate(problem)
        except ValueError:
            return None

    key = problem.identity
    return kept("map", key, compute) if search or is_kept("map", key) else None


def laplace(problem: Problem) -> Estimate:
    """Return the Laplace approximation."""
    return kept("laplace", problem.identity, lambda: laplace_approximation.laplace(problem, map_estimate(problem)))


def local_gaussian(problem: Problem) -> LocalGaussian:
    """Return the local Gaussian at the MAP estimate of a problem that has one."""

    def compute() -> LocalGaussian:
        best = map_estimate(problem)
        assert best is not None, "whoever has a posterior has a MAP estimate"
        return label.local_gaussian(problem, best.mean[0])

    return kept("local gaussian", problem.identity, compute)


def with_noise(problem: Problem, law: TruncatedGaussian) -> Estimate:
    """Return the MAP estimate of the parameters and the noise together."""
    return kept("with noise", (problem.identity, law), lambda: estimate_with_noise(problem, law))


def noise_left(problem: Problem, best: Estimate, law: TruncatedGaussian) -> Estimate:
    """Return what the residuals of the MAP estimate say about (rho, sigma [ms])."""
    return kept("noise left", (problem.identity, law), lambda: noise_of_fit(problem, best.mean[0], law))


def profile(problem: Problem, name: str) -> Profile:
    """Return the profile likelihood of one of the two unknown parameters."""
    return kept("profile", (problem.identity, name), lambda: profiles.profile_likelihood(problem, name))


def profile_of_many(problem: Problem, name: str, start: NDArray[np.float64]) -> Profile:
    """Return the profile likelihood of one of many unknown parameters, from a start, (p,), near the lowest minimum."""
    return kept(
        "profile of many", (problem.identity, name, tuple(start)), lambda: followed_profile(problem, name, start)
    )


def predicted(found: Posterior) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 90 % bands, (2, n_times) each, of the potential without noise and of data with it."""

    def compute() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rng = np.random.default_rng(0)
        problem = found.problem
        potentials = found.predictive(N_PREDICTED, rng)
        normals = rng.standard_normal((NOISES * N_PREDICTED, problem.times.size))
        noisy = np.tile(potentials, (NOISES, 1)) + colour(normals, problem.noise[0].rho, problem.noise[0].marginal_sd)
        # NumPy sorts out NaN sample by sample, which takes six times as long.
        quantile = np.quantile if np.all(np.isfinite(potentials)) else np.nanquantile
        return quantile(potentials, [0.05, 0.95], axis=0), quantile(noisy, [0.05, 0.95], axis=0)

    return kept("predicted", (found.problem.identity, found.nodes.rho.size), compute)


def novelty(inverse_map: "InverseMap", data: NDArray[np.float64], estimate: Estimate) -> float | None:
    """Return how unlike a trace, (n_times,), is to those that a map was trained on; None where the map cannot tell.

    estimate: the map's own of this trace.
    """
    from core.maps.out_of_distribution import with_novelty

    def compute() -> float | None:
        scores = with_novelty(inverse_map, data[None], estimate).novelty
        return None if scores is None else float(scores[0])

    return kept("novelty", (inverse_map, data.tobytes()), compute)


def white(problem: Problem) -> Problem:
    """Return the problem with its noise taken as white."""
    return problem.with_noise(problem.noise[0].white)
