"""The functions that rates may be written with, of NumPy and of heyoka."""

import math
from collections.abc import Callable
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

ELEMENTARY = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
FUNCTIONS = (*ELEMENTARY, "exp_linear")


def _even_terms(n: int) -> tuple[float, ...]:
    """Return the coefficients of x², x⁴, …, x²ⁿ in x/(1 − e⁻ˣ); of the odd terms only x/2 is not zero.

    They follow one after the other, as the product with (1 − e⁻ˣ)/x = Σₖ (−x)ᵏ/(k + 1)! is 1. scipy.special.bernoulli
    would give them too, with an error of 2e-12 in the second.
    """
    terms = [Fraction(1)]
    for order in range(1, 2 * n + 1):
        known = (term * Fraction((-1) ** (order - i), math.factorial(order - i + 1)) for i, term in enumerate(terms))
        terms.append(-sum(known, start=Fraction()))
    return tuple(float(term) for term in terms[2::2])


EVEN_TERMS = _even_terms(11)  # exact to rounding for |x| < 1

# heyoka's quotient is 0/0 at x = 0; so where |x| is below this, twice this is added to x. The smaller |x|, the more the
# rounding errors of the Taylor terms grow with their order; as the terms determine the step, they shorten it and do no
# other harm. Of a state that rests at x = 0, derivatives would suffer from less than this, and the state from more. A
# series near x = 0, as for NumPy, would make a Hodgkin–Huxley trajectory take twice as long.
SINGULAR_WITHIN = 1e-9


def _numpy_exp_linear(x: Any) -> Any:
    square = x * x
    series = EVEN_TERMS[-1]
    for term in EVEN_TERMS[-2::-1]:
        series = series * square + term
    near = np.abs(x) < 1
    far = np.where(near, 1.0, x)
    return np.where(near, 1 + x / 2 + series * square, far / (1 - np.exp(-far)))


def _heyoka_exp_linear(x: Any) -> Any:
    import heyoka

    moved = x + heyoka.select(heyoka.lt(x * x, SINGULAR_WITHIN**2), 2 * SINGULAR_WITHIN, 0.0)
    return -moved / heyoka.expm1(-moved)


def _functions(library: Any, exp_linear: Callable[[Any], Any]) -> Any:
    return SimpleNamespace(**{name: getattr(library, name) for name in ELEMENTARY}, exp_linear=exp_linear)


def heyoka_functions() -> Any:
    """Return the functions of heyoka's expressions."""
    import heyoka

    return _functions(heyoka, _heyoka_exp_linear)


# The functions of numbers and of arrays, which may be complex.
NUMPY_FUNCTIONS = _functions(np, _numpy_exp_linear)
