"""The one place where a number becomes text: with a true minus sign, and the digits that mean something."""


def significant(value: float, digits: int = 4) -> str:
    """Return a number with so many digits, but all before the point; infinity as ∞, and what is no number as –."""
    if not abs(value) < float("inf"):
        return "∞" if value > 0 else "–"
    text = f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"
    return text.replace("-", "−")
