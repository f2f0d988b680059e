"""The estimators that are perturbed, by their codes: maps with derivatives, MAP, and exact mean, for fresh traces."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.experiments.estimators import BEST, FIRST_NETWORK, KNOWN, LINEARISED, MAP
from core.experiments.limit import problem_of
from core.experiments.limit_traces import fresh_set
from core.experiments.shipped_maps import shipped
from core.maps.inverse_map import InverseMap
from core.maps.map_derivatives import differentiable, first_network
from core.optimisation.minima import map_estimate
from core.perturbations.classical import ExactMean, LinearisedMap, MaximumAPosteriori
from core.perturbations.estimator import EachItsOwn, Estimator, FirstOf
from core.problem.problem import Problem
from core.published import GAMMA, ZETA

CONSTANTS = {"zeta": ZETA, "gamma": GAMMA}
N_PARAMETERS = 2  # θ₀ and θ₁, the first that every map estimates

Array = NDArray[np.float64]


def learned(code: str) -> InverseMap:
    """Return a shipped map, or the first network of the best one."""
    return first_network(shipped(BEST)) if code == FIRST_NETWORK else shipped(code)


def with_derivatives(trained: InverseMap) -> Estimator:
    """Return a map as a function of traces with derivatives."""
    return FirstOf(differentiable(trained, CONSTANTS), N_PARAMETERS)


def map_with_derivatives(code: str) -> Estimator:
    """Return a shipped map, or the first network of the best one, as a function of traces with derivatives."""
    return with_derivatives(learned(code))


def estimator_of(code: str, numbers: Sequence[int]) -> Estimator:
    """Return an estimator for fresh traces of these numbers; classical ones know the noise of each."""
    if code not in (MAP, KNOWN, LINEARISED):
        return map_with_derivatives(code)
    problems = [problem_of(fresh_set(), i) for i in numbers]
    return EachItsOwn([_classical(code, problem) for problem in problems])


def _classical(code: str, problem: Problem) -> Estimator:
    if code == MAP:
        return MaximumAPosteriori(problem)
    return ExactMean(problem) if code == KNOWN else LinearisedMap(problem, map_estimate(problem).mean[0])


def estimates(code: str, numbers: Sequence[int], traces: Array) -> Array:
    """Return the estimates, (n, 2), of perturbed fresh traces; those of maps are mended, as everywhere else."""
    if code in (MAP, KNOWN, LINEARISED):
        return estimator_of(code, numbers)(traces)
    given = learned(code).recipe.task.given
    known = None if given is None else np.array([[CONSTANTS[name] for name in given.names]])
    return learned(code).predict(traces, known).mean[:, :N_PARAMETERS]


def fresh(numbers: Sequence[int]) -> tuple[Array, Array]:
    """Return fresh traces, (n, n_times), and their true θ, (n, 2)."""
    data, which = fresh_set(), list(numbers)
    return data.noisy[which].astype(float), data.theta[which]
