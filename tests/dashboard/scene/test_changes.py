from dataclasses import replace
from itertools import permutations, product
from types import SimpleNamespace

import pytest

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from dashboard.scene import changes as state
from dashboard.scene.address import from_address, to_address
from dashboard.scene.changes import change
from dashboard.scene.experiment import Experiment

SYMBOLS = {
    "theta0": "θ₀",
    "theta1": "θ₁",
    "zeta": "ζ",
    "gamma": "γ",
    "sigma": "σ",
    "rho": "ρ",
    "t_end": "T ",
    "seed": "The seed",
    "candidate_theta0": "θ₀",
    "candidate_theta1": "θ₁",
    "candidate_zeta": "ζ",
    "candidate_gamma": "γ",
}


@pytest.mark.parametrize("field", SYMBOLS)
@pytest.mark.parametrize("text", ["abc", "nan", "inf", "-inf", "1e999", "-1e999", "0.4.4", "1,2,3", "0x10", "4e9"])
def test_an_invalid_number_becomes_a_sentence_and_changes_nothing(field, text):
    before = Experiment(starts=((0.1, 0.2),))
    after, sentences = change(before, {field: text})
    assert after == before
    assert len(sentences) == 1
    assert SYMBOLS[field] in sentences[0]


@pytest.mark.parametrize("field", SYMBOLS)
def test_an_invalid_number_in_an_address_leaves_the_default(field):
    after, (sentence,) = from_address(f"{field}=%E2%88%92x&hidden=1")
    assert after == Experiment(hidden=True)
    assert SYMBOLS[field] in sentence
    assert "−x" in sentence


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("gamma", "0"), ("gamma", "-3"), ("sigma", "-0.01"), ("rho", "1"), ("rho", "-1"), ("t_end", "1.9"),
        ("t_end", "1000.1"), ("seed", "-1"), ("seed", "1.5"), ("seed", "2147483648"), ("theta0", "1000.001"),
    ],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_refused(field, text):
    after, (sentence,) = change(Experiment(), {field: text})
    assert after == Experiment()
    assert SYMBOLS[field] in sentence
    assert text in sentence


@pytest.mark.parametrize(
    ("field", "value"),
    [("hidden", "maybe"), ("regularised", "2"), ("misfit", "grey"), ("axis_x", "theta2"), ("regime", ""), ("bogus", 1)],
)
def test_an_invalid_choice_becomes_a_sentence_that_names_it(field, value):
    after, (sentence,) = change(Experiment(), {field: value})
    assert after == Experiment()
    assert field.split("_")[0] in sentence.lower()


def test_valid_parts_are_taken_beside_invalid_ones():
    after, sentences = change(Experiment(), {"theta0": "0.1", "gamma": "x", "hidden": True, "rho": "y"})
    assert after == replace(Experiment(), theta0=0.1, hidden=True)
    assert len(sentences) == 2
    assert "γ" in sentences[0]
    assert "ρ" in sentences[1]


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("theta0", "0,5", 0.5),
        ("theta1", "−0.25", -0.25),
        ("zeta", " −0,7 ", -0.7),
        ("gamma", "\u00a03.5\u2009", 3.5),
        ("theta0", "+2", 2.0),
        ("sigma", "1e-3", 0.001),
        ("theta0", "−0", -0.0),
        ("seed", "12.0", 12),
        # The window ends on a sample: 100.09 ms is 500.45 intervals of 0.2 ms.
        ("t_end", "100.09", 100.0),
        ("t_end", "100,11", 100.2),
    ],
)
def test_typed_text_is_read_as_people_write_numbers(field, text, value):
    after, sentences = change(Experiment(), {field: text})
    assert sentences == ()
    assert repr(getattr(after, field)) == repr(value)


def test_the_axes_never_coincide():
    wishes = (None, *PARAMETER_NAMES)
    for (x, y), new_x, new_y in product(permutations(PARAMETER_NAMES, 2), wishes, wishes):
        before = Experiment(axis_x=x, axis_y=y, starts=((0.1, 0.2),))
        wanted = {"axis_x": new_x, "axis_y": new_y}
        after, sentences = change(before, {field: name for field, name in wanted.items() if name})
        assert sentences == ()
        assert after.axis_x != after.axis_y
        # Only two wishes for the same parameter cannot both come true.
        if new_x:
            assert after.axis_x == new_x
        if new_y and new_y != new_x:
            assert after.axis_y == new_y
        # A start is a point on the old plane.
        assert (after.starts == ()) == (after.axes != before.axes)


@pytest.mark.parametrize("field", ["theta0", "start", "starts"])
def test_no_long_text_meets_the_pattern_of_a_number(field, monkeypatch):
    """A pattern that backtracks takes 14 s for these 32,000 digits, and holds every visitor meanwhile."""
    matched = []
    monkeypatch.setattr(state, "_NUMBER", SimpleNamespace(fullmatch=lambda text: matched.append(text)))
    after, (sentence,) = change(Experiment(), {field: "1" * 32_000 + "x,1"})
    assert after == Experiment()
    assert len(sentence) < 150
    assert matched == []
    change(Experiment(), {field: "1,2"})
    assert matched


def test_a_number_of_more_than_forty_characters_is_refused_whatever_it_is():
    digits = "0." + "3" * 38
    assert change(Experiment(), {"theta0": digits})[0].theta0 == 1 / 3
    after, (sentence,) = change(Experiment(), {"theta0": digits + "3"})
    assert after == Experiment()
    assert sentence.startswith("θ₀ must be a number of at most 40 characters; “0.333333333333333333…” is longer.")


def test_a_comma_that_can_stand_between_thousands_is_not_guessed():
    after, (sentence,) = change(Experiment(), {"theta0": "1,234"})
    assert after == Experiment()
    assert sentence.startswith(
        "θ₀ can be read in two ways: write “1,234” with a point, or without marks for thousands."
    )


def test_a_click_replaces_the_starts_or_adds_one_up_to_five():
    once, _ = change(Experiment(), {"start": "0.1,0.2"})
    assert once.starts == ((0.1, 0.2),)
    assert change(once, {"start": "-0.3,1"})[0].starts == ((-0.3, 1.0),)
    more = replace(once, adding=True)
    for i in range(4):
        more, sentences = change(more, {"start": f"0.5,{i}"})
        assert sentences == ()
    assert more.starts == ((0.1, 0.2), (0.5, 0.0), (0.5, 1.0), (0.5, 2.0), (0.5, 3.0))
    after, (sentence,) = change(more, {"start": "0,0"})
    assert after == more
    assert sentence.startswith("At most 5 starts")


def test_the_first_start_turns_from_the_fit_to_the_race_and_later_ones_leave_the_choice():
    raced, _ = change(Experiment(), {"start": "0,0"})
    assert raced.beside == "race"
    assert change(replace(raced, beside="fit"), {"start": "1,1"})[0].beside == "fit"
    assert change(Experiment(beside="basins"), {"start": "0,0"})[0].beside == "basins"
    # A link holds what its sender chose.
    kept = replace(raced, beside="fit")
    assert from_address(to_address(kept)) == (kept, ())


@pytest.mark.parametrize(
    "text", ["abc", "1", "1,2,3", "0.1;0.2", "nan,0", "0,inf", "0.1,1e9", "1,2;", ";1,2", "0,0;" * 5 + "0,0", "0x1,1"]
)
def test_starts_that_make_no_sense_become_a_sentence_and_change_nothing(text):
    before = Experiment(starts=((0.1, 0.2),), beside="race")
    after, (sentence,) = change(before, {"starts": text})
    assert after == before
    assert "start" in sentence
    assert sentence.endswith("What was there stays.")


def test_what_stands_beside_the_posterior_is_named_once_each():
    before = Experiment()
    assert before.compared == ("best",)
    assert change(before, {"compared": "mine, best,mine"})[0].compared == ("mine", "best")
    for nothing in ("", "-", ","):
        assert change(before, {"compared": nothing}) == (replace(before, compared=()), ())
    for text, fragment in (("x" * 41, "too long"), (",".join(map(str, range(13))), "At most 12")):
        after, (sentence,) = change(before, {"compared": text})
        assert after == before
        assert fragment in sentence


def test_methods_are_named_in_their_order_and_never_none():
    before = Experiment()
    assert change(before, {"methods": "Nelder–Mead, Adam,Adam"})[0].methods == ("Adam", "Nelder–Mead")
    for text, fragment in (("", "at least one"), ("Adam,Simplex", "“Simplex” is not a method")):
        after, (sentence,) = change(before, {"methods": text})
        assert after == before
        assert fragment in sentence


def test_clicks_that_waited_for_an_answer_are_all_starts_where_a_click_adds_one():
    adding = Experiment(adding=True, starts=((0.1, 0.2),))
    after, sentences = change(adding, {"start": "0.3,0.4;0.5,0.6;0.3,0.4"})
    assert (after.starts, sentences) == (((0.1, 0.2), (0.3, 0.4), (0.5, 0.6)), ())
    many, sentences = change(adding, {"start": ";".join(f"0.{i},0.7" for i in range(1, 8))})
    assert len(many.starts) == 5
    assert sentences == ()
    full, (sentence,) = change(many, {"start": "0.9,0.9"})
    assert full.starts == many.starts
    assert sentence.startswith("At most 5 starts race at once")
    assert change(Experiment(starts=((0.1, 0.2),)), {"start": "0.3,0.4;0.5,0.6"})[0].starts == ((0.5, 0.6),)
