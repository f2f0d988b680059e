"""What the Inverse map page shows above: estimates of θ, their clouds, bias and spread, trajectories, and a table."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.maps.differences_from_training import listed
from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import N_TIMES, SAMPLING_INTERVAL, T_END, published_prior, with_constants
from dashboard.figures import inverse_map as figures
from dashboard.figures.regions import outside
from dashboard.figures.spread import bias_and_spread
from dashboard.figures.style import LIMIT, MAP, MAP_LOOK, TRUTH, Look
from dashboard.maps import all_inverse_maps, listed_for, looks, misnamed
from dashboard.pictures import further, limit
from dashboard.pictures.answers import (
    able,
    about_standard,
    answers,
    described,
    neuron_of,
    novelty_of,
    selected,
    standard_of,
)
from dashboard.pictures.clouds import clouds, quick_enough, with_empty
from dashboard.pictures.controls import Control, controls_at
from dashboard.pictures.first_window import first_window
from dashboard.pictures.own_maps import chooser
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.scene.kinds import Area
from dashboard.scene.scene import Scene
from dashboard.scene.settings import PLANES
from dashboard.wording import clouds as wording
from dashboard.wording import entries
from dashboard.wording.maps import about_novelty, about_recipe, about_training, kind, read_in_part, trained_for
from dashboard.wording.numbers import compact, count, fixed, sds

QUESTION = "What does a learned inverse map make of these data, and of noise?"
THETA = PLANES["theta"]
MOST_ROWS = 6  # maps with bars of bias and spread

Array = NDArray[np.float64]


def picture(scene: Scene) -> Shown:
    """Return what stands above: the estimates of θ, or of the noise, or of ζ and γ."""
    whole, scene = scene, first_window(scene)
    every, unreadable = all_inverse_maps(scene.experiment.own_maps)
    names = PLANES[scene.experiment.plane]
    of_theta = names == THETA or not able(scene, every, names)
    maps = listed_for(THETA if of_theta else names, every)
    shown = _picture(scene, maps) if of_theta else further.picture(scene, maps, names)
    answer = " ".join(filter(None, (shown.answer, _read_in_part(whole, able(scene, maps, names)))))
    idle = () if of_theta else ("limit",)  # which is the exact posterior of θ
    controls = [_offered(each, every) for each in controls_at(Area.INVERSE_MAP, scene.experiment, without=idle)]
    shown = replace(shown, answer=answer, notes=[*shown.notes, *unreadable, misnamed()])
    return shown.under(QUESTION, [*filter(None, controls), *chooser(scene)])


def _offered(control: Control, maps: Mapping[str, InverseMap]) -> Control | None:
    """Return a control with the planes alone on which a map estimates something; None for a choice of one."""
    if control["field"] != "plane":
        return control
    estimated = [set(each.parameter_names) for each in maps.values()]
    options = [each for each in control["options"] if any(set(PLANES[each[0]]) <= names for names in estimated)]
    return {**control, "options": options} if len(options) > 1 else None


def _picture(scene: Scene, maps: Mapping[str, InverseMap]) -> Shown:
    """Return the estimates of θ; while a control is dragged, without posterior and out-of-distribution scores."""
    experiment, observation = scene.experiment, scene.observation
    drawn, taking = looks(maps), able(scene, maps)
    clean = observation.clean(experiment)
    truth = None if clean is None else (experiment.theta0, experiment.theta1)
    whole = answers(taking, observation.data[None], scene)
    estimates = {name: selected(each, THETA) for name, each in whole.items()}
    found = {name: (drawn[name], estimate.mean[0]) for name, estimate in estimates.items()}
    neurons = {name: neuron_of(each, experiment)[0] for name, each in whole.items()}
    standard = standard_of(scene, taking)
    spread = clouds(scene, quick_enough(scene, taking, standard), THETA)
    best = (standard, spread[standard]) if spread else None
    beside = limit.beside(scene, best, truth)
    if beside.map is not None:
        found[entries.MAP] = (MAP_LOOK, beside.map)
        neurons[entries.MAP] = with_constants(beside.map, experiment.zeta, experiment.gamma)

    answer, why = _said(scene, taking, whole, spread, truth, beside)
    notes = [observation.note]
    if observation.usable and not taking:
        notes.append(_not_taken(scene, maps))

    plots = [Plot("estimates", _estimates(maps, found, with_empty(spread, taking), truth, beside))]
    if spread and truth is not None:
        fitting = {name: drawn[name] for name in _most_fitting(scene, taking, standard)}
        plots.append(
            Plot("spread", _spread(fitting, {**with_empty(spread, taking), **beside.clouds}, truth, experiment.limit))
        )
    if observation.usable:
        potentials = simulate(np.array(list(neurons.values())).reshape(-1, 4), observation.times)[..., 0]
        lines = {name: (look, u) for (name, (look, _)), u in zip(found.items(), potentials, strict=True)}
        plots.append(Plot("resimulated", figures.resimulated(observation.times, observation.data, clean, lines)))

    rows = _table(scene, maps, drawn, {name: each.mean[0] for name, each in estimates.items()}, truth)
    if experiment.limit:
        rows.append(_row(name_cell(entries.MAP, MAP_LOOK), beside.map, truth, "", ""))
        head: Cell = {"text": entries.EXACT_MEAN, "colour": LIMIT}
        rows.append(_row(head, None if beside.found is None else beside.found.mean, truth, "", ""))
    return Shown(
        "inverse-map" if len(plots) == 3 else "inverse-map-alone",
        plots,
        table=rows,
        answer=" ".join(filter(None, (answer, about_standard(scene, taking)))),
        why=why,
        notes=[*notes, beside.note],
    )


def _read_in_part(scene: Scene, maps: Mapping[str, InverseMap]) -> str:
    """Say which maps read the beginning of the trace alone; "" where none does, or where what stands there says so."""
    upload = scene.holdings.upload
    n_times = scene.experiment.n_times if upload is None else len(upload.times)
    longest = max((len(each.times) for each in maps.values()), default=n_times)
    furthest = [name for name, each in maps.items() if len(each.times) >= min(longest, n_times)]
    whole = longest >= n_times
    if whole and standard_of(scene, maps) in furthest:
        return ""
    others = [name for name in maps if name not in furthest]
    return read_in_part(furthest, others, SAMPLING_INTERVAL * longest, whole)


def _said(
    scene: Scene,
    maps: Mapping[str, InverseMap],
    estimates: Mapping[str, Estimate],
    spread: Mapping[str, Array],
    truth: tuple[float, float] | None,
    beside: limit.Beside,
) -> tuple[str, list[str]]:
    """Return the answer for what is on screen, and the sentences behind it."""
    traces = described(scene, maps)
    means = {name: selected(each, THETA).mean[0] for name, each in estimates.items()}
    answer, why = "", list[str]()
    best = standard_of(scene, maps) if means else ""
    if means:
        assumed = [each.answer for each in maps[best].differences(**traces[best]) if each.answer]
        if truth is None:
            covariance = selected(estimates[best], THETA).covariance
            own = None if covariance is None else sds(covariance[0])
            answer = wording.unknown_truth(best, means[best], own, uploaded=scene.observation.trajectory is None)
        elif assumed and spread:
            answer = wording.mistaken(best, means[best], truth, spread[best], assumed)
        elif fenced := [name for name in means if outside(_box(maps[name]), np.array(truth))]:
            answer = f"{wording.nearest(means, truth, {}, noisy=False)} {wording.fenced(fenced, means, truth)}"
        else:
            answer = wording.nearest(means, truth, spread, noisy=scene.experiment.sigma > 0)
        if truth is not None and len(means) > 1:
            clean = [each for each in maps if not maps[each].recipe.noisy] if scene.experiment.sigma > 0 else []
            why.append(wording.worst(means, truth, clean))
    why += about_training(maps, traces)
    if spread:
        why.append(wording.about_clouds(spread, best, scene.experiment.marginal_sd, maps))
        why += [wording.HOW_MEASURED, wording.INVERSE_MAP]
    why.append(beside.sentence)
    if not scene.dragging:
        for name, each in sorted(maps.items(), key=lambda item: item[0] == best):
            score = novelty_of(each, scene, estimates[name])
            if score is not None:
                why.append(about_novelty(name, score, bool(each.differences(**traces[name]))))
                if score > 1 and truth is None and name == best:  # the estimate is not to be read before this
                    answer, why = why[-1], [answer, *why[:-1]]
    if beside.verdict:
        answer, why = beside.verdict, [answer, *why]
    return answer, list(filter(None, why))


def _most_fitting(scene: Scene, maps: Mapping[str, InverseMap], standard: str) -> list[str]:
    """Return the names of some maps in their order: the standard one, those trained for the trace, then others."""
    traces = described(scene, maps)
    order = {name: (name != standard, bool(each.differences(**traces[name]))) for name, each in maps.items()}
    fitting = sorted(order, key=order.__getitem__)[:MOST_ROWS]
    return [name for name in maps if name in fitting]


def _spread(
    drawn: Mapping[str, Look], estimates: Mapping[str, Array], truth: tuple[float, float], limit: bool
) -> dict[str, object]:
    """Return the figure of bias and spread; estimates: of fresh noise, (n, 2), by name.

    limit: whether the MAP and the exact posterior's mean have a row, though they may still be computed.
    """
    rows = [(name, look) for name, look in drawn.items() if name in estimates]
    rows += [(entries.MAP, MAP_LOOK), (entries.EXACT_MEAN, Look(LIMIT))] if limit else []
    values = {
        name: (wording.distance(points.mean(axis=0), truth), float(np.linalg.norm(points.std(axis=0))))
        for name, points in estimates.items()
        if len(points) > 1
    }
    return bias_and_spread(rows, values)


def _estimates(
    maps: Mapping[str, InverseMap],
    found: Mapping[str, tuple[Look, Array]],
    spread: Mapping[str, Array],
    truth: tuple[float, float] | None,
    beside: limit.Beside,
) -> dict[str, object]:
    """Return the figure of the plane of θ; its box holds the priors of all maps, which none can leave."""
    prior = published_prior()
    priors = [prior, *(each.recipe.task.prior.select(THETA) for each in maps.values())]
    bounds = np.column_stack(
        [np.min([each.lower for each in priors], axis=0), np.max([each.upper for each in priors], axis=0)]
    )
    owners: dict[tuple[tuple[float, ...], ...], list[str]] = {(prior.lower, prior.upper): []}
    for name in found:
        if name in maps:
            own = maps[name].recipe.task.prior.select(THETA)
            owners.setdefault((own.lower, own.upper), []).append(name)
    (published, _), *others = owners.items()
    fences = {entries.PUBLISHED_PRIOR: np.column_stack(published)}
    fences |= {f"prior of {listed(names)}": np.column_stack(box) for box, names in others}
    return figures.estimates(
        (prior.names[0], prior.names[1]),
        bounds,
        found,
        spread,
        truth,
        beside.box,
        beside.density,
        {
            name: (colour, beside.clouds[code])
            for name, colour, code in (
                (entries.MAPS_OF_DRAWS, MAP, entries.MAP),
                (entries.EXACT_MEANS, LIMIT, entries.EXACT_MEAN),
            )
            if code in beside.clouds
        },
        fences,
    )


def _table(
    scene: Scene,
    maps: Mapping[str, InverseMap],
    drawn: Mapping[str, Look],
    found: Mapping[str, Array],
    truth: tuple[float, float] | None,
) -> list[list[Cell]]:
    """Return the head, the truth's row, and a row for each map."""
    traces = described(scene, maps)
    rows: list[list[Cell]] = [["estimate of", "θ₀", "θ₁", "off by", "network, traces", "trained for it"]]
    if truth is not None:
        true = [fixed(value, 3) for value in truth]
        rows.append([{"text": entries.TRUTH, "colour": TRUTH}, *true, fixed(0, wording.DECIMALS), "", ""])
    rows += [
        _row(
            name_cell(name, drawn[name]),
            found.get(name),
            truth,
            {"text": kind(each.recipe), "help": about_recipe(each)},
            trained_for(each, traces[name]),
        )
        for name, each in maps.items()
    ]
    return rows


def _box(inverse_map: InverseMap) -> Array:
    """Return the box of θ, (2, 2), that a map's estimates cannot leave."""
    return inverse_map.recipe.task.prior.select(THETA).bounds


def _row(head: Cell, estimate: Array | None, truth: tuple[float, ...] | None, *about: Cell) -> list[Cell]:
    """Return the row of an estimate, (2,), as far as it is known."""
    numbers, miss = ["–", "–"], "–"
    if estimate is not None:
        numbers = [fixed(value, 3) for value in estimate]
    if estimate is not None and truth is not None:
        miss = wording.far(wording.distance(estimate, truth))
    return [head, *numbers, miss, *about]


def _not_taken(scene: Scene, maps: Mapping[str, InverseMap]) -> str:
    """Say why no map takes the data on screen, and what to do."""
    ends = [each.recipe.task.n_times for each in maps.values()] or [(N_TIMES, N_TIMES)]
    fewest, most = min(low for low, _ in ends), max(high for _, high in ends)
    lengths = count(most) if fewest == most else f"{count(fewest)} to {count(most)}"
    grid, times = f"{lengths} samples {SAMPLING_INTERVAL} ms apart", scene.observation.times
    if not scene.experiment.upload:
        return f"No map takes a window of this length: all were trained on {grid}. Set T to {fixed(T_END, 0)} ms."
    own = f"{count(times.size)} samples {compact(times[1] - times[0], 4)} ms apart"
    return f"No map takes this trace: all were trained on {grid}, and it has {own}."
