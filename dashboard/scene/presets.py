"""Experiments worth starting from, each with the sentence that says what it is for."""

from dashboard.scene.experiment import Experiment

PRESET_FIELDS = ("theta0", "theta1", "zeta", "gamma", "sigma", "rho", "t_end")
PRESETS: dict[str, tuple[str, Experiment]] = {
    "Published default": ("The prior’s mean with the published noise.", Experiment()),
    "Silent": (
        "No spikes: θ₀ and θ₁ are not told apart.",
        Experiment(theta0=-0.1, theta1=1.1),
    ),
    "Excited": ("One spike, then the potential stays up.", Experiment(theta0=0.95, theta1=0.9)),
    "Near the bifurcation": (
        "A hair’s breadth more of θ₀ and the spiking stops.",
        Experiment(theta0=0.865),
    ),
    "Many minima": (
        "Most descents end in a wrong minimum.",
        Experiment(theta0=0.1, theta1=-0.2),
    ),
    "Drowned in noise": (
        "The noise is as large as the spikes.",
        Experiment(theta0=0.3, theta1=0.3, sigma=0.3),
    ),
}


def matching_preset(experiment: Experiment) -> str:
    """Return the name of the preset that the truth, the noise and the window agree with, or ""."""
    for name, (_, preset) in PRESETS.items():
        if all(getattr(preset, field) == getattr(experiment, field) for field in PRESET_FIELDS):
            return name
    return ""
