"""The one experiment that every page shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.published import SAMPLING_INTERVAL, time_grid
from dashboard.scene.settings import DEFAULTS


@dataclass(frozen=True)
class Experiment:
    """What is on screen: the truth makes the data, the candidate is moved against them, optimisers race from starts.

    Each field is a row of the table of settings, which says what it means.
    upload names a trace that was uploaded and stands in place of the simulated data; it does not travel in the address.
    """

    theta0: float = DEFAULTS["theta0"]
    theta1: float = DEFAULTS["theta1"]
    zeta: float = DEFAULTS["zeta"]
    gamma: float = DEFAULTS["gamma"]
    sigma: float = DEFAULTS["sigma"]
    rho: float = DEFAULTS["rho"]
    t_end: float = DEFAULTS["t_end"]
    seed: int = DEFAULTS["seed"]
    hidden: bool = DEFAULTS["hidden"]
    several: str = DEFAULTS["several"]
    firing: str = DEFAULTS["firing"]
    under_potential: str = DEFAULTS["under_potential"]
    phase_plane: str = DEFAULTS["phase_plane"]
    candidate_theta0: float = DEFAULTS["candidate_theta0"]
    candidate_theta1: float = DEFAULTS["candidate_theta1"]
    candidate_zeta: float = DEFAULTS["candidate_zeta"]
    candidate_gamma: float = DEFAULTS["candidate_gamma"]
    axis_x: str = DEFAULTS["axis_x"]
    axis_y: str = DEFAULTS["axis_y"]
    misfit: str = DEFAULTS["misfit"]
    noise_known: bool = DEFAULTS["noise_known"]
    grid: str = DEFAULTS["grid"]
    regularised: bool = DEFAULTS["regularised"]
    prior_width: float = DEFAULTS["prior_width"]
    whole_prior: bool = DEFAULTS["whole_prior"]
    compared: tuple[str, ...] = DEFAULTS["compared"]
    map_shows: str = DEFAULTS["map_shows"]
    beside: str = DEFAULTS["beside"]
    methods: tuple[str, ...] = DEFAULTS["methods"]
    samplers: tuple[str, ...] = DEFAULTS["samplers"]
    sampler_temperature: float = DEFAULTS["sampler_temperature"]
    langevin_step: float = DEFAULTS["langevin_step"]
    starts: tuple[tuple[float, float], ...] = DEFAULTS["starts"]
    adding: bool = DEFAULTS["adding"]
    explorer: str = DEFAULTS["explorer"]
    explored: str = DEFAULTS["explored"]
    test_view: str = DEFAULTS["test_view"]
    regime: str = DEFAULTS["regime"]
    network: str = DEFAULTS["network"]
    test_map: str = DEFAULTS["test_map"]
    plane: str = DEFAULTS["plane"]
    limit: bool = DEFAULTS["limit"]
    below: str = DEFAULTS["below"]
    drawn_by: tuple[str, ...] = DEFAULTS["drawn_by"]
    all_unknown: bool = DEFAULTS["all_unknown"]
    trace_shows: str = DEFAULTS["trace_shows"]
    particles: str = DEFAULTS["particles"]
    spikes_m: str = DEFAULTS["spikes_m"]
    spikes_ratio: str = DEFAULTS["spikes_ratio"]
    student_m: str = DEFAULTS["student_m"]
    student_ratio: str = DEFAULTS["student_ratio"]
    draw: int = DEFAULTS["draw"]
    trust: str = DEFAULTS["trust"]
    perturbed: str = DEFAULTS["perturbed"]
    made_for: str = DEFAULTS["made_for"]
    perturbation: str = DEFAULTS["perturbation"]
    perturbation_size: float = DEFAULTS["perturbation_size"]
    target_theta0: float = DEFAULTS["target_theta0"]
    target_theta1: float = DEFAULTS["target_theta1"]
    opposite: bool = DEFAULTS["opposite"]
    carried: str = DEFAULTS["carried"]
    denoised: str = DEFAULTS["denoised"]
    whitened_loss: bool = DEFAULTS["whitened_loss"]
    iteration_shown: int = DEFAULTS["iteration_shown"]
    learned_steps: int = DEFAULTS["learned_steps"]
    upload: str = DEFAULTS["upload"]
    own_maps: str = DEFAULTS["own_maps"]

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """The truth, in the order of PARAMETER_NAMES."""
        return self.theta0, self.theta1, self.zeta, self.gamma

    @property
    def axes(self) -> tuple[str, str]:
        """The two parameters of the landscape, which are the unknown ones."""
        return self.axis_x, self.axis_y

    @property
    def candidate(self) -> tuple[float, float]:
        """The candidate's values of the two unknown parameters."""
        return getattr(self, f"candidate_{self.axis_x}"), getattr(self, f"candidate_{self.axis_y}")

    @property
    def marginal_sd(self) -> float:
        """The marginal standard deviation σ/Δt of the noise."""
        return self.sigma / SAMPLING_INTERVAL

    @property
    def n_times(self) -> int:
        """The number of samples in the window."""
        return max(2, round(self.t_end / SAMPLING_INTERVAL))

    @property
    def times(self) -> NDArray[np.float64]:
        """The sample times, (n_times,) in ms."""
        return time_grid(self.n_times * SAMPLING_INTERVAL, self.n_times)
