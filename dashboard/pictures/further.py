"""What the Inverse map page shows of the parameters beside θ that some maps estimate: the noise, or ζ and γ."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate
from core.experiments.estimators import SAMPLED
from core.experiments.limit_four import REGIME as FOUR_UNKNOWNS
from core.experiments.records import Key, stored
from core.maps.differences_from_training import listed
from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import published_noise
from dashboard.figures import inverse_map as figures
from dashboard.figures.spectrum import Part, spectrum
from dashboard.figures.style import TRUTH, Look
from dashboard.maps import looks
from dashboard.pictures.answers import able, answers, best_of, described, neuron_of, noise_of, selected
from dashboard.pictures.clouds import clouds, quick_enough, with_empty
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.scene.scene import Scene
from dashboard.scene.settings import PLANES, SLIDERS
from dashboard.wording import entries
from dashboard.wording import further as wording
from dashboard.wording.maps import about_recipe, about_training, trained_for
from dashboard.wording.numbers import fixed

SPECTRUM = "Spectrum S(f), and the noise as it is read"
NOISE, NEURON = PLANES["noise"], PLANES["neuron"]

Array = NDArray[np.float64]
Point = tuple[float, float]


def truth_of(scene: Scene, names: tuple[str, str]) -> Point | None:
    """Return the true values of two parameters, unless they are hidden or not known; σ and ρ are never hidden."""
    observation, experiment = scene.observation, scene.experiment
    if observation.trajectory is None or (names != NOISE and experiment.hidden):
        return None
    return getattr(experiment, names[0]), getattr(experiment, names[1])


def picture(scene: Scene, maps: Mapping[str, InverseMap], names: tuple[str, str]) -> Shown:
    """Return the estimates of two parameters beside θ, on their plane and in a table, and what follows from them."""
    drawn, taking, observation = looks(maps), able(scene, maps, names), scene.observation
    truth = truth_of(scene, names)
    whole = answers(taking, observation.data[None], scene)
    found = {name: selected(each, names) for name, each in whole.items()}
    best = best_of(taking)
    spread = clouds(scene, quick_enough(scene, taking, best), names)
    notes = [observation.note]
    if not best:
        return Shown("inverse-map-alone", [], notes=notes)
    why = about_training(taking, described(scene, taking))
    if spread:
        why = [wording.about_cloud(best, spread[best], found[best]), wording.HOW_TO_READ, *why]
    if names == NEURON:
        why += _identified()
    laws = {name: each.recipe.task.law.select(names) for name, each in taking.items()}
    boxes = np.stack([law.bounds for law in laws.values()])
    plane = figures.estimates(
        names,
        np.column_stack([boxes[:, :, 0].min(axis=0), boxes[:, :, 1].max(axis=0)]),
        {name: (drawn[name], each.mean[0]) for name, each in found.items()},
        with_empty(spread, taking),
        truth,
        fences=_fences({name: law.bounds for name, law in laws.items()}),
        ellipses={name: each.covariance[0] for name, each in found.items() if each.covariance is not None},
    )
    beside = _spectrum(scene, found, drawn) if names == NOISE else _resimulated(scene, whole, drawn)
    return Shown(
        "inverse-map-noise" if names == NOISE else "inverse-map-alone",
        [Plot("estimates", plane), beside],
        answer=wording.answer(best, found[best], truth),
        why=why,
        table=_table(scene, taking, drawn, found, truth),
        notes=notes,
    )


def _identified() -> list[str]:
    """Return what the experiment on four unknowns has found of each parameter, or nothing before it was run."""
    found, names = stored("four"), FITZHUGH_NAGUMO.parameter_names
    if found is None:
        return []
    shares = found.curve(Key(SAMPLED, "sd_over_prior", name, FOUR_UNKNOWNS) for name in names)
    return [wording.identified(dict(zip(names, shares, strict=True)), found.settings["n_test"])]


def _fences(boxes: Mapping[str, Array]) -> dict[str, Array]:
    """Return the boxes that estimates cannot leave, (2, 2), each with the names of the maps that it is the prior of."""
    owners: dict[tuple[float, ...], list[str]] = {}
    for name, box in boxes.items():
        owners.setdefault(tuple(box.ravel().tolist()), []).append(name)
    return {f"prior of {listed(names)}": np.reshape(box, (2, 2)) for box, names in owners.items()}


def _spectrum(scene: Scene, found: Mapping[str, Estimate], drawn: Mapping[str, Look]) -> Plot:
    """Return the spectrum of the data and the noise, with the curves of the true noise and of the estimated ones."""
    experiment, observation = scene.experiment, scene.observation
    part, noise = None, None
    if observation.trajectory is not None and experiment.sigma > 0:
        noise = published_noise(experiment.rho, experiment.sigma)
        if not experiment.hidden:
            part = Part(entries.NOISE, TRUTH, observation.data - observation.trajectory[:, 0])
    curves = {name: (drawn[name], noise_of(each)) for name, each in found.items()}
    times = observation.times
    return Plot("spectrum", spectrum(times, observation.data, part, noise, scene.time_range, SPECTRUM, curves))


def _resimulated(scene: Scene, whole: Mapping[str, Estimate], drawn: Mapping[str, Look]) -> Plot:
    observation = scene.observation
    lines = {
        name: (drawn[name], simulate(neuron_of(each, scene.experiment)[0], observation.times)[:, 0])
        for name, each in whole.items()
    }
    clean = observation.clean(scene.experiment)
    return Plot("resimulated", figures.resimulated(observation.times, observation.data, clean, lines))


def _table(
    scene: Scene,
    maps: Mapping[str, InverseMap],
    drawn: Mapping[str, Look],
    found: Mapping[str, Estimate],
    truth: Point | None,
) -> list[Sequence[Cell]]:
    """Return the head, the truth's row, and a row for each map; the parameters are called as their sliders are."""
    names, traces = next(iter(found.values())).names, described(scene, maps)
    rows = [SLIDERS[name] for name in names]
    heads = [f"{row.symbol} {row.label}{f' [{row.unit}]' if row.unit else ''}" for row in rows]
    table: list[Sequence[Cell]] = [["estimate of", *heads, "off by [sd]", "trained for it"]]
    if truth is not None:
        table.append([{"text": entries.TRUTH, "colour": TRUTH}, *(fixed(value, 3) for value in truth), "", ""])
    for name, each in found.items():
        off = [] if truth is None else wording.in_sds(each, truth)
        look, about = drawn[name], about_recipe(maps[name])
        head: Cell = {"text": name, "colour": look.colour, "hollow": look.hollow, "help": about}
        cells = [*wording.with_uncertainty(each), ", ".join(off) or "–", trained_for(maps[name], traces[name])]
        table.append([head, *cells])
    return table
