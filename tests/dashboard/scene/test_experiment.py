import pytest

from dashboard.scene.address import from_address


def test_the_defaults_are_the_published_set_up():
    experiment, sentences = from_address("")
    assert sentences == ()
    # Rudi, Bessac and Lenzi: prior mean (0.4, 0.4), ζ = −0.4, γ = 3, 1,000 samples, σ/Δt = 0.07/0.2, ρ = 0.8.
    assert experiment.parameters == (0.4, 0.4, -0.4, 3.0)
    assert (experiment.n_times, experiment.rho) == (1000, 0.8)
    assert experiment.marginal_sd == pytest.approx(0.35, rel=1e-15)
