"""The divergence from an exact posterior and the total variation, against closed forms."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from core.posterior.divergence import divergence_and_variation


def on_a_grid(law, half_width=8.0, n=401):
    """Return a law as the cells of an exact posterior, and their centres, (k, 2)."""
    axis = np.linspace(-half_width, half_width, n)
    centres = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    logs = law.logpdf(centres)
    masses = np.exp(logs) * (axis[1] - axis[0]) ** 2
    return SimpleNamespace(cells=SimpleNamespace(log_densities=logs), masses=masses / masses.sum()), centres


def test_the_divergence_of_two_gaussians_is_its_closed_form():
    """KL(N(m₀, S₀) ‖ N(m₁, S₁)) = ½ (tr(S₁⁻¹ S₀) + d'S₁⁻¹ d − 2 + log det S₁ / det S₀), with d = m₁ − m₀."""
    first, second = np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([[1.5, -0.2], [-0.2, 0.8]])
    mean = np.array([0.4, -0.7])
    exact, centres = on_a_grid(multivariate_normal([0, 0], first))
    found, _ = divergence_and_variation(exact, multivariate_normal(mean, second).logpdf(centres))
    inverse = np.linalg.inv(second)
    expected = np.trace(inverse @ first) + mean @ inverse @ mean - 2
    expected += np.log(np.linalg.det(second) / np.linalg.det(first))
    assert found == pytest.approx(0.5 * expected, rel=1e-6)


def test_the_variation_of_two_shifted_gaussians_is_its_closed_form():
    """With equal covariances it is 2 Φ(Δ/2) − 1, Δ the distance of the means in sds; the edge's cells blur 1e-3."""
    exact, centres = on_a_grid(multivariate_normal([0, 0], np.eye(2)))
    _, found = divergence_and_variation(exact, multivariate_normal([1.5, 0], np.eye(2)).logpdf(centres))
    assert found == pytest.approx(2 * norm.cdf(0.75) - 1, abs=1e-3)


def test_the_same_law_has_no_divergence_and_a_law_elsewhere_is_always_told_apart():
    exact, _ = on_a_grid(multivariate_normal([0, 0], np.eye(2)))
    assert divergence_and_variation(exact, exact.cells.log_densities) == (0.0, 0.0)
    divergence, variation = divergence_and_variation(exact, np.full_like(exact.cells.log_densities, -np.inf))
    assert (divergence, variation) == (np.inf, pytest.approx(1.0))
