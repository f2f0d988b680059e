"""Curves of fixed points against roots of polynomials."""

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.equations import fixed_points
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fixed_points import OneParameterFamily, fixed_point_branches
from core.models.hodgkin_huxley import HODGKIN_HUXLEY
from core.models.model import Quantity
from core.models.taylor_models import taylor_model


def family_of(rate, lower, upper, n_states=1):
    """Return the family over r of x' = rate(x, r), with x or (x, y) between −1.1 and 0.9."""
    names = ("x", "y")[:n_states]
    model = taylor_model(
        lambda state, r, _: rate(*state, r[0]),
        name="test",
        title="Test",
        parameters=(Quantity("r", "r", "r", "", lower, upper, lower),),
        states=tuple(Quantity(name, name, name, "", -1.1, 0.9, 0.1) for name in names),
        observed="x",
        spike_level=1.0,
        excited_floor=0.5,
    )
    return OneParameterFamily(model, (lower,), "r", lower, upper)


@pytest.mark.parametrize("theta1", [0.4, 2.0])
def test_the_curves_of_fitzhugh_nagumo_are_the_roots_of_its_cubic(theta1):
    """One root for θ₁ = 0.4; for θ₁ = 2, one or three, which are one curve with two folds."""
    family = OneParameterFamily(FITZHUGH_NAGUMO, (0.4, theta1, 0.0, 3.0), "zeta", -1.0, 1.0)
    (branch,) = fixed_point_branches(family)
    assert branch.values.min() == pytest.approx(-1, abs=1e-12)
    assert branch.values.max() == pytest.approx(1, abs=1e-12)
    assert np.abs(np.diff(branch.states[:, 0])).max() <= 0.05  # one hundredth of the axis
    for value, state, stable in zip(branch.values, branch.states, branch.stable, strict=True):
        roots = fixed_points((0.4, theta1, value, 3.0))
        nearest = min(roots, key=lambda root: abs(root.u - state[0]))
        assert state == pytest.approx((nearest.u, nearest.v), abs=1e-7)
        assert stable == nearest.stable
    turns = np.diff(np.sign(np.diff(branch.values)))
    assert np.count_nonzero(turns) == {0.4: 0, 2.0: 2}[theta1]


def test_eigenvalues_are_those_of_the_jacobian_by_differences():
    family = OneParameterFamily(HODGKIN_HUXLEY, (120.0, 36.0, 0.0), "current", 0.0, 20.0)
    (branch,) = fixed_point_branches(family)
    offsets = 1e-5 * np.diag([150.0, 1.0, 1.0, 1.0])
    for value, state, eigenvalues in list(zip(branch.values, branch.states, branch.eigenvalues, strict=True))[::5]:
        sides = [HODGKIN_HUXLEY.time_derivatives(state + sign * offsets, (120.0, 36.0, value)) for sign in (1, -1)]
        jacobian = (sides[0] - sides[1]).T / (2 * np.diag(offsets))
        assert np.allclose(np.sort_complex(np.linalg.eigvals(jacobian)), np.sort_complex(eigenvalues), rtol=1e-6)


def test_a_closed_curve_is_followed_once_around():
    """Its fixed points are the circle x² + (r − 1)² = 0.3²; it begins and ends at the same one."""
    (branch,) = fixed_point_branches(family_of(lambda x, r: (x * x + (r - 1) * (r - 1) - 0.09,), 0.0, 2.0))
    assert np.allclose(np.hypot(branch.states[:, 0], branch.values - 1), 0.3, rtol=0, atol=1e-12)
    angles = np.unwrap(np.arctan2(branch.states[:, 0], branch.values - 1))
    assert abs(angles[-1] - angles[0]) == pytest.approx(2 * np.pi, abs=1e-6)


def test_curves_that_do_not_meet_are_found_apart():
    """Of x' = (x + 0.5 − r) (x − 0.5 − r) there are two everywhere, a stable one and an unstable one."""
    branches = fixed_point_branches(family_of(lambda x, r: ((x + 0.5 - r) * (x - 0.5 - r),), -0.2, 0.3))
    middles = sorted((float(np.mean(branch.states[:, 0] - branch.values)), branch.stable.all()) for branch in branches)
    assert middles == [(pytest.approx(-0.5), True), (pytest.approx(0.5), False)]


def test_a_model_without_fixed_points_has_no_curves():
    assert fixed_point_branches(family_of(lambda x, r: (1 + r + x * x,), 0.0, 1.0)) == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": "iota"}, "one of theta0, theta1, zeta, gamma; 'iota' is not"),
        ({"parameters": (0.4, 0.4, 3.0)}, "each of the parameters theta0, theta1, zeta, gamma"),
        ({"parameters": (0.4, np.nan, -0.4, 3.0)}, "a finite number for each"),
        ({"lower": 1.0}, "finite limits in order; they are 1.0, 1.0"),
        ({"upper": np.inf}, "finite limits in order"),
    ],
)
def test_a_family_that_makes_no_sense_ends_in_a_sentence(changes, sentence):
    arguments = {"parameters": (0.4, 0.4, -0.4, 3.0), "name": "zeta", "lower": -1.0, "upper": 1.0}
    with pytest.raises(ValueError, match=sentence):
        OneParameterFamily(FITZHUGH_NAGUMO, **arguments | changes)
