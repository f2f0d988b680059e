"""What the Neuron page shows: potential, phase plane and rate map, and what they mean."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.equations import fixed_points
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.fitzhugh_nagumo.stepping import longest_step
from core.models.spikes import regime, regimes, spike_timing
from core.published import SAMPLING_INTERVAL, published_prior
from dashboard.figures import neuron as figures
from dashboard.pictures.controls import controls_at
from dashboard.pictures.shown import Plot, Shown
from dashboard.scene.experiment import Experiment
from dashboard.scene.problem import affordable
from dashboard.scene.scene import Scene
from dashboard.scene.settings import Area
from dashboard.wording.numbers import compact, fixed

QUESTION = "What do the parameters do to the neuron?"
N_MAP = 61  # points a side of the rate map
AT_REST = 0.05  # distance of (u, v) from a fixed point within which the neuron has settled there


@lru_cache(maxsize=64)
def rates(
    zeta: float, gamma: float, n_times: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]:
    """Return θ₀ (nx,), θ₁ (ny,), and the spike rate and the regime, (ny, nx) each, over the prior's box."""
    prior = published_prior()
    steps = n_times * np.ceil(SAMPLING_INTERVAL / longest_step((*prior.upper, zeta, gamma)) - 1e-9)
    n = affordable(N_MAP, steps)
    x, y = (np.linspace(low, high, n) for low, high in zip(prior.lower, prior.upper, strict=True))
    parameters = np.stack(np.broadcast_arrays(x[None, :], y[:, None], zeta, gamma), axis=-1)
    times = np.arange(n_times) * SAMPLING_INTERVAL
    potentials = simulate_potential(parameters, times)
    return x, y, spike_timing(potentials, times)[0], regimes(potentials)


# By regime, and by whether a fixed point is stable: for a spiking neuron any, for others the one where it has settled.
SENTENCES = {
    ("spiking", False): "No fixed point is stable, so the neuron runs round a limit cycle: one turn is one spike.",
    ("spiking", True): (
        "The neuron spikes in the second half of this window, although a fixed point is stable. A longer window shows "
        "whether it goes on."
    ),
    ("silent", True): (
        "The neuron settles at a stable fixed point and does not spike. Where it settles fixes one combination of θ₀ "
        "and θ₁; the trace tells little more."
    ),
    ("silent", False): (
        "The neuron does not spike in the second half of this window. A longer one may show that it does."
    ),
    ("excited", True): (
        "The neuron rises and settles at a stable fixed point on the right: it stays excited, so there is no rate."
    ),
    ("excited", False): "The neuron stays up in the second half of this window. A longer one may show that it falls.",
    ("diverging", True): "|u| passes 20, or no step resolves the trajectory: no neuron does this.",
    ("diverging", False): "|u| passes 20, or no step resolves the trajectory: no neuron does this.",
}


def _rate(value: float) -> str:
    return f"{compact(value, 3)} per s" if np.isfinite(value) else "none"


def _duration(value: float) -> str:
    """Return a duration to the tenth of a millisecond that samples 0.2 ms apart leave."""
    return f"{fixed(value, 1)} ms" if np.isfinite(value) else "none"


def picture(scene: Scene) -> Shown:
    """Return what the page shows.

    While ζ, γ or the window are dragged the rate map stays as it is: computed anew, it would halve the pictures a
    second.
    """
    observation = scene.observation
    truth = None if scene.experiment.hidden or observation.trajectory is None else observation.trajectory
    plots = [Plot("potential", figures.potential(observation.times, truth, observation.data, scene.time_range))]
    metrics: list[tuple[str, str, str]] = []
    said = "The trace on screen was uploaded: what made it is not known."
    if truth is not None:
        metrics, said = _about(scene.experiment, observation.times, truth)
        with_field = scene.experiment.phase_plane == "field"
        plots.append(Plot("phase", figures.phase_plane(scene.experiment.parameters, truth, with_field)))
    elif observation.trajectory is not None:
        said = "The truth is hidden: the class sees the data alone."
    plots.append(_rate_map(scene))
    # Without a truth there is no phase plane to choose for.
    idle = ("phase_plane",) if observation.clean(scene.experiment) is None else ()
    shown = Shown("neuron", plots, metrics=metrics, answer=said, notes=[observation.note])
    return shown.under(QUESTION, controls_at(Area.NEURON, scene.experiment, without=idle))


def _about(
    experiment: Experiment, times: NDArray[np.float64], trajectory: NDArray[np.float64]
) -> tuple[list[tuple[str, str, str]], str]:
    """Return the metrics of a trajectory, (n_times, 2), and the sentence that says what it does."""
    u = trajectory[:, 0]
    rate, duration = spike_timing(u, times)
    points = fixed_points(experiment.parameters)
    stable = [point for point in points if point.stable]
    metrics = [
        ("regime", regime(u), "Of the clean potential in the second half of the window."),
        (
            "spike rate",
            _rate(float(rate)),
            "One over the mean interval between spikes, from where u rises through 1.5. It takes two spikes, and a "
            "neuron that spikes in the second half of the window.",
        ),
        ("mean spike duration", _duration(float(duration)), "Mean time for which a spike stays above u = 1.5."),
        ("fixed points", f"{len(points)}, {len(stable)} stable", "Where the nullclines cross."),
    ]
    settled = any(np.hypot(*(trajectory[-1] - (point.u, point.v))) < AT_REST for point in stable)
    return metrics, SENTENCES[regime(u), len(stable) > 0 if regime(u) == "spiking" else settled]


def _rate_map(scene: Scene) -> Plot:
    experiment, released = scene.experiment, scene.released
    shown = scene.observation.trajectory is not None and not experiment.hidden
    truth = (experiment.theta0, experiment.theta1) if shown else None
    click = ("theta0", "theta1") if shown else None
    at_release = (released.zeta, released.gamma, released.n_times)
    stale = at_release != (experiment.zeta, experiment.gamma, experiment.n_times)
    return Plot("rates", figures.rate_map(*rates(*at_release), truth), click, stale=stale)
