"""What the start page shows: a recording, one slider, and four ways into the laboratory."""

from typing import Any

import numpy as np

from core.models.spikes import spike_count
from dashboard.figures import start as figures
from dashboard.pictures.controls import Control, button, control, desk, text
from dashboard.pictures.courses import over_time
from dashboard.pictures.shown import Clock, Plot, Shown
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SLIDERS
from dashboard.wording.numbers import decimals_of, fixed, tenths

QUESTION = "Which θ made this?"
TASK = "A neuron spiked; noise blurred the recording. Move θ₀ until your curve lies on the dots."
TEMPO = 25.0  # ms of the neuron in each second: the published window of 200 ms takes 8 s
LOST = "With this θ₀ the model is no neuron."
FOUND_STEPS, CLOSE_STEPS = 0.5, 4.0  # of the slider, from the truth
# Title, sentence, page and preset of each way in.
DOORS = (
    (
        "Lessons: understand it step by step",
        "Six minutes each: look, predict, commit to an answer, and see how far off you were.",
        "Lessons",
        "",
    ),
    (
        "Landscape: search for θ",
        "Click on a map of all θ. Five search methods run downhill from there: see which of them get stuck.",
        "Landscape",
        "Many minima",
    ),
    (
        "Inverse map: let a network read θ",
        "Trained networks estimate θ from a very noisy recording: see how far each one is off.",
        "Inverse map",
        "Drowned in noise",
    ),
    (
        "Train: teach a network yourself",
        "Choose the neurons that it learns from, train it, and test which θ it can read.",
        "Train",
        "",
    ),
)


def picture(scene: Scene) -> Shown:
    """Return what the page shows."""
    experiment, observation = scene.experiment, scene.observation
    name = "candidate_theta0"
    candidate = (experiment.candidate_theta0, *experiment.parameters[1:])
    course = over_time(candidate, observation.times)
    items = [control(name, experiment)]
    if observation.clean(experiment) is not None:
        items.append(
            button(
                name, "Show the answer", experiment.theta0, gives_away=True, help="Put the slider where the truth is."
            )
        )
    items += [text(f"Held: {_held(scene)}."), desk()]
    sd = experiment.marginal_sd
    found = "✓ Found" if _steps_off(scene) <= FOUND_STEPS else ""
    shown = Shown(
        "poster",
        [
            Plot(
                "recording", figures.recording(observation.times, observation.data, course, sd, scene.time_range, found)
            )
        ],
        answer=_answer(scene, course.states[:: _fineness(course.times, observation.times), 0]),
        why=_reasons(scene),
        notes=[observation.note],
        clock=Clock(TEMPO, begins=True),
        tools=[_door(*door) for door in DOORS],
    )
    return shown.under(QUESTION, items)


def _fineness(fine: Any, times: Any) -> int:
    """Return how many steps of a fine grid make one of the samples'."""
    return (fine.size - 1) // max(times.size - 1, 1)


def _door(title: str, sentence: str, page: str, preset: str) -> Control:
    return {"kind": "card", "field": "door", "label": title, "text": sentence, "value": f"{page}|{preset}"}


def _answer(scene: Scene, u: Any) -> str:
    """Return what to do, and how far the candidate's potential, (n_times,), is off the data."""
    experiment, observation = scene.experiment, scene.observation
    if not np.all(np.isfinite(u)) or not observation.usable:
        return f"{TASK} {LOST}"
    if _steps_off(scene) <= FOUND_STEPS:
        return (
            f"Found: θ₀ = {fixed(experiment.candidate_theta0, 3)} made the dots. "
            "What is left between curve and dots is noise."
        )
    off = float(np.sqrt(np.mean((observation.data - u) ** 2)))
    sd = experiment.marginal_sd
    distance = f"{tenths(off / sd)} times as far as noise alone would" if sd > 0 else f"typically by {fixed(off, 2)}"
    if _steps_off(scene) <= CLOSE_STEPS:
        return f"Close: your curve misses the dots {distance}. The arrow keys move θ₀ by one step."
    said = f"{TASK} It misses them {distance}"
    if observation.trajectory is None:
        return f"{said}."
    return f"{said}, and spikes {spike_count(u)} times; the neuron spiked {spike_count(observation.trajectory[:, 0])}."


def _steps_off(scene: Scene) -> float:
    """Return how many of its steps the slider stands off the truth; infinite for a truth that is unseen."""
    experiment, observation = scene.experiment, scene.observation
    if observation.clean(experiment) is None or not observation.usable:
        return np.inf
    return abs(experiment.candidate_theta0 - experiment.theta0) / SLIDERS["candidate_theta0"].step


def _held(scene: Scene) -> str:
    """Return the other parameters of the curve; of a truth that is hidden, not the value."""
    experiment = scene.experiment
    unseen = experiment.hidden and scene.observation.trajectory is not None
    rows = [SLIDERS[name] for name in ("theta1", "zeta", "gamma")]
    said = [f"{row.symbol} = {fixed(getattr(experiment, row.name), decimals_of(row.step))}" for row in rows]
    return ", ".join(["θ₁ at the truth", *said[1:]] if unseen else said)


def _reasons(scene: Scene) -> list[str]:
    """Return what is held, how far off is measured, and why it is hard."""
    return [
        "θ₀ and θ₁ decide how often the neuron spikes and how long each spike lasts. Here only θ₀ is looked for.",
        f"Noise alone moves a dot off the true curve, typically by {fixed(scene.experiment.marginal_sd, 2)} (its "
        "standard deviation). Your curve is measured alike, by the root of its mean squared distance from the dots.",
        "It can get worse before it gets better: where the curve has one spike too many or too few, its spikes fall "
        "between those of the dots. A search that only goes downhill gets stuck there.",
        "In a lecture hall press L: the type grows, and while nobody touches the page, it plays by itself.",
    ]
