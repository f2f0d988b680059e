"""The published dense network with cures against perturbations: how each is trained, or made of trained ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from core.experiments.compared_maps import shortened, trained
from core.experiments.context import Context
from core.experiments.estimators import (
    AGAINST_LARGE,
    AGAINST_SMALL,
    BEST,
    DENSE_MAP,
    ENSEMBLE,
    NOISE_ANEW,
    NOISE_ANEW_AGAINST,
    SMOOTHED,
)
from core.experiments.perturbed import with_derivatives
from core.experiments.shipped_maps import shipped
from core.maps.adversarial_training import Adversary, run_adversarial_training
from core.maps.inverse_map import InverseMap
from core.maps.recipe import NewNoise, Recipe
from core.maps.recipes import PUBLISHED_DENSE, PUBLISHED_NOISE, published_recipe
from core.maps.train import map_of, read_trained, write_trained
from core.noise import sample_ar1
from core.parallel import completed
from core.perturbations.averaged import MeanOf, Smoothed
from core.perturbations.estimator import Estimator
from core.published import N_TIMES

N_SAMPLES = 8000  # that each network is trained on
N_ENSEMBLE, N_ADDED = 5, 8  # networks, and draws of added noise
SMALL, LARGE = 3.0, 10.0  # sizes of the perturbations that maps are trained against
SEED = 20266

Cured = tuple[Estimator, str]  # an estimator, and a version that changes with its weights


def recipe_of(seed: int = 0, noise_anew: bool = False) -> Recipe:
    """Return the recipe of the network that is cured; noise_anew: whether each epoch has new noise."""
    recipe = published_recipe(PUBLISHED_DENSE, N_SAMPLES, noisy=True, seed=seed)
    return replace(recipe, data=NewNoise(N_SAMPLES)) if noise_anew else recipe


def cured(context: Context) -> dict[str, Cured]:
    """Return the shipped network, each cure of it, and the best map; train those that are not stored yet."""
    ensemble = [f"{ENSEMBLE} {seed}" for seed in range(N_ENSEMBLE)]
    wanted = {name: recipe_of(seed) for seed, name in enumerate(ensemble)} | {NOISE_ANEW: recipe_of(noise_anew=True)}
    maps = trained(wanted, context)
    maps |= _trained_against(
        {
            AGAINST_SMALL: (recipe_of(), SMALL),
            AGAINST_LARGE: (recipe_of(), LARGE),
            NOISE_ANEW_AGAINST: (recipe_of(noise_anew=True), LARGE),
        },
        context,
    )
    base = shipped(DENSE_MAP)
    draws = np.full(N_ADDED, PUBLISHED_NOISE.marginal_sd)
    added = sample_ar1(PUBLISHED_NOISE.rho, draws, N_TIMES, np.random.default_rng(SEED))
    alone = {
        DENSE_MAP: base,
        **{name: maps[name] for name in (NOISE_ANEW, AGAINST_SMALL, AGAINST_LARGE, NOISE_ANEW_AGAINST)},
        BEST: shipped(BEST),
    }
    found: dict[str, Cured] = {name: (with_derivatives(each), each.fingerprint) for name, each in alone.items()}
    found[SMOOTHED] = Smoothed(with_derivatives(base), added), base.fingerprint
    members = [maps[name] for name in ensemble]
    version = "-".join(each.fingerprint[:6] for each in members)
    found[ENSEMBLE] = MeanOf([with_derivatives(each) for each in members]), version
    return found


def _trained_against(wanted: dict[str, tuple[Recipe, float]], context: Context) -> dict[str, InverseMap]:
    """Return maps that are trained against perturbations of a size, by name."""
    if context.quick:
        wanted = {name: (shortened(recipe), size) for name, (recipe, size) in wanted.items()}

    def folder(name: str) -> Path:
        return context.kept(f"trainings-against-{wanted[name][1]:g}")

    completed(
        run_adversarial_training,
        {name: (recipe, Adversary(PUBLISHED_NOISE, size)) for name, (recipe, size) in wanted.items()},
        context.report,
        lambda name: read_trained(folder(name), wanted[name][0]),
        lambda name, result: write_trained(folder(name), wanted[name][0], result),
    )
    return {name: map_of(folder(name), recipe, name) for name, (recipe, _) in wanted.items()}
