"""What the start page shows: a recording, one slider, and three ways into the laboratory."""

from typing import Any

import numpy as np

from core.models.spikes import spike_count
from dashboard.figures import start as figures
from dashboard.pictures.controls import Control, button, control
from dashboard.pictures.courses import over_time
from dashboard.pictures.shown import Clock, Plot, Shown
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SLIDERS
from dashboard.wording.numbers import fixed, tenths

QUESTION = "Which θ made this?"
TASK = "A neuron spiked, and noise blurred what was measured. Move θ₀ until your curve lies on the dots."
TEMPO = 25.0  # ms of the neuron in each second: the published window of 200 ms takes 8 s
LOST = "With this θ₀ the model is no neuron."
# Title, sentence, page and preset of each way in.
DOORS = (
    ("Downhill, and lost", "An optimiser slides to the nearest valley. Most are wrong.", "Landscape", "Many minima"),
    ("Through the noise", "A network has learned to read θ from a trace at once.", "Inverse map", "Drowned in noise"),
    ("What a prior does", "Teach a network other neurons, and see what it believes.", "Train", ""),
)


def picture(scene: Scene) -> Shown:
    """Return what the page shows."""
    experiment, observation = scene.experiment, scene.observation
    name = "candidate_theta0"
    candidate = (experiment.candidate_theta0, *experiment.parameters[1:])
    course = over_time(candidate, observation.times)
    items = [control(name, experiment)]
    if observation.clean(experiment) is not None:
        items.append(button(name, "Show me", experiment.theta0, help="Put the slider where the truth is."))
    shown = Shown(
        "poster",
        [Plot("recording", figures.recording(observation.times, observation.data, course, scene.time_range))],
        answer=_answer(scene, course.states[:: _fineness(course.times, observation.times), 0]),
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
    clean = observation.clean(experiment)
    if clean is not None and _is_found(experiment):
        return f"This is it: θ₀ = {fixed(experiment.candidate_theta0, 3)} made the dots. What is left is noise."
    off = float(np.sqrt(np.mean((observation.data - u) ** 2)))
    sd = experiment.marginal_sd
    distance = f"{tenths(off / sd)} noise sd (noise alone: 1)" if sd > 0 else fixed(off, 2)
    said = f"{TASK} Your curve is off by {distance}"
    if observation.trajectory is None:
        return f"{said}."
    return f"{said}, and spikes {spike_count(u)} times; the neuron spiked {spike_count(observation.trajectory[:, 0])}."


def _is_found(experiment: Experiment) -> bool:
    """Say whether the slider stands where the truth is, to the nearest of its steps."""
    return abs(experiment.candidate_theta0 - experiment.theta0) <= SLIDERS["candidate_theta0"].step / 2
