"""What a model may consist of."""

from dataclasses import replace

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.model import Quantity


def quantity(name, lower=0.0, upper=1.0, default=0.5):
    return Quantity(name, name, name, "", lower, upper, default)


@pytest.mark.parametrize(
    ("changes", "shared"),
    [
        ({"parameters": ("a", "b", "a")}, "a"),
        ({"states": ("u", "v", "v")}, "v, v0"),
        ({"parameters": ("a", "u")}, "u"),
        ({"parameters": ("a", "v0")}, "v0"),
        ({"states": ("u", "u0")}, "u0"),
    ],
)
def test_a_name_that_stands_for_two_quantities_is_refused(changes, shared):
    quantities = {part: tuple(map(quantity, names)) for part, names in changes.items()}
    with pytest.raises(ValueError, match=rf"a name of its own.*called x0\. {shared} stands for more than one"):
        replace(FITZHUGH_NAGUMO, **quantities)


def test_an_observed_state_that_is_none_of_the_states_is_refused():
    with pytest.raises(ValueError, match="observed state is among u, v; 'w' is not"):
        replace(FITZHUGH_NAGUMO, observed="w")


@pytest.mark.parametrize(
    "numbers",
    [
        {"lower": 1.0},
        {"lower": 2.0},
        {"lower": -np.inf},
        {"upper": np.inf},
        {"upper": np.nan},
        {"default": np.nan},
        {"default": np.inf},
    ],
)
def test_limits_and_defaults_that_are_no_numbers_in_order_are_refused(numbers):
    with pytest.raises(ValueError, match="a needs finite limits, the lower one below the upper one, and a finite"):
        quantity("a", **numbers)
