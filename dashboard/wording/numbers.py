"""The one place where a number becomes text: with a true minus sign, and the digits that mean something."""

import numpy as np
from numpy.typing import NDArray

_PERCENT = "\u00a0%"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _with_minus(text: str) -> str:
    return text.replace("-", "−")


def rounded(value: float, digits: int) -> float:
    """Return a number rounded to so many digits."""
    return float(f"{value:.{digits}g}")


def fixed(value: float, decimals: int) -> str:
    """Return a number with so many decimals, and no minus before zero."""
    text = f"{value:.{decimals}f}"
    return _with_minus(text.lstrip("-") if float(text) == 0 else text)


def compact(value: float, digits: int = 6) -> str:
    """Return a number with so many digits at most, without zeros at its end."""
    return _with_minus(f"{value:.{digits}g}")


def count(value: float) -> str:
    """Return a whole number, or one rounded to it, with commas between thousands."""
    return _with_minus(f"{value:,.0f}")


def tenths(value: float) -> str:
    """Return a number with one decimal, and commas between thousands."""
    return _with_minus(f"{value:,.1f}")


def grouped(value: float, digits: int) -> str:
    """Return a number with so many digits at most, and commas between thousands."""
    return _with_minus(f"{value:,.{digits}g}")


def significant(value: float, digits: int = 4) -> str:
    """Return a number with so many digits, but all before the point; infinity as ∞, and what is no number as –."""
    if not abs(value) < float("inf"):
        return "∞" if value > 0 else "–"
    return count(value) if abs(value) >= 10 ** (digits - 1) else compact(value, digits)


def power(value: float) -> str:
    """Return a number with two digits, and as a power of ten where it is below a thousandth."""
    if value == 0 or abs(value) >= 1e-3:
        return compact(value, 2)
    digits, exponent = f"{value:.1e}".split("e")
    return _with_minus(f"{digits} × 10{str(int(exponent)).translate(_RAISED)}")


def short(value: float) -> str:
    """Return a number with three digits, thousands as k and millions as M."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(rounded(value, 3)) >= size:
            return f"{significant(rounded(value, 3) / size, 3)}{unit}"
    return significant(value, 3)


def signed(value: float, decimals: int) -> str:
    """Return a number with its sign, unless it rounds to zero."""
    text = f"{value:+.{decimals}f}"
    return f"{0:.{decimals}f}" if float(text) == 0 else _with_minus(text)


def difference(value: float) -> str:
    """Return the difference of two parameters, with a sign before zero too."""
    return _with_minus(f"{value:+.3f}")


def percent(share: float, decimals: int = 0) -> str:
    """Return a share in per cent; no line breaks before the sign."""
    return f"{fixed(100 * share, decimals)}{_PERCENT}"


def percent_to_digits(share: float, digits: int = 2) -> str:
    """Return a share in per cent with so many digits; no line breaks before the sign."""
    return f"{significant(100 * share, digits)}{_PERCENT}"


def times(factor: float) -> str:
    """Return a factor with two digits."""
    shown = rounded(factor, 2)
    return compact(shown, 2) if shown < 100 else count(shown)


def decimals_for(sd: float) -> int:
    """Return the decimals with which a standard deviation has two digits."""
    if not 0 < sd < np.inf:
        return 4
    # 0.00997 is 0.010 to two digits.
    return int(np.clip(1 - np.floor(np.log10(rounded(sd, 2))), 0, 8))


def decimals_of(step: float) -> int:
    """Return the decimals that a multiple of a step can have."""
    return len(f"{step:.10f}".rstrip("0").partition(".")[2])


def with_sd(value: float, sd: float, decimals: int | None = None) -> str:
    """Return a value with its standard deviation, to the digits that the latter leaves meaningful, or so many."""
    decimals = decimals_for(sd) if decimals is None else decimals
    shown = fixed(sd, decimals)
    if sd > 0 and float(shown) == 0:
        shown = f"<{fixed(10.0**-decimals, decimals)}"
    return f"{fixed(value, decimals)} ± {shown}"


def sds(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviations, (p,), of a covariance (p, p)."""
    return np.sqrt(np.diag(covariance))
