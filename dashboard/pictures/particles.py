"""The end of the Train page: training as particles, on the circle and on the sphere of a network's neurons."""

from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from core.experiments.estimators import SPIKES, TWO_LAYER, ratio_regime
from core.experiments.labels import ratio_label
from core.experiments.mean_field import interval
from core.experiments.records import Key, stored
from core.mean_field import sparse_spikes, two_layer
from core.mean_field.cone import Rates, recorded_steps, weights
from core.mean_field.spikes_optimum import Optimum, optimum
from dashboard.figures import particles as figures
from dashboard.pictures import results
from dashboard.pictures.controls import Control, button, control
from dashboard.pictures.shown import Plot, Race, Shown
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.wording import particles as wording

RECORDED = 160  # steps, which a logarithmic clock plays evenly
NEAR = 0.1  # of a spike, in radians: as far as a particle may be that has found it
NEAR_DEGREES = 10.0  # of a neuron of the teacher
LEAST_FOUND = 0.5  # of the weight of a spike, that its particles have together

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Descent:
    """A descent on the circle: the problem, the measure of least loss, and the path of the particles."""

    problem: sparse_spikes.Spikes
    best: Optimum
    path: sparse_spikes.Path


@dataclass(frozen=True, eq=False)
class _Training:
    """A training of a student: the directions of its teacher, and the path of its neurons."""

    teacher: Array
    path: two_layer.Path


def picture(scene: Scene) -> Shown:
    """Return the part of the page: its invitation, or one of two problems with its success curve beside it."""
    experiment = scene.experiment
    tabs = control("particles", experiment)
    if experiment.particles == "folded":
        return Shown("train-folded", answer=wording.INVITATION).under(wording.QUESTION, [tabs])
    shown = (_spikes if experiment.particles == "spikes" else _network)(experiment)
    return shown.under(wording.QUESTION, [tabs], _settings(experiment))


def _settings(experiment: Experiment) -> list[Control]:
    of = "spikes" if experiment.particles == "spikes" else "student"
    names = (f"{of}_m", f"{of}_ratio", "draw")
    return [
        *(control(name, experiment) for name in names),
        button("draw", "Another problem", experiment.draw + 1, help="Draw other spikes, or another teacher."),
    ]


def _spikes(experiment: Experiment) -> Shown:
    m, ratio = int(experiment.spikes_m), float(experiment.spikes_ratio)
    found = _descent(m, ratio, experiment.draw)
    path, problem, best = found.path, found.problem, found.best
    excess = np.maximum(path.losses - best.loss, 0)
    at = weights(path.sizes)
    places = figures.tracks(path.steps, path.angles, at, (problem.angles, problem.weights), (best.angles, best.weights))
    loss = figures.excess(path.steps, excess, sparse_spikes.SUCCESS, "Loss above the least one", "F − least F")
    n_found = _n_found(problem, path.angles[-1], at[-1])
    answer = wording.about_spikes(m, n_found, problem.angles.size, float(excess[-1]), sparse_spikes.SUCCESS)
    said = [wording.about_tracks(), wording.about_loss(sparse_spikes.SUCCESS, False)]
    shown = Shown("train-particles", [Plot("tracks", places), Plot("excess", loss)], answer=answer,
                  why=wording.WHY_SPIKES, said=said, race=_player(experiment, path.angles))  # fmt: skip
    return _with_successes(shown, SPIKES, m, ratio)


def _network(experiment: Experiment) -> Shown:
    m, ratio = int(experiment.student_m), float(experiment.student_ratio)
    found = _training(m, ratio, experiment.draw)
    path, teacher = found.path, found.teacher
    angles = np.degrees(np.arccos(np.clip(path.directions @ teacher.T, -1, 1)))  # (k, m, m0)
    nearest = np.argmin(angles[-1], axis=1)
    own = angles[:, np.arange(m), nearest]
    places = figures.alignment(path.steps, own, weights(path.sizes[-1]))
    empty = float(two_layer.empty_loss(teacher))
    loss = figures.excess(path.steps, path.losses, two_layer.SUCCESS * empty, "Loss of the student", "F")
    n_found = len(set(nearest[own[-1] <= NEAR_DEGREES].tolist()))
    share = max(float(path.losses[-1]), 0.0) / empty
    answer = wording.about_network(m, n_found, len(teacher), share, two_layer.SUCCESS)
    said = [wording.about_angles(m, len(teacher)), wording.about_loss(two_layer.SUCCESS, True)]
    shown = Shown("train-particles", [Plot("tracks", places), Plot("excess", loss)], answer=answer,
                  why=wording.WHY_NETWORK, said=said, race=_player(experiment, path.directions))  # fmt: skip
    return _with_successes(shown, TWO_LAYER, m, ratio)


def _descent(m: int, ratio: float, draw: int) -> _Descent:
    def compute() -> _Descent:
        problem = sparse_spikes.random_spikes(np.random.default_rng(draw))
        recorded = recorded_steps(sparse_spikes.N_STEPS, RECORDED)
        path = sparse_spikes.descend(problem, sparse_spikes.init(m), Rates(sparse_spikes.ALPHA, ratio), recorded)
        return _Descent(problem, optimum(problem), path)

    return results.kept("spikes", (m, ratio, draw), compute)


def _training(m: int, ratio: float, draw: int) -> _Training:
    def compute() -> _Training:
        teacher = two_layer.random_teacher(np.random.default_rng(draw))
        rng = np.random.default_rng([draw, m])
        recorded = recorded_steps(two_layer.N_STEPS, RECORDED)
        path = two_layer.train(teacher, two_layer.init(rng, m), Rates(two_layer.ALPHA, ratio), rng, recorded)
        return _Training(teacher, path)

    return results.kept("student", (m, ratio, draw), compute)


def _n_found(problem: sparse_spikes.Spikes, angles: Array, at: Array) -> int:
    """Return how many spikes have particles near that hold most of their weight together; angles, at: (m,)."""
    apart = np.abs((angles - problem.angles[:, None] + np.pi) % (2 * np.pi) - np.pi)
    held = np.sum(at * (apart <= NEAR), axis=1)
    return int(np.sum(held >= LEAST_FOUND * problem.weights))


def _player(experiment: Experiment, places: Array) -> Race:
    return Race(id=str(crc32(places.tobytes())), begin=experiment.particles, hint="", counts="step")


def _with_successes(shown: Shown, problem: str, m: int, ratio: float) -> Shown:
    """Return the same with the success curve that is stored; without it where the experiment has not been run."""
    found = stored("mean-field")
    if found is None:
        return replace(
            shown, said=[*shown.said, "The success curve is stored by `python -m core.experiments mean-field`."]
        )
    widths, ratios, runs = (found.settings[name][problem] for name in ("widths", "ratios", "runs"))
    curves = []
    for each in ratios:
        shares = found.curve(Key(problem, "success", "", ratio_regime(each), at=width) for width in widths)
        ends = np.array([interval(round(share * runs), runs) for share in shares])
        curves.append(figures.Successes(ratio_label(each), np.array(shares), *ends.T))
    chosen, at = ratios.index(ratio), widths.index(m)
    curve, sought = curves[chosen], found.settings["sought"]
    figure = figures.successes(np.array(widths, dtype=float), curves, chosen, float(m), sought)
    around = (float(curve.low[at]), float(curve.high[at]))
    said = wording.about_successes(m, float(curve.shares[at]), around, runs, sought)
    return replace(shown, plots=[*shown.plots, Plot("success", figure)], said=[*shown.said, said])
