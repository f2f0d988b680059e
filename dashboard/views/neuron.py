"""The Neuron page: what do the parameters do to the neuron?"""

from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.equations import fixed_points
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.fitzhugh_nagumo.stepping import longest_step
from core.models.spikes import regime, regimes, spike_timing
from core.published import SAMPLING_INTERVAL, published_prior
from dashboard import session
from dashboard.figures import neuron as figures
from dashboard.live import Plot
from dashboard.panels.controls import controls_at, options
from dashboard.panels.sidebar import beside_sidebar
from dashboard.panels.stage import question, stage
from dashboard.scene.problem import affordable
from dashboard.scene.settings import Area
from dashboard.wording.numbers import compact, fixed

N_MAP = 61


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


@st.fragment
def _body() -> None:
    experiment = session.experiment()
    observation = session.observation()
    times, trajectory = observation.times, observation.trajectory
    plots = [Plot("potential", figures.potential(times, None if experiment.hidden else trajectory, observation.data))]
    metrics, sentence = [], "The trace on screen was uploaded: what made it is not known."
    if trajectory is not None and experiment.hidden:
        sentence = "The truth is hidden: the class sees the data alone."
    elif trajectory is not None:
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
        sentence = SENTENCES[regime(u), len(stable) > 0 if regime(u) == "spiking" else settled]
        plots.append(
            Plot("phase", figures.phase_plane(experiment.parameters, trajectory, experiment.phase_plane == "field"))
        )
    truth = None if experiment.hidden or trajectory is None else (experiment.theta0, experiment.theta1)
    # The map follows on release: drawn at every step of a slider it would halve the pictures a second.
    rates_now = (experiment.zeta, experiment.gamma, experiment.n_times)
    if st.session_state.settled or "rates_at" not in st.session_state:
        st.session_state.rates_at = rates_now
    click = None if truth is None else ("theta0", "theta1")
    stale = st.session_state.rates_at != rates_now
    plots.append(Plot("rates", figures.rate_map(*rates(*st.session_state.rates_at), truth), click, stale=stale))
    with beside_sidebar("neuron"):
        # Without a truth there is no phase plane to choose for.
        unused = ("phase_plane",) if truth is None else ()
        options("neuron", controls_at(Area.NEURON, experiment, without=unused))
        stage("neuron", "neuron", plots, metrics=metrics, said=[sentence], notes=[observation.note])


def show() -> None:
    """Show the page."""
    question("What do the parameters do to the neuron?")
    _body()
