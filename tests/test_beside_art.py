"""The comparison with adversarial-robustness-toolbox, in the benchmark's own environment."""

import numpy as np
import pytest

from core.noise import Noise
from tests.core.perturbations.conftest import Linear, with_singular_values


def test_the_toolbox_finds_the_worst_perturbation_of_a_linear_estimator():
    """Its largest movement is size times singular value; it computes derivatives as often as it is allowed."""
    pytest.importorskip("art")
    from tests.benchmarks.attacks import RESTARTS, Traces, theirs

    white, _ = with_singular_values([3.0, 0.5], 60)
    traces = Traces(np.zeros((2, 60)), [Noise(0.8, 0.35)] * 2, np.tile(np.eye(2), (2, 1, 1)))
    movements, evaluations = theirs(Linear(white, np.zeros(2)), traces, 10.0, 30)
    np.testing.assert_allclose(movements, 30.0, rtol=1e-4)
    assert evaluations == 30 * RESTARTS
