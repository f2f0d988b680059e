"""Bifurcations against closed forms, independent computations and published currents."""

import numpy as np
import pytest
from scipy.optimize import brentq

from core.models.bifurcations import Kind, bifurcations
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fixed_points import OneParameterFamily, fixed_point_branches
from core.models.hodgkin_huxley import HODGKIN_HUXLEY
from core.models.morris_lecar import HOPF, MORRIS_LECAR_HOPF, MORRIS_LECAR_SNIC, SNIC
from tests.core.models.test_fixed_points import family_of
from tests.core.models.test_hodgkin_huxley import SQUID, at_rest, growth
from tests.core.models.test_morris_lecar import fixed_point, jacobian

SIGNS = np.array([-1, 1])


def found_in(family):
    """Return the kinds and values of all bifurcations of a family, by value."""
    return sorted(
        (found.value, found.kind) for branch in fixed_point_branches(family) for found in bifurcations(family, branch)
    )


def assert_located(found, expected):
    """Within 1e-6, and of the expected kinds."""
    assert [kind for _, kind in found] == [kind for _, kind in expected]
    assert np.allclose([value for value, _ in found], [value for value, _ in expected], rtol=0, atol=1e-6)


def zeta_at(u, theta0, theta1):
    """Return the stimulus under which FitzHugh–Nagumo has its fixed point at u, from v = (θ₀ − u)/θ₁."""
    return u**3 / 3 - u - (theta0 - u) / theta1


@pytest.mark.parametrize(("theta0", "theta1", "gamma"), [(0.4, 0.4, 3.0), (0.1, 0.9, 2.0), (-0.1, 1.5, 4.0)])
def test_fitzhugh_nagumo_has_its_bifurcations_in_closed_form(theta0, theta1, gamma):
    """The trace γ (1 − u²) − θ₁/γ and the determinant 1 − θ₁ (1 − u²) of the Jacobian vanish at known u.

    The trace belongs to a Hopf bifurcation where the determinant, 1 − θ₁²/γ², is positive, as it is here.
    """
    expected = [(zeta_at(u, theta0, theta1), Kind.HOPF) for u in np.sqrt(1 - theta1 / gamma**2) * SIGNS]
    if theta1 > 1:
        expected += [(zeta_at(u, theta0, theta1), Kind.FOLD) for u in np.sqrt(1 - 1 / theta1) * SIGNS]
    family = OneParameterFamily(FITZHUGH_NAGUMO, (theta0, theta1, 0.0, gamma), "zeta", -3.0, 3.0)
    assert_located(found_in(family), sorted(expected))


def test_a_hopf_bifurcation_tells_the_frequency_that_begins_there():
    """ω² is the determinant, 1 − θ₁²/γ²."""
    family = OneParameterFamily(FITZHUGH_NAGUMO, (0.4, 0.4, 0.0, 3.0), "zeta", -3.0, 2.0)
    (branch,) = fixed_point_branches(family)
    found = bifurcations(family, branch)
    assert len(found) == 2
    for one in found:
        assert np.abs(one.eigenvalues.real).max() <= 1e-9
        assert one.eigenvalues.imag.max() == pytest.approx(np.sqrt(1 - 0.16 / 9), abs=1e-9)
        assert abs(one.state[0]) == pytest.approx(np.sqrt(1 - 0.4 / 9), abs=1e-9)


def current_at_zero(equations, of_jacobian, low, high, calcium):
    """Return the current at which a function of the Jacobian vanishes, between two potentials of the fixed point."""
    v = brentq(lambda v: of_jacobian(jacobian(equations, v, calcium)), low, high, xtol=1e-12)
    return fixed_point(equations, v, calcium)[1]


def test_morris_lecar_has_its_bifurcations():
    """As the fixed point has one current for each potential, both are computed over potentials beside.

    Rinzel and Ermentrout (see morris_lecar.py) print 93.86 and 212 µA/cm² for the Hopf set, 39.96 for the SNIC set.
    """
    hopf = [(current_at_zero(HOPF, np.trace, low, high, 4.4), Kind.HOPF) for low, high in ((-40, -15), (0, 20))]
    found = found_in(OneParameterFamily(MORRIS_LECAR_HOPF, (0.0, 4.4), "current", 0.0, 250.0))
    assert_located(found, hopf)
    assert (round(found[0][0], 2), round(found[1][0])) == (93.86, 212)

    snic = [
        (current_at_zero(SNIC, np.linalg.det, -20, 0, 4.0), Kind.FOLD),
        (current_at_zero(SNIC, np.linalg.det, -40, -20, 4.0), Kind.FOLD),
        (current_at_zero(SNIC, np.trace, 0, 20, 4.0), Kind.HOPF),
    ]
    found = found_in(OneParameterFamily(MORRIS_LECAR_SNIC, (0.0, 4.0), "current", -20.0, 120.0))
    assert_located(found, snic)
    assert round(found[1][0], 2) == 39.96


def test_hodgkin_huxley_has_its_hopf_bifurcations():
    """Those of the equations as printed; rounded, they are the published 9.78 and 154.5 µA/cm²."""
    potentials = [brentq(growth, low, high, xtol=1e-12) for low, high in ((-62.0, -57.0), (-45.0, -41.0))]
    found = found_in(OneParameterFamily(HODGKIN_HUXLEY, (*SQUID, 0.0), "current", 0.0, 180.0))
    assert_located(found, [(at_rest(potential)[1], Kind.HOPF) for potential in potentials])
    assert (round(found[0][0], 2), round(found[1][0], 1)) == (9.78, 154.5)


@pytest.mark.parametrize(
    ("rate", "n_states", "expected"),
    [
        (lambda x, r: (r - 0.03 - x * x,), 1, [(0.03, Kind.FOLD)]),
        # Two fixed points exchange their stability, and none appears.
        (lambda x, r: ((r - 0.03) * x - x * x,), 1, []),
        # A saddle whose eigenvalues, 1 and −1, have the sum zero.
        (lambda x, y, r: (x, -y * (1.03 - r)), 2, []),
        # Hopf's normal form around (0.1, −0.2).
        (
            lambda x, y, r: (
                (r - 0.03) * (x - 0.1) - 2 * (y + 0.2) - (x - 0.1) * ((x - 0.1) ** 2 + (y + 0.2) ** 2),
                (r - 0.03) * (y + 0.2) + 2 * (x - 0.1) - (y + 0.2) * ((x - 0.1) ** 2 + (y + 0.2) ** 2),
            ),
            2,
            [(0.03, Kind.HOPF)],
        ),
    ],
)
def test_normal_forms_are_told_apart(rate, n_states, expected):
    assert_located(found_in(family_of(rate, -0.5, 0.6, n_states)), expected)
