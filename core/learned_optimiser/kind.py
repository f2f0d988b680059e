"""What the learned optimiser is called, and which problems it was trained for. This file does not import torch."""

import numpy as np

from core.maps.recipes import published_task
from core.maps.task import Task
from core.problem.problem import Problem
from core.published import SAMPLING_INTERVAL

LEARNED = "Learned steps"
KIND = "learned from residual and Jacobian, then Gauss–Newton; knows the published prior, noise and times"


def trained_task() -> Task:
    """Return the task of the problems that it was trained for."""
    return published_task()


def of_its_kind(problem: Problem) -> str:
    """Return a sentence that says in what a problem differs from those of the training, or "" for one of its kind."""
    task = trained_task()
    assert task.noise is not None, "the published traces are noisy"
    different = []
    if problem.model.name != task.model_name or not problem.observation.is_trace:
        different.append("the model and its observed state")
    elif problem.unknown != task.prior.names or dict(problem.known) != dict(task.known):
        different.append("the unknown parameters and the values of the known ones")
    elif problem.prior != task.prior:
        different.append("the prior")
    if problem.times.shape != task.times.shape or np.max(np.abs(problem.times - task.times)) > 1e-6:
        different.append("the times of the samples")
    noise = problem.noise[0]
    for value, (low, high) in zip((noise.rho, noise.marginal_sd * SAMPLING_INTERVAL), task.noise.bounds, strict=True):
        if not low <= value <= high and "the noise" not in different:
            different.append("the noise")
    if not different:
        return ""
    return f"{LEARNED} know the published problem alone, and {' and '.join(different)} of this one differ."
