"""A part of the page Your data: least squares on u and v, with parameters and start unknown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import Estimate
from core.experiments.least_squares_of_others import BOTH
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.optimisation.least_squares_fit import check_positive, fit_states
from core.priors import uniform
from core.problem import observation as recorded
from core.problem.problem import Problem
from core.symbols import symbol_of
from dashboard import live, session
from dashboard.figures import states as figures
from dashboard.live import Plot
from dashboard.panels.boxes import number_box
from dashboard.pictures import results
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation, Trace
from dashboard.scene.settings import DEFAULTS, SLIDERS, Number
from dashboard.wording.numbers import compact, count, decimals_for, fixed, rounded, significant

NAMES = FITZHUGH_NAGUMO.names
SEED = 0  # of the draws from the box, so that a fit can be repeated
MOST_STEPS = 7e4  # of a trajectory at the frozen step: a fit then takes some seconds
SHORT = 50.0  # ms, up to which a recording is searched in the wide box
REPRESENTATIVE = 50.0  # ms: several spikes, so that a longer piece needs no smaller steps
ALWAYS_SHORT_ENOUGH = 200.0  # ms, the published window, with the unknowns that are chosen at first
TOO_SMALL = 1e-6  # probability of residuals so small below which the noise is not as large as was typed
N_CURVE = 1000  # points of a fitted trajectory at least
SMALLEST_SD, LARGEST_SD = 1e-4, 1e3
START = {"u0": (-3.0, 3.0), "v0": (-3.0, 3.0)}
_WIDE = {name: (low, high) for name, low, high in zip(BOTH.unknown, BOTH.lower, BOTH.upper, strict=True)}
BOXES = {
    "wide": {**_WIDE, "zeta": (-1.0, 1.0)},
    "sliders": {**{name: (SLIDERS[name].low, SLIDERS[name].high) for name in NAMES[:4]}, **START},
}
BOX_LABELS = {"wide": "wide, as for MAGI", "sliders": "the sliders’ ranges"}
OF_THE_RAIL = ("zeta", "gamma")
KNOWN = {  # what is typed here where it is not unknown
    name: Number(
        name=f"fit_known_{name}", symbol=symbol_of(name), label=f"{symbol_of(name)}, known",
        default=DEFAULTS.get(name, 0.0), least=-100, most=100,
    )
    for name in ("theta0", "theta1", "u0", "v0")
}  # fmt: skip
TYPED: dict[str, Any] = {
    **{f"fit_unknown_{name}": name != "zeta" for name in NAMES},
    **{known.name: compact(known.default) for known in KNOWN.values()},
    "fit_box": "sliders",
}
HELP = (
    "Least squares on all observed samples of u and v, at any times. Unknown are the ticked ones of the parameters and "
    "of the state at the first sample; ζ and γ, where they are known, are those of the rail."
)
HEAD = ("unknown", "estimate", "± sd", "searched")

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Samples:
    """What is fitted: name, times (n,) in ms, and (u, v) (n, 2), NaN where not observed.

    truth: of simulated data that are not hidden, the trajectory (n, 2) and all six values; rho: of simulated noise.
    """

    name: str
    times: Array
    data: Array
    truth: tuple[Array, dict[str, float]] | None = None
    rho: float | None = None


@dataclass(frozen=True)
class Settings:
    """What is unknown, the known values of all six, the sds of u and v, and the name of the box."""

    unknown: tuple[str, ...]
    known: tuple[float, ...]
    noise_sd: tuple[float, float]
    box: str


@dataclass(frozen=True, eq=False)
class Content:
    """What the section shows below its settings."""

    plots: list[Plot]
    table: list[list[str]]
    said: list[str]


@dataclass(frozen=True, eq=False)
class Fit:
    """A problem and its least-squares estimate."""

    problem: Problem
    estimate: Estimate

    def is_of(self, problem: Problem) -> bool:
        """Say whether the fit is that of a problem: the same data, unknowns, known values, noise and box."""
        return self.problem.identity == problem.identity


def samples_of(experiment: Experiment, observation: Observation, uploaded: Trace | None) -> Samples:
    """Return what is fitted: the uploaded recording, with v if it has it, or u of the simulated data."""
    if uploaded is not None:
        v = np.full_like(uploaded.u, np.nan) if uploaded.v is None else uploaded.v
        return Samples(uploaded.name, uploaded.times, np.column_stack([uploaded.u, v]))
    truth = None
    if observation.trajectory is not None and not experiment.hidden:
        truth = observation.trajectory, dict(zip(NAMES, (*experiment.parameters, 0.0, 0.0), strict=True))
    data = np.column_stack([observation.data, np.full_like(observation.data, np.nan)])
    return Samples("the simulated data", observation.times, data, truth, experiment.rho)


def problem_for(samples: Samples, settings: Settings) -> Problem:
    """Return the problem, of the states that have samples; raises ValueError for what does not fit together."""
    box, seen = BOXES[settings.box], ~np.all(np.isnan(samples.data), axis=0)
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
    others = {
        "choose the sliders’ ranges": replace(settings, box="sliders"),
        "take γ as known": replace(settings, unknown=tuple(name for name in settings.unknown if name != "gamma")),
    }
    remedies = [text for text, other in others.items() if other.unknown and length <= _longest(piece, other)]
    return (
        f"The recording of {count(length)} ms is too long for a fit with these unknowns in this box, whose stiffest "
        f"corner needs tiny steps: {', or '.join([*remedies, f'take a piece of at most {count(longest)} ms'])}."
    )


def fit(problem: Problem) -> Fit:
    """Return the fit."""
    return Fit(problem, fit_states(problem, SEED))


def trajectory(found: Fit) -> tuple[Array, Array]:
    """Return times (k,), close enough to draw a line, and the fitted (u, v) (k, 2) at them."""
    times = np.linspace(0.0, found.problem.times[-1], max(N_CURVE, found.problem.times.size))
    problem, values = found.problem, found.estimate.mean[0]
    return times, problem.model.simulate(problem.parameters(values), times, problem.initial_state(values))


def deviations(estimate: Estimate) -> Array:
    """Return the standard deviations, (p,), NaN where the data do not determine the unknowns."""
    if estimate.covariance is None:
        return np.full(len(estimate.names), np.nan)
    return np.sqrt(np.diag(estimate.covariance[0]))


def _digits(value: float, sd: float) -> tuple[str, str]:
    """Return an estimate and its standard deviation, both to the second digit of the latter."""
    if not np.isfinite(sd) or sd <= 0:
        return significant(value), "–"
    decimals = decimals_for(sd)
    return fixed(value, decimals), fixed(sd, decimals)


def table(found: Fit, truth: Mapping[str, float] | None) -> list[list[str]]:
    """Return the rows of the table, its head first; truth: the true values, for a column of their own."""
    rows = [[*HEAD, "truth"] if truth else [*HEAD]]
    bounds = found.problem.bounds.tolist()
    estimates = zip(found.estimate.names, found.estimate.mean[0], deviations(found.estimate), bounds, strict=True)
    for name, value, sd, (low, high) in estimates:
        row = [symbol_of(name), *_digits(value, sd), f"{compact(low)} to {compact(high)}"]
        rows.append([*row, significant(truth[name])] if truth else row)
    return rows


def sentences(found: Fit, rho: float | None) -> list[str]:
    """Return what to know about a fit; rho: of the simulated noise, None where the data were not simulated."""
    estimate, problem = found.estimate, found.problem
    if not np.all(np.isfinite(estimate.mean)):
        return [estimate.status]
    residuals = problem.residuals(estimate.mean[0])
    samples = problem.observation
    of_state = np.broadcast_to(np.arange(len(samples.states)), samples.data.shape)[samples.sampled]
    # Of correlated residuals fewer count as independent (Bayley and Hammersley 1946, for squares).
    dependence = (1 + rho**2) / (1 - rho**2) if rho else 1.0
    roots, too_small = [], []
    for i, (name, noise) in enumerate(zip(samples.states, problem.noise, strict=True)):
        of, sd = of_state == i, noise.marginal_sd
        squares = np.sum(residuals[of] ** 2)
        root = np.sqrt(squares / np.count_nonzero(of))
        roots.append(f"{compact(root * sd, 2)} in {name} (typed: {compact(sd, 3)})")
        # Each unknown takes up at most one degree of freedom of this state's residuals.
        freedom = np.count_nonzero(of) - len(problem.unknown)
        if freedom > 0 and chi2.cdf(squares / dependence, freedom / dependence) < TOO_SMALL:
            ratio = significant(1 / max(root, 1e-9), 2)
            too_small.append(
                f"The noise typed for {name} is {ratio} times as large as what is left of the data: the ± are too "
                f"large. Type the residual of {name} as its sd."
            )
    explained = "" if too_small else ", and the noise explains its residuals"
    said = [estimate.status or f"The fit converged inside the box{explained}.", *too_small]
    said.append(f"The root mean square residual is {' and '.join(roots)}.")
    if rho:
        said.append(
            f"The simulated noise is correlated (ρ = {fixed(rho, 2)}), and is taken for white here: "
            "the true uncertainty is larger than the ± says."
        )
    return said


def as_json(found: Fit, name: str, known_is_secret: bool) -> str:
    """Return the fit as text in JSON; what is not a number is null, and so are known values that are to be hidden."""
    problem, estimate = found.problem, found.estimate

    def plain(values: Array) -> list[Any]:
        return [float(value) if np.isfinite(value) else None for value in values]

    content = {
        "data": name,
        "estimates": dict(zip(estimate.names, plain(estimate.mean[0]), strict=True)),
        "standard_deviations": dict(zip(estimate.names, plain(deviations(estimate)), strict=True)),
        "covariance": None if estimate.covariance is None else list(map(plain, estimate.covariance[0])),
        "known": None if known_is_secret else dict(problem.known),
        "noise_sd": {
            name: noise.marginal_sd for name, noise in zip(problem.observation.states, problem.noise, strict=True)
        },
        "box": dict(zip(problem.unknown, problem.bounds.tolist(), strict=True)),
        "status": estimate.status,
    }
    return json.dumps(content, indent=2)


def _settings(experiment: Experiment, samples: Samples) -> tuple[Settings | None, str, bool]:
    """Ask for the settings, which outlast a visit to another page.

    Returns them, or None and what is wrong with what was typed, and whether Fit was pressed.
    """
    problems: list[str] = []
    sd = max(rounded(experiment.marginal_sd, 3), SMALLEST_SD)  # as it can be typed
    kept = st.session_state.setdefault("fit_settings", {**TYPED, "fit_sd_u": compact(sd), "fit_sd_v": compact(sd)})
    for key, value in kept.items():
        st.session_state.setdefault(key, value)
    source = (samples.name, float(samples.times[-1])) if samples.rho is None else None
    if st.session_state.get("fit_source") != source:
        st.session_state.fit_source = source
        st.session_state.fit_box = "wide" if source and samples.times[-1] <= SHORT else "sliders"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        with st.container(horizontal=True, width=350, vertical_alignment="center", gap="small"):
            st.markdown("Unknown:", width="content")
            for name in NAMES:
                st.checkbox(symbol_of(name), key=f"fit_unknown_{name}", width="content")
        sds = []
        for i, state in enumerate("uv"):
            observed = not np.all(np.isnan(samples.data[:, i]))
            number = Number(
                name=f"fit_sd_{state}", symbol=f"The noise sd of {state}", label=f"Noise sd of {state}", default=sd,
                least=SMALLEST_SD, most=LARGEST_SD,
            )  # fmt: skip
            value = number_box(
                number, problems if observed else [], disabled=not observed, width=120,
                help=f"The standard deviation of white noise on {state}.",
            )  # fmt: skip
            sds.append(value)
        st.selectbox(
            "Box that is searched", list(BOXES), format_func=BOX_LABELS.__getitem__, key="fit_box", width=180,
            help="The wide box takes a longer search, and suits recordings of up to about 50 ms.",
        )  # fmt: skip
        pressed = st.button("Fit", type="primary")
    unknown = tuple(name for name in NAMES if st.session_state[f"fit_unknown_{name}"])
    values = {name: getattr(experiment, name) for name in OF_THE_RAIL}
    values |= {name: quantity.default for name, quantity in KNOWN.items()}
    typed = [name for name in KNOWN if name not in unknown]
    if typed:
        with st.container(horizontal=True, gap="small"):
            for name in typed:
                values[name] = number_box(KNOWN[name], problems, width=120)
    st.session_state.fit_settings = {key: st.session_state.get(key, value) for key, value in kept.items()}
    known = tuple(values[name] for name in NAMES)
    if problems:
        return None, " ".join([*problems, "Nothing is fitted until this is mended."]), pressed
    return Settings(unknown, known, (sds[0], sds[1]), st.session_state.fit_box), "", pressed


def _intended(samples: Samples, settings: Settings, experiment: Experiment) -> str:
    """Say what a click on Fit will do."""
    known = [
        f"{symbol_of(name)}" if experiment.hidden and name in experiment.axes
        else f"{symbol_of(name)} = {compact(getattr(experiment, name))}"
        for name in OF_THE_RAIL if name not in settings.unknown
    ]  # fmt: skip
    of_the_rail = f", with {' and '.join(known)} as on the rail" if known else ""
    return f"Press Fit to search the box for the least-squares fit to {samples.name}{of_the_rail}."


def _fitted(samples: Samples, settings: Settings, pressed: bool) -> tuple[Fit | None, str]:
    """Return the fit to these data with these settings, None where there is none yet, and why there can be none."""
    found: Fit | None = st.session_state.get("fitted")
    refused = ""
    try:
        problem = problem_for(samples, settings)
        if pressed or samples.times[-1] > ALWAYS_SHORT_ENOUGH:
            refused = too_long(samples, settings)
        if pressed and not refused:
            found = st.session_state.fitted = fit(problem)
    except ValueError as error:
        return None, str(error)
    return found if found is not None and found.is_of(problem) else None, refused


def _shown(
    samples: Samples, settings: Settings | None, wrong: str, pressed: bool, experiment: Experiment
) -> tuple[Content, Fit | None]:
    """Return what is on screen, and the fit if there is one; wrong: what is wrong where there are no settings."""
    found, refused = None, wrong
    with results.waiting("fit", "Searching the box, then refining the best starts …"):
        if settings is not None:
            found, refused = _fitted(samples, settings, pressed)
    times, fitted, rows = None, None, []
    said = [refused if settings is None or refused else _intended(samples, settings, experiment)]
    if found is not None:
        rows = table(found, samples.truth and samples.truth[1])
        said = sentences(found, samples.rho)
        if np.all(np.isfinite(found.estimate.mean)):
            times, fitted = trajectory(found)
    plots = []
    for i, state in enumerate("uv"):
        curve = None if times is None or fitted is None else (times, fitted[:, i])
        truth = None if samples.truth is None else (samples.times, samples.truth[0][:, i])
        plots.append(Plot(f"states-{state}", figures.state(state, samples.times, samples.data[:, i], curve, truth)))
    return Content(plots, rows, said), found


def section(samples: Samples, notes: Sequence[str] = ()) -> None:
    """Show the settings, the button, and the fit over the data; while a slider is dragged all of it stays as it is."""
    experiment = session.experiment()
    st.markdown("##### Fit with an unknown start", help=HELP)
    settings, wrong, pressed = _settings(experiment, samples)
    if st.session_state.settled or "fit_shown" not in st.session_state:
        content, found = _shown(samples, settings, wrong, pressed, experiment)
        kept = [Plot(plot.id, None) for plot in content.plots]
        st.session_state.fit_shown = Content(kept, content.table, content.said), found
    else:
        # The wait is there in every run: an element less would mount those after it anew.
        with results.waiting("fit", ""):
            content, found = st.session_state.fit_shown
            content = replace(content, plots=[replace(plot, stale=True) for plot in content.plots])
    live.plots(
        "states_stage",
        "states",
        content.plots,
        partial(session.receive, "states_stage"),
        answers=st.session_state.answering,
        settled=st.session_state.settled,
        table=content.table,
        said=content.said,
        notes=notes,
        stale=not st.session_state.settled,
    )
    if found is not None:
        secret = experiment.hidden and any(name in experiment.axes for name in OF_THE_RAIL)
        text = as_json(found, samples.name, secret)
        st.download_button("Fit as JSON", text, "inverse-lab-fit.json", "application/json", on_click="ignore")
