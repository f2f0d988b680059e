import pytest

from core.symbols import symbol_of


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("theta0", "θ₀"),
        ("theta1", "θ₁"),
        ("zeta", "ζ"),
        ("gamma", "γ"),
        ("rho", "ρ"),
        ("sigma", "σ"),
        ("tau12", "τ₁₂"),
        ("lambda", "λ"),
        ("u0", "u₀"),
        ("v", "v"),
        ("g_Na", "g_Na"),
        ("", ""),
    ],
)
def test_a_name_becomes_the_symbol_that_it_spells(name, symbol):
    assert symbol_of(name) == symbol
