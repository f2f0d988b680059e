import numpy as np
import pytest

from dashboard.wording.numbers import fixed, signed, times, with_sd


@pytest.mark.parametrize(
    ("value", "sd", "text"),
    [(0.40123, 0.00154, "0.4012 ± 0.0015"), (-0.137, 0.042, "−0.137 ± 0.042"), (0.832, 0.17, "0.83 ± 0.17"),
     (0.4004, 0.00997, "0.400 ± 0.010"), (2.9, 12.0, "3 ± 12"),
     (0.4, 0.0, "0.4000 ± 0.0000"), (0.4, np.inf, "0.4000 ± inf")],
)  # fmt: skip
def test_a_value_has_the_digits_that_its_sd_leaves(value, sd, text):
    assert with_sd(value, sd) == text


def test_an_sd_that_rounds_to_zero_is_not_said_to_be_zero():
    assert with_sd(-0.2, 0.00049, 2) == "−0.20 ± <0.01"
    assert with_sd(0.36618, 0.27296, 2) == "0.37 ± 0.27"


def test_numbers_that_round_to_zero_have_no_sign():
    assert fixed(-0.0004, 3) == "0.000"
    assert signed(-0.0004, 3) == "0.000"
    assert signed(-0.04, 2) == "−0.04"
    assert signed(0.04, 2) == "+0.04"
    assert [times(factor) for factor in (1.26, 34.0, 187.0, 12_345.0)] == ["1.3", "34", "190", "12,000"]


def test_factors_never_have_an_exponent():
    assert [times(factor) for factor in (0.095, 9.96, 99.4, 99.6, 100.0)] == [
        "0.095",
        "10",
        "99",
        "100",
        "100",
    ]
