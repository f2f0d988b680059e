"""Surrogates of the solver: errors of their traces, spike times and inferences, their cost, and where drift arises."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from core.experiments.context import Context, records
from core.experiments.estimators import FLOW_MAP, FRESH_THETA, MODES, REGRESSION, SOLVER
from core.experiments.records import Key, Measurement, Result, Target
from core.experiments.surrogate_traces import GRID, SURROGATES, of_trace
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Model
from core.published import with_constants
from core.surrogates.errors import PLACES, delays, one_step, places, relative_error, spike_times
from core.surrogates.neuron import INTERVAL, PRIOR, TIMES, trajectories
from core.surrogates.regression import Regression
from core.surrogates.surrogate import load_surrogate

N_THETA, N_TRACES, N_POSTERIORS = 2000, 200, 30
QUICK = (100, 2, 1)
CHUNK = 10  # traces
WINDOWS_MS = (20, 50, 200)
SPIKES = (1, 5, 10, 20)  # of which the times are compared
N_TIMED = 256  # trajectories at once
REPEATS = 5
N_NEURONS, STATES_A_NEURON, FIRST = 200, 50, 100  # of spiking neurons, from the sample at 20 ms on
SEED = 20272

MOST_ERROR = {0.5: 0.003, 0.9: 0.010}
NEAR_SDS, NEAR_CELLS, LEAST_NEAR = 0.2, 1.0, 0.9

Array = NDArray[np.float64]


def _of_trajectories(n: int) -> dict[str, Any]:
    """Return relative errors by window, and how far the k-th spikes are off, of each way to a trace of fresh θ."""
    theta = PRIOR.sample(n, np.random.default_rng(SEED))
    truth = trajectories(theta)[..., 0]
    network = load_surrogate(REGRESSION).network
    assert isinstance(network, Regression)
    traces = {name: load_surrogate(name).model.simulate(theta, TIMES)[..., 0] for name in SURROGATES}
    traces[MODES] = network.basis.curves(network.basis.coefficients(truth))
    exact, found = spike_times(truth, TIMES, max(SPIKES)), {}
    for name, u in traces.items():
        inside = {window: window > TIMES for window in WINDOWS_MS}
        errors = {f"{window}": relative_error(u[:, part], truth[:, part]) for window, part in inside.items()}
        late = np.abs(spike_times(u, TIMES, max(SPIKES)) - exact)
        found[name] = {
            "median": {window: float(np.median(each)) for window, each in errors.items()},
            "most": {window: float(np.quantile(each, 0.9)) for window, each in errors.items()},
            "spikes": {f"{k}": float(np.nanmedian(late[:, k - 1])) for k in SPIKES},
            "missed": float(np.mean(np.isfinite(exact) & ~np.isfinite(late))),
        }
    return found


def _of_steps(n: int) -> dict[str, Any]:
    """Return by place in the cycle how far one step of the flow map is off, and by how much it delays the cycle."""
    rng, flow = np.random.default_rng([SEED, 1]), load_surrogate(FLOW_MAP).model
    theta = PRIOR.sample(4 * n, rng)
    states = trajectories(theta)
    spiking = np.isfinite(spike_times(states[..., 0], TIMES, 10)[:, -1])
    theta, states = theta[spiking][:n], states[spiking][:n]
    which = rng.integers(FIRST, TIMES.size - 1, (len(theta), STATES_A_NEURON))
    place = np.take_along_axis(places(states), which, axis=1).ravel()
    begin, exact = (np.take_along_axis(states, (which + k)[..., None], axis=1).reshape(-1, 2) for k in (0, 1))
    repeated = np.repeat(theta, STATES_A_NEURON, axis=0)
    reached = one_step(flow, repeated, begin)
    late = np.abs(delays(repeated, exact, reached))
    squares = (reached - exact) ** 2
    found = {}
    for code, name in enumerate(PLACES):
        here = place == code
        found[name] = {
            "share_of_time": float(np.mean(here)),
            "step_error_u": float(np.sqrt(np.mean(squares[here, 0]))),
            "step_error_v": float(np.sqrt(np.mean(squares[here, 1]))),
            "delay": float(1e6 * np.mean(late[here])),
            "share_of_delay": float(late[here].sum() / late.sum()),
        }
    return found


def _microseconds(work: Callable[[], object]) -> float:
    """Return the least time of the processor that a trajectory takes, of several runs."""
    work()
    taken = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return 1e6 * min(taken) / N_TIMED


def _costs() -> dict[str, Any]:
    """Return microseconds of one thread for a trajectory, alone and with derivatives, of many at once."""
    theta = PRIOR.sample(N_TIMED, np.random.default_rng([SEED, 2]))
    models: dict[str, tuple[Model, Array]] = {SOLVER: (FITZHUGH_NAGUMO, with_constants(theta))}
    models |= {name: (load_surrogate(name).model, theta) for name in SURROGATES}
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    found = {}
    for name, (model, values) in models.items():
        found[name] = {
            "cost": _microseconds(partial(model.simulate, values, TIMES)),
            "cost_with_derivatives": _microseconds(partial(model.sensitivities, values, TIMES)),
        }
    numba.set_num_threads(threads)
    return found


def _of_traces(first: int, n: int, with_posterior: int) -> dict[str, Any]:
    """Return what inference finds on n fresh noisy traces, from the first on; the first ones with posteriors."""
    return {"traces": [of_trace(i, i < with_posterior) for i in range(first, first + n)]}


def _task(kind: str, *arguments: int) -> dict[str, Any]:
    work: dict[str, Callable[..., dict[str, Any]]] = {
        "trajectories": _of_trajectories, "steps": _of_steps, "costs": _costs, "traces": _of_traces,
    }  # fmt: skip
    return work[kind](*arguments)


def run(context: Context) -> Result:
    """Compare the surrogates with the solver: on fresh parameters, on fresh noisy traces, step by step, and in cost."""
    n_theta, n_traces, n_posteriors = QUICK if context.quick else (N_THETA, N_TRACES, N_POSTERIORS)
    chunk = min(CHUNK, n_traces)
    chunks = {f"traces-{first}": ("traces", first, chunk, n_posteriors) for first in range(0, n_traces, chunk)}
    tasks = {"trajectories": ("trajectories", n_theta), "steps": ("steps", N_NEURONS), "costs": ("costs",), **chunks}
    found = records(_task, tasks, context, "surrogate")
    rows = [row for key in chunks for row in found[key]["traces"]]
    measurements = [*_errors(found["trajectories"]), *_inferences(rows)]
    for place, figures in found["steps"].items():
        measurements += [Measurement(Key(FLOW_MAP, metric, "", place), value) for metric, value in figures.items()]
    for name, figures in found["costs"].items():
        measurements += [Measurement(Key(name, metric, "", FRESH_THETA), value) for metric, value in figures.items()]
    return Result(
        f"Surrogates, trained networks in the place of the solver. The flow map is a network for one step of "
        f"{INTERVAL:g} ms, applied again and again; the regression goes from θ to coefficients of the whole trace in "
        "an orthogonal basis, of which the row of the best coefficients shows what it could reach. Errors are the root "
        f"of the sum of squares over that of the trace, on {n_theta:,} fresh θ of the prior. On {n_traces} fresh noisy "
        "traces, everything is done on a surrogate and on the solver. A MAP is off by its distance in the exact "
        f"posterior’s covariance. Landscapes are grids of {GRID} × {GRID} points over the prior’s box, whose lowest "
        f"points are compared. The divergence is that of {n_posteriors} posteriors from the exact ones. Costs are in "
        f"time of one thread, at {N_TIMED} trajectories at once. Of single steps of the flow map from the exact state, "
        "on its way through the cycle, the table shows by how much they are off and how late the spikes come after.",
        {
            "n_theta": n_theta,
            "n_traces": n_traces,
            "n_posteriors": n_posteriors,
            "windows_ms": list(WINDOWS_MS),
            "spikes": list(SPIKES),
            "grid": GRID,
            "near_sds": NEAR_SDS,
            "near_cells": NEAR_CELLS,
            "places": list(PLACES),
            "seed": SEED,
        },
        tuple(measurements),
        () if context.quick else _targets(),
    )


def _errors(found: dict[str, Any]) -> list[Measurement]:
    measurements = []
    for name, figures in found.items():
        for metric, by_window in (("error_median", figures["median"]), ("error_90", figures["most"])):
            for window, value in by_window.items():
                measurements.append(Measurement(Key(name, metric, "", FRESH_THETA, at=float(window)), value))
        for k, value in figures["spikes"].items():
            measurements.append(Measurement(Key(name, "spike_late", "", FRESH_THETA, at=float(k)), value))
        measurements.append(Measurement(Key(name, "spikes_missed", "", FRESH_THETA), figures["missed"]))
    return measurements


def _inferences(rows: list[dict[str, Any]]) -> list[Measurement]:
    measurements = []
    for name in SURROGATES:
        sds, cells = (np.array([row[name][figure] for row in rows]) for figure in ("sds", "cells"))
        divergence = np.array([row[name]["divergence"] for row in rows if "divergence" in row[name]])
        figures = {
            "map_near": float(np.mean(sds <= NEAR_SDS)),
            "map_off": float(np.median(sds)),
            "minimum_near": float(np.mean(cells <= NEAR_CELLS + 1e-9)),
            "divergence_median": float(np.median(divergence)),
            "divergence_90": float(np.quantile(divergence, 0.9)),
        }
        measurements += [Measurement(Key(name, metric, "", "fresh"), value) for metric, value in figures.items()]
    return measurements


def _targets() -> tuple[Target, ...]:
    longest = float(max(WINDOWS_MS))
    return (
        Target(Key(FLOW_MAP, "error_median", "", FRESH_THETA, at=longest), at_most=MOST_ERROR[0.5]),
        Target(Key(FLOW_MAP, "error_90", "", FRESH_THETA, at=longest), at_most=MOST_ERROR[0.9]),
        Target(Key(FLOW_MAP, "map_near", "", "fresh"), at_least=LEAST_NEAR),
        Target(Key(FLOW_MAP, "minimum_near", "", "fresh"), at_least=LEAST_NEAR),
    )
