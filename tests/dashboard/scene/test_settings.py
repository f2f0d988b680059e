import ast
from dataclasses import fields, replace
from pathlib import Path

import pytest

import dashboard
from core.experiments.labels import REGIME_LABELS
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.optimisation.methods import METHODS
from core.sampling.samplers import SAMPLERS
from dashboard.background.optimisers import KINDS
from dashboard.pictures.controls import control, controls_at
from dashboard.scene.address import from_address, to_address
from dashboard.scene.changes import change
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Area, Choice, Compared, MapName, Methods, Number, OwnMaps, Samplers, Starts, Toggle
from dashboard.scene.settings import CHOICES, DEFAULTS, NUMBERS, SETTINGS, SLIDERS, shown_at

FOLDER = Path(dashboard.__file__).parent
TABLES = [FOLDER / "scene" / name for name in ("settings.py", "trust_settings.py")]
SHORT = 8  # characters, up to which a text can be the same by chance


def test_the_experiment_has_a_field_for_each_row_with_its_default():
    assert [(field.name, field.default) for field in fields(Experiment)] == list(DEFAULTS.items())
    kinds = {
        Choice: str, Toggle: bool, Methods: tuple[str, ...], Samplers: tuple[str, ...], Compared: tuple[str, ...],
        Starts: tuple[tuple[float, float], ...],
    }  # fmt: skip
    for field in fields(Experiment):
        row = SETTINGS[field.name]
        if isinstance(row, Number):
            assert field.type is (int if row.whole else float), field.name
        else:
            assert field.type == kinds.get(type(row), str), field.name


def values_of(row):
    """Return values of a setting other than its default, as many as matter."""
    if isinstance(row, Number):
        return [row.least, row.most, (row.least + row.most) // 2 if row.whole else row.least + 0.2]
    if isinstance(row, Choice):
        return [value for value in row.choices if value != row.default]
    return {
        Toggle: [not row.default],
        Methods: [(method,) for method in KINDS],
        Samplers: [(method,) for method in SAMPLERS],
        Compared: [(), ("MAP and Laplace", "prior"), ("Zweite Karte",)],
        Starts: [((0.1, -0.2),), ((1 / 3, 0.0), (-100.0, 100.0))],
        MapName: ["my-map", "größer & kleiner=?"],
        OwnMaps: ["my-map-1,Zweite Karte", "-"],
    }[type(row)]


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "upload"])  # which does not travel
def test_every_setting_travels_in_the_address(name):
    for value in values_of(SETTINGS[name]):
        experiment = replace(Experiment(), **{name: value})
        if experiment.axis_x == experiment.axis_y:
            continue
        if name == "starts":  # the first start would turn to the race, if the link did not say otherwise
            assert "beside=fit" in to_address(experiment)
        assert from_address(to_address(experiment)) == (experiment, ()), value


def test_the_model_s_quantities_are_those_of_the_model():
    for quantity in FITZHUGH_NAGUMO.parameters:
        for name in (quantity.name, f"candidate_{quantity.name}"):
            row = SLIDERS[name]
            assert (row.symbol, row.unit, row.low, row.high) == (
                quantity.symbol, quantity.unit, quantity.lower, quantity.upper,
            )  # fmt: skip
        assert SETTINGS[quantity.name].default == quantity.default
    assert CHOICES["axis_x"] == {quantity.name: quantity.symbol for quantity in FITZHUGH_NAGUMO.parameters}


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_can_be_made_by_its_label_and_is_taken(name):
    made = control(name, Experiment())
    assert made["label"] == SETTINGS[name].label
    assert made["options"] == list(CHOICES[name].items())
    assert made["value"] == SETTINGS[name].default
    for value in CHOICES[name]:
        after, sentences = change(Experiment(), {name: value})
        assert (getattr(after, name), sentences) == (value, ())


def test_every_number_and_toggle_has_the_control_of_its_row():
    for name, row in NUMBERS.items():
        made = control(name, Experiment())
        assert (made["field"], made["symbol"], made["label"], made["value"]) == (
            name, row.symbol, row.label, row.default,
        )  # fmt: skip
        assert made["low"] >= row.least
        assert made["high"] <= row.most
        assert made.get("typed_only", False) == (name in ("seed", "draw"))
    assert control("gamma", Experiment(gamma=3.25)) == {
        "kind": "slider", "field": "gamma", "symbol": "γ", "label": "damping", "unit": "", "value": 3.25,
        "low": 2.0, "high": 5.0, "step": 0.01, "default": 3.0, "digits": 2,
    }  # fmt: skip
    assert control("theta0", Experiment())["digits"] == 3
    assert control("seed", Experiment())["digits"] == 0
    helps = [control("regularised", Experiment(), area)["help"] for area in (Area.LANDSCAPE, Area.UNCERTAINTY)]
    assert helps == ["Add the prior’s regularisation to the loss.", "Weigh the prior’s box by the prior."]


def test_every_area_has_the_controls_of_its_rows():
    for area in Area:
        rows = shown_at(area)
        assert rows
        assert [made["field"] for made in controls_at(area, Experiment())] == [row.name for row in rows]
    page = controls_at(Area.LANDSCAPE, Experiment(), without=("misfit",))
    assert [made["field"] for made in page] == [
        "axis_x",
        "axis_y",
        "grid",
        "regularised",
        "prior_width",
        "map_shows",
        "beside",
    ]
    # These have no control, or one with the maps that are there.
    unseen = [row.name for row in SETTINGS.values() if not row.shown and not row.name.startswith("candidate_")]
    assert unseen == [
        "compared", "starts", "test_map", "perturbed", "made_for", "target_theta0", "target_theta1", "upload",
        "own_maps",
    ]  # fmt: skip


def texts_of_the_table():
    """Return the labels and helps that are long enough to be the table's own, but for those that come from the core."""
    texts = set()
    for row in SETTINGS.values():
        texts |= {row.label, row.help}
        texts |= set(CHOICES.get(row.name, {}).values())
        texts |= set(row.help_at.values()) if isinstance(row, Toggle) else set()
    return {text for text in texts if len(text) > SHORT} - {*METHODS, *REGIME_LABELS.values()}


def docstrings(tree):
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


def of_plots(tree):
    """Return the tuples of plots that a step of a lesson shows: some have the name of a choice that shows them."""
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
    return {id(each.value) for each in keywords if each.arg == "shows"}


def constants(nodes):
    return [node.value for node in nodes if isinstance(node, ast.Constant)]


def typed_again(tree):
    """Return the labels and helps, the lists of choices and the defaults of the table that a syntax tree repeats."""
    found, said, texts, plots = [], docstrings(tree), texts_of_the_table(), of_plots(tree)
    # The names of parameters and methods are those of the engine, and numbers are no names.
    engine = ("axis_x", "axis_y", "explorer", "student_ratio")
    choices = [set(values) for name, values in CHOICES.items() if name not in engine]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in texts and id(node) not in said:
            found.append(node.value)
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict) and id(node) not in plots:
            listed = constants(node.keys if isinstance(node, ast.Dict) else node.elts)
            found += [tuple(listed) for values in choices if len(values & set(listed)) > 1]
        pairs = {
            ast.Call: lambda node: [
                (each.arg, each.value) for each in node.keywords if getattr(node.func, "id", "") == "Experiment"
            ],
            ast.AnnAssign: lambda node: [(getattr(node.target, "id", ""), node.value)],
            ast.Dict: lambda node: [(getattr(key, "value", ""), value) for key, value in zip(node.keys, node.values)],  # noqa: B905
        }.get(type(node), lambda node: [])(node)
        found += [
            (name, value.value)
            for name, value in pairs
            if name in DEFAULTS
            and isinstance(value, ast.Constant)
            and not isinstance(value.value, bool)  # on and off are no secret of the table
            and value.value == DEFAULTS[name] != ""
        ]
    return found


def test_nothing_of_the_table_is_typed_a_second_time():
    for path in FOLDER.rglob("*.py"):
        if path not in TABLES:
            assert typed_again(ast.parse(path.read_text())) == [], path.name


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('toggle("whole_prior", "show the whole prior")', ["show the whole prior"]),
        ('help = "Show all of the prior’s box."', ["Show all of the prior’s box."]),
        ('LABELS = {"ar1": "one", "white": "two"}', [("ar1", "white")]),
        ('if beside in ("surface", "race"): pass', [("surface", "race")]),
        ("Experiment(seed=7)", [("seed", 7)]),
        ('grid: str = "100"', [("grid", "100")]),
        ('settings = {"misfit": "ar1"}', [("misfit", "ar1")]),
        ('def show(): "show the whole prior"\nif experiment.below == "noise": pass', []),
    ],
)
def test_what_is_typed_a_second_time_is_found(source, found):
    assert typed_again(ast.parse(source)) == found
