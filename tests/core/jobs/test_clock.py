import pytest

from core.jobs.clock import Clock
from core.learning.training_settings import Adam, Cnn
from core.maps.recipes import point_recipe, published_task, quick_recipe
from core.maps.stages import Stage

AT_THE_END = (Stage.STEP, Stage.TEST, Stage.EXAMINE)


class Hand:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self):
        """Return what it was set to."""
        return self.seconds


def replayed(recipe, seconds):
    """Return the clock's errors of the time left, and its shares, at tenths of stages that take so many seconds."""
    hand = Hand()
    clock, whole = Clock(recipe, 2, hand), sum(seconds.values())
    errors, shares = {}, []
    for stage, took in seconds.items():
        start = hand.seconds
        for tenth in range(1, 11):
            hand.seconds = start + tenth / 10 * took
            clock.tell(stage, tenth / 10)
            left = clock.seconds_left
            if left is not None:
                errors[stage, tenth] = left - (whole - hand.seconds)
                shares.append(clock.share)
    return errors, shares


def test_the_time_left_of_a_training_with_a_step_is_true():
    """A unit of work takes 1 ms in all stages that are counted in it, and the learning 100 s."""
    recipe = quick_recipe(published_task(), 5000, 20)
    work = Clock(recipe, 2).work
    assert work[Stage.SIMULATE] == 7000
    seconds = {Stage.SIMULATE: 7.0, Stage.LEARN: 100.0, Stage.STEP: work[Stage.STEP] / 1000,
               Stage.TEST: work[Stage.TEST] / 1000, Stage.EXAMINE: work[Stage.EXAMINE] / 1000}  # fmt: skip
    errors, shares = replayed(recipe, seconds)
    assert min(errors, key=lambda at: list(seconds).index(at[0]))[0] is Stage.LEARN  # nothing is known before
    assert max(map(abs, errors.values())) <= 1e-6
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_what_is_compiled_before_the_first_stage_does_not_count_as_its_speed():
    recipe = quick_recipe(published_task(), 5000, 20)
    hand = Hand()
    clock = Clock(recipe, 2, hand)
    for seconds, stage, share in ((60, Stage.SIMULATE, 2 / 7), (65, Stage.SIMULATE, 1.0), (65, Stage.LEARN, 0.0),
                                  (115, Stage.LEARN, 0.5)):  # fmt: skip
        hand.seconds = seconds
        clock.tell(stage, share)
    # 5,000 traces took 5 s, and half of the epochs 50.
    assert clock.seconds_left == pytest.approx(50 + sum(clock.work[each] for each in AT_THE_END) / 1000)


def test_a_stage_that_turns_out_slow_corrects_what_was_expected_of_it():
    recipe = quick_recipe(published_task(), 5000, 20)
    work = Clock(recipe, 2).work
    seconds = {Stage.SIMULATE: 7.0, Stage.LEARN: 100.0, Stage.STEP: 3 * work[Stage.STEP] / 1000,
               Stage.TEST: 3 * work[Stage.TEST] / 1000, Stage.EXAMINE: 3 * work[Stage.EXAMINE] / 1000}  # fmt: skip
    errors, shares = replayed(recipe, seconds)
    assert errors[Stage.LEARN, 5] == pytest.approx(-2 * sum(work[each] for each in AT_THE_END) / 1000)
    assert max(abs(error) for (stage, tenth), error in errors.items() if stage is Stage.STEP and tenth > 1) <= 1e-6
    assert shares == sorted(shares)


def test_a_training_without_a_step_counts_none():
    clock = Clock(point_recipe(published_task(), Cnn(), 200, Adam(3)), 2)
    assert (clock.work[Stage.STEP], clock.work[Stage.SIMULATE]) == (0.0, 2200)
    assert clock.work[Stage.EXAMINE] == 0.0  # a point estimate states nothing that could be examined
    stopped = Clock(quick_recipe(published_task(), 5000, 20), 2)
    stopped.leave_out_step()
    assert (stopped.work[Stage.STEP], stopped.work[Stage.TEST]) == (0.0, clock.work[Stage.TEST])
