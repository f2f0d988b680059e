"""The fit with an unknown start: what is fitted, what is unknown, and what a fit is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.experiments.least_squares_of_others import BOTH
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.optimisation.least_squares_fit import check_positive, fit_states
from core.priors import uniform
from core.problem import observation as recorded
from core.problem.problem import Problem
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation, Trace
from dashboard.scene.settings import SLIDERS
from dashboard.wording.numbers import count

NAMES = FITZHUGH_NAGUMO.names
FROM_SIDEBAR = ("zeta", "gamma")  # their known values
SEED = 0  # of the draws from the box, so that a fit can be repeated
MOST_STEPS = 7e4  # of a trajectory at the frozen step: a fit then takes some seconds
REPRESENTATIVE = 50.0  # ms: several spikes, so that a longer piece needs no smaller steps
START = {"u0": (-3.0, 3.0), "v0": (-3.0, 3.0)}
_WIDE = {name: (low, high) for name, low, high in zip(BOTH.unknown, BOTH.lower, BOTH.upper, strict=True)}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """A box that is searched: what it is called, and its bounds of all six values."""

    label: str
    bounds: Mapping[str, tuple[float, float]]


WIDE, NARROW = "wide", "sliders"
BOXES = {
    WIDE: Box("wide, as for MAGI", {**_WIDE, "zeta": (-1.0, 1.0)}),
    NARROW: Box(
        "the sliders’ ranges", {**{name: (SLIDERS[name].low, SLIDERS[name].high) for name in NAMES[:4]}, **START}
    ),
}


@dataclass(frozen=True, eq=False)
class Samples:
    """What is fitted: name, times (n,) in ms, and (u, v) (n, 2), NaN where not observed.

    truth: of simulated data that are not hidden, the trajectory (n, 2) and all six values; rho: of simulated noise.
    tau: by which the times of a recording in the textbook's convention were scaled.
    """

    name: str
    times: Array
    data: Array
    truth: tuple[Array, dict[str, float]] | None = None
    rho: float | None = None
    tau: float | None = None


@dataclass(frozen=True)
class Settings:
    """What is unknown, the known values of all six, the sds of u and v, and the name of the box."""

    unknown: tuple[str, ...]
    known: tuple[float, ...]
    noise_sd: tuple[float, float]
    box: str

    def beside(self, experiment: Experiment) -> "Settings":
        """Return the settings with ζ and γ, where they are known, as an experiment has them."""
        values = dict(zip(NAMES, self.known, strict=True))
        values |= {name: getattr(experiment, name) for name in FROM_SIDEBAR}
        return replace(self, known=tuple(values[name] for name in NAMES))


@dataclass(frozen=True, eq=False)
class Fit:
    """A problem and its least-squares estimate."""

    problem: Problem
    estimate: Estimate

    def is_of(self, problem: Problem) -> bool:
        """Say whether the fit is that of a problem: the same data, unknowns, known values, noise and box."""
        return self.problem.identity == problem.identity


@dataclass(frozen=True)
class Fitting:
    """What the form of the fit was left at, and the last fit. Two are equal if the fit is the same one.

    settings: None where something cannot be read.
    refused: why nothing is fitted, or "".
    """

    settings: Settings | None
    refused: str
    fit: Fit | None = None


def samples_of(experiment: Experiment, observation: Observation, uploaded: Trace | None) -> Samples:
    """Return what is fitted: the uploaded recording, with v if it has it, or u of the simulated data."""
    if uploaded is not None:
        v = np.full_like(uploaded.u, np.nan) if uploaded.v is None else uploaded.v
        return Samples(uploaded.name, uploaded.times, np.column_stack([uploaded.u, v]), tau=uploaded.tau)
    truth = None
    if observation.trajectory is not None and not experiment.hidden:
        truth = observation.trajectory, dict(zip(NAMES, (*experiment.parameters, 0.0, 0.0), strict=True))
    data = np.column_stack([observation.data, np.full_like(observation.data, np.nan)])
    return Samples("the simulated data", observation.times, data, truth, experiment.rho)


def problem_for(samples: Samples, settings: Settings) -> Problem:
    """Return the problem, of the states that have samples; raises ValueError for what does not fit together."""
    box, seen = BOXES[settings.box].bounds, ~np.all(np.isnan(samples.data), axis=0)
    states = tuple(name for name, is_seen in zip(FITZHUGH_NAGUMO.state_names, seen, strict=True) if is_seen)
    known = {name: value for name, value in zip(NAMES, settings.known, strict=True) if name not in settings.unknown}
    lower, upper = np.array([box[name] for name in settings.unknown]).reshape(-1, 2).T
    problem = Problem(
        FITZHUGH_NAGUMO,
        recorded.Observation(samples.times, samples.data[:, seen], states),
        settings.unknown,
        known,
        tuple(Noise(0.0, sd) for sd, is_seen in zip(settings.noise_sd, seen, strict=True) if is_seen),
        uniform(settings.unknown, lower, upper),
    )
    check_positive(problem)
    return problem


@lru_cache(maxsize=64)
def _longest(times: tuple[float, ...], settings: Settings) -> float:
    """Return how long a recording may be, in ms, for a fit of seconds, from the times of a representative piece."""
    piece = Samples("", np.array(times), np.zeros((len(times), 2)))
    step = problem_for(piece, settings).step
    return np.inf if step is None else MOST_STEPS * step


def too_long(samples: Samples, settings: Settings) -> str:
    """Say why a fit would take minutes and what to do, in a sentence, or return ""."""
    length = float(samples.times[-1])
    piece = tuple(samples.times[: max(2, np.searchsorted(samples.times, REPRESENTATIVE, side="right"))].tolist())
    longest = _longest(piece, settings)
    if length <= longest:
        return ""
    sliders = replace(settings, box=NARROW)
    known = replace(settings, unknown=tuple(name for name in settings.unknown if name != "gamma"))
    choose, take = f"choose {BOXES[NARROW].label}", "take γ as known"
    remedies = [text for text, other in ((choose, sliders), (take, known)) if _helps(piece, length, settings, other)]
    if not remedies and _helps(piece, length, settings, replace(known, box=NARROW)):
        # One of the two may have been done already.
        remedies = [" and ".join(text for text, other in ((choose, sliders), (take, known)) if other != settings)]
    return (
        f"The recording of {count(length)} ms is too long for a fit with these unknowns in this box, whose stiffest "
        f"corner needs tiny steps: {', or '.join([*remedies, f'take a piece of at most {count(longest)} ms'])}."
    )


def _helps(piece: tuple[float, ...], length: float, settings: Settings, other: Settings) -> bool:
    """Say whether other settings make a recording short enough."""
    return other != settings and bool(other.unknown) and length <= _longest(piece, other)


def fit(problem: Problem) -> Fit:
    """Return the fit."""
    return Fit(problem, fit_states(problem, SEED))
