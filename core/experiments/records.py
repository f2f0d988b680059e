"""What an experiment hands over: its measurements and targets, found by what they are and stored as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.files import read_json, write_bytes

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Key:
    """What a figure is. All entries are codes or numbers; `core.experiments.tables` holds their labels.

    estimator: what estimates, or another source of the figure, such as a bound.
    metric: what is measured of it, such as "r2" or "coverage".
    parameter: its name, "mean" for the mean over the parameters, or "" where the metric belongs to no parameter.
    regime: how the maps were trained and tested, such as "clean-noisy", or the set of traces.
    n: simulations in the training set; None where the estimator has none, or where they are drawn anew.
    seed: of the training; None for the mean over all seeds.
    at: the argument of the metric: mass of a region, σ of the traces' noise in ms, or rise of the loss.
    """

    estimator: str
    metric: str
    parameter: str = ""
    regime: str = ""
    n: int | None = None
    seed: int | None = None
    at: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the entries that say something."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    def __str__(self) -> str:
        """Return the entries as they are written in a file."""
        return ", ".join(f"{name} {value}" for name, value in self.as_json().items())


@dataclass(frozen=True)
class Measurement:
    """A figure. spread: standard deviation of the value over the seeds; None where there is one seed or none."""

    key: Key
    value: float
    spread: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the measurement as JSON has it."""
        spread = {} if self.spread is None else {"spread": self.spread}
        return {**self.key.as_json(), "value": self.value, **spread}


@dataclass(frozen=True)
class Target:
    """What was asked of a measurement: at least or at most so much, both in its unit."""

    key: Key
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Say whether a value lies within the bounds."""
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= value <= high

    def as_json(self) -> dict[str, Any]:
        """Return the target as JSON has it."""
        bounds = {"at_least": self.at_least, "at_most": self.at_most}
        return {**self.key.as_json(), **{name: bound for name, bound in bounds.items() if bound is not None}}


@dataclass(frozen=True)
class Result:
    """What an experiment found. about: one sentence; settings: sizes, seeds and laws, ready for JSON.

    Raises ValueError where two measurements have one key, or where a target's measurement is missing.
    """

    about: str
    settings: dict[str, Any]
    measurements: tuple[Measurement, ...]
    targets: tuple[Target, ...] = ()

    def __post_init__(self) -> None:
        seen: set[Key] = set()
        for measurement in self.measurements:
            if measurement.key in seen:
                raise ValueError(f"Two measurements are both of {measurement.key}.")
            seen.add(measurement.key)
        for target in self.targets:
            if target.key not in seen:
                raise ValueError(f"There is a target, but no measurement, of {target.key}.")

    def value(self, key: Key) -> float:
        """Return the one figure of this key; raises LookupError with a sentence where there is none."""
        return find(self.measurements, key).value

    def curve(self, keys: Iterable[Key]) -> list[float]:
        """Return the figures of several keys, NaN for those that there are not, as of a method without noise."""
        found = {measurement.key: measurement.value for measurement in self.measurements}
        return [found.get(key, float("nan")) for key in keys]

    @property
    def missed(self) -> tuple[Target, ...]:
        """The targets that are not met."""
        return tuple(target for target in self.targets if not target.met(self.value(target.key)))

    def text(self) -> str:
        """Return the result as JSON with a line for each measurement and target."""
        lists = {
            "measurements": [each.as_json() for each in self.measurements],
            "targets": [each.as_json() for each in self.targets],
        }
        about, settings = _line(self.about), json.dumps(self.settings, indent=1, allow_nan=False, ensure_ascii=False)
        settings = settings.replace("\n", "\n ")
        written = {name: ",\n".join(f"  {_line(each)}" for each in entries) for name, entries in lists.items()}
        blocks = [f' "{name}": [\n{lines}\n ]' if lines else f' "{name}": []' for name, lines in written.items()]
        return "{\n" + ",\n".join([f' "about": {about}', f' "settings": {settings}', *blocks]) + "\n}\n"


def find(measurements: Iterable[Measurement], key: Key) -> Measurement:
    """Return the one measurement of a key; raises LookupError with a sentence where there is none or several."""
    found = [measurement for measurement in measurements if measurement.key == key]
    if len(found) != 1:
        raise LookupError(f"There {'are several measurements' if found else 'is no measurement'} of {key}.")
    return found[0]


def stored(name: str) -> Result | None:
    """Return the stored result of an experiment, or None where it has not been run."""
    path = RESULTS / f"{name}.json"
    if not path.is_file():
        return None
    content = read_json(path)
    measurements = tuple(Measurement(_key(each), each["value"], each.get("spread")) for each in content["measurements"])
    targets = tuple(Target(_key(each), each.get("at_least"), each.get("at_most")) for each in content["targets"])
    return Result(content["about"], content["settings"], measurements, targets)


def store(name: str, result: Result) -> None:
    """Write the result of an experiment where `stored` finds it."""
    write_bytes(RESULTS / f"{name}.json", result.text().encode())


def _key(entry: dict[str, Any]) -> Key:
    return Key(**{field.name: entry[field.name] for field in fields(Key) if field.name in entry})


def _line(content: Any) -> str:
    return json.dumps(content, allow_nan=False, ensure_ascii=False)
