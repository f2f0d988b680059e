"""Extremes of stable limit cycles against SciPy, and where cycles stand beside a stable fixed point."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fixed_points import OneParameterFamily
from core.models.hodgkin_huxley import HODGKIN_HUXLEY
from core.models.limit_cycles import limit_cycles
from core.models.morris_lecar import MORRIS_LECAR_HOPF
from tests.core.models.test_hodgkin_huxley import SQUID, START, by_dop853


def test_extremes_of_fitzhugh_nagumo_are_those_of_van_der_pol():
    """With θ₀ = θ₁ = ζ = 0, u'' = γ (1 − u²) u' − u. The start of u, 0, is an unstable fixed point."""
    family = OneParameterFamily(FITZHUGH_NAGUMO, (0.0, 0.0, 0.0, 3.0), "gamma", 1.0, 5.0)
    values = np.array([2.0, 3.0])
    found = limit_cycles(family, values)
    for gamma, lowest, highest in zip(values, found.lowest, found.highest, strict=True):
        solved = solve_ivp(
            lambda _, x, gamma=gamma: (x[1], gamma * (1 - x[0] ** 2) * x[1] - x[0]),
            (0, 100), (2.0, 0.0), "DOP853", np.linspace(60, 100, 40_001), rtol=1e-10, atol=1e-10,
        )  # fmt: skip
        assert highest[0] == pytest.approx(solved.y[0].max(), abs=1e-3)
        assert lowest[0] == pytest.approx(solved.y[0].min(), abs=1e-3)


def test_extremes_of_hodgkin_huxley_are_those_of_scipy():
    pytest.importorskip("heyoka")
    currents = np.array([20.0, 60.0, 140.0])
    parameters = np.column_stack([np.tile(SQUID, (3, 1)), currents])
    states = by_dop853(parameters, START, np.linspace(0, 300, 60_001), rtol=1e-9, atol=1e-9)[:, -8000:, 0]
    found = limit_cycles(OneParameterFamily(HODGKIN_HUXLEY, (*SQUID, 0.0), "current", 0.0, 180.0), currents)
    assert np.allclose(found.highest[:, 0], states.max(axis=1), rtol=0, atol=0.1)
    assert np.allclose(found.lowest[:, 0], states.min(axis=1), rtol=0, atol=0.1)


def test_a_cycle_beside_a_stable_fixed_point_is_found_from_its_neighbour():
    """Of Hodgkin–Huxley from 6.26 to 9.78 µA/cm² and beyond; none below, and none from 154.5 on."""
    pytest.importorskip("heyoka")
    family = OneParameterFamily(HODGKIN_HUXLEY, (*SQUID, 0.0), "current", 0.0, 180.0)
    found = limit_cycles(family, [5.0, 6.2, 6.3, 8.0, 9.6, 12.0, 153.0, 156.0])
    there = np.isfinite(found.lowest[:, 0])
    assert there.tolist() == [False, False, True, True, True, True, True, False]
    assert np.array_equal(there, np.isfinite(found.highest).all(axis=1))
    resting = OneParameterFamily(MORRIS_LECAR_HOPF, (0.0, 4.4), "current", 0.0, 250.0)
    assert np.isfinite(limit_cycles(resting, [60.0, 90.0, 100.0]).lowest[:, 0]).tolist() == [False, True, True]
