"""What is done with noisy traces on each surrogate and on the solver: landscapes, MAP estimates, exact posteriors."""

from functools import lru_cache
from typing import Any

import numpy as np

from core.experiments.estimators import FLOW_MAP, REGRESSION, SOLVER
from core.experiments.limit import problem_of
from core.experiments.limit_traces import fresh_set
from core.models.model import Model
from core.optimisation.minima import Points, find_minima, map_estimate
from core.posterior.divergence import divergence_and_variation
from core.posterior.exact import posterior
from core.problem.landscape import Landscape, TrajectoryStore, landscape, trajectory_store
from core.problem.problem import Problem
from core.surrogates.surrogate import load_surrogate

GRID = 200  # points a side of the landscapes, over the prior's box
EVERY = 3  # a search begins from every third of its points along each side
SURROGATES = (FLOW_MAP, REGRESSION)


def on_model(problem: Problem, model: Model) -> Problem:
    """Return the same problem for another model of its unknowns, to which nothing else is known."""
    return Problem.of_trace(model, problem.data, problem.times, problem.unknown, {}, problem.noise[0], problem.prior)


@lru_cache(maxsize=3)
def _store(name: str) -> TrajectoryStore:
    problem = problem_of(fresh_set(), 0)
    return trajectory_store(problem if name == SOLVER else on_model(problem, load_surrogate(name).model), GRID)


def _coarse(over_box: Landscape) -> Points:
    """Return a part of the points of a landscape, from which searches begin."""
    positions = np.stack(np.meshgrid(over_box.x[::EVERY], over_box.y[::EVERY]), axis=-1)
    return Points(positions.reshape(-1, 2), over_box.loss[::EVERY, ::EVERY].ravel())


def of_trace(i: int, with_posterior: bool) -> dict[str, dict[str, Any]]:
    """Return by surrogate how far its MAP and the minimum of its landscape are off on a fresh noisy trace.

    cells: the larger of the distances along both axes, in cells of the grid. sds: the distance of the MAP in the exact
    posterior's covariance, which is that in standard deviations along the worst direction. divergence: from the exact
    posterior, in nats, where asked for.
    """
    problem = problem_of(fresh_set(), i)
    exact, lowest = posterior(problem), np.array(landscape(problem, _store(SOLVER)).lowest())
    best = map_estimate(problem).mean[0]
    cell = np.ptp(problem.bounds, axis=1) / (GRID - 1)
    found = {}
    for name in SURROGATES:
        on_surrogate = on_model(problem, load_surrogate(name).model)
        over_box = landscape(on_surrogate, _store(name))
        coarse = _coarse(over_box)
        off = find_minima(on_surrogate, coarse).positions[0] - best
        found[name] = {
            "cells": float(np.max(np.abs(np.array(over_box.lowest()) - lowest) / cell)),
            "sds": float(np.sqrt(off @ np.linalg.solve(exact.covariance, off))),
        }
        if with_posterior:
            logs = posterior(on_surrogate, coarse=coarse).log_density(exact.cells.centres)
            found[name]["divergence"] = divergence_and_variation(exact, logs)[0]
    return found
