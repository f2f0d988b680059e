"""What rates may be written with, checked on symbols, so that every integrator takes the same ones."""

from collections.abc import Callable, Sequence
from typing import Any

from core.models.rate_functions import FUNCTIONS


def check_rates(rates: Callable[[Any, Any, Any], Sequence[Any]], n_parameters: int, n_states: int) -> None:
    """Evaluate rates once on symbols; raises ValueError where an integrator could not follow them."""
    found = rates([_Symbol()] * n_states, [_Symbol()] * n_parameters, _Functions())
    if len(found) != n_states:
        raise ValueError(f"Return a rate for each of the {n_states} states; there are {len(found)}.")


class _Symbol:
    """Stands for a number and for all that is computed from it; refuses powers that heyoka cannot follow."""

    def _result(self, *_: Any) -> "_Symbol":
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _result
    __neg__ = __pos__ = __rpow__ = _result

    def __pow__(self, exponent: Any) -> "_Symbol":
        if not isinstance(exponent, _Symbol) and exponent > 2 and exponent == int(exponent):
            raise ValueError(
                "Write whole powers above the second as products, u * u * u: the series of u**3 fails at 0."
            )
        return self


class _Functions:
    """Takes a symbol to a symbol by each of the functions that rates may use."""

    def __getattr__(self, name: str) -> Callable[[_Symbol], _Symbol]:
        if name not in FUNCTIONS:
            raise ValueError(f"Rates may use the functions {', '.join(FUNCTIONS)}; {name} is not among them.")
        return lambda _: _Symbol()
