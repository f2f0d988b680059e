"""What can be chosen for a training: estimated parameters, known ones, inputs and head; and what a recipe gets."""

from collections.abc import Mapping
from dataclasses import replace

from core.learning.training_settings import (
    Adam,
    Cnn,
    GaussianEstimate,
    GaussianLikelihood,
    Inputs,
    PointEstimate,
    Spectrum,
    SquaredError,
    TimeSeries,
    TimeSeriesAndSpectrum,
    WhitenedTimeSeries,
    WhitenedTimeSeriesAndSpectrum,
)
from core.maps.recipe import Recipe
from core.maps.recipes import PUBLISHED_DENSE, PUBLISHED_NOISE, fitzhugh_nagumo_task, point_recipe, quick_recipe
from core.maps.task import Task
from core.priors import TruncatedGaussian
from core.published import full_prior

ESTIMATES = {"theta": "θ₀ and θ₁", "with-noise": "θ₀, θ₁, σ and ρ", "four": "θ₀, θ₁, ζ and γ"}
CONSTANTS = {"sidebar": "fixed, as in the sidebar", "given": "told, all over their ranges"}
NETWORKS = {"wide": "wide", "cnn": "published CNN", "dense": "published dense"}
INPUTS = {
    "whitened": "trace, whitened",
    "series": "trace",
    "spectrum": "spectrum of the trace",
    "both": "trace and spectrum",
    "whitened-both": "whitened trace and spectrum",
}
HEADS = {"gaussian": "estimate with ±", "point": "estimate alone"}
NOISES = {"published": "as published", "own": "σ and ρ as set below", "clean": "none"}
# By field: the choices, the first of which is made at first.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "train_estimates": ESTIMATES, "train_constants": CONSTANTS, "train_network": NETWORKS, "train_inputs": INPUTS,
    "train_head": HEADS, "train_noise": NOISES,
}  # fmt: skip
# What a network is usually trained with, which is chosen together with it.
USUAL = {
    "wide": {"train_inputs": "whitened", "train_head": "gaussian"},
    "cnn": {"train_inputs": "series", "train_head": "point"},
    "dense": {"train_inputs": "series", "train_head": "point"},
}
CLEAN_INPUTS = {"whitened": "series", "whitened-both": "both"}  # in the place of whitened ones
INPUT_KINDS: Mapping[str, Inputs] = {
    "whitened": WhitenedTimeSeries(PUBLISHED_NOISE),
    "series": TimeSeries(),
    "spectrum": Spectrum(),
    "both": TimeSeriesAndSpectrum(),
    "whitened-both": WhitenedTimeSeriesAndSpectrum(PUBLISHED_NOISE),
}


def task_of(
    estimates: str,
    constants: str,
    theta: TruncatedGaussian,
    noise: TruncatedGaussian | None,
    zeta: float,
    gamma: float,
) -> Task:
    """Return the task of what is chosen; raises ValueError with a sentence where there is none.

    theta: the prior of θ. noise: None for clean traces. zeta, gamma: where they are fixed.
    """
    fixed = fitzhugh_nagumo_task(theta, noise, zeta, gamma)
    ranges = full_prior().select(("zeta", "gamma"))
    if estimates == "four":
        columns = ("mean", "sd", "lower", "upper")
        both = (getattr(theta, column) + getattr(ranges, column) for column in columns)
        return replace(fixed, prior=TruncatedGaussian((*theta.names, *ranges.names), *both), known=())
    task = replace(fixed, known=(), given=ranges) if constants == "given" else fixed
    return replace(task, estimates_noise=estimates == "with-noise")


def recipe_of(task: Task, network: str, inputs: str, head: str, n: int, epochs: int) -> Recipe:
    """Return the recipe of what is chosen; raises ValueError with the recipe's sentence where two do not agree.

    The wide network takes new simulations and new noise in every epoch, the published ones the same throughout.
    """
    if network == "wide":
        usual = quick_recipe(task, n, epochs)
    else:
        usual = point_recipe(task, Cnn() if network == "cnn" else PUBLISHED_DENSE, n, Adam(epochs))
    if head == "gaussian":
        return replace(usual, inputs=INPUT_KINDS[inputs], head=GaussianEstimate(), loss=GaussianLikelihood())
    return replace(usual, inputs=INPUT_KINDS[inputs], head=PointEstimate(), loss=SquaredError(), learned_steps=0)
