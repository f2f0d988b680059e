"""A recipe: all settings of a training. The same recipe gives the same map on the same machine.

Each setting belongs to the part that it acts on, so that a setting without effect cannot be written. This file does not
import torch.
"""

from dataclasses import dataclass

from core.checks import is_whole
from core.learning.training_settings import (
    Adam,
    Body,
    Dense,
    GaussianEstimate,
    GaussianLikelihood,
    Head,
    InitialWeights,
    Inputs,
    Loss,
    MeanAndCovariance,
    PointEstimate,
    TimeSeries,
    WhitenedTimeSeries,
    check_range,
)
from core.maps.task import Task

SAMPLES_RANGE = (100, 100_000)
EPOCHS_EACH_RANGE = (1, 1000)
SEED_RANGE = (0, 2**63 - 1)
MOST_STEPS = 4


def _check_n(n: int) -> None:
    if not is_whole(n):
        raise ValueError("The number of samples N must be a whole number.")
    check_range("number of samples N", n, SAMPLES_RANGE)


@dataclass(frozen=True)
class Fixed:
    """The same n samples in every epoch, as published."""

    n: int

    def __post_init__(self) -> None:
        _check_n(self.n)


@dataclass(frozen=True)
class NewNoise:
    """The same n simulations in every epoch, with new noise in each."""

    n: int

    def __post_init__(self) -> None:
        _check_n(self.n)


@dataclass(frozen=True)
class NewSimulations:
    """New simulations after every epochs_each epochs, n at a time, and new noise in every epoch.

    By default they last four epochs, because n simulations take as long as half an epoch of training.
    """

    n: int
    epochs_each: int = 4

    def __post_init__(self) -> None:
        _check_n(self.n)
        if not is_whole(self.epochs_each):
            raise ValueError("The number of epochs that simulations last must be a whole number.")
        check_range("number of epochs that simulations last", self.epochs_each, EPOCHS_EACH_RANGE)


Data = Fixed | NewNoise | NewSimulations


@dataclass(frozen=True)
class Recipe:
    """The settings of a training: task, network, data and optimiser.

    learned_steps: the number of learned Gauss–Newton steps after the network.
    keeps_last_epoch: whether the weights of the last epoch are kept, in place of those with the lowest validation
    error. The published CNNs of joint estimates overfit σ and ρ: their negative R² come out only so.
    seed: of weights, samples and their order.
    Raises ValueError where two settings contradict each other.
    """

    task: Task
    inputs: Inputs
    body: Body
    head: Head
    loss: Loss
    data: Data
    optimiser: Adam
    initial_weights: InitialWeights = InitialWeights.GLOROT
    learned_steps: int = 0
    keeps_last_epoch: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        kinds = (
            ("task", Task), ("inputs", Inputs), ("body", Body), ("head", Head), ("loss", Loss), ("data", Data),
            ("optimiser", Adam), ("initial_weights", InitialWeights),
        )  # fmt: skip
        for name, kind in kinds:
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f"The {name.replace('_', ' ')} of a recipe must be of a known kind.")
        if not is_whole(self.seed):
            raise ValueError("The seed must be a whole number.")
        check_range("seed", self.seed, SEED_RANGE)
        if not is_whole(self.learned_steps):
            raise ValueError("The number of learned steps must be a whole number.")
        check_range("number of learned steps", self.learned_steps, (0, MOST_STEPS))
        if not isinstance(self.keeps_last_epoch, bool):
            raise ValueError("A training needs to know whether it keeps its last epoch: true or false.")
        self._check_agreement()

    def _check_agreement(self) -> None:
        """Raise ValueError where settings contradict each other."""
        gaussian = isinstance(self.head, GaussianEstimate)
        if isinstance(self.loss, GaussianLikelihood) and not gaussian:
            raise ValueError(
                "A Gaussian likelihood needs a Gaussian head: choose that head, or the squared error as the loss."
            )
        if gaussian and not isinstance(self.loss, GaussianLikelihood):
            raise ValueError(
                "The squared error teaches a Gaussian head no covariance: choose the Gaussian likelihood as the loss, "
                "or a point head."
            )
        if self.learned_steps and not gaussian:
            raise ValueError("A learned step refines a Gaussian: choose a Gaussian head, or no learned step.")
        if isinstance(self.head, MeanAndCovariance) and not (isinstance(self.data, Fixed) and self.task.is_one_problem):
            raise ValueError(
                "Labels of mean and covariance hold for their traces alone, and for the model's parameters: choose "
                "fixed data, all traces of one length, no given parameters and no noise to estimate, or another head."
            )
        self._check_renewal()
        if (self.task.given is not None or self.task.has_window) and not isinstance(self.body, Dense):
            raise ValueError(
                "Only dense layers take known parameters or the length of a trace beside it: choose a dense body."
            )
        if self.task.has_window and type(self.inputs) not in (TimeSeries, WhitenedTimeSeries):
            raise ValueError("Traces of different lengths have no common frequencies: choose the time series alone.")
        if self.task.noise is None:
            if self.learned_steps:
                raise ValueError("A learned step weighs the misfit by the noise: choose noisy traces, or no such step.")
            if isinstance(self.data, NewNoise):
                raise ValueError(
                    "Clean traces have no noise to draw anew: choose fixed data, new simulations, or noisy traces."
                )

    def _check_renewal(self) -> None:
        """Raise ValueError where new simulations would never come."""
        if isinstance(self.data, NewSimulations) and self.data.epochs_each >= self.optimiser.epochs:
            other = "fixed data" if self.task.noise is None else "new noise"
            raise ValueError(
                f"Simulations that last {self.data.epochs_each} epochs are never drawn anew in a training of "
                f"{self.optimiser.epochs}: choose {other}, which is the same, or more epochs."
            )

    @property
    def gives_covariance(self) -> bool:
        """Whether the map returns a covariance."""
        return not isinstance(self.head, PointEstimate)

    @property
    def noisy(self) -> bool:
        """Whether the map is trained on noisy traces."""
        return self.task.noise is not None
