import numpy as np
import pytest

from core.estimate import Estimate


def test_shapes_are_checked_and_arrays_read_only():
    estimate = Estimate(np.zeros((3, 2)), np.zeros((3, 2, 2)), ("a", "b"))
    for array in (estimate.mean, estimate.covariance):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    for mean in (np.zeros(2), np.zeros((3, 1))):
        with pytest.raises(ValueError, match="needs the shape"):
            Estimate(mean, None, ("a", "b"))
    with pytest.raises(ValueError, match="does not fit"):
        Estimate(np.zeros((3, 2)), np.zeros((2, 2)), ("a", "b"))
    with pytest.raises(ValueError, match="Novelty of shape"):
        Estimate(np.zeros((3, 2)), None, ("a", "b"), novelty=np.zeros(2))
