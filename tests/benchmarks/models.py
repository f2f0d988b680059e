"""Models that are given by their equations, against SciPy at equal error: Morris–Lecar trajectories a second.

Both sides solve parameters drawn evenly from the ranges of the model's quantities, in one process; they take turns.
SciPy solves an evenly spread sample, whose time is scaled. It competes as its documentation has it, with NumPy's
functions in the right-hand side, and tuned by hand, with those of `math` on plain floats.
"""

import functools
from collections.abc import Callable
from math import cosh, tanh
from typing import Any

import numba
import numpy as np
from scipy.integrate import odeint, solve_ivp

from core.models.morris_lecar import HOPF, MORRIS_LECAR_HOPF
from tests.benchmarks.record import Record, output_path
from tests.benchmarks.turns import taking_turns

# Found on 150 draws of seed 7: the cheapest (rtol, atol) whose error is within the tolerance for 99 % of them.
SETTINGS_OF_SCIPY: dict[str, dict[float, tuple[float, float]]] = {
    "odeint": {1e-4: (7e-9, 7e-9), 1e-6: (3e-11, 3e-11)},
    "solve_ivp RK45": {1e-4: (3e-8, 3e-7), 1e-6: (1e-10, 1e-9)},
    "solve_ivp LSODA": {1e-4: (3e-9, 3e-8), 1e-6: (2e-11, 2e-10)},
}
SETTINGS: dict[str, Any] = {
    "model": MORRIS_LECAR_HOPF.title,
    "trajectories": 2_000,
    "sample_of_scipy": 40,
    "window_ms": 200.0,
    "samples_each": [200, 1000],
    "threads": [1, 2],
    "rounds": 5,
    "tolerances_mV": [1e-4, 1e-6],
    "rtol_and_atol_of_scipy": {
        name: {f"{tolerance:g}": pair for tolerance, pair in pairs.items()} for name, pairs in SETTINGS_OF_SCIPY.items()
    },
    "error": "the largest in V over the samples of a trajectory, of which the 99 % quantile is to meet the tolerance",
    "reference": "DOP853, rtol = atol = 1e-12",
    "checked": 100,
    "excluded": "first calls, which compile",
}
START = [quantity.default for quantity in MORRIS_LECAR_HOPF.states]


def as_documented(_: float, state: np.ndarray, current: float, calcium: float) -> list[Any]:
    """Return (dV/dt, dw/dt) by NumPy's functions."""
    v, w = state
    m = 0.5 * (1 + np.tanh((v + 1.2) / 18))
    open_potassium, tau = 0.5 * (1 + np.tanh((v - 2) / 30)), 1 / np.cosh((v - 2) / 60)
    ionic = 2 * (v + 60) + calcium * m * (v - 120) + 8 * w * (v + 84)
    return [(current - ionic) / 20, 0.04 * (open_potassium - w) / tau]


def tuned(_: float, state: np.ndarray, current: float, calcium: float) -> tuple[float, float]:
    """Return (dV/dt, dw/dt) from plain floats, which Python handles faster than NumPy's."""
    v, w = state.tolist()
    x = (v - 2.0) / 30.0
    ionic = 2.0 * (v + 60.0) + 0.5 * calcium * (1.0 + tanh((v + 1.2) / 18.0)) * (v - 120.0) + 8.0 * w * (v + 84.0)
    return (current - ionic) / 20.0, 0.04 * cosh(0.5 * x) * (0.5 * (1.0 + tanh(x)) - w)


def by_scipy(
    rates: Callable[..., Any], solver: str, parameters: np.ndarray, times: np.ndarray, rtol: float, atol: float
) -> np.ndarray:
    """Return V, (n, n_times)."""
    if solver == "odeint":
        rows = [
            odeint(rates, START, times, args=tuple(row), rtol=rtol, atol=atol, tfirst=True)[:, 0]
            for row in parameters.tolist()
        ]
    else:
        method, span = solver.removeprefix("solve_ivp "), (times[0], times[-1])
        rows = [
            solve_ivp(rates, span, START, method, times, args=tuple(row), rtol=rtol, atol=atol).y[0]
            for row in parameters.tolist()
        ]
    return np.array(rows)


def by_the_engine(parameters: np.ndarray, times: np.ndarray, threads: int) -> np.ndarray:
    """Return V, (n, n_times)."""
    numba.set_num_threads(threads)
    return MORRIS_LECAR_HOPF.simulate(parameters, times)[..., 0]


def compare(record: Record, parameters: np.ndarray, times: np.ndarray, tolerance: float) -> None:
    """Note errors and times of all contenders, and how many times as fast as SciPy the engine is on two threads."""
    setting = f"{times.size} samples at {tolerance:g} mV"
    ours = {
        f"ours, {threads} thread{'s' if threads > 1 else ''}": functools.partial(
            by_the_engine, times=times, threads=threads
        )
        for threads in SETTINGS["threads"]
    }
    scipys = {
        f"{name}, {kind}": functools.partial(
            by_scipy, rates, name, times=times, rtol=pairs[tolerance][0], atol=pairs[tolerance][1]
        )
        for name, pairs in SETTINGS_OF_SCIPY.items()
        for kind, rates in (("as documented", as_documented), ("tuned by hand", tuned))
    }
    checked = parameters[:: len(parameters) // SETTINGS["checked"]]
    reference = by_scipy(tuned, "solve_ivp DOP853", checked, times, 1e-12, 1e-12)
    for name, solve in (ours | scipys).items():
        error = np.quantile(np.abs(solve(checked) - reference).max(axis=1), 0.99)
        record.note(f"{name}: error of {setting}, 99 % quantile", error, "mV", most=tolerance, quoted=False)
    sample = parameters[:: len(parameters) // SETTINGS["sample_of_scipy"]]
    solved = dict.fromkeys(ours, parameters) | dict.fromkeys(scipys, sample)
    contenders = {name: functools.partial(solve, solved[name]) for name, solve in (ours | scipys).items()}
    taken = {
        name: 1e6 * seconds / len(solved[name])
        for name, seconds in taking_turns(contenders, SETTINGS["rounds"]).items()
    }
    for name, value in taken.items():
        record.note(f"{name}: {setting}", value, "µs a trajectory", quoted=name in ours)
    fastest = min(taken[name] for name in ours)
    for name in scipys:
        record.note(f"{setting}: times as fast as {name}", taken[name] / fastest, least=50)


def main() -> None:
    """Measure, print and write."""
    out = output_path("models", __doc__)
    record = Record("models", SETTINGS)
    assert (HOPF.v3, HOPF.v4, HOPF.phi) == (2, 30, 0.04)  # as in the right-hand sides above
    lower, upper = np.array([(quantity.lower, quantity.upper) for quantity in MORRIS_LECAR_HOPF.parameters]).T
    parameters = np.random.default_rng(0).uniform(lower, upper, (SETTINGS["trajectories"], 2))
    for n_times in SETTINGS["samples_each"]:
        times = np.linspace(0.0, SETTINGS["window_ms"], n_times)
        for tolerance in SETTINGS["tolerances_mV"]:
            compare(record, parameters, times, tolerance)
    record.save(out)


if __name__ == "__main__":
    main()
