"""The Inverse map page: what does a learned inverse map make of these data, and of noise?"""

from functools import lru_cache, partial
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.dataset import Dataset
from core.evaluation import published_test_set
from core.inverse_map import InverseMap
from core.metrics import median_ape, r_squared
from core.noise import colour as colour_noise
from core.published import published_prior, with_constants
from core.simulation import simulate
from dashboard import live, registry, session
from dashboard.figures import inverse_map as figures
from dashboard.figures.plain import SYMBOLS, TRUTH
from dashboard.figures.regions import LIMIT
from dashboard.live import Plot
from dashboard.observation import Observation
from dashboard.state import Experiment
from dashboard.views import frame, limit, readings

N_CLOUD = 200
REGIMES = {
    "noisy-noisy": "trained noisy, tested noisy",
    "clean-noisy": "trained clean, tested noisy",
    "clean-clean": "trained clean, tested clean",
}


@lru_cache(maxsize=1)
def test_set() -> Dataset:
    """Return the 2,000 published test samples."""
    return published_test_set()


@lru_cache(maxsize=64)
def test_predictions(inverse_map: InverseMap, tested: str) -> NDArray[np.float64]:
    """Return a map's predictions, (2000, 2), for the clean or the noisy test traces."""
    return inverse_map.predict(test_set().noisy if tested == "noisy" else test_set().clean).mean


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
    return "–" if truth == 0 else f"{frame.number(100 * abs(estimate - truth) / abs(truth), 2)} %"


def _row(
    inverse_map: InverseMap, colour: str, estimate: NDArray[np.float64] | None, truth: tuple[float, ...] | None,
    regime: str, differences: tuple[str, ...],
) -> list[str | dict[str, str]]:  # fmt: skip
    trained, tested = regime.split("-")
    figures_of_regime = ["–", "–"]
    if inverse_map.settings.noisy == (trained == "noisy"):
        predictions = test_predictions(inverse_map, tested)
        figures_of_regime = [
            f"{np.mean(r_squared(test_set().theta, predictions)):.4f}",
            f"{np.mean(median_ape(test_set().theta, predictions)):.4f}",
        ]
    numbers = ["–", "–"] if estimate is None else [f"{value:.3f}".replace("-", "−") for value in estimate]
    errors = ["–", "–"]
    if estimate is not None and truth is not None:
        errors = [_relative(value, true) for value, true in zip(estimate, truth, strict=True)]
    trained_for = "no" if differences else "yes"
    return [{"text": inverse_map.name, "colour": colour}, *numbers, *errors, *figures_of_regime, trained_for]


def _limit_row(mean: NDArray[np.float64] | None, truth: tuple[float, ...] | None) -> list[str | dict[str, str]]:
    """Return the row of the exact posterior mean, (2,), as far as it is known; it has no test of 2,000 samples."""
    numbers, errors = ["–", "–"], ["–", "–"]
    if mean is not None:
        numbers = [readings.number(value, 3) for value in mean]
    if mean is not None and truth is not None:
        errors = [_relative(value, true) for value, true in zip(mean, truth, strict=True)]
    return [{"text": "exact posterior mean", "colour": LIMIT}, *numbers, *errors, "–", "–", ""]


def _not_trained_for(maps: dict[str, InverseMap], trace: dict[str, Any]) -> list[str]:
    """Return a sentence for each way in which the trace differs from what maps were trained for."""
    names: dict[tuple[str, ...], list[str]] = {}
    for name, each in maps.items():
        names.setdefault(each.differences(**trace), []).append(name)
    return [
        f"Not trained for this trace: {', '.join(alike)}. It differs in {', '.join(differences)}."
        for differences, alike in names.items()
        if differences
    ]


def _best(spread: dict[str, NDArray[np.float64]]) -> str:
    """Return the name of the map that stands for the best."""
    return "cnn-noisy" if "cnn-noisy" in spread else next(iter(spread))


def _sentence(experiment: Experiment, spread: dict[str, NDArray[np.float64]]) -> str:
    if not spread:
        return "Each diamond is what a map makes of the trace on screen."
    name = _best(spread)
    sd = spread[name].std(axis=0)
    if np.max(sd) < 1e-6:
        return f"Over {N_CLOUD} noise draws the estimates of {name} do not move: no noise, or a map at its limit."
    text = (
        f"Each cloud shows how far noise alone moves a map’s estimate: over {N_CLOUD} draws those of {name} scatter by "
        f"{sd[0]:.2g} in θ₀ and {sd[1]:.2g} in θ₁."
    )
    if "cnn-clean" in spread and "cnn-noisy" in spread and np.min(sd) > 1e-4:
        ratio = np.mean(spread["cnn-clean"].std(axis=0) / sd)
        if ratio > 1.5:
            text += f" The map that never saw noise, cnn-clean, scatters {ratio:.1f} times as far."
    return text


@st.fragment
def _body() -> None:
    experiment, observation = session.experiment(), session.observation()
    maps, unreadable = registry.inverse_maps()
    colours = registry.colours(maps)
    clean = observation.clean(experiment)
    truth = None if clean is None else (experiment.theta0, experiment.theta1)
    trace = observation.described(experiment)
    able = {name: each for name, each in maps.items() if observation.usable and each.takes(observation.times)}
    found = {name: each.predict(observation.data[None]).mean[0] for name, each in able.items()}
    spread = clouds(experiment, observation, able)
    rows: list[list[str | dict[str, str]]] = [
        ["", "θ₀", "θ₁", "error θ₀", "error θ₁", "R²", "Median-APE", "trained for it"]
    ]
    if truth is not None:
        rows.append([{"text": "truth", "colour": TRUTH}, *(frame.number(value, 3) for value in truth), *["–"] * 4, ""])
    rows += [
        _row(each, colours[name], found.get(name), truth, experiment.regime, each.differences(**trace))
        for name, each in maps.items()
    ]
    noise = cloud_normals(experiment.seed, observation.times.size)
    best = (_best(spread), spread[_best(spread)]) if spread else None
    beside = limit.beside(experiment, observation, noise, best, truth)
    if experiment.limit:
        rows.append(_limit_row(None if beside.found is None else beside.found.mean, truth))
    prior = published_prior()
    # The box holds the priors of all maps, since none can estimate beyond its own.
    priors = [prior, *(each.settings.prior for each in maps.values())]
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
    plots += (
        _scatter(experiment.regime, maps, colours)
        if st.session_state.settled
        else [Plot("first", None), Plot("second", None)]
    )
    notes = [observation.note, *unreadable]
    if observation.usable and not able:
        notes.append("No map takes this time grid: they were trained on T = 200 ms with 1,000 samples 0.2 ms apart.")
    with frame.beside_rail("inverse_map"):
        items = [
            frame.toggle(
                "limit", "zoom on the limit", experiment.limit, help="Show the exact posterior beside the maps."
            ),
            frame.choice("regime", "test of 2,000 samples", experiment.regime, REGIMES),
        ]
        live.controls(
            "inverse_map_options",
            [{"title": "", "items": items}],
            partial(session.receive, "inverse_map_options"),
            inline=True,
        )
        frame.stage(
            "inverse_map",
            "inverse-map",
            plots,
            table=rows,
            said=[f"{_sentence(experiment, spread)} {beside.sentence}", *_not_trained_for(maps, trace)],
            notes=[*notes, beside.note],
        )
        limit.complete(beside, noise)


def _scatter(regime: str, maps: dict[str, InverseMap], colours: dict[str, str]) -> list[Plot]:
    """Return predicted against true for both parameters, for the maps trained as the regime has it."""
    trained, tested = regime.split("-")
    chosen = [(name, each) for name, each in maps.items() if each.settings.noisy == (trained == "noisy")]
    truth = test_set().theta
    plots = []
    for column, identity in enumerate(("first", "second")):
        # The best map is drawn last, on top.
        predictions = []
        for name, each in reversed(chosen):
            values = test_predictions(each, tested)
            r2, ape = r_squared(truth, values)[column], median_ape(truth, values)[column]
            predictions.append((f"{name}: R² {r2:.3f}, Median-APE {ape:.3f}", colours[name], values[:, column]))
        parameter = published_prior().names[column]
        title = f"Predicted against true {SYMBOLS[parameter]}, {REGIMES[regime]}"
        plots.append(Plot(identity, figures.predicted_against_true(parameter, truth[:, column], predictions, title)))
    return plots


def show() -> None:
    """Show the page."""
    frame.question("What does a learned inverse map make of these data, and of noise?")
    _body()
