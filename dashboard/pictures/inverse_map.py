"""What the Inverse map page shows above: estimates of θ with their clouds, re-simulated, and a table of them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.maps.differences_from_training import quoted
from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.simulate import simulate
from core.priors import TruncatedGaussian
from core.published import N_TIMES, SAMPLING_INTERVAL, T_END, published_prior, with_constants
from dashboard.figures import inverse_map as figures
from dashboard.figures.style import LIMIT, TRUTH, Look
from dashboard.maps import inverse_maps, looks
from dashboard.pictures import limit, results
from dashboard.pictures.clouds import N_CLOUD, able, best_of, clouds
from dashboard.pictures.controls import controls_at
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.scene.scene import Scene
from dashboard.scene.settings import Area
from dashboard.wording import entries
from dashboard.wording.maps import about_novelty, about_training, trained_for
from dashboard.wording.numbers import compact, count, fixed, times

QUESTION = "What does a learned inverse map make of these data, and of noise?"
EDGE = 1e-6  # of the width of the box: an estimate nearer than this was stopped there

Array = NDArray[np.float64]


def picture(scene: Scene) -> Shown:
    """Return what stands above; while a control is dragged, without posterior and out-of-distribution scores."""
    experiment, observation = scene.experiment, scene.observation
    maps, unreadable = inverse_maps()
    drawn, taking = looks(maps), able(scene, maps)
    clean = observation.clean(experiment)
    truth = None if clean is None else (experiment.theta0, experiment.theta1)
    estimates = {name: each.predict(observation.data[None]) for name, each in taking.items()}
    found = {name: (drawn[name], estimate.mean[0]) for name, estimate in estimates.items()}
    spread = clouds(scene, taking)
    best = (best_of(taking), spread[best_of(taking)]) if spread else None
    beside = limit.beside(scene, best, truth)

    first = "Each diamond is what a map makes of the trace on screen." if found else ""
    if spread:
        first = _about_clouds(spread, experiment.marginal_sd, taking)
    trace = observation.described(experiment)
    said = [
        beside.verdict,
        " ".join(filter(None, (first, beside.sentence))),
        *about_training(taking, trace),
    ]
    if not scene.dragging:
        for name, each in taking.items():
            score = results.novelty(each, observation.data, estimates[name])
            if score is not None:
                said.append(about_novelty(name, score, bool(each.differences(**trace))))
    notes = [observation.note, *unreadable]
    if observation.usable and not taking:
        notes.append(_not_taken(scene))

    plots = [Plot("estimates", _estimates(maps, found, spread, truth, beside))]
    if observation.usable:
        parameters = with_constants(
            np.array([estimate for _, estimate in found.values()]).reshape(-1, 2), experiment.zeta, experiment.gamma
        )
        potentials = simulate(parameters, observation.times)[..., 0]
        lines = {name: (drawn[name], u) for name, u in zip(found, potentials, strict=True)}
        plots.append(Plot("resimulated", figures.resimulated(observation.times, observation.data, clean, lines)))

    rows = _table(scene, maps, drawn, {name: estimate for name, (_, estimate) in found.items()}, truth)
    if experiment.limit:
        head: Cell = {"text": entries.EXACT_MEAN, "colour": LIMIT}
        rows.append(_row(head, None if beside.found is None else beside.found.mean, truth, ""))
    answer, *why = list(filter(None, said)) or [""]
    shown = Shown("inverse-map", plots, table=rows, answer=answer, why=why, notes=[*notes, beside.note])
    return shown.under(QUESTION, controls_at(Area.INVERSE_MAP, experiment))


def _estimates(
    maps: Mapping[str, InverseMap],
    found: Mapping[str, tuple[Look, Array]],
    spread: Mapping[str, Array],
    truth: tuple[float, float] | None,
    beside: limit.Beside,
) -> dict[str, object]:
    """Return the figure of the plane of θ; its box holds the priors of all maps, which none can leave."""
    prior = published_prior()
    priors = [prior, *(each.recipe.task.prior for each in maps.values())]
    bounds = np.column_stack(
        [np.min([each.lower for each in priors], axis=0), np.max([each.upper for each in priors], axis=0)]
    )
    fences = {(each.lower, each.upper) for each in (maps[name].recipe.task.prior for name in found)}
    return figures.estimates(
        (prior.names[0], prior.names[1]),
        bounds,
        found,
        spread,
        truth,
        beside.box,
        beside.density,
        None if beside.means is None else np.array(beside.means).reshape(-1, 2),
        [np.column_stack(fence) for fence in sorted(fences - {(prior.lower, prior.upper)})],
    )


def _table(
    scene: Scene,
    maps: Mapping[str, InverseMap],
    drawn: Mapping[str, Look],
    found: Mapping[str, Array],
    truth: tuple[float, float] | None,
) -> list[list[Cell]]:
    """Return the head, the truth's row, and a row for each map."""
    trace = scene.observation.described(scene.experiment)
    rows: list[list[Cell]] = [["", "θ₀", "θ₁", "error θ₀", "error θ₁", "trained for it"]]
    if truth is not None:
        true = [fixed(value, 3) for value in truth]
        rows.append([{"text": entries.TRUTH, "colour": TRUTH}, *true, "–", "–", ""])
    rows += [
        _row(name_cell(name, drawn[name]), found.get(name), truth, trained_for(each, trace))
        for name, each in maps.items()
    ]
    return rows


def _row(head: Cell, estimate: Array | None, truth: tuple[float, ...] | None, trained_for: str) -> list[Cell]:
    """Return the row of an estimate, (2,), as far as it is known."""
    numbers, errors = ["–", "–"], ["–", "–"]
    if estimate is not None:
        numbers = [fixed(value, 3) for value in estimate]
    if estimate is not None and truth is not None:
        errors = [_relative(value, true) for value, true in zip(estimate, truth, strict=True)]
    return [head, *numbers, *errors, trained_for]


def _relative(estimate: float, truth: float) -> str:
    return "–" if truth == 0 else f"{fixed(100 * abs(estimate - truth) / abs(truth), 1)} %"


def _at_edge(cloud: Array, prior: TruncatedGaussian) -> int:
    """Return how many of the estimates, (n, 2), lie on the edge of the box in which a map estimates."""
    lower, upper = np.array(prior.lower), np.array(prior.upper)
    near = EDGE * (upper - lower)
    return int(np.sum(np.any((cloud <= lower + near) | (cloud >= upper - near), axis=1)))


def _about_clouds(spread: Mapping[str, Array], marginal_sd: float, maps: Mapping[str, InverseMap]) -> str:
    """Say how far noise moves the estimates; spread: each map's cloud, (n, 2)."""
    if marginal_sd == 0:
        return "σ = 0: there is no noise to move the estimates."
    name = best_of(maps)
    cloud, called = spread[name], quoted([name])
    sd, at_edge = cloud.std(axis=0), _at_edge(cloud, maps[name].recipe.task.prior)
    text = (
        f"Each cloud shows how far noise alone moves a map’s estimate: over {N_CLOUD} draws those of {called} scatter "
        f"by {compact(sd[0], 2)} in θ₀ and {compact(sd[1], 2)} in θ₁."
    )
    if at_edge == N_CLOUD:
        text += f" All of them lie on the edge of the box in which {called} estimates, which holds them back."
    elif at_edge:
        text += f" {at_edge} of them lie on the edge of the box in which {called} estimates, which holds them back."
    clean = next((other for other in spread if not maps[other].recipe.noisy), name)
    if clean != name and np.min(sd) > 1e-4:
        ratio = float(np.mean(spread[clean].std(axis=0) / sd))
        if ratio > 1.5:
            text += f" {quoted([clean])}, which never saw noise, scatters about {times(ratio)} times as far."
    return text


def _not_taken(scene: Scene) -> str:
    """Say why no map takes the data on screen, and what to do."""
    grid, times = f"{count(N_TIMES)} samples {SAMPLING_INTERVAL} ms apart", scene.observation.times
    if not scene.experiment.upload:
        return f"No map takes a window of this length: all were trained on {grid}. Set T to {fixed(T_END, 0)} ms."
    own = f"{count(times.size)} samples {compact(times[1] - times[0], 4)} ms apart"
    return f"No map takes this trace: all were trained on {grid}, and it has {own}."
