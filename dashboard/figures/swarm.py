"""How samplers race: their particles on the map, and their distance to the exact posterior against the evaluations."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.optimisation.path import OptimiserPath
from core.sampling.distance import Reference
from dashboard.background.sampling import Sampled
from dashboard.figures.palette import themed, translucent
from dashboard.figures.race import Drawn, Way, entries_of, look_of, runner
from dashboard.figures.style import (
    LIMIT,
    Look,
    array,
    dots,
    layout,
    legend_entry,
    line,
    log_axis,
    nothing,
    saved,
    sign_of,
)

TRAIL = 3  # recorded times that a particle's trail reaches back
DOT, GRAIN, LINE = 4.5, 2.0, 1.0  # pixels, of a particle, of a draw of the exact posterior, and of a trail
DRAWS = 500  # of the exact posterior, on the map
LEVEL_DASHES = ("5px,4px", "2px,3px")  # of the levels of few and of many independent draws
EXACT = "exact posterior"
LEAST_DISTANCE, LEAST_VARIATION = 1e-2, 1e-2  # the bottoms of the plots
# A colour of its own for each, since a swarm shows no marks; a mark and dashes besides, where lines show them.
LOOKS = {
    "Random walk": Look(themed("random-walk"), "square"),
    "Langevin": Look(themed("langevin"), "circle"),
    "MALA": Look(themed("mala"), "diamond", dash="9px,3px"),
    "HMC": Look(themed("hamiltonian"), "triangle-up"),
    "Affine ensemble": Look(themed("affine-ensemble"), "hexagon", dash="5px,3px"),
    "Tempering": Look(themed("parallel-tempering"), "pentagon"),
    "SVGD": Look(themed("stein"), "diamond-tall", dash="9px,3px,2px,3px"),
    "Ensemble Kalman": Look(themed("ensemble-kalman"), "cross", dash="2px,3px"),
}


def sign(method: str) -> dict[str, str]:
    """Return what the browser draws beside a sampler's name."""
    return sign_of(LOOKS[method])


def on_map(found: Sequence[Sampled]) -> Drawn:
    """Draw the particles of samplers as swarms, which move with the clock of the race, with trails.

    The shapes name the places of `places` by their position.
    """
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    exact = exact_of(found)
    if exact is not None:
        x, y = exact.positions[:DRAWS].T
        shapes += [
            {**dots(colour, x, y, width), "layer": "above"}
            for colour, width in (("theme:background@0.8", GRAIN + 1), (LIMIT, GRAIN))
        ]
        traces.append(saved(legend_entry(EXACT, "circle", LIMIT)))
    for i, each in enumerate(found):
        shapes.append(swarm(i, TRAIL, translucent(LOOKS[each.path.method].colour, 0.35), LINE))
    entries, particles = particles_of(found)
    return [*traces, *map(saved, entries)], [*shapes, *particles]


def particles_of(found: Sequence[Sampled]) -> Drawn:
    """Draw the particles of samplers, and an entry of the legend for each sampler."""
    shapes: list[dict[str, Any]] = []
    for i, each in enumerate(found):
        shapes.append(swarm(i, 0, "theme:background", DOT + 1.6))
        shapes.append(swarm(i, 0, LOOKS[each.path.method].colour, DOT))
    methods = dict.fromkeys(each.path.method for each in found)
    return [legend_entry(method, "circle", LOOKS[method].colour) for method in methods], shapes


def swarm(at: int, trail: int, colour: str, width: float) -> dict[str, Any]:
    """Return the dots of the particles at a place of `places`, or their trails over so many times."""
    return {
        "type": "path",
        "swarm": {"at": at, "trail": trail},
        "line": {"color": colour, "width": width},
        "layer": "above",
    }


def places(found: Sequence[Sampled]) -> list[dict[str, Any]]:
    """Return where the n particles of each sampler are at k times: a clock (k,), and x and y (k × n,).

    They stand apart from the shapes, which travel each time that a hand moves the candidate.
    """
    return [
        {
            "clock": array(each.path.evaluations),
            "x": array(each.path.positions[..., 0].ravel()),
            "y": array(each.path.positions[..., 1].ravel()),
            "n": each.path.positions.shape[1],
        }
        for each in found
    ]


def courses(found: Sequence[Sampled]) -> list[Way]:
    """Return how the median loss of the particles falls, for the plot of the losses along each path."""
    return [
        (each.path.method, LOOKS[each.path.method], each.path.evaluations, np.median(each.path.losses, axis=1))
        for each in found
    ]


def distance(paths: Sequence[OptimiserPath], found: Sequence[Sampled]) -> dict[str, Any]:
    """Draw the energy distance to the exact posterior against the evaluations, of the points of optimisers too."""
    exact, ways = exact_of(found), [*_of_samplers(found, "distances")]
    levels: list[tuple[str, float]] = []
    if exact is not None:
        sizes = sorted({each.path.positions.shape[1] for each in found})
        levels = [(f"{n} independent draws", exact.of_independent_draws(n)) for n in sizes]
        ways = [
            *((path.method, look_of(path.method), path.evaluations, exact.energy_distance(path.positions[:, None]))
              for path in paths),
            *ways,
        ]  # fmt: skip
    return _against_evaluations("Energy distance to the exact posterior", "distance", ways, LEAST_DISTANCE, levels)


def variation(paths: Sequence[OptimiserPath], found: Sequence[Sampled]) -> dict[str, Any]:
    """Draw the mean total variation of both marginals against the evaluations."""
    exact, ways = exact_of(found), [*_of_samplers(found, "variations")]
    if exact is not None:
        ways = [
            *((path.method, look_of(path.method), path.evaluations,
               exact.total_variation(path.positions[:, None]).mean(axis=1)) for path in paths),
            *ways,
        ]  # fmt: skip
    return _against_evaluations(
        "Total variation of the marginals (1: no overlap)", "variation", ways, LEAST_VARIATION, []
    )


def exact_of(found: Sequence[Sampled]) -> Reference | None:
    """Return the exact posterior that all samplers draw from, or None where there is none."""
    return next((each.exact for each in found if each.exact is not None), None)


def _of_samplers(found: Sequence[Sampled], name: str) -> list[Way]:
    return [(each.path.method, LOOKS[each.path.method], each.path.evaluations, getattr(each, name)) for each in found]


def _against_evaluations(
    title: str, label: str, ways: Sequence[Way], least: float, levels: Sequence[tuple[str, float]]
) -> dict[str, Any]:
    """Draw lines over a common clock, down to the least value; levels: names and heights of lines across."""
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    most = max([10.0, *(float(clock[-1]) for _, _, clock, _ in ways)])
    drawn_values = np.concatenate([[least, 1.0], *(values[np.isfinite(values)] for *_, values in ways)])
    top, low = float(drawn_values.max()), max(float(drawn_values[2:].min(initial=0.1)), least)
    for (name, height), dash in zip(levels, LEVEL_DASHES, strict=False):
        low = min(low, height)
        ends = {"x": array([1.0, most]), "y": array([height, height])}
        traces.append(line(name, LIMIT, 1.6, **ends, line={"dash": dash}, hoverinfo="skip"))
    for name, look, clock, values in ways:
        finite = np.isfinite(values)
        if np.any(finite):
            at, heights = np.maximum(clock[finite], 1), np.maximum(values[finite], least)
            drawn = runner(name, look, at.astype(float), heights, at, len(shapes), name not in LOOKS)
            traces += drawn[0]
            shapes += drawn[1]
    return {
        "data": [*traces, *entries_of([(name, look) for name, look, _, _ in ways])] or [nothing()],
        "layout": layout(
            title,
            log_axis("evaluations of the loss", range=[0, float(np.log10(most)) * 1.03]),
            log_axis(label, range=[float(np.log10(low)) - 0.1, float(np.log10(top)) + 0.1]),
            shapes=shapes,
            margin={"l": 52, "r": 10, "t": 46 if levels else 30, "b": 38},
        ),
    }
