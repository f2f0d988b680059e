"""The network of a recipe, and its error on the validation set."""

from torch import nn

from core.learning.loop import Samples, mean_absolute_error
from core.learning.networks.network import Layers, build
from core.maps.dataset import VALIDATION_STREAM, Dataset, dataset
from core.maps.recipe import Recipe
from core.maps.task import Task
from core.published import N_TIMES

N_VALIDATION = 2000


def untrained_network(recipe: Recipe) -> Layers:
    """Return the network of a recipe before its training, without a learned step."""
    n_parameters = len(recipe.task.names)
    return build(recipe.inputs, recipe.body, recipe.head, recipe.initial_weights, N_TIMES, n_parameters, recipe.seed)


def samples(task: Task, data: Dataset) -> Samples:
    """Return the traces, (n, n_times), and scaled parameters, (n, p), of a data set, for the training loop."""
    return data.noisy, task.scale(data.theta)


def validation_samples(task: Task) -> Samples:
    """Return the validation set, which is the same for every seed."""
    return samples(task, dataset(task, N_VALIDATION, VALIDATION_STREAM))


def validation_error(recipe: Recipe, network: nn.Module) -> float:
    """Return the mean absolute error of scaled parameters on the validation set."""
    return mean_absolute_error(network, validation_samples(recipe.task))
