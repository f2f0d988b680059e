"""Write a recipe as JSON values, and read it with every entry checked."""

import math
from dataclasses import asdict, fields
from typing import Any

from core.checks import is_finite, printable
from core.learning.training_settings import (
    Adam,
    Cnn,
    Dense,
    GaussianEstimate,
    GaussianLikelihood,
    InitialWeights,
    MeanAndCovariance,
    PointEstimate,
    Residual,
    Spectrum,
    SquaredError,
    TimeSeries,
    TimeSeriesAndSpectrum,
    WhitenedTimeSeries,
    WhitenedTimeSeriesAndSpectrum,
)
from core.maps.recipe import Fixed, NewNoise, NewSimulations, Recipe
from core.maps.task import Task
from core.noise import Noise
from core.priors import TruncatedGaussian
from core.published import N_TIMES

KINDS: dict[str, dict[str, Any]] = {
    "inputs": {
        "time series": TimeSeries,
        "whitened time series": WhitenedTimeSeries,
        "spectrum": Spectrum,
        "time series and spectrum": TimeSeriesAndSpectrum,
        "whitened time series and spectrum": WhitenedTimeSeriesAndSpectrum,
    },
    "body": {"dense": Dense, "cnn": Cnn, "residual": Residual},
    "head": {"point": PointEstimate, "gaussian": GaussianEstimate, "mean and covariance": MeanAndCovariance},
    "loss": {"squared error": SquaredError, "gaussian likelihood": GaussianLikelihood},
    "data": {"fixed": Fixed, "new noise": NewNoise, "new simulations": NewSimulations},
}
# Entries that are written only where they differ from these defaults, so that the recipes of earlier versions, and the
# names of trainings that are made from them, stay the same.
OPTIONAL: dict[str, dict[str, Any]] = {
    "recipe": {"keeps_last_epoch": False},
    "task": {"given": None, "estimates_noise": False, "n_times": [N_TIMES, N_TIMES]},
    "body": {"dropout": 0.0},
}
LONGEST_SHOWN = 20  # characters of an unknown entry's name that a sentence quotes


def recipe_as_json(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON values that `recipe_from_json` reads."""
    task = recipe.task
    content = {
        "model": task.model_name,
        "prior": _written(task.prior),
        "known": dict(task.known),
        "noise": None if task.noise is None else _written(task.noise),
        "given": None if task.given is None else _written(task.given),
        "estimates_noise": task.estimates_noise,
        "n_times": list(task.n_times),
    }
    written = {
        "task": _without_defaults("task", content),
        **{place: _tagged(place, getattr(recipe, place)) for place in KINDS},
        "optimiser": _as_lists(asdict(recipe.optimiser)),
        "initial_weights": str(recipe.initial_weights),
        "learned_steps": recipe.learned_steps,
        "keeps_last_epoch": recipe.keeps_last_epoch,
        "seed": recipe.seed,
    }
    return _without_defaults("recipe", written)


def _without_defaults(place: str, content: dict[str, Any]) -> dict[str, Any]:
    defaults = OPTIONAL.get(place, {})
    return {key: value for key, value in content.items() if key not in defaults or value != defaults[key]}


def _written(law: TruncatedGaussian) -> dict[str, Any]:
    """Return a distribution as lists; JSON has no infinite numbers, so that the sd of a uniform one is null."""
    content = _as_lists(asdict(law))
    return {**content, "sd": [None if sd == math.inf else sd for sd in content["sd"]]}


def _as_lists(content: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in content.items()}


def _tagged(place: str, value: Any) -> dict[str, Any]:
    kind = next(name for name, cls in KINDS[place].items() if type(value) is cls)
    return {"kind": kind, **_without_defaults(place, _as_lists(asdict(value)))}


def recipe_from_json(content: Any) -> Recipe:
    """Return the recipe that `recipe_as_json` wrote; raises ValueError where it is not complete or not valid."""
    entries = _entries(content, [field.name for field in fields(Recipe)], "recipe")
    if entries["initial_weights"] not in list(InitialWeights):
        raise ValueError(f"The initial weights of a recipe must be one of: {'; '.join(InitialWeights)}.")
    return Recipe(
        task=_task(entries["task"]),
        **{place: _kind(place, entries[place]) for place in KINDS},
        optimiser=Adam(**_tuples(_entries(entries["optimiser"], [field.name for field in fields(Adam)], "optimiser"))),
        initial_weights=InitialWeights(entries["initial_weights"]),
        learned_steps=entries["learned_steps"],
        keeps_last_epoch=entries["keeps_last_epoch"],
        seed=entries["seed"],
    )


def _entries(content: Any, names: list[str], place: str) -> dict[str, Any]:
    """Return content with the defaults of its place; raises ValueError unless it then has exactly the named entries."""
    if not isinstance(content, dict):
        raise ValueError(f"The recipe is not complete: the {place} must be an object with the entries {_list(names)}.")
    content = {**{key: value for key, value in OPTIONAL.get(place, {}).items() if key in names}, **content}
    lacking = [name for name in names if name not in content]
    if lacking:
        raise ValueError(f"The recipe is not complete: the {place} lacks {_list(lacking)}.")
    unknown = sorted(str(key) for key in content if key not in names)
    if unknown:
        entry = printable(unknown[0], LONGEST_SHOWN)
        raise ValueError(f"The recipe has an entry that is not known: “{entry}”, in the {place}.")
    return content


def _list(names: list[str]) -> str:
    return ", ".join(names)


def _tuples(content: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}


def _distribution(content: Any, place: str) -> TruncatedGaussian:
    columns = [field.name for field in fields(TruncatedGaussian)]
    entries = _entries(content, columns, place)
    if not all(isinstance(entries[column], list | tuple) for column in columns):
        raise ValueError(f"The recipe is not valid: all entries of the {place} must be lists.")
    entries = {**entries, "sd": [math.inf if sd is None else sd for sd in entries["sd"]]}
    return TruncatedGaussian(**{column: tuple(entries[column]) for column in columns})


def _task(content: Any) -> Task:
    entries = _entries(content, ["model", "prior", "known", "noise", *OPTIONAL["task"]], "task")
    if not isinstance(entries["known"], dict):
        raise ValueError("The recipe is not valid: the known values must be an object of names and numbers.")
    noise, given = (
        None if entries[name] is None else _distribution(entries[name], place)
        for name, place in (("noise", "noise"), ("given", "distribution of the given parameters"))
    )
    entries = _tuples(entries)
    return Task(
        entries["model"],
        _distribution(entries["prior"], "prior"),
        tuple(entries["known"].items()),
        noise,
        given,
        entries["estimates_noise"],
        entries["n_times"],
    )


def _kind(place: str, content: Any) -> Any:
    """Return the setting that an entry describes, of one of the `KINDS` of its place."""
    name = content.get("kind") if isinstance(content, dict) else None
    if not isinstance(name, str) or name not in KINDS[place]:
        raise ValueError(f"The {place} of a recipe must be of one of the kinds {_list(list(KINDS[place]))}.")
    cls = KINDS[place][name]
    entries = _entries({key: value for key, value in content.items() if key != "kind"},
                       [field.name for field in fields(cls)], place)  # fmt: skip
    if issubclass(cls, WhitenedTimeSeries):
        return cls(_noise(entries["noise"]))
    return cls(**_tuples(entries))


def _noise(content: Any) -> Noise:
    entries = _entries(content, [field.name for field in fields(Noise)], "noise of the inputs")
    if not all(map(is_finite, entries.values())):
        raise ValueError("The recipe is not valid: the noise of the inputs must have finite numbers.")
    return Noise(**entries)
