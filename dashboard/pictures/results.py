"""What is computed for the problem on screen, kept in the session, so that a rerun without a change costs nothing."""

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.estimate import Estimate
from core.noise import colour
from core.optimisation import minima
from core.posterior import exact
from core.posterior import laplace as laplace_approximation
from core.posterior import profile as profiles
from core.posterior.exact import Posterior
from core.posterior.parameters_and_noise import estimate_with_noise
from core.posterior.profile import Profile
from core.priors import TruncatedGaussian
from core.problem.problem import Problem
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import LEAST_SIGMA

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

MOST_KEPT = 24
N_PREDICTED = 250  # draws of the potential
NOISES = 4  # draws of the noise on each

Result = TypeVar("Result")


def kept(name: str, key: Hashable, compute: Callable[[], Result]) -> Result:
    """Return what compute returns, or returned the last time for this name and key."""
    results: dict[tuple[Any, ...], Any] = st.session_state.setdefault("results", {})
    whole = (name, key)
    result = results.pop(whole) if whole in results else compute()
    results[whole] = result  # at the end, where the last used are
    while len(results) > MOST_KEPT:
        results.pop(next(iter(results)))
    return result


def is_kept(name: str, key: Hashable) -> bool:
    """Say whether a result of this name and key is there already."""
    return (name, key) in st.session_state.get("results", {})


@contextmanager
def waiting(key: str, text: str) -> Iterator[None]:
    """Say what the visitor waits for, should it take longer than half a second, above the page and moving nothing."""
    with st.container(key=f"lab_waiting_{key}"), st.spinner(text):
        yield


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
    """Return the exact posterior, with the problem's noise, or with the noise integrated out over a law of it.

    How long it took last is noted, for who wants to know whether it can follow the hand.
    """

    def compute() -> Posterior:
        start = time.monotonic()
        result = exact.posterior(problem, law)
        st.session_state.posterior_seconds = time.monotonic() - start
        return result

    return kept("posterior", (problem.identity, law), compute)


def map_estimate(problem: Problem) -> Estimate | None:
    """Return the MAP estimate, None where no point of the prior's box can be simulated.

    None too while a slider is dragged that makes another problem of it: it is sought once that is let go.
    """

    def compute() -> Estimate | None:
        try:
            return minima.map_estimate(problem)
        except ValueError:
            return None

    key = problem.identity
    if not st.session_state.settled and not is_kept("map", key):
        return None
    return kept("map", key, compute)


def laplace(problem: Problem) -> Estimate:
    """Return the Laplace approximation."""
    return kept("laplace", problem.identity, lambda: laplace_approximation.laplace(problem, map_estimate(problem)))


def with_noise(problem: Problem, law: TruncatedGaussian) -> Estimate:
    """Return the MAP estimate of the parameters and the noise together."""
    return kept("with noise", (problem.identity, law), lambda: estimate_with_noise(problem, law))


def profile(problem: Problem, name: str) -> Profile:
    """Return the profile likelihood of one of the two unknown parameters."""
    return kept("profile", (problem.identity, name), lambda: profiles.profile_likelihood(problem, name))


def predicted(found: Posterior) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 90 % bands, (2, n_times) each, of the potential without noise and of data with it."""

    def compute() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        rng = np.random.default_rng(0)
        problem = found.problem
        potentials = found.predictive(N_PREDICTED, rng)
        normals = rng.standard_normal((NOISES * N_PREDICTED, problem.times.size))
        noisy = np.tile(potentials, (NOISES, 1)) + colour(normals, problem.noise[0].rho, problem.noise[0].marginal_sd)
        return (
            np.nanquantile(potentials, [0.05, 0.95], axis=0),
            np.nanquantile(noisy, [0.05, 0.95], axis=0),
        )

    return kept("predicted", (found.problem.identity, found.nodes.rho.size), compute)


def novelty(inverse_map: "InverseMap", data: NDArray[np.float64], estimate: Estimate) -> float | None:
    """Return how unlike a trace, (n_times,), is to those that a map was trained on; None where the map cannot tell.

    estimate: the map's own of this trace.
    """
    from core.maps.out_of_distribution import with_novelty

    def compute() -> float | None:
        scores = with_novelty(inverse_map, data[None], estimate).novelty
        return None if scores is None else float(scores[0])

    return kept("novelty", (inverse_map.name, data.tobytes()), compute)


def white(problem: Problem) -> Problem:
    """Return the problem with its noise taken as white."""
    return problem.with_noise(problem.noise[0].white)
