"""The network of a recipe, and its error on the validation set."""

from torch import nn

from core.learning.loop import Samples, mean_absolute_error
from core.learning.networks.network import Layers, build
from core.learning.training_settings import MeanAndCovariance
from core.maps.dataset import VALIDATION_STREAM, Dataset, dataset
from core.maps.inputs import inputs_of, n_columns
from core.maps.local_gaussian_labels import as_targets, labels_of
from core.maps.recipe import Recipe

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


def samples(recipe: Recipe, data: Dataset) -> Samples:
    """Return a network's inputs, (n, columns), and the scaled true values, (n, p), of a data set.

    For the head `MeanAndCovariance`, return the inputs and targets of the traces with a valid label.
    """
    task, inputs = recipe.task, inputs_of(recipe.task, data)
    if not isinstance(recipe.head, MeanAndCovariance):
        return inputs, task.scale(data.truth(task))
    labels = labels_of(task, data)
    return inputs[labels.valid], as_targets(task, labels.mean, labels.covariance)[labels.valid]


def validation_samples(recipe: Recipe) -> Samples:
    """Return the validation set, which is the same for every seed."""
    return samples(recipe, dataset(recipe.task, N_VALIDATION, VALIDATION_STREAM))


def validation_error(recipe: Recipe, network: nn.Module) -> float:
    """Return the mean absolute error of scaled parameters on the validation set."""
    return mean_absolute_error(network, validation_samples(recipe))
