"""Ten thousand trajectories of the published prior: the compiled solver against SciPy's odeint, in time and in error.

odeint, which has no batches, integrates an evenly spread sample of the same trajectories; its time is scaled to all of
them. Both sides alternate within one process, so that a busy neighbour slows both.
"""

import time
from collections.abc import Callable

import numpy as np
from joblib import Parallel, delayed
from scipy.integrate import odeint

from core import published_prior, simulate, time_grid
from core.published import with_constants
from tests.benchmarks.record import Record, output_path
from tests.reference import reference_solution

Slope = tuple[float, float]
SETTINGS = {
    "trajectories": 10_000,
    "samples_each": 1000,
    "tolerance_of_simulate": 1e-4,
    "rtol_of_odeint": 1e-6,
    "atol_of_odeint": "its default, 1.49e-8",
    "odeint_sample": 200,
    "rounds": 9,
    "reference": "DOP853, rtol 1e-11, atol 1e-13, of 100 trajectories",
    "scaling": "the time of odeint is that of the sample times trajectories / odeint_sample",
    "right_hand_sides_of_odeint": "in Python: unpacked from the array as one writes it, and from plain floats",
    "excluded": "the first call of simulate, which compiles or loads the compiled solver",
}


def right_hand_side(state: np.ndarray, _: float, theta0: float, theta1: float, zeta: float, gamma: float) -> Slope:
    """Return (du/dt, dv/dt), in Python as one writes it."""
    u, v = state
    return gamma * (u - u**3 / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma


def tuned_right_hand_side(
    state: np.ndarray, _: float, theta0: float, theta1: float, zeta: float, gamma: float
) -> Slope:
    """Return the same from plain floats, which Python handles faster than NumPy's."""
    u, v = state.tolist()
    return gamma * (u - u * u * u / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma


def solve_with_odeint(parameters: np.ndarray, times: np.ndarray, slope: Callable[..., Slope]) -> np.ndarray:
    """Return the states, (n, n_times, 2), one trajectory after the other."""
    rtol = SETTINGS["rtol_of_odeint"]
    return np.array([odeint(slope, (0.0, 0.0), times, args=tuple(row), rtol=rtol) for row in parameters])


def seconds(work: Callable[..., object], *arguments: object) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def main() -> None:
    """Measure, print and write."""
    out = output_path("solver", __doc__)
    record = Record("solver", SETTINGS)
    n, n_sample = SETTINGS["trajectories"], SETTINGS["odeint_sample"]
    times = time_grid(200.0, SETTINGS["samples_each"])
    parameters = with_constants(published_prior().sample(n, np.random.default_rng(0)))
    sample = parameters[:: n // n_sample]
    simulate(parameters[:32], times)
    ours, theirs, tuned = [], [], []
    for _ in range(SETTINGS["rounds"]):
        ours.append(seconds(simulate, parameters, times))
        theirs.append(seconds(solve_with_odeint, sample, times, right_hand_side) * n / n_sample)
        tuned.append(seconds(solve_with_odeint, sample, times, tuned_right_hand_side) * n / n_sample)
    record.note("simulate, 10,000 trajectories: median", 1e3 * np.median(ours), "ms")
    record.note("simulate: fastest round", 1e3 * np.min(ours), "ms")
    record.note("simulate: median per trajectory", 1e6 * np.median(ours) / n, "µs")
    record.note("odeint: median per trajectory", 1e6 * np.median(theirs) / n, "µs")
    record.note("odeint of plain floats: median per trajectory", 1e6 * np.median(tuned) / n, "µs")
    record.note("times as fast as odeint: ratio of medians", np.median(theirs) / np.median(ours), least=1000)
    record.note("times as fast as odeint: median of the rounds", np.median(np.divide(theirs, ours)))
    record.note("times as fast as odeint of plain floats: ratio of medians", np.median(tuned) / np.median(ours))

    checked = parameters[:: n // 100]
    reference = np.array(Parallel(n_jobs=2)(delayed(reference_solution)(row, times) for row in checked))[..., 0]
    for name, states in (
        ("simulate", simulate(checked, times, tolerance=SETTINGS["tolerance_of_simulate"])),
        ("odeint", solve_with_odeint(checked, times, right_hand_side)),
    ):
        largest = np.abs(states[..., 0] - reference).max(axis=1)
        for quantile in (0.5, 0.95, 1.0):
            record.note(
                f"{name}: largest error in u of a trajectory, {quantile:.0%} quantile", np.quantile(largest, quantile)
            )
    record.save(out)


if __name__ == "__main__":
    main()
