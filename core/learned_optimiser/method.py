"""The learned optimiser as a method with a recorded path: learned steps, then Gauss–Newton from the lowest iterate."""

import numpy as np
from numpy.typing import ArrayLike

from core.learned_optimiser.evaluation import Array, Evaluation, of_residuals
from core.learned_optimiser.kind import LEARNED, of_its_kind
from core.learned_optimiser.steps import LearnedSteps, start_gaussian
from core.noise import Noise
from core.optimisation.methods import path_of
from core.optimisation.minima import damped_step, free_unknowns
from core.optimisation.path import OptimiserPath
from core.optimisation.unit_box_run import Run
from core.problem.problem import Problem

BUDGET = 30  # evaluations, the learned steps' included
DAMPING, DAMPING_FACTOR = 1e-3, 8.0  # of Gauss–Newton: at first, and from one iteration to the next
SMALLEST_GAIN = 1e-7  # a step that is predicted to lower the loss by less than this is the last
UNIT_BOX = np.array([[0.0, 1.0], [0.0, 1.0]])


def learned_path(problem: Problem, start: ArrayLike, steps: LearnedSteps) -> OptimiserPath:
    """Run the learned optimiser from start, (p,), and record its path; an evaluation is one simulation.

    Raises ValueError for a problem of another kind than it was trained for, and for a start of another shape.
    """
    if different := of_its_kind(problem):
        raise ValueError(different)
    noise = np.array([[problem.noise[0].rho, problem.noise[0].marginal_sd]])
    return path_of(LEARNED, lambda run: _run(run, steps, noise), problem, start)


def _run(run: Run, steps: LearnedSteps, noise: Array) -> bool:
    """Take all learned steps, return to the lowest iterate, and descend from there."""
    unit, gaussian = run.start, start_gaussian(run.start[None])
    found = _evaluation(run, unit, noise)
    if not run.begin(found.loss[0]):
        return False
    lowest, lowest_loss = unit, found.loss[0]
    for i in range(len(steps.steps)):
        gaussian = steps.taken(i, found, gaussian)
        unit = gaussian.mean[0].double().numpy()
        found = _evaluation(run, unit, noise)
        run.record(unit, found.loss[0])
        if found.loss[0] < lowest_loss:
            lowest, lowest_loss = unit, found.loss[0]
    if lowest is not unit:
        found = _evaluation(run, lowest, noise)
        run.record(lowest, found.loss[0])
    return _gauss_newton(run, lowest, found, noise)


def gauss_newton(run: Run, noise: Noise) -> bool:
    """Descend from the start of a run by the same Gauss–Newton steps, without learned ones; as `Method.run`."""
    both = np.array([[noise.rho, noise.marginal_sd]])
    found = _evaluation(run, run.start, both)
    return run.begin(found.loss[0]) and _gauss_newton(run, run.start, found, both)


def _evaluation(run: Run, unit: Array, noise: Array) -> Evaluation:
    """Return the evaluation at a point, (p,), by one simulation with sensitivities."""
    return of_residuals(run.residuals(unit), run.jacobian(unit), noise)


def _gauss_newton(run: Run, unit: Array, found: Evaluation, noise: Array) -> bool:
    """Descend from a point, (p,), by damped Gauss–Newton steps (Levenberg 1944, Marquardt 1963)."""
    damping = DAMPING
    while run.spent < BUDGET:
        free = free_unknowns(unit[None], found.gradient, UNIT_BOX)
        step = damped_step(found.hessian, found.gradient, np.array([damping]), free)[0]
        if -0.5 * found.gradient[0] @ step < SMALLEST_GAIN:
            return False
        trial = np.clip(unit + step, 0.0, 1.0)
        new = _evaluation(run, trial, noise)
        if new.loss[0] < found.loss[0]:
            unit, found, damping = trial, new, damping / DAMPING_FACTOR
            run.record(unit, found.loss[0])
        else:
            damping *= DAMPING_FACTOR
    return True
