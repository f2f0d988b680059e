"""The part of the page Trust about surrogates: networks in the place of the solver, for the θ on screen."""

import numpy as np
from numpy.typing import NDArray

from core.experiments import estimators as codes
from core.experiments.records import Key, Result, stored
from core.models.spikes import regime
from core.published import GAMMA, ZETA
from core.surrogates.errors import PLACES, delays, one_step, places, spike_times
from core.surrogates.neuron import PRIOR, TIMES, trajectories
from core.surrogates.surrogate import FLOW_MAP, REGRESSION, load_surrogate
from dashboard.figures import surrogates as figures
from dashboard.figures.palette import themed
from dashboard.figures.style import TRUTH, Look
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.scene.scene import Scene
from dashboard.wording import entries
from dashboard.wording import surrogates as wording
from dashboard.wording.numbers import percent_to_digits, significant

NAMES = {FLOW_MAP: entries.FLOW_MAP, REGRESSION: entries.REGRESSION}
LOOKS = {FLOW_MAP: Look(themed("best"), dash="dash"), REGRESSION: Look(themed("cnn"), "square", dash="dot")}
EVERY = 4  # a delay is computed for every fourth state of the second half of the window
MOST_SPIKES = 100
KNEES = tuple(PLACES.index(name) for name in ("upper-knee", "lower-knee"))

Array = NDArray[np.float64]


def surrogates(scene: Scene) -> Shown:
    """Return the traces of the θ on screen by solver and surrogates, how their errors grow, and where drift arises."""
    experiment = scene.experiment
    theta = np.array([experiment.theta0, experiment.theta1])
    if experiment.hidden:
        return Shown("trust-none", question=wording.QUESTION, answer=wording.HIDDEN)
    if np.any(theta < PRIOR.lower) or np.any(theta > PRIOR.upper):
        return Shown("trust-none", question=wording.QUESTION, answer=wording.OUTSIDE)
    states = trajectories(theta)
    truth = states[:, 0]
    found = {name: load_surrogate(name).model.simulate(theta, TIMES)[:, 0] for name in NAMES}
    courses = {name: _course(u, truth) for name, u in found.items()}
    late = {name: _last_spike(u, truth) for name, u in found.items()}
    where, delay, knees = _drift(theta, states)
    is_published = (experiment.zeta, experiment.gamma) == (ZETA, GAMMA)
    return Shown(
        "trust-surrogates",
        [
            Plot("traces", figures.traces(TIMES, truth, _drawn(found), (float(TIMES[0]), float(TIMES[-1])))),
            Plot("course", figures.course(TIMES, _drawn(courses))),
            Plot("drift", figures.drift(states, where, delay)),
        ],
        wording.QUESTION,
        wording.answer(courses[FLOW_MAP][-1], courses[REGRESSION][-1], late[FLOW_MAP], knees),
        why=wording.WHY,
        table=_table({name: course[-1] for name, course in courses.items()}, late),
        notes=[] if is_published else [wording.CONSTANTS],
    )


def _drawn(values: dict[str, Array]) -> dict[str, tuple[Look, Array]]:
    return {NAMES[name]: (LOOKS[name], each) for name, each in values.items()}


def _course(u: Array, truth: Array) -> Array:
    """Return the relative error of the trace up to each time, (n_times,); both begin at zero."""
    squares, errors = np.cumsum(truth**2), np.cumsum((u - truth) ** 2)
    return np.sqrt(errors / np.where(squares > 0, squares, 1.0))


def _last_spike(u: Array, truth: Array) -> float | None:
    """Return by how many ms the last spike of the solver's trace comes late, None where one of them has it not."""
    exact, found = spike_times(np.stack([truth, u]), TIMES, MOST_SPIKES)
    n = int(np.isfinite(exact).sum())
    return float(found[n - 1] - exact[n - 1]) if n and np.isfinite(found[n - 1]) else None


def _drift(theta: Array, states: Array) -> tuple[Array, Array, float | None]:
    """Return places, (k, 2), what delay one step from each leaves, (k,), and the share of the delays at the knees."""
    if regime(states[:, 0]) != "spiking":
        return np.empty((0, 2)), np.empty(0), None
    which = np.arange(TIMES.size // 2, TIMES.size - 1, EVERY)
    repeated = np.repeat(theta[None], which.size, axis=0)
    reached = one_step(load_surrogate(FLOW_MAP).model, repeated, states[which])
    delay = delays(repeated, states[which + 1], reached)
    at_knees = np.isin(places(states)[which], KNEES)
    return states[which], delay, float(np.abs(delay[at_knees]).sum() / np.abs(delay).sum())


def _table(errors: dict[str, float], late: dict[str, float | None]) -> list[list[Cell]]:
    measured = stored("surrogate")
    rows: list[list[Cell]] = [
        ["", "error of this trace", "last spike off [ms]", "MAP off [sd]", "divergence [nats]", "µs a trajectory"]
    ]
    rows.append([name_cell(entries.SOLVER, Look(TRUTH)), "0", "0", "0", "0", _figure(measured, codes.SOLVER, "cost")])
    for name, error in errors.items():
        spike = late[name]
        rows.append(
            [
                name_cell(NAMES[name], LOOKS[name]),
                percent_to_digits(float(error)),
                "–" if spike is None else significant(abs(spike), 2),
                _figure(measured, name, "map_off", "fresh"),
                _figure(measured, name, "divergence_median", "fresh"),
                _figure(measured, name, "cost"),
            ]
        )
    return rows


def _figure(measured: Result | None, name: str, metric: str, regime: str = codes.FRESH_THETA) -> str:
    """Return a stored figure as text, or a dash where the experiment has not been run."""
    return "–" if measured is None else significant(measured.value(Key(name, metric, "", regime)), 2)
