"""Scale a map's covariance, so that its 90 % regions hold 90 % of the validation set."""

import numpy as np
import torch
from scipy.stats import chi2

from core.training import N_VALIDATION, VALIDATION_STREAM, TrainingSettings, predict

MASS = 0.9


def calibrated(settings: TrainingSettings, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the weights with the spread of the Gaussian set; those of a network that gives none as they are.

    A posterior with heavy tails has no Gaussian that is right for every mass; this one is right for the mass of 90 %.
    """
    if not settings.gives_covariance:
        return weights
    network = settings.network()
    name = next(name for name in network.state_dict() if name.endswith("spread"))
    network.load_state_dict({**weights, name: torch.ones(())})
    validation = settings.dataset(N_VALIDATION, VALIDATION_STREAM)
    mean, covariance = predict(network, settings.traces(validation))
    assert covariance is not None
    deviations = (settings.scale(validation.theta) - mean)[..., None]
    distances = np.sum(deviations * np.linalg.solve(covariance, deviations), axis=(1, 2))
    spread = np.sqrt(np.quantile(distances, MASS) / chi2.ppf(MASS, mean.shape[1]))
    return {**weights, name: torch.tensor(spread, dtype=torch.float32)}
