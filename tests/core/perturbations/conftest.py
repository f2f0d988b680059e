import numpy as np
import pytest

from core.experiments.limit import problem_of
from core.maps.test_sets import published_test_set
from core.noise import Noise
from core.perturbations.whitened import by_trace

NOISE = Noise(0.8, 0.35)


@pytest.fixture(scope="session")
def problems():
    """Of the first six test traces, each with its own noise known."""
    return [problem_of(published_test_set(), i) for i in range(6)]


@pytest.fixture
def noise():
    return NOISE


class Linear:
    """An estimator m̂ = centre + J̃ x of the whitened trace x; J̃: (p, n_times)."""

    def __init__(self, white, centre):
        self.by_trace, self.centre = by_trace(white, NOISE), centre

    def __call__(self, traces):
        """Return the estimates, (n, p)."""
        return self.centre + traces @ self.by_trace.T

    def jacobian(self, traces):
        """Return the estimates, (n, p), and their derivatives, (n, p, n_times)."""
        return self(traces), np.broadcast_to(self.by_trace, (len(traces), *self.by_trace.shape))


def with_singular_values(values, n_times, seed=0):
    """Return a random matrix with these singular values, and its right singular vectors, both (p, n_times)."""
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    right = np.linalg.qr(rng.standard_normal((n_times, len(values))))[0].T
    return left @ np.diag(values) @ right, right
