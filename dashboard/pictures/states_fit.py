"""What the fit with an unknown start shows on the page Your data: data, fit, a table, and how good the fit is."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.estimate import Estimate
from core.symbols import symbol_of
from dashboard.figures import states as figures
from dashboard.pictures.results import kept
from dashboard.pictures.shown import Plot, Shown
from dashboard.scene.choice import in_textbook_symbols
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene
from dashboard.scene.states_fit import (
    FROM_SIDEBAR,
    Fit,
    Fitting,
    Samples,
    Settings,
    problem_for,
    samples_of,
    too_long,
)
from dashboard.wording.numbers import compact, decimals_for, fixed, significant, with_sd
from dashboard.wording.verdict import TOO_QUIET, verdict

ALWAYS_SHORT_ENOUGH = 200.0  # ms, the published window, with the unknowns that are chosen at first
TOO_SMALL = 1e-6  # probability of residuals so small below which the noise is not as large as was typed
N_CURVE = 1000  # points of a fitted trajectory at least
MOST_SDS_OF_TAU = 3.0  # from the τ that was typed, up to which the fit agrees with it
HEAD = ("unknown", "estimate", "± sd", "searched")

Array = NDArray[np.float64]


def picture(scene: Scene) -> Shown | None:
    """Return the data with the fit; while a control is dragged, as they were at the last release, dimmed.

    None where nothing can be fitted, or the form has not been shown yet.
    """
    holdings, fitting = scene.holdings, scene.holdings.fitting
    if fitting is None:
        return None
    key = (scene.released, holdings.upload, holdings.recording, fitting)
    shown = kept("fit on screen", key, lambda: _fitted(scene.at_release, fitting))
    return shown.as_it_is(stale=True) if scene.dragging and shown is not None else shown


def samples_on_screen(scene: Scene) -> Samples | None:
    """Return what is fitted: a recording, an upload or the simulated data; None where these are not finite."""
    recording = scene.holdings.recording
    if recording is None and not scene.observation.usable:
        return None
    return samples_of(scene.experiment, scene.observation, recording or scene.holdings.upload)


def fit_on_screen(scene: Scene) -> Fit | None:
    """Return the last fit if it is that of the data and the settings at the last release."""
    fitting, samples = scene.holdings.fitting, samples_on_screen(scene.at_release)
    if fitting is None or fitting.fit is None or fitting.settings is None or samples is None:
        return None
    try:
        problem = problem_for(samples, fitting.settings.beside(scene.released))
    except ValueError:
        return None
    return fitting.fit if fitting.fit.is_of(problem) else None


def _fitted(scene: Scene, fitting: Fitting) -> Shown | None:
    samples = samples_on_screen(scene)
    if samples is None:
        return None
    experiment, found = scene.experiment, fit_on_screen(scene)
    times, fitted, rows, why = None, None, [], []
    if found is None:
        answer = _without_fit(samples, fitting, experiment)
    else:
        rows = table(found, samples.truth and samples.truth[1], samples.tau is not None)
        answer, *why = [*judged(found), *sentences(found, samples.rho), about_tau(found, samples.tau)]
        if np.all(np.isfinite(found.estimate.mean)):
            times, fitted = trajectory(found)
    plots = []
    for i, state in enumerate("uv"):
        curve = None if times is None or fitted is None else (times, fitted[:, i])
        truth = None if samples.truth is None else (samples.times, samples.truth[0][:, i])
        plots.append(Plot(f"states-{state}", figures.state(state, samples.times, samples.data[:, i], curve, truth)))
    recording, notes = scene.holdings.recording, []
    if recording is not None:
        notes = [_what_it_lacks(recording, scene.holdings.upload), recording.warning]
    return Shown("states", plots, answer=answer, why=why, table=rows, notes=notes)


def _without_fit(samples: Samples, fitting: Fitting, experiment: Experiment) -> str:
    """Say why nothing can be fitted, or what a click on Fit will do."""
    if fitting.settings is None or fitting.refused:
        return fitting.refused
    settings = fitting.settings.beside(experiment)
    try:
        problem_for(samples, settings)
        refused = too_long(samples, settings) if samples.times[-1] > ALWAYS_SHORT_ENOUGH else ""
    except ValueError as error:
        return str(error)
    return refused or _intended(samples, settings, experiment)


def _intended(samples: Samples, settings: Settings, experiment: Experiment) -> str:
    """Say what a click on Fit will do."""
    known = [
        f"{symbol_of(name)}" if experiment.hidden and name in experiment.axes
        else f"{symbol_of(name)} = {compact(getattr(experiment, name))}"
        for name in FROM_SIDEBAR if name not in settings.unknown
    ]  # fmt: skip
    from_sidebar = f", with {' and '.join(known)} as in the sidebar" if known else ""
    return f"Press Fit to search the box for the least-squares fit to {samples.name}{from_sidebar}."


def _what_it_lacks(recording: Trace, upload: Trace | None) -> str:
    """Say why the other pages cannot take a recording, what still works, and what they show instead."""
    lacks = []
    if np.all(np.isnan(recording.u)):
        lacks.append("u was not observed")
    elif np.any(np.isnan(recording.u)):
        lacks.append("u has gaps")
    if recording.unequal:
        lacks.append("the samples are not equally far apart")
    others = "the simulated data" if upload is None else upload.name
    return (
        f"{recording.name}: {' and '.join(lacks)}, so that of all estimates only the fit below can take it. "
        f"The other pages stay with {others}."
    )


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


def table(found: Fit, truth: Mapping[str, float] | None, textbook: bool = False) -> list[list[str]]:
    """Return the rows of the table, its head first.

    truth: the true values, for a column of their own; textbook: another column has the textbook's symbols.
    """
    rows = [[*HEAD, *(["truth"] if truth else []), *(["textbook"] if textbook else [])]]
    bounds = found.problem.bounds.tolist()
    estimates = zip(found.estimate.names, found.estimate.mean[0], deviations(found.estimate), bounds, strict=True)
    for name, value, sd, (low, high) in estimates:
        row = [symbol_of(name), *_digits(value, sd), f"{compact(low)} to {compact(high)}"]
        row += [significant(truth[name])] if truth else []
        rows.append([*row, _in_textbook(name, value, sd)] if textbook else row)
    return rows


def _in_textbook(name: str, value: float, sd: float) -> str:
    """Return an estimate in the textbook's symbols, with its ± where it has one."""
    ((symbol, mapped),) = in_textbook_symbols({name: value}).items()
    sd = 2 * value * sd if symbol == "τ" else sd
    return f"{symbol} = {with_sd(mapped, sd) if np.isfinite(sd) else significant(mapped)}"


def about_tau(found: Fit, tau: float | None) -> str:
    """Say whether the τ that scaled the times of a recording is that of the fit; "" without one."""
    if tau is None or "gamma" not in found.problem.unknown or found.estimate.covariance is None:
        return ""
    gamma = found.estimate.mean[0, found.estimate.names.index("gamma")]
    sd = 2 * gamma * deviations(found.estimate)[found.estimate.names.index("gamma")]
    said = f"The times were scaled by τ = {compact(tau)}; the fit gives τ = {with_sd(gamma**2, sd)}"
    if abs(gamma**2 - tau) <= MOST_SDS_OF_TAU * sd:
        return f"{said}: they agree."
    return f"{said}. Read the file again with this τ."


def judged(found: Fit) -> list[str]:
    """Return the verdict, which comes first; none where no trajectory was found."""
    fit = found.estimate.fit
    if fit is None or not np.all(np.isfinite(found.estimate.mean)):
        return []
    quiet = " The typed noise is too large, and so is each ±." if fit.residual_ratio < TOO_QUIET else ""
    return [f"{verdict(fit)}{quiet}"]


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
