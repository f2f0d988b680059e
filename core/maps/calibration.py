"""Calibrate a map on separate traces: the scale of its covariance, and the tails of its regions."""

import math

import numpy as np
from numpy.typing import NDArray
from torch import nn

from core.learning.networks.network import Layers, predict
from core.learning.training_settings import GaussianLikelihood
from core.maps.dataset import CALIBRATION_STREAM, dataset
from core.maps.gauss_newton_step import Refined
from core.maps.inputs import inputs_of
from core.maps.recipe import Recipe
from core.metrics import squared_distances
from core.regions import CALIBRATED_MASS, freedom_of, squared_radius

N_CALIBRATION = 5000  # traces


def calibrate(recipe: Recipe, network: Layers | Refined) -> None:
    """Set the calibration factor of a network's standard deviations, so that 90 % regions hold the truth as often.

    A network of another loss than a likelihood stays unchanged. Raises ValueError where a covariance is singular.
    """
    if not isinstance(recipe.loss, GaussianLikelihood):
        return
    factor = network.calibration_factor
    factor.fill_(1.0)
    outer = np.quantile(_distances(recipe, network), CALIBRATED_MASS)
    factor.fill_(float(np.sqrt(outer / squared_radius(CALIBRATED_MASS, len(recipe.task.names)))))


def tails(recipe: Recipe, network: nn.Module) -> float:
    """Return the degrees of freedom with which a network's regions of 50 % hold the truth as often too.

    A posterior that is not normal, or a covariance that is not always right, gives distances from the truth heavier
    tails than a normal distribution has. Infinite for a network of another loss than a likelihood.
    """
    if not isinstance(recipe.loss, GaussianLikelihood):
        return math.inf
    return freedom_of(_distances(recipe, network), len(recipe.task.names))


def _distances(recipe: Recipe, network: nn.Module) -> NDArray[np.float64]:
    """Return the squared Mahalanobis distances, (n,), of a network's estimates from the truths of separate traces."""
    data = dataset(recipe.task, N_CALIBRATION, CALIBRATION_STREAM)
    mean, covariance = predict(network, inputs_of(recipe.task, data))
    assert covariance is not None
    try:
        return squared_distances(recipe.task.scale(data.truth(recipe.task)) - mean, covariance)
    except np.linalg.LinAlgError:
        raise ValueError("The training has found no covariance: narrow the prior, or lower the noise.") from None
