"""The part of the page Trust about a learned optimiser: do a few learned steps bring an estimate to the limit?"""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.experiments.estimators import BEST, GAUSS_NEWTON, QUASI_NEWTON, REWEIGHTED, STEPS
from core.experiments.records import Key, Result, stored
from core.learned_optimiser.kind import LEARNED, of_its_kind
from core.learned_optimiser.recipe import FROM_BEST
from core.optimisation.unit_box_run import Run
from core.perturbations.amplification import in_sds
from core.posterior.exact import Posterior
from core.problem.problem import Problem
from dashboard.figures import race
from dashboard.figures import steps as figures
from dashboard.figures.density import SIDE, raster
from dashboard.figures.regions import reaching
from dashboard.figures.style import SHIPPED_MAPS, Look
from dashboard.maps import all_inverse_maps
from dashboard.pictures import results
from dashboard.pictures.controls import controls_at
from dashboard.pictures.posterior import truth_of, window_of
from dashboard.pictures.shown import Plot, Shown
from dashboard.scene.kinds import Area
from dashboard.scene.problem import theta_problem
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SLIDERS
from dashboard.wording import entries
from dashboard.wording import learned_steps as wording

MOST = int(SLIDERS["learned_steps"].high)
REGIME = "fresh"  # of the stored errors
LOOKS = {
    entries.LEARNED_STEPS: race.look_of(LEARNED),
    entries.GAUSS_NEWTON_STEPS: race.look_of("Levenberg–Marquardt"),
    entries.QUASI_NEWTON_STEPS: race.look_of("L-BFGS-B"),
}
CODES = {
    entries.LEARNED_STEPS: STEPS,
    entries.GAUSS_NEWTON_STEPS: GAUSS_NEWTON,
    entries.QUASI_NEWTON_STEPS: QUASI_NEWTON,
}

Array = NDArray[np.float64]


def learned_steps(scene: Scene) -> Shown:
    """Return the steps from the best map's estimate of the trace, and the errors that steps leave on all test traces.

    Under the hand it follows their number alone; what changes the trace waits for the release.
    """
    if scene.dragging and not scene.differs_only_in("learned_steps"):
        return _learned_steps(scene.at_release).as_it_is(stale=True)
    return _learned_steps(scene)


def _learned_steps(scene: Scene) -> Shown:
    observation, k = scene.observation, scene.experiment.learned_steps
    none = Shown("trust-none", question=wording.QUESTION, notes=[observation.note])
    if not observation.usable:
        return none
    problem = theta_problem(scene.experiment, observation)
    if different := of_its_kind(problem):
        return replace(none, answer=different)
    exact = results.posterior(problem)
    paths: dict[str, Array] = results.kept("learned steps", problem.identity, partial(_paths, problem))
    distances = {name: np.linalg.norm((path - exact.mean) @ in_sds(exact.covariance).T, axis=1) for name, path in
                 paths.items()}  # fmt: skip
    learned, newton = (distances[name][k] for name in (entries.LEARNED_STEPS, entries.GAUSS_NEWTON_STEPS))
    found, said = stored("unrolled"), [wording.RUN]
    plots = [Plot("descent", _plane(scene, exact, {name: path[: k + 1] for name, path in paths.items()}, paths))]
    if found is not None:
        plots.append(Plot("errors", _errors(found, k)))
        said = [wording.over_limit(k, found.settings["n_from_best"], found.value(_key(STEPS, k)))]
    return Shown(
        "trust-steps",
        plots,
        wording.QUESTION,
        wording.answer(k, float(distances[entries.LEARNED_STEPS][0]), float(learned), float(newton)),
        why=list(wording.WHY),
        options=[{"title": "", "items": controls_at(Area.STEPS, scene.experiment)}],
        said=said,
        notes=[observation.note],
    )


def _paths(problem: Problem) -> dict[str, Array]:
    """Return the estimates after 0, 1, … MOST learned steps and Gauss–Newton steps, (1 + MOST, 2) each."""
    from core.learned_optimiser.method import gauss_newton
    from core.learned_optimiser.starts import map_gaussian
    from core.learned_optimiser.store import load_steps

    best = all_inverse_maps("")[0][BEST]
    traces = problem.data[None].astype(np.float32)
    task, found = best.recipe.task, load_steps(FROM_BEST).path(traces, None, map_gaussian(best, traces), MOST)
    learned = np.clip(task.unscale(np.array([each.mean[0].numpy() for each in found])), *problem.bounds.T)
    run = Run(problem, learned[0], 0)
    gauss_newton(run, problem.noise[0])
    newton = np.array([run.position_after(1 + spent) for spent in range(1 + MOST)])
    return {entries.LEARNED_STEPS: learned, entries.GAUSS_NEWTON_STEPS: newton}


def _plane(scene: Scene, exact: Posterior, shown: dict[str, Array], whole: dict[str, Array]) -> dict[str, Any]:
    """Draw the steps on screen in a box that holds the posterior and the whole paths."""
    truth = truth_of(scene, exact.problem)
    box = reaching(window_of(exact, truth), np.concatenate(list(whole.values())))
    paths = {name: (LOOKS[name], path) for name, path in shown.items()}
    start: tuple[Look, Array] = SHIPPED_MAPS[BEST], whole[entries.LEARNED_STEPS][0]
    return figures.plane(exact.names, box, raster(exact, box, SIDE), paths, start, truth)


def _errors(found: Result, steps: int) -> dict[str, Any]:
    """Draw the stored errors over the limit's."""
    curves: dict[str, tuple[Look, Array, Array]] = {}
    for name, code in CODES.items():
        spent = range(0 if code == STEPS else 1, MOST + 1)
        values = np.array(found.curve(_key(code, k) for k in spent), dtype=np.float64)
        curves[name] = LOOKS[name], np.array(spent, dtype=np.float64), values
    draws = next(each for each in found.measurements if each.key.estimator == REWEIGHTED)
    return figures.errors(curves, draws.value, steps)


def _key(code: str, simulations: int) -> Key:
    return Key(code, "rmse_over_limit", "mean", REGIME, at=float(simulations))
