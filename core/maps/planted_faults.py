"""Five recipes with a deliberate fault each, whose maps show what an examination on the published traces finds.

All have one small network without learned steps, so that a training takes about a minute.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from core.learning.training_settings import Dense, TimeSeries
from core.maps.examination.cause import Cause
from core.maps.recipe import Data, Fixed, NewNoise, Recipe
from core.maps.recipes import fitzhugh_nagumo_task, gaussian_recipe, published_task
from core.maps.task import Task
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior

WIDTHS = (64, 64, 64)
EPOCHS = 60
N_SIMULATIONS = 8000
N_FEW = 200  # simulations of the map that has too few
OTHER_GAMMA = 3.5


class Planted(StrEnum):
    """The maps with a planted fault, by their names."""

    NARROW_PRIOR = "prior-too-narrow"
    WHITE_NOISE = "white-noise"
    CLEAN = "trained-clean"
    OTHER_GAMMA = "other-gamma"
    FEW_SIMULATIONS = "few-simulations"


@dataclass(frozen=True)
class PlantedFault:
    """A recipe with a fault, the cause that an examination should name, and what the card says about it."""

    recipe: Recipe
    cause: Cause
    about: str


def _half_as_wide() -> TruncatedGaussian:
    """Return the published prior of θ, half as wide about the same mean."""
    prior = published_prior()
    lower, upper = (tuple(m + (b - m) / 2 for m, b in zip(prior.mean, ends, strict=True)) for ends in prior.bounds.T)
    return TruncatedGaussian(prior.names, prior.mean, tuple(sd / 2 for sd in prior.sd), lower, upper)


def _white() -> TruncatedGaussian:
    """Return the published distribution of the noise with ρ near 0."""
    noise = published_noise_prior()
    return TruncatedGaussian(
        noise.names, (0.0, noise.mean[1]), (0.01, noise.sd[1]), (-0.03, noise.lower[1]), (0.03, noise.upper[1])
    )


def _recipe(task: Task, data: Data | None = None, epochs: int = EPOCHS) -> Recipe:
    default: Data = Fixed(N_SIMULATIONS) if task.noise is None else NewNoise(N_SIMULATIONS)
    return gaussian_recipe(task, Dense(WIDTHS), default if data is None else data, epochs, 128, 2e-3)


def planted_faults() -> dict[Planted, PlantedFault]:
    """Return the maps with a planted fault; all other settings are those of the published task."""
    white = _recipe(fitzhugh_nagumo_task(published_prior(), _white()))
    return {
        Planted.NARROW_PRIOR: PlantedFault(
            _recipe(fitzhugh_nagumo_task(_half_as_wide(), published_noise_prior())),
            Cause.PRIOR,
            "Trained on a prior half as wide as the published one.",
        ),
        Planted.WHITE_NOISE: PlantedFault(
            replace(white, inputs=TimeSeries()),
            Cause.NOISE,
            "Trained on white noise of the published σ, in place of noise with ρ about 0.8.",
        ),
        Planted.CLEAN: PlantedFault(_recipe(published_task(noisy=False)), Cause.CLEAN, "Trained on clean traces."),
        Planted.OTHER_GAMMA: PlantedFault(
            _recipe(fitzhugh_nagumo_task(published_prior(), published_noise_prior(), gamma=OTHER_GAMMA)),
            Cause.KNOWN,
            f"Trained on traces with γ = {OTHER_GAMMA}, in place of 3.",
        ),
        Planted.FEW_SIMULATIONS: PlantedFault(
            _recipe(published_task(), NewNoise(N_FEW), 400),
            Cause.FEW_SIMULATIONS,
            f"Trained on {N_FEW} simulations, with new noise in each epoch.",
        ),
    }
