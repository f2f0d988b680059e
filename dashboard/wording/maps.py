"""Whether an inverse map was trained for a trace, and whether the trace looks like those of its training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.learning.training_settings import Cnn, Dense, Residual
from core.maps.card import learned_steps
from core.maps.differences_from_training import Difference, can_read, listed, not_trained_for, quoted
from core.maps.recipe import NewNoise, NewSimulations, Recipe
from core.maps.task import Task
from core.published import SAMPLING_INTERVAL, T_END, published_prior
from core.symbols import symbol_of
from dashboard.wording.numbers import count, fixed, percent

if TYPE_CHECKING:
    from core.maps.inverse_map import InverseMap

# What is said of 0, 1, … learned steps.
STEPS = (
    "",
    " A Gauss–Newton step refines its estimate.",
    *(f" {number} Gauss–Newton steps refine its estimate." for number in ("Two", "Three", "Four")),
)


def trained_for(inverse_map: "InverseMap", trace: dict[str, Any]) -> str:
    """Say in a word whether a map was trained for a trace; trace: what is known of it."""
    if inverse_map.differences(**trace):
        return "no"
    return "not known" if inverse_map.expected(**trace) else "yes"


def kind(recipe: Recipe) -> str:
    """Return in two words what network a map is, and what traces it has learned from."""
    network = {Cnn: "CNN", Dense: "dense", Residual: "residual"}[type(recipe.body)]
    return f"{network}, {'noisy' if recipe.noisy else 'clean'}"


def about_recipe(inverse_map: "InverseMap") -> str:
    """Say what network a map is, and what traces it has learned from."""
    recipe = inverse_map.recipe
    networks = {Cnn: "convolutional network (CNN)", Dense: "dense network", Residual: "residual network"}
    samples = count(recipe.data.n)
    traces = f"{samples} {'noisy' if recipe.noisy else 'clean'} traces"
    if isinstance(recipe.data, NewNoise):
        traces = f"{samples} simulations, with new noise on them again and again"
    elif isinstance(recipe.data, NewSimulations):
        traces = f"{traces} at a time, which are simulated anew again and again"
    said = STEPS[learned_steps(inverse_map.card, recipe)]
    return f"A {networks[type(recipe.body)]}, trained on {traces}.{said}{_about_task(recipe.task)}"


def _about_task(task: Task) -> str:
    """Say what a map is told, what it estimates beside θ and which windows it reads, as far as that is not as usual."""
    further = [symbol_of(name) for name in task.names if name not in published_prior().names]
    said = f" It estimates {listed(further)} too." if further else ""
    if task.given is not None:
        said += f" It is told {listed([symbol_of(name) for name in task.given.names])} of each trace."
    if task.has_window:
        shortest, longest = (fixed(SAMPLING_INTERVAL * n, 0) for n in task.n_times)
        said += f" It reads windows of {shortest} to {longest} ms."
    return said


def about_training(maps: Mapping[str, "InverseMap"], traces: Mapping[str, dict[str, Any]]) -> list[str]:
    """Say what maps were not trained for in a trace, or what they expect of it where that is not known.

    traces: what is known of the trace, or of the part that a map reads, by the name of the map.
    Maps of which the same holds share a sentence; a map that was trained for the trace has none.
    """
    untrained: dict[tuple[Difference, ...], list[str]] = {}
    unknown: dict[tuple[str, ...], list[str]] = {}
    for name, each in maps.items():
        differences = each.differences(**traces[name])
        if differences:
            untrained.setdefault(differences, []).append(name)
        elif expected := each.expected(**traces[name]):
            unknown.setdefault(expected, []).append(name)
    return [
        *(_untrained(names, differences) for differences, names in untrained.items()),
        *(can_read(names, expected) for expected, names in unknown.items()),
    ]


def answers_here(name: str, best: str, assumed: Sequence[str], longer: bool) -> str:
    """Say which map answers in the place of the best one, and why.

    assumed: what the best one takes for granted and this one is told, such as "ζ = −0.4"; nothing for a map of windows.
    longer: whether the trace is longer than those of the other maps.
    """
    why = "it reads windows of any length"
    if assumed:
        why = f"it is told ζ and γ, where {quoted([best])} takes {listed(assumed)} for granted"
    elif longer:
        why += f", the other maps the first {fixed(T_END, 0)} ms"
    return f"{quoted([name])} answers here: {why}."


def read_in_part(furthest: Sequence[str], others: Sequence[str], end: float, whole: bool) -> str:
    """Say how much of a long trace maps read.

    furthest: the maps that read the most, up to end in ms; whole: whether that is all of it. others: the other maps.
    """
    if whole and not others:
        return ""
    far = "all of it" if whole else f"the first {fixed(end, 0)} ms"
    if not others:
        return f"The maps read {far}."
    verb = "reads" if len(furthest) == 1 else "read"
    return f"{quoted(furthest)} {verb} {far}, the other maps the first {fixed(T_END, 0)} ms."


def _untrained(names: Sequence[str], differences: Sequence[Difference]) -> str:
    """Say what maps were not trained for; noise alone is the case that every page starts with."""
    if [each.trace for each in differences] != ["noise"]:
        return not_trained_for(names, differences)
    return f"{quoted(names)} never saw noise in training. Do not trust {'it' if len(names) == 1 else 'them'} here."


def about_novelty(name: str, score: float, untrained: bool) -> str:
    """Say whether a trace is like those that a map was trained on; score: its out-of-distribution score.

    untrained: whether it is known that the map was not trained for the trace, which has been said before.
    """
    from core.maps.out_of_distribution import FALSE_ALARM_RATE

    shown = f"out-of-distribution score {fixed(score, 1) if score < 100 else 'above 100'}"
    if score > 1:
        rare = f"only {percent(FALSE_ALARM_RATE)} of the training’s traces exceed 1"
        return f"Beware: this trace is unlike the training data of {quoted([name])} ({shown}; {rare})."
    if untrained:
        return f"The residual of {quoted([name])} does not show this ({shown}, alarm above 1)."
    return (
        f"This trace looks like the training data of {quoted([name])} ({shown}, alarm above 1). "
        "A wrong ζ or γ need not show in this score."
    )


def about_worst(regimes: Sequence[str]) -> str:
    """Say which neurons a map errs most on; regimes: silent, spiking or excited, of the worst cases."""
    silent, n = sum(each == "silent" for each in regimes), len(regimes)
    told = "without spikes a trace fixes one combination of θ₀ and θ₁ only."
    if silent == n:
        return f"All {n} worst cases are silent neurons: {told}"
    if silent > n / 2:
        return f"{silent} of the {n} worst cases are silent neurons: {told}"
    return f"{silent or 'None'} of the {n} worst cases {'is a silent neuron' if silent == 1 else 'are silent neurons'}."
