"""What a map learns from a prior, and what it did learn, in sentences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior
from core.symbols import symbol_of
from dashboard.wording.numbers import compact, count, percent, significant

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


def about_duration(seconds: float) -> str:
    """Say how long a training is expected to take."""
    minutes = seconds / 60
    time = "less than a minute" if minutes < LESS_THAN_A_MINUTE else f"about {count(round(minutes))} min"
    return f"Takes {time} on the machine that trained the shipped maps. It goes on if you leave the page."


def _law(law: TruncatedGaussian, units: Sequence[str] = ("", "")) -> str:
    return " and ".join(
        f"{symbol_of(name)} of {compact(mean, 3)} ± {compact(sd, 3)}{unit} from {compact(low, 3)} to {compact(high, 3)}"
        for name, mean, sd, low, high, unit in zip(
            law.names, law.mean, law.sd, law.lower, law.upper, units, strict=True
        )
    )


def about_recipe(name: str, recipe: "Recipe") -> str:
    """Say which prior, noise and number of samples the map of this name learns from."""
    task = recipe.task
    prior = "the published prior" if task.prior == published_prior() else _law(task.prior)
    noise = "no noise"
    if task.noise is not None:
        published = task.noise == published_noise_prior()
        noise = "the published noise" if published else f"noise with {_law(task.noise, ('', ' ms'))}"
    symbols = {quantity.name: quantity.symbol for quantity in task.model.parameters}
    known = " and ".join(f"{symbols[name]} = {compact(value, 3)}" for name, value in task.known)
    return f"“{name}” learns from N = {count(recipe.data.n)} training samples: {prior}, with {noise}, at {known}."


def about_inside_and_outside(n_inside: int, n_samples: int, inside: float, outside: float) -> str:
    """Say how a map does on published test samples inside and outside of its box; by Median-APE, as a share."""
    errors = [f"{significant(100 * error, 2)} %" for error in (inside, outside)]
    if n_inside == n_samples:
        return f"All test samples lie in its box: Median-APE {errors[0]}."
    if n_inside == 0:
        return f"No test sample lies in its box: Median-APE {errors[1]}. The dashed lines are the bounds of its prior."
    return (
        f"Median-APE {errors[0]} inside its box and {errors[1]} outside, where the estimates stop at its dashed bounds "
        "or jump elsewhere between them."
    )
