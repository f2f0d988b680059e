"""The amplification of every estimator on fresh traces, each in its worst direction.

An sd is that of the Gauss–Newton approximation at the MAP, that of the exact posterior, or that of the Cramér–Rao bound
at the truth, which the data may say more or less about than about the point where an estimate lies.
"""

from typing import Any

import numpy as np

from core.experiments.context import Context, traces
from core.experiments.estimators import KNOWN, LINEARISED, MAP, PERTURBED_MAPS
from core.experiments.limit import problem_of
from core.experiments.limit_traces import fresh_set
from core.experiments.perturbed import fresh, map_with_derivatives
from core.experiments.records import Key, Measurement
from core.optimisation.minima import map_estimate
from core.perturbations.amplification import amplification, in_sds
from core.perturbations.classical import LinearisedMap, map_jacobian, mean_jacobian, slopes
from core.posterior.exact import posterior

REGIME = "fresh"
N_TRACES, N_QUICK, CHUNK = 300, 5, 5
FIGURES = ("amplification", "amplification_exact", "amplification_truth", "amplification_random")
ESTIMATORS = (LINEARISED, MAP, KNOWN, *PERTURBED_MAPS)


def _chunk(first: int) -> dict[str, Any]:
    numbers = range(first, first + CHUNK)
    by_maps = {code: map_with_derivatives(code).jacobian(fresh(numbers)[0])[1] for code in PERTURBED_MAPS}
    rows = []
    for place, number in enumerate(numbers):
        problem = problem_of(fresh_set(), number)
        point, exact = map_estimate(problem).mean[0], posterior(problem)
        jacobians = {code: each[place] for code, each in by_maps.items()}
        jacobians[LINEARISED] = LinearisedMap(problem, point).jacobian(problem.data[None])[1][0]
        jacobians[MAP], jacobians[KNOWN] = map_jacobian(problem, point), mean_jacobian(exact)
        at_truth = slopes(problem, fresh_set().theta[number])
        informations = problem.hessian(point, exact=False), np.linalg.inv(exact.covariance), at_truth.T @ at_truth
        units = [in_sds(np.asarray(np.linalg.inv(each), dtype=np.float64)) for each in informations]
        row = {}
        for code, jacobian in jacobians.items():
            found = [amplification(jacobian, problem.noise[0], each) for each in units]
            row[code] = [*(each.value for each in found), found[0].of_random]
        rows.append(row)
    return {"traces": rows}


def amplifications(context: Context) -> tuple[list[Measurement], int]:
    """Return medians and 90 % quantiles over the traces, and the number of traces."""
    n = N_QUICK if context.quick else N_TRACES
    rows = traces(_chunk, n, CHUNK, context, "amplifications")
    found = []
    for code in ESTIMATORS:
        for figure, values in zip(FIGURES, np.array([row[code] for row in rows]).T, strict=True):
            found.append(Measurement(Key(code, figure, "", REGIME), float(np.median(values))))
            if figure != "amplification_random":
                found.append(Measurement(Key(code, f"{figure}_90", "", REGIME), float(np.quantile(values, 0.9))))
    return found, n
