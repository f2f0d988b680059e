"""How far a training is over all of its stages, and how long it still takes, from what it has done so far."""

import time
from collections.abc import Callable

from core.maps.calibration import N_CALIBRATION
from core.maps.examination.exact_comparison import can_compare
from core.maps.examination.examination import N_EXACT, N_TRACES
from core.maps.gauss_newton_step import INPUTS_WORK, step_work
from core.maps.out_of_distribution import can_score
from core.maps.recipe import Recipe
from core.maps.stages import Stage
from core.maps.test_sets import N_TEST, noisy_task
from core.maps.untrained_network import N_VALIDATION

PREDICTION_WORK = 1.3  # of an estimate without a learned step, in units of the time of simulating a trace
N_REFERENCE = 1000  # traces of the out-of-distribution reference, for which there is less time than for a shipped map
# Of an exact posterior, and of a trace of the reference, in the same units.
EXACT_WORK, REFERENCE_WORK = 1500.0, 100.0
LEAST_SHARE = 0.01  # of a stage that must be done before its own speed says how long the rest takes


def examining_work(recipe: Recipe, estimate_work: float) -> tuple[float, float]:
    """Return the work of an examination and of the out-of-distribution reference.

    estimate_work: of an estimate, in units of the time of simulating a trace, as all others.
    """
    examination = N_TRACES * (1 + estimate_work) if recipe.gives_covariance else 0.0
    if recipe.gives_covariance and can_compare(noisy_task(recipe.task)):
        examination += N_EXACT * EXACT_WORK
    return examination, N_REFERENCE * REFERENCE_WORK if can_score(recipe) else 0.0


class Clock:
    """The share done and the seconds left of a training.

    A stage that has begun goes on at its own speed. For a later one, its work is known in units of the time of
    simulating a trace, and this time from the stages before.
    """

    def __init__(self, recipe: Recipe, n_tests: int, now: Callable[[], float] = time.monotonic):
        self.recipe, self.now, self.n_tests = recipe, now, n_tests
        steps = recipe.learned_steps
        self.work = {
            Stage.SIMULATE: float(N_VALIDATION + recipe.data.n),
            Stage.STEP: step_work(recipe, N_CALIBRATION) if steps else 0.0,
            **self._of_estimates(steps * INPUTS_WORK or PREDICTION_WORK),
        }
        self.stage: Stage | None = None  # until the first is told of: what comes before is compiling
        self.done = 0.0
        self.start = self.began = now()
        self.first = 0.0  # the share of the stage that was done when it was first told of, as after a checkpoint
        self.unit = 0.0  # seconds for a unit of work, from the last stage whose work is known
        self.share = 0.0  # of the whole; it never falls

    def _of_estimates(self, work: float) -> dict[Stage, float]:
        """Return the work of test and examination; work: of an estimate."""
        testing = self.n_tests * N_TEST * (1 + 2 * work)
        return {Stage.TEST: testing, Stage.EXAMINE: sum(examining_work(self.recipe, work))}

    def leave_out_step(self) -> None:
        """Count no learned step any more."""
        self.work |= {Stage.STEP: 0.0, **self._of_estimates(PREDICTION_WORK)}

    def tell(self, stage: Stage, share: float) -> None:
        """Note that a share of a stage is done."""
        if stage is not self.stage:
            self.stage, self.began, self.first = stage, self.now(), share
        self.done = share
        self._measure(stage)
        left = self.seconds_left
        if left is not None:
            passed = self.now() - self.start
            self.share = max(self.share, passed / (passed + left) if passed + left else 0.0)

    def _measure(self, stage: Stage) -> None:
        """Take the time of a unit of work from the present stage."""
        done = (self.done - self.first) * self.work.get(stage, 0.0)
        if done and self.done - self.first >= LEAST_SHARE:
            self.unit = (self.now() - self.began) / done

    @property
    def seconds_left(self) -> float | None:
        """The seconds that the rest of the training takes, or None while nothing is known about its speed."""
        if self.stage is None:
            return None
        passed, new = self.now() - self.began, self.done - self.first
        if new >= LEAST_SHARE:
            left = passed * (1 - self.done) / new
        elif self.stage in self.work and self.unit:
            left = max((1 - self.first) * self.work[self.stage] * self.unit - passed, 0.0)
        else:
            return None
        later = list(Stage)[list(Stage).index(self.stage) + 1 :]
        if Stage.LEARN in later:
            return None  # only learning itself tells how long it takes
        return left + sum(self.work[stage] * self.unit for stage in later)
