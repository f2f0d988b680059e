"""The traces that maps are tested on: those of the published set-up, and those of a map's own task."""

from dataclasses import fields, replace
from functools import lru_cache

from core.maps.dataset import TEST_STREAM, Dataset, dataset
from core.maps.recipes import published_task
from core.maps.task import Task
from core.published import published_noise_prior

N_TEST = 2000


@lru_cache(maxsize=1)
def published_test_set() -> Dataset:
    """Return the 2,000 test samples of the published prior and noise: always the same ones; they stay in memory.

    Its arrays cannot be written to, since all callers share them.
    """
    data = dataset(published_task(), N_TEST, TEST_STREAM)
    for field in fields(data):
        getattr(data, field.name).setflags(write=False)
    return data


def can_read_published(task: Task) -> bool:
    """Return whether maps of a task can be tested on the published test samples."""
    published = published_task()
    return (task.model_name, task.names, task.given, task.n_times) == (
        published.model_name, published.names, None, published.n_times,
    )  # fmt: skip


def noisy_task(task: Task) -> Task:
    """Return a task with its noise, or with the published noise where it has none."""
    return task if task.noise is not None else replace(task, noise=published_noise_prior())


def own_test_set(task: Task, n: int = N_TEST) -> Dataset:
    """Return n test samples of a task; for a task without noise, noisy traces have the published noise."""
    return dataset(noisy_task(task), n, TEST_STREAM)
