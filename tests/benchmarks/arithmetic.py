"""How much arithmetic a trajectory takes, counted, and how much the machine can do, measured."""

import time

import numba
import numpy as np

from core.models.fitzhugh_nagumo.taylor import ORDER, first_terms, higher_terms

SIZE = 2048  # rows of the matrices


class Counted:
    """A number that counts the additions and multiplications it takes part in."""

    operations = 0

    def _count(self, _: object) -> "Counted":
        Counted.operations += 1
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _count


def count(function: numba.core.dispatcher.Dispatcher, *arguments: object) -> int:
    """Return the additions and multiplications of a compiled function, counted in its Python source."""
    Counted.operations = 0
    function.py_func(*arguments)
    return Counted.operations


def operations_a_step() -> tuple[int, int]:
    """Return those of one step of one trajectory: of the first derivative and the state, and of the higher terms."""
    number, rates = Counted(), (Counted(),) * ORDER
    state = 4  # adding two increments to each of x and y
    first = count(first_terms, *(number,) * 7)
    sums = 2 * (ORDER - 2)  # of x₂ … x₈ and of y₂ … y₈
    return first + state, count(higher_terms, rates, rates, *(number,) * 5) + sums


def peak(precision: type) -> float:
    """Return the additions and multiplications a second that the machine's BLAS reaches, at best of nine products."""
    x = np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(precision)
    x @ x
    seconds = []
    for _ in range(9):
        start = time.perf_counter()
        x @ x
        seconds.append(time.perf_counter() - start)
    return 2 * SIZE**3 / min(seconds)
