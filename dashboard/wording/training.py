"""What a map learns from a prior, and what it did learn, in sentences."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from core.learning.training_settings import (
    Cnn,
    Dense,
    PointEstimate,
    Spectrum,
    TimeSeries,
    TimeSeriesAndSpectrum,
    WhitenedTimeSeries,
    WhitenedTimeSeriesAndSpectrum,
)
from core.priors import TruncatedGaussian
from core.published import GAMMA_RANGE, ZETA_RANGE, published_noise_prior, published_prior
from core.symbols import symbol_of
from dashboard.wording.numbers import compact, count, percent, percent_to_digits

if TYPE_CHECKING:
    from core.maps.recipe import Recipe

ALL, NONE = 0.995, 0.005  # shares of the published prior that are said to be all and none of it
LESS_THAN_A_MINUTE = 0.75  # min


def covered(prior: TruncatedGaussian) -> float:
    """Return the share of the published prior that lies within the bounds of a prior."""
    published = published_prior()
    mean, sd, lower, upper = (
        np.array(column) for column in (published.mean, published.sd, published.lower, published.upper)
    )
    low, high = np.clip(prior.lower, lower, upper), np.clip(prior.upper, lower, upper)

    def mass(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(ndtr((b - mean) / sd) - ndtr((a - mean) / sd))

    return float(np.prod(mass(low, high) / mass(lower, upper)))


def about_prior(prior: TruncatedGaussian) -> str:
    """Say what the prior is for, or what a map of another prior than the published one would learn."""
    if prior == published_prior():
        return (
            "The prior says which parameters θ a network meets in training. Yours is still the published one: drag the "
            "violet box, then press Train."
        )
    share = covered(prior)
    learns = "The map will learn from θ in your prior, the violet box. It holds "
    if share > ALL:
        return f"{learns}all of the published prior, from which the test samples come."
    shown = "nothing" if share < NONE else percent(share)
    return f"{learns}{shown} of the published prior; for the rest no estimate can be right."


# By field and choice: what it means, where its label does not say so.
_ABOUT_CHOICES = {
    ("train_estimates", "with-noise"): "σ and ρ are estimated together with θ: the same trace tells all four.",
    ("train_estimates", "four"): "ζ and γ are unknown too: the traces of different neurons then look more alike.",
    ("train_constants", "given"): "The network is told ζ and γ beside the trace.",
    ("train_inputs", "whitened"): "Whitening makes the published noise independent from sample to sample.",
    ("train_inputs", "spectrum"): "The spectrum says how often the neuron spikes, and not when.",
    ("train_inputs", "both"): "The spectrum stands beside the trace, which holds it already, but hidden.",
    ("train_inputs", "whitened-both"): "The spectrum is that of the whitened trace, and stands beside it.",
    ("train_head", "gaussian"): "± is learned by the likelihood of a Gaussian, with the correlations.",
    ("train_head", "point"): "Only the squared error is learned from: the estimates have no ±.",
}


def about_choices(chosen: Mapping[str, str]) -> list[str]:
    """Say what the choices of a training mean; chosen: by field."""
    idle = ("train_constants",) if chosen["train_estimates"] == "four" else ()
    return [said for (name, value), said in _ABOUT_CHOICES.items() if chosen[name] == value and name not in idle]


def about_ranges() -> str:
    """Say from which ranges ζ and γ are drawn where they differ from trace to trace."""
    ranges = zip("ζγ", (ZETA_RANGE, GAMMA_RANGE), strict=True)
    drawn = " and ".join(f"{symbol} from {compact(low)} to {compact(high)}" for symbol, (low, high) in ranges)
    return f"{drawn} are drawn anew for each trace."


def about_duration(seconds: float) -> str:
    """Say how long a training is expected to take."""
    minutes = seconds / 60
    time = "less than a minute" if minutes < LESS_THAN_A_MINUTE else f"about {count(round(minutes))} min"
    return f"Takes {time} on the machine that trained the shipped maps. It goes on if you leave the page."


def _law(law: TruncatedGaussian, units: Sequence[str] = ("", "")) -> str:
    rows = zip(law.names, law.mean, law.sd, law.lower, law.upper, units, strict=True)
    return " and ".join(
        f"{symbol_of(name)}{'' if np.isinf(sd) else f' of {compact(mean, 3)} ± {compact(sd, 3)}{unit}'} "
        f"from {compact(low, 3)} to {compact(high, 3)}"
        for name, mean, sd, low, high, unit in rows
    )


def about_recipe(name: str, recipe: "Recipe") -> str:
    """Say which prior, noise and number of samples the map of this name learns from."""
    task, theta = recipe.task, published_prior().names
    of_theta = task.prior.select(theta)
    prior = "the published prior" if of_theta == published_prior() else _law(of_theta)
    noise = "no noise"
    if task.noise is not None:
        published = task.noise == published_noise_prior()
        noise = "the published noise" if published else f"noise with {_law(task.noise, ('', ' ms'))}"
    further = tuple(name for name in task.prior.names if name not in theta)
    where = [f"at {symbol_of(name)} = {compact(value, 3)}" for name, value in task.known]
    constants = " and ".join(where).replace("and at ", "and ")
    if further:
        constants = f"{_law(task.prior.select(further))}, which it estimates too"
    elif task.given is not None:
        constants = f"{_law(task.given)}, which it is told"
    said = f"“{name}” learns from N = {count(recipe.data.n)} training samples: {prior}, with {noise}, {constants}."
    return f"{said} It estimates σ and ρ too." if task.estimates_noise else said


_INPUTS = {
    TimeSeries: "the trace",
    WhitenedTimeSeries: "the trace, whitened",
    Spectrum: "the spectrum",
    TimeSeriesAndSpectrum: "trace and spectrum",
    WhitenedTimeSeriesAndSpectrum: "whitened trace and spectrum",
}


def differences(recipe: "Recipe", usual: "Recipe") -> str:
    """Say in a few words what a recipe differs in from the one that the form begins with; "–" where it is that one."""
    task, theta = recipe.task, published_prior().names
    found = [_network(recipe, usual)]
    if recipe.data.n != usual.data.n:
        found.append(f"N = {count(recipe.data.n)}")
    if recipe.optimiser.epochs != usual.optimiser.epochs:
        epochs = recipe.optimiser.epochs
        found.append(f"{count(epochs)} epoch{'' if epochs == 1 else 's'}")
    if set(theta) <= set(task.prior.names) and task.prior.select(theta) != published_prior():
        found.append("own prior")
    if task.noise != usual.task.noise:
        found.append("clean traces" if task.noise is None else "own noise")
    if task.estimates_noise:
        found.append("estimates σ and ρ too")
    if set(task.prior.names) != set(theta):
        found.append("estimates ζ and γ too")
    elif task.given is not None:
        found.append("is told ζ and γ")
    else:
        before = dict(usual.task.known)
        changed = [(name, value) for name, value in task.known if before.get(name) != value]
        found += [f"{symbol_of(name)} = {compact(value, 3)}" for name, value in changed]
    if recipe.seed != usual.seed:
        found.append(f"seed {recipe.seed}")
    return ", ".join(filter(None, found)) or ("–" if recipe == usual else "other settings")


def _network(recipe: "Recipe", usual: "Recipe") -> str:
    """Say which network a recipe has, what it gets and what it gives, as far as one would not expect it."""
    found, body = [], recipe.body
    is_point, inputs = isinstance(recipe.head, PointEstimate), type(recipe.inputs)
    if body == usual.body:
        is_usual = not is_point, inputs is (WhitenedTimeSeries if recipe.noisy else TimeSeries)
    else:
        if isinstance(body, Cnn):
            found.append("published CNN")
        else:
            found.append(f"{'dense' if isinstance(body, Dense) else 'residual'} {'–'.join(map(str, body.widths))}")
        is_usual = is_point, inputs is TimeSeries
    if not is_usual[0]:
        found.append("no ±" if is_point else "with ±")
    if not is_usual[1]:
        found.append(f"gets {_INPUTS[inputs]}")
    return ", ".join(found)


def about_inside_and_outside(n_inside: int, n_samples: int, inside: float, outside: float) -> str:
    """Say how a map does on published test samples inside and outside of its box; by Median-APE, as a share."""
    errors = [percent_to_digits(error) for error in (inside, outside)]
    if n_inside == n_samples:
        return f"All test samples lie in its box: Median-APE {errors[0]}."
    if n_inside == 0:
        return f"No test sample lies in its box: Median-APE {errors[1]}. The dashed lines are the bounds of its prior."
    return (
        f"Median-APE {errors[0]} inside its box and {errors[1]} outside, where the estimates stop at its dashed bounds "
        "or jump elsewhere between them."
    )


def about_two_maps(names: tuple[str, str], old: tuple[float, float], new: tuple[float, float]) -> str:
    """Say which of two maps does better on which prior.

    names: of the old and of the new map. old, new: the Median-APE of each on samples of the old and of the new prior.
    """
    said = []
    for where, errors in (("new", (old[1], new[1])), ("old", (old[0], new[0]))):
        better, worse = sorted((0, 1), key=lambda i: errors[i])
        said.append(
            f"on the {where} prior ‘{names[better]}’ misses by {percent_to_digits(errors[better])} in the median and "
            f"‘{names[worse]}’ by {percent_to_digits(errors[worse])}"
        )
    text = f"{said[0][0].upper()}{said[0][1:]}; {said[1]}."
    if new[1] < old[1] and new[0] > old[0]:
        return f"{text} Each does better where it has learned."
    if new[1] >= old[1]:
        return (
            f"{text} The old map knows θ from the new prior already: more samples or epochs may carry the new one past."
        )
    return text
