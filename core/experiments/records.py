"""The result of an experiment: measurements and targets, stored as JSON and looked up by their keys."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.files import read_json, write_bytes

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Key:
    """The key of a figure. All entries are codes or numbers; `core.experiments.labels` has their labels.

    estimator: the estimator, or another source of the figure, such as a bound.
    metric: the quantity measured, such as "r2" or "coverage".
    parameter: its name, "mean" for the mean over the parameters, or "" for a metric without parameter.
    regime: how the maps were trained and tested, such as "clean-noisy", or the set of traces.
    n: simulations in the training set; None for an estimator without training, or with new simulations in training.
    seed: of the training; None for the mean over all seeds.
    at: the argument of the metric: probability of a region, σ of the noise in ms, rise of the loss, or size of a
    perturbation.
    """

    estimator: str
    metric: str
    parameter: str = ""
    regime: str = ""
    n: int | None = None
    seed: int | None = None
    at: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the entries that are not empty."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    def __str__(self) -> str:
        """Return the entries as text."""
        return ", ".join(f"{name} {value}" for name, value in self.as_json().items())


@dataclass(frozen=True)
class Measurement:
    """A figure with its key. spread: standard deviation over the seeds, or None with fewer than two seeds."""

    key: Key
    value: float
    spread: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the measurement as a JSON object."""
        spread = {} if self.spread is None else {"spread": self.spread}
        return {**self.key.as_json(), "value": self.value, **spread}


@dataclass(frozen=True)
class Target:
    """A target for a measurement: a lower and an upper bound, in the measurement's unit; None for no bound."""

    key: Key
    at_least: float | None = None
    at_most: float | None = None

    def met(self, value: float) -> bool:
        """Return whether a value lies within the bounds."""
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= value <= high

    def as_json(self) -> dict[str, Any]:
        """Return the target as a JSON object."""
        bounds = {"at_least": self.at_least, "at_most": self.at_most}
        return {**self.key.as_json(), **{name: bound for name, bound in bounds.items() if bound is not None}}


@dataclass(frozen=True)
class Result:
    """The result of an experiment.

    about: a description in a sentence or two.
    settings: sizes, seeds and distributions, as JSON values.
    measurements: with distinct keys.
    targets: for some of the measurements.
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
        """Return the figure with this key; raises LookupError with a sentence where there is none."""
        return find(self.measurements, key).value

    def curve(self, keys: Iterable[Key]) -> list[float]:
        """Return the figures with these keys, NaN where there is none."""
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
    """Return the measurement with this key; raises LookupError with a sentence unless there is exactly one."""
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
    """Write the result of an experiment to the file that `stored` reads."""
    write_bytes(RESULTS / f"{name}.json", result.text().encode())


def _key(entry: dict[str, Any]) -> Key:
    return Key(**{field.name: entry[field.name] for field in fields(Key) if field.name in entry})


def _line(content: Any) -> str:
    return json.dumps(content, allow_nan=False, ensure_ascii=False)
