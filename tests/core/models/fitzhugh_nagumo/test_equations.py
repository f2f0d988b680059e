import numpy as np
import pytest
from scipy.linalg import expm

from core.models.fitzhugh_nagumo.equations import fixed_points, jacobian, rates, u_nullcline, v_nullcline
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import time_grid
from tests.reference import right_hand_side

TIMES = time_grid()


def test_near_a_fixed_point_the_solution_is_the_linear_one():
    """To first order x(t) = x* + exp(A t) δ; the remainder is of order |δ|², with second derivatives below 10."""
    parameters, deviation = (1.0, 0.4, -0.4, 3.0), np.array([1e-5, -2e-5])
    (point,) = fixed_points(parameters)
    rest = np.array([point.u, point.v])
    slopes = _jacobian(rest, parameters)
    times = np.linspace(0, 20, 41)
    linear = rest + np.array([expm(slopes * t) @ deviation for t in times])
    assert np.abs(simulate(parameters, times, rest + deviation, tolerance=1e-12) - linear).max() <= 1e-8


def _jacobian(state, parameters, step=1e-6):
    columns = [
        (right_hand_side(state + step * unit, parameters) - right_hand_side(state - step * unit, parameters))
        / (2 * step)
        for unit in np.eye(2)
    ]
    return np.column_stack(columns)


def test_rates_and_their_jacobian_are_those_of_the_reference():
    """Central differences of cubics err by h² times a third of γ, with 1e-15 of rounding over h."""
    rng = np.random.default_rng(0)
    states, parameters = rng.uniform(-2, 2, (2, 3, 2)), rng.uniform(0.2, 3.0, (3, 4))
    found = rates(states, parameters)
    assert found.shape == (2, 3, 2)
    for i, j in np.ndindex(2, 3):
        assert np.allclose(found[i, j], right_hand_side(states[i, j], parameters[j]), rtol=1e-14, atol=1e-14)
        assert np.allclose(jacobian(states[i, j], parameters[j]), _jacobian(states[i, j], parameters[j]), atol=1e-8)


@pytest.mark.parametrize(
    ("parameters", "n_points"),
    [
        ((0.4, 0.4, -0.4, 3.0), 1),
        ((1.0, 0.4, -0.4, 3.0), 1),
        ((0.4, 0.0, -0.4, 3.0), 1),
        ((-0.2, 1.2, -0.8, 2.0), 1),
        ((0.0, 2.5, 0.0, 3.0), 3),
        ((0.0, -2.5, 0.0, 3.0), 3),
    ],
)
def test_fixed_points(parameters, n_points):
    """The right-hand side vanishes there, and finite differences of it give the stability."""
    points = fixed_points(parameters)
    assert len(points) == n_points
    assert [point.u for point in points] == sorted(point.u for point in points)
    for point in points:
        state = np.array([point.u, point.v])
        assert np.abs(right_hand_side(state, parameters)).max() <= 1e-12
        assert point.stable == (np.linalg.eigvals(_jacobian(state, parameters)).real.max() < 0)
        if point.stable:
            assert np.abs(simulate(parameters, TIMES, state) - state).max() <= 1e-12


@pytest.mark.parametrize("parameters", [(0.4, 0.4, -0.4, 0.0), (0.4, np.nan, -0.4, 3.0), (np.inf, 0.4, -0.4, 3.0)])
def test_fixed_points_need_sound_parameters(parameters):
    with pytest.raises(ValueError, match="finite parameters"):
        fixed_points(parameters)


def test_right_hand_side_vanishes_on_the_nullclines():
    theta0, theta1, zeta, gamma = 0.3, 0.7, -0.2, 2.5
    grid = np.linspace(-3, 3, 61)
    on_u = right_hand_side((grid, u_nullcline(grid, zeta)), (theta0, theta1, zeta, gamma))
    on_v = right_hand_side((v_nullcline(grid, theta0, theta1), grid), (theta0, theta1, zeta, gamma))
    # Terms of up to 9 γ ≈ 22 cancel: 22 · 2^-52, with a few roundings, stays below 1e-13.
    assert np.abs(on_u[0]).max() <= 1e-13
    assert np.abs(on_v[1]).max() <= 1e-13
