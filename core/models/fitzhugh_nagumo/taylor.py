"""The Taylor series of the neuron's solutions, and their exact derivatives.

The right-hand side is a polynomial, so the Taylor terms of a solution over a step h follow from each other by a short
recurrence. In x = u/√3, y = v/√3 and w = x², with θ₀ and ζ divided by √3 too, it reads

    xₖ₊₁ = aₖ₊₁ Xₖ,   Xₖ = xₖ + yₖ − (w x)ₖ + ζ [k = 0],    aₖ = hγ/k
    yₖ₊₁ = bₖ₊₁ Yₖ,   Yₖ = xₖ + θ₁ yₖ − θ₀ [k = 0],         bₖ = −h/(γk)

where (w x)ₖ = Σ wᵢ xₖ₋ᵢ. One step of order eight sums x₀ … x₈. At equal error it takes fewer operations than
Runge–Kutta, and the size of the last term shows whether the step was short enough. Differentiating the recurrence gives
the exact derivatives of the computed solution: forward (`tangent`), backward (`adjoint`) and second derivatives
(`hankel`, `curvature`). In the derivatives of xₖ and yₖ by ln γ, the factors aₖ and bₖ contribute xₖ and −yₖ.

The functions take the numbers of one lane as tuples: a = (a₁ … a₈) and b = (b₁ … b₈).
"""

from collections.abc import Callable
from typing import Any

from numba.extending import overload

from core.compiled import FAST_MATH, inlined

ORDER = 8
SCALE = 3**0.5  # u = SCALE · x

Number = Any  # a float in Python; in compiled code a float32, a float64, or a vector of these
Terms = tuple[Number, ...]


def cauchy(left: Terms, right: Terms) -> Number:
    """Return Σ left[i] · right[n − 1 − i] over the n terms of right."""
    return sum(left[i] * right[len(right) - 1 - i] for i in range(len(right)))


# Written out for each length: where the compiler does not unroll a loop over a tuple, it cannot vectorise either.
_CAUCHY = (
    lambda left, right: left[0] * right[0],
    lambda left, right: left[0] * right[1] + left[1] * right[0],
    lambda left, right: left[0] * right[2] + left[1] * right[1] + left[2] * right[0],
    lambda left, right: left[0] * right[3] + left[1] * right[2] + left[2] * right[1] + left[3] * right[0],
    lambda left, right: (
        left[0] * right[4] + left[1] * right[3] + left[2] * right[2] + left[3] * right[1] + left[4] * right[0]
    ),
    lambda left, right: (
        left[0] * right[5]
        + left[1] * right[4]
        + left[2] * right[3]
        + left[3] * right[2]
        + left[4] * right[1]
        + left[5] * right[0]
    ),
    lambda left, right: (
        left[0] * right[6]
        + left[1] * right[5]
        + left[2] * right[4]
        + left[3] * right[3]
        + left[4] * right[2]
        + left[5] * right[1]
        + left[6] * right[0]
    ),
    lambda left, right: (
        left[0] * right[7]
        + left[1] * right[6]
        + left[2] * right[5]
        + left[3] * right[4]
        + left[4] * right[3]
        + left[5] * right[2]
        + left[6] * right[1]
        + left[7] * right[0]
    ),
)


@overload(cauchy, jit_options={"fastmath": FAST_MATH, "forceinline": True}, strict=False)
def _compiled_cauchy(left: Any, right: Any) -> Callable[[Terms, Terms], Number]:
    return _CAUCHY[len(right) - 1]


@inlined
def first_terms(
    a1: Number, b1: Number, theta0: Number, theta1: Number, zeta: Number, x0: Number, y0: Number
) -> tuple[Number, Number, Number]:
    """Return w₀, x₁ and y₁."""
    w0 = x0 * x0
    return w0, a1 * ((x0 + y0 + zeta) - w0 * x0), b1 * ((x0 - theta0) + theta1 * y0)


@inlined
def higher_terms(
    a: Terms, b: Terms, theta1: Number, w0: Number, x0: Number, x1: Number, y1: Number
) -> tuple[Terms, Terms, Terms]:
    """Return (x₀ … x₈), (y₁ … y₈) and (w₀ … w₇); wₖ sums each pair of equal products once, doubled."""
    w: Any = (w0, (x0 + x0) * x1)
    x: Any = (x0, x1, a[1] * ((x1 + y1) - cauchy(w, (x0, x1))))
    y: Any = (y1, b[1] * (x1 + theta1 * y1))
    w = (*w, (x0 + x0) * x[2] + x1 * x1)
    x = (*x, a[2] * ((x[2] + y[1]) - cauchy(w, x)))
    y = (*y, b[2] * (x[2] + theta1 * y[1]))
    w = (*w, (x0 + x0) * x[3] + (x1 + x1) * x[2])
    x = (*x, a[3] * ((x[3] + y[2]) - cauchy(w, x)))
    y = (*y, b[3] * (x[3] + theta1 * y[2]))
    w = (*w, (x0 + x0) * x[4] + (x1 + x1) * x[3] + x[2] * x[2])
    x = (*x, a[4] * ((x[4] + y[3]) - cauchy(w, x)))
    y = (*y, b[4] * (x[4] + theta1 * y[3]))
    w = (*w, (x0 + x0) * x[5] + (x1 + x1) * x[4] + (x[2] + x[2]) * x[3])
    x = (*x, a[5] * ((x[5] + y[4]) - cauchy(w, x)))
    y = (*y, b[5] * (x[5] + theta1 * y[4]))
    w = (*w, (x0 + x0) * x[6] + (x1 + x1) * x[5] + (x[2] + x[2]) * x[4] + x[3] * x[3])
    x = (*x, a[6] * ((x[6] + y[5]) - cauchy(w, x)))
    y = (*y, b[6] * (x[6] + theta1 * y[5]))
    w = (*w, (x0 + x0) * x[7] + (x1 + x1) * x[6] + (x[2] + x[2]) * x[5] + (x[3] + x[3]) * x[4])
    x = (*x, a[7] * ((x[7] + y[6]) - cauchy(w, x)))
    y = (*y, b[7] * (x[7] + theta1 * y[6]))
    return x, y, w


@inlined
def gains(w: Terms) -> Terms:
    """Return (g₀ … g₇), the derivatives of Xₖ by xₖ₋ᵢ: g₀ = 1 − 3 w₀ and gᵢ = −3 wᵢ."""
    return 1 - 3 * w[0], -3 * w[1], -3 * w[2], -3 * w[3], -3 * w[4], -3 * w[5], -3 * w[6], -3 * w[7]


@inlined
def tangent(
    a: Terms, b: Terms, theta1: Number, g: Terms, dx0: Number, dy0: Number, zeta: Number, q: Terms, r: Terms, s: Terms
) -> tuple[Terms, Terms]:
    """Return (dx₀ … dx₈) and (dy₀ … dy₈), the derivatives of all terms in one direction.

    dx0, dy0: the derivative of the state.
    zeta, q, r, s: the explicit derivatives in this direction: zeta of X₀, qₖ of Yₖ, rₖ of xₖ₊₁, sₖ of yₖ₊₁.
    """
    x: Any = (dx0, a[0] * (g[0] * dx0 + (dy0 + zeta)) + r[0])
    y: Any = (dy0, b[0] * (theta1 * dy0 + (dx0 + q[0])) + s[0])
    x, y = (
        (*x, a[1] * (y[1] + cauchy(g, x)) + r[1]),
        (*y, b[1] * (theta1 * y[1] + (x[1] + q[1])) + s[1]),
    )
    x, y = (
        (*x, a[2] * (y[2] + cauchy(g, x)) + r[2]),
        (*y, b[2] * (theta1 * y[2] + (x[2] + q[2])) + s[2]),
    )
    x, y = (
        (*x, a[3] * (y[3] + cauchy(g, x)) + r[3]),
        (*y, b[3] * (theta1 * y[3] + (x[3] + q[3])) + s[3]),
    )
    x, y = (
        (*x, a[4] * (y[4] + cauchy(g, x)) + r[4]),
        (*y, b[4] * (theta1 * y[4] + (x[4] + q[4])) + s[4]),
    )
    x, y = (
        (*x, a[5] * (y[5] + cauchy(g, x)) + r[5]),
        (*y, b[5] * (theta1 * y[5] + (x[5] + q[5])) + s[5]),
    )
    x, y = (
        (*x, a[6] * (y[6] + cauchy(g, x)) + r[6]),
        (*y, b[6] * (theta1 * y[6] + (x[6] + q[6])) + s[6]),
    )
    x, y = (
        (*x, a[7] * (y[7] + cauchy(g, x)) + r[7]),
        (*y, b[7] * (theta1 * y[7] + (x[7] + q[7])) + s[7]),
    )
    return x, y


@inlined
def adjoint(a: Terms, b: Terms, theta1: Number, g: Terms, x: Number, y: Number) -> tuple[Terms, Terms, Terms, Terms]:
    """Return the loss's derivatives by all xₖ, yₖ, Xₖ and Yₖ, from its derivatives x, y by the state after the step.

    Each tuple begins with the highest term: (x₈ … x₀), (y₈ … y₀), (X₇ … X₀), (Y₇ … Y₀). The entries of x₀ and y₀ are
    the derivatives by the state before the step.
    """
    xs: Any = (x,)
    ys: Any = (y,)
    big_x: Any = (a[7] * x,)
    big_y: Any = (b[7] * y,)
    xs, ys = (*xs, x + (big_y[0] + cauchy(g, big_x))), (*ys, y + (big_x[0] + theta1 * big_y[0]))
    big_x, big_y = (*big_x, a[6] * xs[1]), (*big_y, b[6] * ys[1])
    xs, ys = (*xs, x + (big_y[1] + cauchy(g, big_x))), (*ys, y + (big_x[1] + theta1 * big_y[1]))
    big_x, big_y = (*big_x, a[5] * xs[2]), (*big_y, b[5] * ys[2])
    xs, ys = (*xs, x + (big_y[2] + cauchy(g, big_x))), (*ys, y + (big_x[2] + theta1 * big_y[2]))
    big_x, big_y = (*big_x, a[4] * xs[3]), (*big_y, b[4] * ys[3])
    xs, ys = (*xs, x + (big_y[3] + cauchy(g, big_x))), (*ys, y + (big_x[3] + theta1 * big_y[3]))
    big_x, big_y = (*big_x, a[3] * xs[4]), (*big_y, b[3] * ys[4])
    xs, ys = (*xs, x + (big_y[4] + cauchy(g, big_x))), (*ys, y + (big_x[4] + theta1 * big_y[4]))
    big_x, big_y = (*big_x, a[2] * xs[5]), (*big_y, b[2] * ys[5])
    xs, ys = (*xs, x + (big_y[5] + cauchy(g, big_x))), (*ys, y + (big_x[5] + theta1 * big_y[5]))
    big_x, big_y = (*big_x, a[1] * xs[6]), (*big_y, b[1] * ys[6])
    xs, ys = (*xs, x + (big_y[6] + cauchy(g, big_x))), (*ys, y + (big_x[6] + theta1 * big_y[6]))
    big_x, big_y = (*big_x, a[0] * xs[7]), (*big_y, b[0] * ys[7])
    xs, ys = (*xs, x + (big_y[7] + cauchy(g, big_x))), (*ys, y + (big_x[7] + theta1 * big_y[7]))
    return xs, ys, big_x, big_y


@inlined
def hankel(big_x: Terms, x: Terms) -> Terms:
    """Return (Q₇ … Q₀), Qₘ = −6 Σ X̄ₖ xₖ₋ₘ, from the adjoint's (X̄₇ … X̄₀).

    The cubic term contributes Σ dx_b dx'_c Q_{b+c}, over b + c < 8, to the loss's second derivative in the directions
    dx and dx'.
    """
    return (
        -6 * cauchy(x, big_x[:1]),
        -6 * cauchy(x, big_x[:2]),
        -6 * cauchy(x, big_x[:3]),
        -6 * cauchy(x, big_x[:4]),
        -6 * cauchy(x, big_x[:5]),
        -6 * cauchy(x, big_x[:6]),
        -6 * cauchy(x, big_x[:7]),
        -6 * cauchy(x, big_x),
    )


@inlined
def curvature(q: Terms, dx: Terms) -> Terms:
    """Return (f₇ … f₀), f_c = Σ dx_b Q_{b+c}, with cauchy(dx', f) the cubic term's second derivative along dx, dx'."""
    return (
        cauchy(dx, q[:1]),
        cauchy(dx, q[:2]),
        cauchy(dx, q[:3]),
        cauchy(dx, q[:4]),
        cauchy(dx, q[:5]),
        cauchy(dx, q[:6]),
        cauchy(dx, q[:7]),
        cauchy(dx, q),
    )
