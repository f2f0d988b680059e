"""The map of spike rate and spike duration over the prior's box, with fine edges where the spiking ends."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.fitzhugh_nagumo.stepping import longest_step
from core.models.spikes import regimes, spike_timing
from core.published import SAMPLING_INTERVAL, published_prior
from dashboard.figures import firing as figures
from dashboard.scene.problem import affordable
from dashboard.shared_results import shared

N_COARSE = 41  # points a side of the grid that is simulated
FINENESS = 6  # of the map: points for each interval of that grid

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FiringMap:
    """Spike rate [1/s] and mean spike duration [ms] over θ₀, x (nx,), and θ₁, y (ny,).

    Both are NaN where the neuron is not spiking.
    rates, durations, regimes: (ny, nx) each.
    fine_rates, fine_durations: the same on a grid with FINENESS points for each interval.
    """

    x: Array
    y: Array
    rates: Array
    durations: Array
    regimes: NDArray[np.str_]
    fine_rates: Array
    fine_durations: Array


def _features(x: Array, y: Array, zeta: float, gamma: float, n_times: int) -> tuple[Array, Array, NDArray[np.str_]]:
    """Return spike rate, spike duration and regime, (...), of the neurons with θ₀ = x and θ₁ = y, (...)."""
    times = np.arange(n_times) * SAMPLING_INTERVAL
    parameters = np.stack(np.broadcast_arrays(x, y, zeta, gamma), axis=-1)
    potentials = simulate_potential(parameters, times)
    rates, durations = spike_timing(potentials, times)
    return rates, np.where(np.isfinite(rates), durations, np.nan), regimes(potentials)


@shared(megabytes=32)
def firing_map(zeta: float, gamma: float, n_times: int) -> FiringMap:
    """Return the map for a stimulus, a damping and a window.

    On the fine grid, points of a cell in which the spiking ends are simulated; elsewhere they are interpolated.
    """
    prior = published_prior()
    steps = n_times * np.ceil(SAMPLING_INTERVAL / longest_step((*prior.upper, zeta, gamma)) - 1e-9)
    n = affordable(N_COARSE, steps)
    x, y = (np.linspace(low, high, n) for low, high in zip(prior.lower, prior.upper, strict=True))
    rates, durations, kinds = _features(x[None, :], y[:, None], zeta, gamma, n_times)
    spiking = np.isfinite(rates)
    n_fine = FINENESS * (n - 1) + 1
    places = np.arange(n_fine) / FINENESS
    weights = np.maximum(1 - np.abs(places[:, None] - np.arange(n)), 0)  # linear interpolation along an axis
    share = weights @ spiking @ weights.T  # of the corners that spike, weighted by how near they are
    edge = _of_cells_with_edge(spiking)
    fine = []
    for values in (rates, durations):
        interpolated = weights @ np.where(spiking, values, 0.0) @ weights.T
        fine.append(np.where((share > 1 - 1e-9) & ~edge, interpolated, np.nan))
    rows, columns = np.nonzero(edge)
    at_x, at_y = (np.linspace(axis[0], axis[-1], n_fine)[of] for axis, of in ((x, columns), (y, rows)))
    fine[0][edge], fine[1][edge], _ = _features(at_x, at_y, zeta, gamma, n_times)
    return FiringMap(x, y, rates, durations, kinds, *fine)


def _of_cells_with_edge(spiking: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which points of the fine grid belong to a cell with corners that spike and corners that do not."""
    corners = np.stack([spiking[:-1, :-1], spiking[1:, :-1], spiking[:-1, 1:], spiking[1:, 1:]])
    mixed = corners.any(axis=0) & ~corners.all(axis=0)
    edge = np.zeros([FINENESS * (side - 1) + 1 for side in spiking.shape], bool)
    for i in range(FINENESS + 1):
        for j in range(FINENESS + 1):
            edge[i : i + FINENESS * mixed.shape[0] : FINENESS, j : j + FINENESS * mixed.shape[1] : FINENESS] |= mixed
    return edge


@shared(megabytes=16)
def _drawn(zeta: float, gamma: float, n_times: int, of_durations: bool) -> dict[str, Any]:
    """Return the figure without a truth: while θ is dragged, only the star moves."""
    firing = firing_map(zeta, gamma, n_times)
    if of_durations:
        return figures.duration_map(firing.x, firing.y, firing.durations, firing.fine_durations, firing.regimes)
    return figures.rate_map(firing.x, firing.y, firing.rates, firing.fine_rates, firing.regimes)


def drawn(
    zeta: float, gamma: float, n_times: int, of_durations: bool, truth: tuple[float, float] | None
) -> dict[str, Any]:
    """Return the figure of the rate, or of the duration, with the truth on it or an arrow that points to it."""
    return figures.with_truth(_drawn(zeta, gamma, n_times, of_durations), truth)
