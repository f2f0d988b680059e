"""The Neuron page: what do the parameters do to the neuron?"""

from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.features import regime, spike_statistics
from core.fitzhugh_nagumo import fixed_points
from core.published import SAMPLING_INTERVAL, published_prior
from core.simulation import longest_step, simulate_potential
from dashboard import session
from dashboard.figures import neuron as figures
from dashboard.live import Plot
from dashboard.problem import affordable
from dashboard.views import frame

N_MAP = 61


@lru_cache(maxsize=64)
def rates(
    zeta: float, gamma: float, n_times: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return θ₀ (nx,), θ₁ (ny,) and the spike rate (ny, nx) over the prior's box."""
    prior = published_prior()
    steps = n_times * np.ceil(SAMPLING_INTERVAL / longest_step((*prior.upper, zeta, gamma)) - 1e-9)
    n = affordable(N_MAP, steps)
    x, y = (np.linspace(low, high, n) for low, high in zip(prior.lower, prior.upper, strict=True))
    parameters = np.stack(np.broadcast_arrays(x[None, :], y[:, None], zeta, gamma), axis=-1)
    times = np.arange(n_times) * SAMPLING_INTERVAL
    return x, y, spike_statistics(simulate_potential(parameters, times), times)[0]


# What is seen in each regime, and whether a fixed point is stable there.
SENTENCES = {
    ("spiking", False): "No fixed point is stable, so the neuron runs round a limit cycle: one turn is one spike.",
    ("spiking", True): "The neuron spikes although a fixed point is stable: where it ends depends on where it starts.",
    (
        "silent",
        True,
    ): "A stable fixed point draws the neuron in, and it does not spike. Such a trace says little about θ.",
    (
        "silent",
        False,
    ): "The neuron does not spike in the second half of this window. A longer one may show that it does.",
    (
        "excited",
        True,
    ): "The neuron rises and settles at a stable fixed point on the right: it stays excited, so there is no rate.",
    ("excited", False): "The neuron stays up in the second half of this window. A longer one may show that it falls.",
    ("diverging", True): "|u| passes 20, or no step resolves the trajectory: no neuron does this.",
    ("diverging", False): "|u| passes 20, or no step resolves the trajectory: no neuron does this.",
}


def _number(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}" if np.isfinite(value) else "none"


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
        rate, duration = spike_statistics(u, times)
        points = fixed_points(experiment.parameters)
        stable = sum(point.stable for point in points)
        metrics = [
            ("regime", regime(u), "Of the clean potential in the second half of the window."),
            ("spike rate", _number(float(rate), "per s"), "Up-crossings of u = 1.5 over the window’s length."),
            ("mean spike duration", _number(float(duration), "ms"), "Time above u = 1.5 over the number of spikes."),
            ("fixed points", f"{len(points)}, {stable} stable", "Where the nullclines cross."),
        ]
        sentence = SENTENCES[regime(u), stable > 0]
        plots.append(Plot("phase", figures.phase_plane(experiment.parameters, trajectory)))
    truth = None if experiment.hidden or trajectory is None else (experiment.theta0, experiment.theta1)
    # The map follows on release: drawn at every step of a slider it would halve the pictures a second.
    if st.session_state.settled or "rates_at" not in st.session_state:
        st.session_state.rates_at = (experiment.zeta, experiment.gamma, experiment.n_times)
    x, y, rate_grid = rates(*st.session_state.rates_at)
    click = None if truth is None else ("theta0", "theta1")
    plots.append(Plot("rates", figures.rate_map(x, y, rate_grid, truth), click))
    with frame.beside_rail("neuron"):
        frame.stage("neuron", "neuron", plots, metrics=metrics, said=[sentence], notes=[observation.note])


def show() -> None:
    """Show the page."""
    frame.question("What do the parameters do to the neuron?")
    _body()
