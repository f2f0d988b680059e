"""The lowest and highest states on the stable limit cycles of a model, while one of its parameters varies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.fixed_points import OneParameterFamily

WINDOW_MS, SAMPLES = 500.0, 10_001  # the extremes of the window's halves are compared
MOST_WINDOWS = 6  # a trajectory that has not settled on a cycle after so many windows is given up
AGREEMENT = 1e-3  # of extremes, relative to the width of an axis; a smaller oscillation is no cycle
FIRST_MOVE = 1e-2  # relative to the width of an axis


@dataclass(frozen=True, eq=False)
class LimitCycles:
    """The lowest and highest states, (n, n_states), on the limit cycle at each value of the varied parameter, (n,).

    NaN where no stable limit cycle was found.
    """

    values: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def limit_cycles(family: OneParameterFamily, values: ArrayLike) -> LimitCycles:
    """Simulate to the stable limit cycles at increasing values of the varied parameter, (n,).

    Each value is tried from near the model's default initial state and, where this leads to no cycle, from the cycles
    of its neighbours, so that cycles beside a stable fixed point are found. Of each value one cycle is returned.
    Extremes are those of samples 0.05 ms apart.
    """
    values = np.asarray(values, dtype=float)
    parameters, n_states = family.parameters_at(values), len(family.model.states)
    lowest, highest, ends = (np.full((values.size, n_states), np.nan) for _ in range(3))
    # Moved a little, because the default may be an unstable fixed point.
    first = [state.default for state in family.model.states] + FIRST_MOVE * family.scales[:-1]
    trials = [(i, i) for i in range(values.size)]  # (value, the value whose cycle is the start)
    tried: set[tuple[int, int]] = set()
    while trials:
        rows = [row for row, _ in trials]
        starts = np.array([first if row == source else ends[source] for row, source in trials])
        lowest[rows], highest[rows], ends[rows] = _settled(family, parameters[rows], starts)
        tried.update(trials)
        cycles = np.isfinite(lowest[:, 0])
        neighbours = ((i, j) for i in range(values.size) for j in (i - 1, i + 1) if 0 <= j < values.size)
        next_trials = {i: j for i, j in neighbours if cycles[j] and not cycles[i] and (i, j) not in tried}
        trials = list(next_trials.items())
    return LimitCycles(values, lowest, highest)


def _settled(
    family: OneParameterFamily, parameters: NDArray[np.float64], starts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest, highest and last states, (n, n_states), of trajectories that end on cycles; NaN for others."""
    model, widths = family.model, family.scales[:-1]
    times = np.linspace(0.0, WINDOW_MS, SAMPLES)
    lowest, highest, ends = (np.full(starts.shape, np.nan) for _ in range(3))
    rows, states = np.arange(len(starts)), model.simulate(parameters, times[::20], starts)[:, -1]
    for _ in range(MOST_WINDOWS):
        trajectories = model.simulate(parameters[rows], times, states)
        halves = np.array_split(trajectories, 2, axis=1)
        low, high = (np.array([pick(half, axis=1) for half in halves]) for pick in (np.min, np.max))
        agree = np.all(np.abs(np.diff([low, high], axis=1)) <= AGREEMENT * widths, axis=(0, 1, 3))
        amplitude = (high - low).min(axis=0)[:, model.observed_column]
        cycles = agree & (amplitude > AGREEMENT * widths[model.observed_column])
        at = rows[cycles]
        lowest[at], highest[at] = low.min(axis=0)[cycles], high.max(axis=0)[cycles]
        ends[at] = trajectories[cycles, -1]
        going_on = ~agree & np.isfinite(trajectories[:, -1]).all(axis=1)
        rows, states = rows[going_on], trajectories[going_on, -1]
        if rows.size == 0:
            break
    return lowest, highest, ends
