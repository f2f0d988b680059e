"""Alarms at perturbed traces: the out-of-distribution score, and a posterior predictive check."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.experiments.estimators import BEST
from core.experiments.shipped_maps import shipped
from core.maps.out_of_distribution import with_novelty
from core.posterior.exact import posterior
from core.posterior.predictive_check import predictive_p
from core.problem.problem import Problem

LEVEL = 0.01  # of the posterior predictive check, as many false alarms as the score is made for

Array = NDArray[np.float64]


def scores(traces: Array) -> Array:
    """Return the out-of-distribution scores, (n,), of traces, (n, n_times), by the best map."""
    best = shipped(BEST)
    found = with_novelty(best, traces, best.predict(traces)).novelty
    assert found is not None
    return found


def predictive_ps(problems: Sequence[Problem], traces: Array) -> Array:
    """Return the p-values, (n,), of the posterior predictive checks of traces, with the noise of each problem."""
    pairs = zip(problems, traces, strict=True)
    return np.array([predictive_p(posterior(problem.with_data(trace))) for problem, trace in pairs])
