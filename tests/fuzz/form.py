"""The form of a training: what is typed, chosen and moved by hand, one thing after the other."""

from typing import Any

from hypothesis import strategies as st

from core.maps.recipe_file import recipe_as_json
from dashboard.scene.report import read_report
from dashboard.scene.training import CENTRE, CHOICES, ENDS, NUMBERS, PRESETS, Form
from tests.fuzz.parser import Parser, assert_plain, assert_shown
from tests.fuzz.strategies import NUMBERS as STRANGE_NUMBERS
from tests.fuzz.strategies import SCALARS, TEXTS

TYPED = st.sampled_from(sorted(NUMBERS)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.one_of(
            st.floats(NUMBERS[name].least, NUMBERS[name].most).map(str),
            st.floats(-1, 2),
            st.floats(-1, 2).map(str),
            STRANGE_NUMBERS,
            TEXTS,
        ),
    )
)
CHOSEN = st.sampled_from(sorted(CHOICES)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from([*CHOICES[name]]) | SCALARS)
)
MOVED = st.tuples(st.sampled_from([*CENTRE, *ENDS]), st.floats(-3, 3) | SCALARS)
NAMED = st.tuples(st.sampled_from(["train_preset", "train_name"]), st.sampled_from([*PRESETS]) | SCALARS)
# Up to ten reports of up to four changes each; ζ and γ of the experiment.
STEPS = st.lists(st.lists(st.one_of(TYPED, CHOSEN, CHOSEN, MOVED, NAMED), max_size=4).map(dict), max_size=10)
INPUTS = st.tuples(STEPS, st.floats(-10, 10), st.floats(0.1, 20))


def read(example: tuple[list[dict[str, Any]], float, float]) -> tuple[str, ...]:
    """Take all changes that a report can hold, and return what is wrong with the form in the end."""
    steps, zeta, gamma = example
    form = Form()
    for changes in steps:
        try:
            report = read_report({"sequence": 1, "final": True, "changes": changes})
        except ValueError as error:
            assert_plain(str(error))
            continue
        form, rest = form.taking(report.changes)
        assert rest == {}
        assert_shown([dict(form.typed), form.preset, form.chosen, form.box.tolist(), form.view.tolist()])
    for sentence in form.problems.values():
        assert_plain(sentence)
    assert_shown(recipe_as_json(form.recipe(zeta, gamma)))
    return ()


FORM = Parser("form of a training", INPUTS, (([{"train_samples": "500"}], -0.4, 3.0),), read)
