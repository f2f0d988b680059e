"""The universal perturbations that are kept for the page Trust."""

import numpy as np

from core.experiments.directions import stored_directions
from core.experiments.estimators import KNOWN, MAP, PERTURBED_MAPS
from core.experiments.records import stored
from core.noise import whiten
from core.published import N_TIMES, published_noise


def test_there_is_one_of_the_stated_size_for_every_estimator():
    found, size = stored_directions(), stored("perturbations").settings["size"]
    assert set(found) == {*PERTURBED_MAPS, MAP, KNOWN}
    for each in found.values():
        assert each.shape == (N_TIMES,)
        assert abs(np.linalg.norm(whiten(each, published_noise())) - size) < 1e-3  # single precision
