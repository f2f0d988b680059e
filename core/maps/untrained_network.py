"""The network of a recipe, its samples (with labels: `labelled_samples`), and its error on the validation set."""

from functools import lru_cache

from torch import nn

from core.learning.loop import Samples, mean_absolute_error
from core.learning.networks.network import Layers, build
from core.learning.training_settings import MeanAndCovariance
from core.maps.dataset import VALIDATION_STREAM, Dataset, dataset
from core.maps.inputs import inputs_of, n_columns
from core.maps.local_gaussian_labels import as_targets, labels_of
from core.maps.recipe import Recipe
from core.maps.task import Task

N_VALIDATION = 2000


def untrained_network(recipe: Recipe) -> Layers:
    """Return the network of a recipe before its training, without a learned step."""
    task = recipe.task
    return build(
        recipe.inputs,
        recipe.body,
        recipe.head,
        recipe.initial_weights,
        task.n_times[1],
        len(task.names),
        recipe.seed,
        n_columns(task),
        task.has_window,
    )


def samples(task: Task, data: Dataset) -> Samples:
    """Return a network's inputs, (n, columns), and the scaled true values, (n, p), of a data set."""
    return inputs_of(task, data), task.scale(data.truth(task))


@lru_cache(maxsize=4)
def labelled_samples(task: Task, n: int, stream: int, seed: int = 0) -> Samples:
    """Return inputs and targets of those of n samples that have a valid label; stream and seed are those of `dataset`.

    They stay in memory, since the labels take minutes and are the same for every network.
    """
    data = dataset(task, n, stream, seed)
    labels = labels_of(task, data)
    targets = as_targets(task, labels.mean, labels.covariance)
    return inputs_of(task, data)[labels.valid], targets[labels.valid]


def validation_samples(recipe: Recipe) -> Samples:
    """Return the validation set, which is the same for every seed."""
    if isinstance(recipe.head, MeanAndCovariance):
        return labelled_samples(recipe.task, N_VALIDATION, VALIDATION_STREAM)
    return samples(recipe.task, dataset(recipe.task, N_VALIDATION, VALIDATION_STREAM))


def validation_error(recipe: Recipe, network: nn.Module) -> float:
    """Return the mean absolute error of scaled parameters on the validation set."""
    return mean_absolute_error(network, validation_samples(recipe))
