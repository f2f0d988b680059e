"""The recipes of this laboratory: those published, ours, and the best."""

from core.learning.training_settings import (
    Adam,
    Body,
    Cnn,
    Dense,
    GaussianEstimate,
    GaussianLikelihood,
    InitialWeights,
    Inputs,
    PointEstimate,
    Residual,
    SquaredError,
    TimeSeries,
    WhitenedTimeSeries,
)
from core.maps.recipe import Data, Fixed, NewNoise, NewSimulations, Recipe
from core.maps.task import Task
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.priors import TruncatedGaussian
from core.published import GAMMA, RHO, SAMPLING_INTERVAL, SIGMA, ZETA, published_noise_law, published_prior

PUBLISHED_DENSE = Dense((32, 32, 32, 32))
PUBLISHED_NOISE = Noise(RHO, SIGMA / SAMPLING_INTERVAL)
REFERENCE_SIZE = 1024  # of the authors' reference run
MANY = 4000  # samples, from which on ours trains with larger batches, and with dense layers where traces are clean
RESIDUAL_EPOCHS = {True: {500: 240, 1000: 160, 4000: 100, 8000: 80}, False: {500: 300, 1000: 140}}  # noisy or clean


def fitzhugh_nagumo_task(
    prior: TruncatedGaussian, noise: TruncatedGaussian | None, zeta: float = ZETA, gamma: float = GAMMA
) -> Task:
    """Return the task to estimate theta0 and theta1 at known zeta and gamma; noise: None for clean traces."""
    return Task(FITZHUGH_NAGUMO.name, prior, (("zeta", zeta), ("gamma", gamma)), noise)


def published_task(noisy: bool = True) -> Task:
    """Return the published task, on noisy or on clean traces."""
    return fitzhugh_nagumo_task(published_prior(), published_noise_law() if noisy else None)


def point_recipe(task: Task, body: Body, n: int, optimiser: Adam, seed: int = 0) -> Recipe:
    """Return a training as published: a point estimate with the least squared error, on the same n samples."""
    return Recipe(task, TimeSeries(), body, PointEstimate(), SquaredError(), Fixed(n), optimiser, seed=seed)


def gaussian_recipe(
    task: Task, body: Body, data: Data, epochs: int, batch_size: int = 32, learning_rate: float = 2e-3, seed: int = 0
) -> Recipe:
    """Return a training in our way: noisy traces are whitened, and the network gives a Gaussian.

    Without noise, whitening would only lift what is hardest to learn. The Gaussian loss needs squares that Adam forgets
    sooner, and gradients that are clipped: the errors of few traces near the bifurcation are huge. A learned step
    simulates at each estimate, which only a map may do whose simulations are not counted. A training that ends before
    its new simulations would come is written as what it is: one on the same simulations.
    """
    learned_steps = int(task.noise is not None and isinstance(data, NewSimulations))
    if isinstance(data, NewSimulations) and data.epochs_each >= epochs:
        data = Fixed(data.n) if task.noise is None else NewNoise(data.n)
    inputs: Inputs = TimeSeries() if task.noise is None else WhitenedTimeSeries(PUBLISHED_NOISE)
    return Recipe(
        task,
        inputs,
        body,
        GaussianEstimate(),
        GaussianLikelihood(),
        data,
        Adam(epochs, batch_size, learning_rate, betas=(0.9, 0.98), gradient_clip=0.5, half_precision=True),
        InitialWeights.FLAT,
        learned_steps=learned_steps,
        seed=seed,
    )


def published_recipe(body: Cnn | Dense, n: int, noisy: bool, seed: int = 0) -> Recipe:
    """Return the published training; for many samples it ends sooner, at the same accuracy.

    The validation error rises again where the same draws of noise are seen more often. Unlike the published one, the
    learning rate falls to zero along a half cosine: the same accuracy in fewer epochs.
    """
    epochs = 200 if n <= REFERENCE_SIZE else 60 if noisy else 100
    return point_recipe(published_task(noisy), body, n, Adam(epochs), seed)


def our_recipe(n: int, noisy: bool, seed: int = 0) -> Recipe:
    """Return our training on 500, 1000, 4000 or 8000 simulations, with noise drawn anew in each epoch.

    As with the published ones, 2,000 further simulations choose the epoch whose weights are kept.

    The validation set chose between the bodies: wide dense layers for many clean traces, else the residual network. On
    many noisy traces further epochs would still help.
    """
    task, data = published_task(noisy), NewNoise(n) if noisy else Fixed(n)
    if n >= MANY and not noisy:
        return gaussian_recipe(task, Dense((512, 512, 512, 512)), data, 400_000 // n, learning_rate=1e-3, seed=seed)
    batch_size = 64 if n >= MANY else 32
    return gaussian_recipe(task, Residual((128, 128)), data, RESIDUAL_EPOCHS[noisy][n], batch_size, 1e-3, seed)


def best_recipe() -> Recipe:
    """Return the training of the best map: its size is the outcome of `python -m core.search`.

    A long training is at its highest rate for longer than a trial, and needs a lower one than the best trial had.
    """
    body = Dense((768, 512, 512, 512, 512))
    return gaussian_recipe(published_task(), body, NewSimulations(20_000), 800, batch_size=128, learning_rate=1e-3)


def quick_recipe(task: Task, n: int, epochs: int) -> Recipe:
    """Return the training that is close to the best map's within a minute."""
    body = Dense((768, 512, 512, 512))
    return gaussian_recipe(task, body, NewSimulations(n), epochs, batch_size=256, learning_rate=1.5e-3)
