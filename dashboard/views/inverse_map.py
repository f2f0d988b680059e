"""The Inverse map page: what does a learned inverse map make of these data, and of noise?"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.maps.differences_from_training import quoted
from core.maps.inverse_map import InverseMap
from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import colour as colour_noise
from core.priors import TruncatedGaussian
from core.published import N_TIMES, SAMPLING_INTERVAL, T_END, published_prior, with_constants
from dashboard import live, session
from dashboard import maps as registry
from dashboard.figures import inverse_map as figures
from dashboard.figures.style import LIMIT, TRUTH
from dashboard.live import Plot
from dashboard.panels.options import options
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import map_cell, question, stage
from dashboard.pictures import accuracy, limit, results
from dashboard.pictures.controls import controls_at
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation
from dashboard.scene.settings import Area
from dashboard.wording import entries
from dashboard.wording.maps import about_novelty, about_training, trained_for
from dashboard.wording.numbers import compact, count, fixed, times

N_CLOUD = 200
EDGE = 1e-6  # of the width of the box: an estimate nearer than this was stopped there


@lru_cache(maxsize=8)
def cloud_normals(seed: int, n_times: int) -> NDArray[np.float64]:
    """Return the base normals, (200, n_times), of the noise demo."""
    return np.random.default_rng([seed, 1]).standard_normal((N_CLOUD, n_times))


def clouds(
    experiment: Experiment, observation: Observation, maps: dict[str, InverseMap]
) -> dict[str, NDArray[np.float64]]:
    """Return each map's estimates, (200, 2), for fresh noise on the truth's trajectory."""
    if observation.trajectory is None:
        return {}
    noise = colour_noise(cloud_normals(experiment.seed, observation.times.size), experiment.rho, experiment.marginal_sd)
    traces = (observation.trajectory[:, 0] + noise).astype(np.float32)
    return {name: inverse_map.predict(traces).mean for name, inverse_map in maps.items()}


def _relative(estimate: float, truth: float) -> str:
    return "–" if truth == 0 else f"{fixed(100 * abs(estimate - truth) / abs(truth), 1)} %"


def _row(
    head: live.Cell, estimate: NDArray[np.float64] | None, truth: tuple[float, ...] | None, trained: str
) -> list[live.Cell]:
    """Return the row of an estimate, (2,), as far as it is known."""
    numbers, errors = ["–", "–"], ["–", "–"]
    if estimate is not None:
        numbers = [fixed(value, 3) for value in estimate]
    if estimate is not None and truth is not None:
        errors = [_relative(value, true) for value, true in zip(estimate, truth, strict=True)]
    return [head, *numbers, *errors, trained]


def _best(spread: dict[str, NDArray[np.float64]]) -> str:
    """Return the name of the map that stands for the best."""
    return next((name for name in ("best", "cnn-noisy") if name in spread), next(iter(spread)))


def _at_edge(cloud: NDArray[np.float64], prior: TruncatedGaussian) -> int:
    """Return how many of the estimates, (n, 2), lie on the edge of the box in which a map estimates."""
    lower, upper = np.array(prior.lower), np.array(prior.upper)
    near = EDGE * (upper - lower)
    return int(np.sum(np.any((cloud <= lower + near) | (cloud >= upper - near), axis=1)))


def _about_clouds(spread: dict[str, NDArray[np.float64]], marginal_sd: float, maps: Mapping[str, InverseMap]) -> str:
    """Say how far noise moves the estimates; spread: each map's cloud, (n, 2)."""
    if marginal_sd == 0:
        return "σ = 0: there is no noise to move the estimates."
    name = _best(spread)
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
    if "cnn-clean" in spread and name != "cnn-clean" and np.min(sd) > 1e-4:
        ratio = float(np.mean(spread["cnn-clean"].std(axis=0) / sd))
        if ratio > 1.5:
            text += f" ‘cnn-clean’, which never saw noise, scatters about {times(ratio)} times as far."
    return text


def _not_taken(experiment: Experiment, observation: Observation) -> str:
    """Say why no map takes the data on screen, and what to do."""
    grid = f"{count(N_TIMES)} samples {SAMPLING_INTERVAL} ms apart"
    if not experiment.upload:
        return f"No map takes a window of this length: all were trained on {grid}. Set T to {count(T_END)} ms."
    step = observation.times[1] - observation.times[0]
    own = f"{count(observation.times.size)} samples {compact(step, 4)} ms apart"
    return f"No map takes this trace: all were trained on {grid}, and it has {own}."


@st.fragment
def _body() -> None:
    accuracy.open_sample()
    experiment, observation = session.experiment(), session.observation()
    maps, unreadable = registry.inverse_maps()
    colours = registry.colours(maps)
    clean = observation.clean(experiment)
    truth = None if clean is None else (experiment.theta0, experiment.theta1)
    trace = observation.described(experiment)
    able = {name: each for name, each in maps.items() if observation.usable and each.takes(observation.times)}
    estimates = {name: each.predict(observation.data[None]) for name, each in able.items()}
    found = {name: estimate.mean[0] for name, estimate in estimates.items()}
    spread = clouds(experiment, observation, able)
    rows: list[list[live.Cell]] = [["", "θ₀", "θ₁", "error θ₀", "error θ₁", "trained for it"]]
    if truth is not None:
        rows.append([{"text": entries.TRUTH, "colour": TRUTH}, *(fixed(value, 3) for value in truth), "–", "–", ""])
    rows += [
        _row(map_cell(name, colours[name]), found.get(name), truth, trained_for(each, trace))
        for name, each in maps.items()
    ]
    noise = cloud_normals(experiment.seed, observation.times.size)
    best = (_best(spread), spread[_best(spread)]) if spread else None
    beside = limit.beside(experiment, observation, noise, best, truth)
    first = "Each diamond is what a map makes of the trace on screen." if found else ""
    if spread:
        first = _about_clouds(spread, experiment.marginal_sd, able)
    if experiment.limit:
        head = {"text": entries.EXACT_MEAN, "colour": LIMIT}
        rows.append(_row(head, None if beside.found is None else beside.found.mean, truth, ""))
    prior = published_prior()
    # The box holds the priors of all maps, since none can estimate beyond its own.
    priors = [prior, *(each.recipe.task.prior for each in maps.values())]
    bounds = np.column_stack(
        [np.min([each.lower for each in priors], axis=0), np.max([each.upper for each in priors], axis=0)]
    )
    plots = [
        Plot(
            "estimates",
            figures.estimates(
                (prior.names[0], prior.names[1]),
                bounds,
                {name: (colours[name], found[name]) for name in found},
                spread,
                truth,
                beside.box,
                beside.density,
                None if beside.means is None else np.array(beside.means).reshape(-1, 2),
            ),
        )
    ]
    if observation.usable:
        parameters = with_constants(np.array(list(found.values())).reshape(-1, 2), experiment.zeta, experiment.gamma)
        potentials = simulate(parameters, observation.times)[..., 0]
        lines = {name: (colours[name], u) for name, u in zip(found, potentials, strict=True)}
        plots.append(Plot("resimulated", figures.resimulated(observation.times, observation.data, clean, lines)))
    notes = [observation.note, *unreadable]
    if observation.usable and not able:
        notes.append(_not_taken(experiment, observation))
    above = " ".join(filter(None, (first, beside.sentence)))
    said = [*filter(None, (above,)), *about_training(able, trace)]
    if st.session_state.settled:
        for name, each in able.items():
            score = results.novelty(each, observation.data, estimates[name])
            if score is not None:
                said.append(about_novelty(name, score, bool(each.differences(**trace))))
    with beside_sidebar("inverse_map"):
        options("inverse_map", controls_at(Area.INVERSE_MAP, experiment))
        stage(
            "inverse_map",
            "inverse-map",
            plots,
            table=rows,
            said=[*filter(None, [beside.verdict]), *said],
            notes=[*notes, beside.note],
        )
        accuracy.show(experiment, maps, colours)
        limit.complete(beside, noise)


def show() -> None:
    """Show the page."""
    question("What does a learned inverse map make of these data, and of noise?")
    _body()
