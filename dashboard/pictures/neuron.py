"""What the Neuron page shows: potential and recovery over time, phase plane, map of the firing, and what they mean."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.models.fitzhugh_nagumo.equations import fixed_points
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.spikes import spike_timing
from core.symbols import symbol_of
from dashboard.figures import neuron as figures
from dashboard.figures.firing import is_outside
from dashboard.figures.spectrum import Part, spectrum
from dashboard.figures.style import TRUTH
from dashboard.pictures import firing
from dashboard.pictures.controls import controls_at
from dashboard.pictures.courses import of_several, on_plane, over_time
from dashboard.pictures.equations import data_equation, model_equations
from dashboard.pictures.shown import Cell, Clock, Plot, Shown
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Area
from dashboard.scene.scene import Scene
from dashboard.scene.settings import SEVERAL
from dashboard.wording import entries
from dashboard.wording import neuron as wording
from dashboard.wording.numbers import fixed

SPECTRUM = "Spectrum S(f) of data and noise"
QUESTION = "What do the parameters do to the neuron?"
TEMPO = 10.0  # ms of the neuron in each second of its player: a hundred times slower than life
WINDOW_OF_SEVERAL = 50.0  # ms, in which several spike trains part but can still be told apart
STEPS = (-0.4, -0.2, 0.0, 0.2, 0.4)  # how far several values lie from the truth's


def picture(scene: Scene) -> Shown:
    """Return what the page shows.

    While ζ, γ or the window are dragged the map stays as it is: computed anew, it would halve the pictures a second.
    """
    experiment, observation = scene.experiment, scene.observation
    known = observation.clean(experiment) is not None
    # Without a truth there is nothing to choose for but the map.
    idle: tuple[str, ...] = () if known else ("several", "phase_plane")
    if not known:
        shown = _without_truth(scene)
    elif experiment.several in SEVERAL:
        idle = ("phase_plane", "under_potential")
        shown = _several(scene, SEVERAL[experiment.several])
    else:
        shown = _one(scene)
    equations = [*model_equations(experiment, known), data_equation(experiment)]
    shown = replace(shown, equations=equations, notes=[observation.note])
    return shown.under(QUESTION, controls_at(Area.NEURON, experiment, without=idle))


def _one(scene: Scene) -> Shown:
    experiment, observation = scene.experiment, scene.observation
    assert observation.trajectory is not None
    course = over_time(experiment.parameters, observation.times)
    points = fixed_points(experiment.parameters)
    phase = figures.phase_plane(
        experiment.parameters,
        on_plane(experiment.parameters, course),
        points,
        with_field=experiment.phase_plane == "field",
    )
    below = _spectrum(scene) if _shows_spectrum(experiment) else _recovery(course, scene)
    reasons = wording.reasons(points, experiment.gamma)
    return Shown(
        "neuron-spectrum" if _shows_spectrum(experiment) else "neuron",
        [
            Plot(
                "potential",
                figures.potential(
                    observation.times, course, observation.data, experiment.marginal_sd, scene.time_range
                ),
            ),
            Plot("phase", phase),
            below,
            _map(scene),
        ],
        answer=wording.answer(observation.trajectory, observation.times, points),
        why=[*reasons, *_about_spectrum(experiment)],
        said=_out_of_view(scene),
        clock=Clock(TEMPO) if observation.usable else None,
    )


def _recovery(course: figures.Course, scene: Scene) -> Plot:
    return Plot("recovery", figures.recovery(course, scene.time_range))


def _shows_spectrum(experiment: Experiment) -> bool:
    return experiment.under_potential == "spectrum"


def _about_spectrum(experiment: Experiment) -> list[str]:
    return [wording.about_spectrum(experiment.rho)] if _shows_spectrum(experiment) else []


def _spectrum(scene: Scene) -> Plot:
    """Return the spectrum of the data, and of their noise where the truth is known."""
    experiment, observation = scene.experiment, scene.observation
    clean, noise, noisy = observation.clean(experiment), None, experiment.sigma > 0
    part = Part(entries.NOISE, TRUTH, observation.data - clean) if clean is not None and noisy else None
    if noisy:
        noise = observation.noise(experiment.rho, experiment.sigma)
    figure = spectrum(observation.times, observation.data, part, noise, scene.time_range, SPECTRUM)
    return Plot("spectrum", figure)


def _without_truth(scene: Scene) -> Shown:
    observation, experiment = scene.observation, scene.experiment
    below = [_spectrum(scene)] if _shows_spectrum(experiment) else []
    return Shown(
        "neuron-data-spectrum" if below else "neuron-data",
        [
            Plot(
                "potential",
                figures.potential(observation.times, None, observation.data, experiment.marginal_sd, scene.time_range),
            ),
            *below,
            _map(scene),
        ],
        answer=wording.UPLOADED if observation.trajectory is None else wording.HIDDEN,
        why=_about_spectrum(experiment),
    )


def _several(scene: Scene, name: str) -> Shown:
    """Return the neuron with several values of a parameter, the truth's in the middle."""
    experiment = scene.experiment
    values = [getattr(experiment, name) + step for step in STEPS]
    neurons = [replace(experiment, **{name: value}).parameters for value in values]
    end = min(WINDOW_OF_SEVERAL, float(experiment.times[-1]))
    courses = of_several(neurons, end)
    rates, durations = spike_timing(simulate_potential(np.array(neurons), experiment.times), experiment.times)
    durations = np.where(np.isfinite(rates), durations, np.nan)
    symbol = symbol_of(name)
    table: list[Sequence[Cell]] = [[symbol, "rate", "a spike lasts"]]
    for i, value in enumerate(values):
        cell: dict[str, Any] = {"text": fixed(value, 3), "colour": figures.value_colour(i)}
        table.append([cell, wording.rate(rates[i]), wording.duration(durations[i])])
    return Shown(
        "neuron-several",
        [
            Plot("potential", figures.several_potentials(symbol, courses, (0.0, end))),
            Plot("phase", figures.several_phases(neurons, courses)),
            _map(scene),
        ],
        answer=wording.answer_of_several(symbol, values, rates, durations),
        why=wording.SEVERAL,
        table=table,
        said=_out_of_view(scene),
    )


def _truth(experiment: Experiment) -> tuple[float, float]:
    return experiment.theta0, experiment.theta1


def _map(scene: Scene) -> Plot:
    experiment, released = scene.experiment, scene.released
    known = scene.observation.clean(experiment) is not None
    at_release = (released.zeta, released.gamma, released.n_times)
    stale = at_release != (experiment.zeta, experiment.gamma, experiment.n_times)
    figure = firing.drawn(*at_release, experiment.firing == "duration", _truth(experiment) if known else None)
    return Plot("rates", figure, ("theta0", "theta1") if known else None, stale=stale)


def _out_of_view(scene: Scene) -> list[str]:
    """Return a sentence where the truth lies outside of the map."""
    released = scene.released
    shown = firing.firing_map(released.zeta, released.gamma, released.n_times)
    if not is_outside(_truth(scene.experiment), shown.x, shown.y):
        return []
    theta = ", ".join(fixed(value, 3) for value in _truth(scene.experiment))
    return [f"θ = ({theta}) lies outside of the map; the arrow at its edge points there."]
