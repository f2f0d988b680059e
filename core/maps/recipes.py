"""The recipes of this laboratory: the published ones, our own, and that of the best map."""

from dataclasses import replace

from core.learning.training_settings import (
    Adam,
    Body,
    Cnn,
    Dense,
    GaussianEstimate,
    GaussianLikelihood,
    InitialWeights,
    Inputs,
    MeanAndCovariance,
    PointEstimate,
    Residual,
    SquaredError,
    TimeSeries,
    WhitenedTimeSeries,
    WhitenedTimeSeriesAndSpectrum,
)
from core.maps.recipe import Data, Fixed, NewNoise, NewSimulations, Recipe
from core.maps.task import Task
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.priors import TruncatedGaussian, uniform
from core.published import (
    GAMMA,
    GAMMA_RANGE,
    RHO,
    SAMPLING_INTERVAL,
    SIGMA,
    ZETA,
    ZETA_RANGE,
    full_prior,
    published_noise_prior,
    published_prior,
)

PUBLISHED_DENSE = Dense((32, 32, 32, 32))
PUBLISHED_NOISE = Noise(RHO, SIGMA / SAMPLING_INTERVAL)
REFERENCE_SIZE = 1024  # samples in the authors' reference run
MANY_SAMPLES = 4000  # from this size on, our recipe has larger batches, and dense layers for clean traces
UNLIMITED_EPOCHS, UNROLLED_STEPS = 800, 2
WINDOW = (100, 2000)  # samples
RESIDUAL_EPOCHS = {True: {500: 240, 1000: 160, 4000: 100, 8000: 80}, False: {500: 300, 1000: 140}}  # by noisy, size


def fitzhugh_nagumo_task(
    prior: TruncatedGaussian, noise: TruncatedGaussian | None, zeta: float = ZETA, gamma: float = GAMMA
) -> Task:
    """Return the task to estimate theta0 and theta1 at known zeta and gamma; noise: None for clean traces."""
    return Task(FITZHUGH_NAGUMO.name, prior, (("zeta", zeta), ("gamma", gamma)), noise)


def published_task(noisy: bool = True) -> Task:
    """Return the published task, on noisy or on clean traces."""
    return fitzhugh_nagumo_task(published_prior(), published_noise_prior() if noisy else None)


def point_recipe(task: Task, body: Body, n: int, optimiser: Adam, seed: int = 0) -> Recipe:
    """Return a recipe of the published kind: point estimate, squared error, and the same n samples in all epochs."""
    return Recipe(task, TimeSeries(), body, PointEstimate(), SquaredError(), Fixed(n), optimiser, seed=seed)


def gaussian_recipe(
    task: Task, body: Body, data: Data, epochs: int, batch_size: int = 32, learning_rate: float = 2e-3, seed: int = 0
) -> Recipe:
    """Return a recipe of our kind: noisy traces are whitened, and the network returns a Gaussian.

    Clean traces are not whitened, because that would amplify the details that are hardest to learn. A few traces near
    the bifurcation have huge errors. So gradients are clipped, and Adam's mean of squared gradients decays faster. Only
    maps with unlimited simulations get a learned step, because it needs a simulation at each estimate. A training that
    ends before its first new simulations is written as one on the same simulations.
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
    """Return the published recipe with two changes that reach the same accuracy in fewer epochs.

    The learning rate falls to zero along half a cosine. Trainings with many samples are shorter, because the validation
    error rises again when the same noise is seen too often.
    """
    epochs = 200 if n <= REFERENCE_SIZE else 60 if noisy else 100
    return point_recipe(published_task(noisy), body, n, Adam(epochs), seed)


def our_recipe(n: int, noisy: bool, seed: int = 0) -> Recipe:
    """Return our recipe for 500, 1000, 4000 or 8000 simulations, with new noise in each epoch.

    The best epoch is chosen on 2,000 further simulations, as in the published trainings. The body was chosen by
    validation error: wide dense layers for many clean traces, else the residual network. For many noisy traces, more
    epochs would still improve the map.
    """
    task, data = published_task(noisy), NewNoise(n) if noisy else Fixed(n)
    if n >= MANY_SAMPLES and not noisy:
        return gaussian_recipe(task, Dense((512, 512, 512, 512)), data, 400_000 // n, learning_rate=1e-3, seed=seed)
    batch_size = 64 if n >= MANY_SAMPLES else 32
    return gaussian_recipe(task, Residual((128, 128)), data, RESIDUAL_EPOCHS[noisy][n], batch_size, 1e-3, seed)


def unlimited_recipe(task: Task, widths: tuple[int, ...] = (768, 512, 512, 512, 512), seed: int = 0) -> Recipe:
    """Return the recipe of our best maps: ever new simulations and noise, and unrolled learned steps.

    The size of the body was found by `python -m core.search`. The training has more and larger batches than a trial of
    that search, since it is meant for a GPU.
    """
    data = NewSimulations(100_000, epochs_each=8)
    recipe = gaussian_recipe(task, Dense(widths), data, UNLIMITED_EPOCHS, batch_size=512, learning_rate=1e-3, seed=seed)
    return replace(recipe, optimiser=replace(recipe.optimiser, half_precision=False), learned_steps=UNROLLED_STEPS)


def best_recipe() -> Recipe:
    """Return the recipe of the best map of θ at the published ζ and γ."""
    return unlimited_recipe(published_task())


def joint_task() -> Task:
    """Return the published task, with the noise to estimate too."""
    return replace(published_task(), estimates_noise=True)


def published_joint_recipe(inputs: Inputs, n: int, seed: int = 0) -> Recipe:
    """Return the published recipe for the joint task, with the same shortening as `published_recipe`.

    It keeps its last epoch. With its best one, a CNN that learns from 1000 time series would not overfit σ and ρ, as
    the paper's does, and both inputs together would not estimate θ₁ better than the time series alone.
    """
    epochs = 200 if n <= REFERENCE_SIZE else 60
    recipe = point_recipe(joint_task(), Cnn(), n, Adam(epochs), seed)
    return replace(recipe, inputs=inputs, keeps_last_epoch=True)


def our_joint_recipe(n: int, seed: int = 0) -> Recipe:
    """Return our recipe for the joint task with 1000 or 8000 simulations, and new noise in each epoch."""
    recipe = our_recipe(n, noisy=True, seed=seed)
    return replace(recipe, task=joint_task(), inputs=WhitenedTimeSeriesAndSpectrum(PUBLISHED_NOISE))


def joint_recipe() -> Recipe:
    """Return the recipe of the map of θ₀, θ₁, σ and ρ, from the whitened trace and its spectrum."""
    recipe = unlimited_recipe(joint_task(), (640, 512, 512, 512, 512))
    return replace(recipe, inputs=WhitenedTimeSeriesAndSpectrum(PUBLISHED_NOISE))


def published_covariance_recipe(n: int, noisy: bool, seed: int = 0) -> Recipe:
    """Return the published recipe of the CNN with a covariance beside the mean, both learnt from labels."""
    return replace(published_recipe(Cnn(), n, noisy, seed), head=MeanAndCovariance())


def our_covariance_recipe(n: int, noisy: bool, seed: int = 0) -> Recipe:
    """Return our recipe of a mean and a covariance that are learnt from labels.

    A label holds for one trace and its noise, so that no new noise can be drawn. The spectrum beside the trace shows
    the size of the noise, which the covariance depends on.
    """
    body = Dense((512, 512, 512, 512))
    recipe = gaussian_recipe(published_task(noisy), body, Fixed(n), 400_000 // n, learning_rate=1e-3, seed=seed)
    inputs: Inputs = WhitenedTimeSeriesAndSpectrum(PUBLISHED_NOISE) if noisy else TimeSeries()
    return replace(recipe, inputs=inputs, head=MeanAndCovariance(), loss=SquaredError())


def conditional_task() -> Task:
    """Return the task to estimate θ where ζ and γ are known for each trace."""
    names, (zeta, gamma) = ("zeta", "gamma"), zip(ZETA_RANGE, GAMMA_RANGE, strict=True)
    given = uniform(names, zeta, gamma)
    return Task(FITZHUGH_NAGUMO.name, published_prior(), (), published_noise_prior(), given)


def conditional_recipe() -> Recipe:
    """Return the recipe of the map that is told ζ and γ."""
    return unlimited_recipe(conditional_task())


def four_recipe() -> Recipe:
    """Return the recipe of the map of all four parameters of the neuron."""
    return unlimited_recipe(Task(FITZHUGH_NAGUMO.name, full_prior(), (), published_noise_prior()))


def window_recipe() -> Recipe:
    """Return the recipe of the map of traces of 100 to 2,000 samples, which is 20 to 400 ms."""
    return unlimited_recipe(replace(published_task(), n_times=WINDOW), (640, 512, 512, 512, 512))


def narrow_prior() -> TruncatedGaussian:
    """Return a prior of (theta0, theta1) a third and a quarter as wide as the published one, and off its centre."""
    return TruncatedGaussian(("theta0", "theta1"), (0.2, 0.4), (0.1, 0.1), (0.0, 0.2), (0.4, 0.6))


def narrow_recipe() -> Recipe:
    """Return the recipe of a small map of the narrow prior, without a learned step, so that it costs no simulation."""
    task = fitzhugh_nagumo_task(narrow_prior(), published_noise_prior())
    return gaussian_recipe(task, Dense((64, 64, 64)), NewNoise(20_000), 150, batch_size=128, learning_rate=1e-3)


def quick_recipe(task: Task, n: int, epochs: int) -> Recipe:
    """Return a recipe that comes close to the best map within a minute of training."""
    body = Dense((768, 512, 512, 512))
    return gaussian_recipe(task, body, NewSimulations(n), epochs, batch_size=256, learning_rate=1.5e-3)
