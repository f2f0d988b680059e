import ast
from pathlib import Path

import numpy as np
import pytest

import dashboard
from dashboard.wording.numbers import (
    compact,
    count,
    decimals_of,
    difference,
    fixed,
    grouped,
    percent,
    percent_to_digits,
    rounded,
    short,
    signed,
    significant,
    tenths,
    times,
    with_sd,
)


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


def test_each_format_has_its_digits_and_a_true_minus():
    assert [fixed(-0.12345, 3), fixed(12_345.6, 0)] == ["−0.123", "12346"]
    assert [compact(-0.4), compact(1_234_567.0), compact(0.000012, 2)] == ["−0.4", "1.23457e+06", "1.2e−05"]
    assert [count(1_234_567), count(-1234.4), tenths(1234.56)] == ["1,234,567", "−1,234", "1,234.6"]
    assert [grouped(-12_345.6, 5), grouped(0.123456, 4)] == ["−12,346", "0.1235"]
    assert [significant(value) for value in (1234.5, -0.00012345, np.inf, -np.inf, np.nan)] == [
        "1,234", "−0.0001234", "∞", "–", "–",
    ]  # fmt: skip
    assert [difference(0.0), difference(-0.25)] == ["+0.000", "−0.250"]
    assert [percent_to_digits(0.01234), percent_to_digits(1.234)] == ["1.2\u00a0%", "123\u00a0%"]
    assert [percent(0.8844), percent(0.8844, 1)] == ["88\u00a0%", "88.4\u00a0%"]
    assert [decimals_of(step) for step in (0.005, 0.01, 2.0)] == [3, 2, 0]
    assert rounded(0.35999, 3) == 0.36


def formats(tree):
    """Return the lines of a syntax tree where a number becomes text, but for the paths of drawings."""
    paths = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and {getattr(target, "id", "") for target in node.targets} & {"path", "_CIRCLE"}
        for part in ast.walk(node)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue)
        and node.format_spec is not None
        and node.format_spec.values[-1].value[-1] in "fge%,"
        and id(node) not in paths
    ]


def test_numbers_become_text_in_one_place():
    folder = Path(dashboard.__file__).parent
    elsewhere = set(folder.rglob("*.py")) - {folder / "wording" / "numbers.py", folder / "__main__.py"}
    assert len(elsewhere) > 50
    for path in elsewhere:
        assert formats(ast.parse(path.read_text())) == [], path.name
    assert formats(ast.parse('text = f"{value:.3f}"')) == [1]
    assert formats(ast.parse('path = f"M{x:.3f}"\nname = f"{text}"')) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(445.73, "446"), (0.2222, "0.222"), (999.6, "1k"), (2256.0, "2.26k"), (23_250, "23.2k"), (999_700, "1M"),
     (1.234e7, "12.3M"), (-1500, "−1.5k")],
)  # fmt: skip
def test_short_numbers_have_three_digits_and_a_letter_for_thousands(value, text):
    assert short(value) == text
