"""Calibrate a map: scale its covariance so that its 90 % regions hold the truth for 90 % of separate traces."""

import numpy as np
from scipy.stats import chi2

from core.learning.networks.network import Layers, predict
from core.maps.dataset import CALIBRATION_STREAM, dataset
from core.maps.gauss_newton_step import Refined
from core.maps.inputs import inputs_of
from core.maps.recipe import Recipe
from core.metrics import squared_distances

MASS = 0.9  # probability in the regions that are made right
N_CALIBRATION = 5000  # traces


def calibrate(recipe: Recipe, network: Layers | Refined) -> None:
    """Set the calibration factor of a network's standard deviations; a network without covariance stays unchanged.

    For a posterior with heavy tails, no Gaussian has the right regions of every mass; this factor makes those of 90 %
    right. Raises ValueError where a covariance is singular.
    """
    if not recipe.gives_covariance:
        return
    factor = network.calibration_factor
    factor.fill_(1.0)
    data = dataset(recipe.task, N_CALIBRATION, CALIBRATION_STREAM)
    mean, covariance = predict(network, inputs_of(recipe.task, data))
    assert covariance is not None
    try:
        distances = squared_distances(recipe.task.scale(data.truth(recipe.task)) - mean, covariance)
    except np.linalg.LinAlgError:
        raise ValueError("The training has found no covariance: narrow the prior, or lower the noise.") from None
    factor.fill_(float(np.sqrt(np.quantile(distances, MASS) / chi2.ppf(MASS, mean.shape[1]))))
