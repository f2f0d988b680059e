"""The controls: that of a setting, made from its row of the table, and those that belong to none."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.sampling.samplers import SAMPLERS
from dashboard.background.optimisers import KINDS
from dashboard.figures import race, swarm
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Area, Choice, Methods, Number, Samplers, Slider, Toggle
from dashboard.scene.settings import SETTINGS, shown_at
from dashboard.wording.numbers import decimals_of

Control = dict[str, Any]


def control(name: str, experiment: Experiment, area: Area | None = None) -> Control:
    """Return the control of a setting, as the experiment has it; area: where it stands, if its help differs there."""
    row, value = SETTINGS[name], getattr(experiment, name)
    if isinstance(row, Number):
        return _slider(row, value)
    if isinstance(row, Choice):
        return (tabs if row.tabs else drop_down)(name, row.label, value, row.choices)
    if isinstance(row, Toggle):
        text = row.help if area is None else row.help_at.get(area, row.help)
        return {"kind": "toggle", "field": name, "label": row.label, "value": value, "help": text}
    if isinstance(row, Methods):
        # Each with its line and mark: they are the legend of the race too.
        options = [{"value": method, "help": kind, **race.sign(method)} for method, kind in KINDS.items()]
        return several(name, value, options)
    if isinstance(row, Samplers):
        options = [{"value": method, "help": each.kind, **swarm.sign(method)} for method, each in SAMPLERS.items()]
        return {**several(name, value, options), "label": row.label}
    raise TypeError(f"No kind of control shows {name} from its row alone.")


def _slider(row: Number, value: float) -> Control:
    """Return a slider, or the box alone of a number that has none."""
    low, high, step, unit, twin, logarithmic = row.least, row.most, 1.0, "", {}, {}
    if isinstance(row, Slider):
        low, high, step, unit = row.low, row.high, row.step, row.unit
        logarithmic = {"logarithmic": True} if row.logarithmic else {}
        twin = {"twin": row.twin} if row.twin[0] else {}
    made = {
        "kind": "slider",
        "field": row.name,
        "symbol": row.symbol,
        "label": row.label,
        "unit": unit,
        "value": value,
        "low": low,
        "high": high,
        "step": step,
        "default": row.default,
        "digits": decimals_of(step),
        **twin,
        **logarithmic,
    }
    return made if isinstance(row, Slider) else {**made, "typed_only": True}


def drop_down(field: str, label: str, value: str, choices: Mapping[str, str]) -> Control:
    """Return a drop-down that sets the field to a value; choices: value → label."""
    return {"kind": "choice", "field": field, "label": label, "value": value, "options": list(choices.items())}


def several(field: str, ticked: Sequence[str], options: Sequence[dict[str, Any]]) -> Control:
    """Return ticks that set the field to what is ticked; options: value, help, and how it is drawn."""
    return {"kind": "several", "field": field, "label": "", "value": ticked, "options": list(options)}


def tabs(field: str, label: str, value: str, choices: Mapping[str, str]) -> Control:
    """Return a row of buttons that set the field to a value, one click each; choices: value → label."""
    return {**drop_down(field, label, value, choices), "kind": "tabs"}


def button(field: str, label: str, value: Any = None, **more: Any) -> Control:
    """Return a button that sets the field to a value."""
    return {"kind": "button", "field": field, "label": label, "value": value, **more}


def desk() -> Control:
    """Return the button that opens the teacher's desk."""
    help_text = "Make a link for a class: lock controls, seal the truth, give each student a problem of their own."
    return button("desk", "For a class …", True, help=help_text)


def progress(field: str, label: str, share: float, text: str) -> Control:
    """Return a bar that shows a share from 0 to 1, with a text beside it."""
    return {"kind": "progress", "field": field, "label": label, "value": share, "text": text}


def box(field: str, label: str, value: str, problem: str = "", symbol: str = "") -> Control:
    """Return a box for text, which stays as it was typed, with a sentence on what is wrong with it."""
    return {"kind": "box", "field": field, "label": label, "symbol": symbol, "value": value, "problem": problem}


def text(label: str) -> Control:
    """Return a line of text among controls."""
    return {"kind": "text", "field": "", "label": label}


def controls_at(area: Area, experiment: Experiment, without: Sequence[str] = ()) -> list[Control]:
    """Return the controls of an area in order, but for those that do nothing now."""
    return [control(row.name, experiment, area) for row in shown_at(area) if row.name not in without]
