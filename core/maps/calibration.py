"""Scale a map's covariance, so that its 90 % regions hold 90 % of a set of traces that decides nothing else."""

import numpy as np
from scipy.stats import chi2
from torch import nn

from core.maps.training import CALIBRATION_STREAM, TrainingSettings, predict
from core.metrics import squared_distances

MASS = 0.9
N_CALIBRATION = 5000


def calibrate(settings: TrainingSettings, network: nn.Module) -> None:
    """Set the spread of the law that a network gives; one that gives none stays as it is.

    A posterior with heavy tails has no Gaussian that is right for every mass; this one is right for the mass of 90 %.
    Raises ValueError where a covariance is singular.
    """
    if not settings.gives_covariance:
        return
    # A network that refines another has two; its own is the last.
    spread = [buffer for name, buffer in network.named_buffers() if name.endswith("spread")][-1]
    spread.fill_(1.0)
    data = settings.dataset(N_CALIBRATION, CALIBRATION_STREAM)
    mean, covariance = predict(network, settings.traces(data))
    assert covariance is not None
    try:
        distances = squared_distances(settings.scale(data.theta) - mean, covariance)
    except np.linalg.LinAlgError:
        raise ValueError("The training has found no covariance: narrow the prior, or lower the noise.") from None
    spread.fill_(float(np.sqrt(np.quantile(distances, MASS) / chi2.ppf(MASS, mean.shape[1]))))
