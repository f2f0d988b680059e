"""The part of the page Trust about the deep prior: an untrained network takes the noise off one trace."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.denoising.classical import best_savitzky_golay, wiener
from core.metrics import rmse
from core.problem.problem import Problem
from dashboard.background.denoising import NoisyTrace
from dashboard.background.wish import Wish
from dashboard.figures import denoising as figures
from dashboard.figures.palette import themed
from dashboard.figures.style import CANDIDATE, DATA, LIMIT, MUTED, TRUTH, Look
from dashboard.pictures import results
from dashboard.pictures.controls import Control, button, controls_at
from dashboard.pictures.controls import progress as progress_bar
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.scene.denoising import noisy_trace
from dashboard.scene.kinds import Area
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SLIDERS
from dashboard.wording import denoising as wording
from dashboard.wording import entries
from dashboard.wording.numbers import percent

if TYPE_CHECKING:
    from core.denoising.deep_prior import Iterate

TOTAL = int(SLIDERS["iteration_shown"].high)
N_EXAMPLES = 200  # traces of the prior, whose spectrum Wiener's filter knows
LOOKS = {
    entries.DEEP_PRIOR: Look(themed("best")),
    entries.AT_ITERATION: Look(CANDIDATE),
    entries.SAVITZKY_GOLAY: Look(MUTED, "square"),
    entries.WIENER: Look(MUTED, "circle"),
    entries.EXACT_MEAN: Look(LIMIT, "square"),
}

Array = NDArray[np.float64]


def deep_prior(scene: Scene) -> Shown:
    """Return the fit of the network to the trace so far, beside filters and the exact posterior.

    Under the hand it follows the iteration alone; what changes the trace waits for the release.
    """
    if scene.dragging and not scene.differs_only_in("iteration_shown"):
        return _deep_prior(scene.at_release).as_it_is(stale=True)
    return _deep_prior(scene)


def _deep_prior(scene: Scene) -> Shown:
    experiment, observation = scene.experiment, scene.observation
    if not observation.usable:
        return Shown("trust-none", question=wording.QUESTION, notes=[observation.note])
    trace = noisy_trace(experiment, observation)
    iterates = scene.holdings.denoised.found_for(trace)
    found = _others(scene, trace)
    now = min(experiment.iteration_shown, len(iterates))
    stopped = _stopped(iterates)
    if iterates:
        found = {
            entries.DEEP_PRIOR: iterates[stopped].curve,
            entries.AT_ITERATION: iterates[now - 1].curve,
            **found,
        }
    drawn = {name: (LOOKS[name], curve) for name, curve in found.items() if name in _DRAWN}
    curves = figures.curves(observation.times, trace.data, trace.truth, drawn, scene.time_range)
    course = figures.course(_course(trace, iterates), TOTAL, stopped + 1 if iterates else None, max(now, 1))
    notes = [observation.note]
    if experiment.denoised == "drawn-white" and trace.truth is None:
        notes.append(wording.NO_WHITE)
    return Shown(
        "trust-denoising",
        [Plot("curves", curves), Plot("course", course)],
        wording.QUESTION,
        _answer(scene, trace, iterates, found),
        why=[*wording.WHY, wording.COLOURED, wording.WHITENED],
        options=[{"title": "", "items": _controls(scene, trace)}],
        table=_table(trace, found),
        notes=notes,
    )


_DRAWN = (entries.DEEP_PRIOR, entries.AT_ITERATION, entries.EXACT_MEAN)


def _stopped(iterates: "tuple[Iterate, ...]") -> int:
    from core.denoising.deep_prior import held_out_stop

    return held_out_stop([each.held_out for each in iterates]) if iterates else 0


def _controls(scene: Scene, trace: NoisyTrace) -> list[Control]:
    progress = scene.holdings.denoised.progress_for(trace)
    idle = ("whitened_loss",) if trace.noise.rho == 0 else ()
    items: list[Control] = controls_at(Area.DENOISING, scene.experiment, idle)
    if progress is not None and progress.active:
        share = progress.done / progress.total
        items.append(button("wish", "Stop", Wish.STOP_FITTING))
        items.append(progress_bar("fitted share", "share of the iterations that are done", share, percent(share)))
    elif not _refused(trace):
        items.append(button("wish", "Fit the network", Wish.FIT_NETWORK))
    return items


def _others(scene: Scene, trace: NoisyTrace) -> dict[str, Array]:
    """Return what filters and the exact posterior make of the trace, by name."""
    problem = theta_problem(scene.experiment, scene.observation).with_data(trace.data).with_noise(trace.noise)
    key = problem.identity, trace.truth is None
    found: dict[str, Array] = results.kept("denoised", key, partial(_filtered, problem, trace))
    return found


def _filtered(problem: Problem, trace: NoisyTrace) -> dict[str, Array]:
    found = {entries.WIENER: wiener(trace.data, _examples(problem), trace.noise)}
    with suppress(ValueError):  # no point of the prior's box can be simulated
        found[entries.EXACT_MEAN] = problem.observed(results.posterior(problem).mean)
    if trace.truth is not None:
        found[entries.SAVITZKY_GOLAY] = best_savitzky_golay(trace.data, trace.truth)
    return found


def _examples(problem: Problem) -> Array:
    """Return clean traces of the prior, (n, n_times), of those that can be simulated."""
    traces = problem.observed(problem.prior.sample(N_EXAMPLES, np.random.default_rng(0)))
    return np.asarray(traces[np.all(np.isfinite(traces), axis=1)])


def _course(trace: NoisyTrace, iterates: "tuple[Iterate, ...]") -> dict[str, tuple[str, str, Array]]:
    """Return misfits and error after each iteration, over the sd of the noise: colour, dash and values by name."""
    sd = trace.noise.marginal_sd
    fitted_sd = sd * np.sqrt(1 - trace.rho**2)  # of the residuals that the loss is of, if they are noise
    found = {
        entries.MISFIT: (DATA, "solid", np.array([each.misfit for each in iterates]) / fitted_sd),
        entries.HELD_OUT_MISFIT: (themed("best"), "solid", np.array([each.held_out for each in iterates]) / sd),
    }
    if trace.truth is not None:
        errors = np.array([float(rmse(trace.truth, each.curve)) for each in iterates])
        found[entries.ERROR] = (TRUTH, "solid", errors / sd)
    return found


def _left(trace: NoisyTrace, found: Mapping[str, Array]) -> dict[str, float]:
    """Return what share of the noise each curve leaves, by name."""
    if trace.truth is None:
        return {}
    noise = float(rmse(trace.truth, trace.data))
    return {name: float(rmse(trace.truth, curve)) / noise for name, curve in found.items()} if noise > 0 else {}


def _answer(scene: Scene, trace: NoisyTrace, iterates: "tuple[Iterate, ...]", found: Mapping[str, Array]) -> str:
    progress = scene.holdings.denoised.progress_for(trace)
    if refused := _refused(trace):
        return refused
    if progress is not None and progress.state == "failed":
        return wording.FAILED
    if progress is not None and progress.active:
        return wording.learning(len(iterates), TOTAL)
    if not iterates:
        return wording.PRESS
    left = _left(trace, found)
    if len(iterates) < TOTAL:
        return wording.stopped_by_hand(len(iterates), left.get(entries.AT_ITERATION))
    if not left:
        return wording.unknown(_stopped(iterates) + 1)
    return wording.answer(left, entries.DEEP_PRIOR, trace.noise.rho)


def _refused(trace: NoisyTrace) -> str:
    """Say why the network cannot be fitted to the trace, or return ""."""
    from core.denoising.deep_prior import check

    try:
        check(trace.data)
    except ValueError as error:
        return str(error)
    return wording.NO_NOISE if trace.truth is not None and np.array_equal(trace.data, trace.truth) else ""


def _table(trace: NoisyTrace, found: Mapping[str, Array]) -> list[list[Cell]]:
    left = _left(trace, found)
    if not left:
        return []
    rows: list[list[Cell]] = [["", "left of the noise", "what it knows"]]
    for name, share in sorted(left.items(), key=lambda item: item[1]):
        rows.append([name_cell(name, LOOKS[name]), percent(share), wording.KNOWS[name]])
    return rows
