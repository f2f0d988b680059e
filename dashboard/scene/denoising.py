"""The trace that the deep prior is fitted to: the data on screen, or the same truth with white noise."""

from dashboard.background.denoising import NoisyTrace
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation, normals


def noisy_trace(experiment: Experiment, observation: Observation) -> NoisyTrace:
    """Return the trace on screen; white noise is drawn only for a truth that may be seen, which it would tell."""
    noise, truth = observation.noise(experiment.rho, experiment.sigma), observation.clean(experiment)
    if experiment.denoised == "drawn-white" and truth is not None:
        white = experiment.marginal_sd * normals(experiment.seed, truth.size)
        return NoisyTrace(truth + white, noise.white, 0.0, truth)
    return NoisyTrace(observation.data, noise, noise.rho if experiment.whitened_loss else 0.0, truth)
