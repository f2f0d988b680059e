"""x/(1 − e⁻ˣ), in numbers and in both integrators."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.integrate import fixed_quad

from core.models.model import Quantity
from core.models.rate_functions import NUMPY_FUNCTIONS
from tests.core.models.test_taylor_models import TIMES, model

NEAR_ZERO = [0.0, 1e-100, -1e-100, 1e-9, -1e-9, 1e-4, -0.3, 0.999, -0.999, np.nextafter(1, 0)]
FAR = [1.0, -1.7, 4.0, -9.5, 30.0, 700.0, -700.0]
STATES = tuple(Quantity(name, name, name, "", -2.0, 2.0, 0.0) for name in ("x", "y"))
INTEGRAL = model(lambda state, a, functions: (a[0], functions.exp_linear(state[0])), "a", states=STATES)


def exact(x):
    """Return x/(1 − e⁻ˣ) and its derivative, computed with 250 digits."""
    with localcontext() as context:
        context.prec = 250
        x = Decimal(x)
        if x == 0:
            return 1.0, 0.5
        decay = (-x).exp()
        return float(x / (1 - decay)), float((1 - decay - x * decay) / (1 - decay) ** 2)


def mean(integrand, start, end):
    """Return the mean of a smooth function of x, and of the share of the way s, from one x to another."""
    return fixed_quad(np.vectorize(lambda s: integrand(start + (end - start) * s, s)), 0, 1, n=20)[0]


@pytest.mark.parametrize("x", NEAR_ZERO + FAR)
def test_values_and_complex_steps_are_exact_to_rounding(x):
    value, derivative = exact(x)
    assert NUMPY_FUNCTIONS.exp_linear(x) == pytest.approx(value, rel=2e-15, abs=1e-300)
    moved = NUMPY_FUNCTIONS.exp_linear(np.array([x + 1e-30j]))
    assert moved.imag[0] / 1e-30 == pytest.approx(derivative, rel=3e-15, abs=1e-290)


@pytest.mark.parametrize("start", [0.0, 1e-15, -1e-12, 1e-9, -0.5])
@pytest.mark.parametrize("rate", [0.7, -0.7])
def test_trajectories_and_derivatives_pass_through_the_removable_singularity(start, rate, backend):
    """With x' = a and y' = f(x), a y is the integral of f from x₀ to x."""
    found, derivatives = INTEGRAL.sensitivities([rate], TIMES, [start, 0.0])
    assert np.allclose(INTEGRAL.simulate([rate], TIMES, [start, 0.0]), found, rtol=0, atol=1e-8)
    tolerance = {"heyoka": 1e-12, "SciPy": 1e-8}[backend]
    for time, (x, y), of_y in zip(TIMES, found, derivatives[:, 1], strict=True):
        end = start + rate * time
        assert x == pytest.approx(end, abs=tolerance)
        assert y == pytest.approx(time * mean(lambda x, s: exact(x)[0], start, end), abs=tolerance)
        by_rate = time**2 * mean(lambda x, s: s * exact(x)[1], start, end)
        by_start = time * mean(lambda x, s: exact(x)[1], start, end)
        assert of_y == pytest.approx([by_rate, by_start, 1.0], abs=tolerance)
