"""Fresh traces of the published prior, each with the problem that it poses."""

import numpy as np

from core.learned_optimiser.kind import trained_task
from core.maps.dataset import TEST_STREAM, dataset
from core.maps.problem_of_task import problem_of
from core.published import SAMPLING_INTERVAL, published_noise

TASK = trained_task()


def traces(n, seed=0):
    """Return n samples, and the correlation and marginal standard deviation of each one's noise, (n, 2)."""
    data = dataset(TASK, n, TEST_STREAM, seed, 31)
    return data, data.noise_parameters / [1.0, SAMPLING_INTERVAL]


def problem(data, i):
    """Return the problem of trace i, with its own noise known."""
    noise = published_noise(*data.noise_parameters[i])
    return problem_of(TASK).with_data(data.noisy[i].astype(float)).with_noise(noise)


def starts(n, seed=0):
    """Return n draws of the prior, (n, 2)."""
    return TASK.prior.sample(n, np.random.default_rng([seed, 32]))
