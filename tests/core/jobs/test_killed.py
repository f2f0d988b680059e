"""Trainings that are killed after their network is trained: what is done is not repeated, and the map is the same."""

import pytest

from core.jobs.folder import CHECKPOINT
from core.jobs.progress import State, read_progress
from core.jobs.runs import stop_training
from core.learning import loop
from core.maps import evaluation, gauss_newton_step, kept, train, untrained_network
from core.maps.inverse_map import load_inverse_map
from core.maps.kept import KeptRows
from tests.core.jobs.conftest import STEPPED, asked, same, weights_of

# What a training computes, in order; a call is an epoch, a piece of the step's examples, a batch of its training, a
# calibration, and a piece of the test.
COUNTED = (
    (loop, "_train_epoch"), (gauss_newton_step, "_piece"), (gauss_newton_step, "gaussian_loss"),
    (train, "calibrate"), (evaluation, "_estimates"),
)  # fmt: skip


class Killed(BaseException):
    """Ends a training as a kill does: nothing catches it, and nothing is written afterwards."""


class Counted:
    """Counts the calls of what a training computes, and kills it at the nth call of one of these functions."""

    def __init__(self, monkeypatch):
        self.calls, self.killing = {}, ("", 0)
        for module, name in COUNTED:
            monkeypatch.setattr(module, name, self._counted(name, getattr(module, name)))
        leave = KeptRows.__exit__

        def leave_unless_killed(rows, kind, *about):
            if kind is not Killed:
                leave(rows, kind, *about)

        monkeypatch.setattr(KeptRows, "__exit__", leave_unless_killed)

    def _counted(self, name, function):
        def counted(*arguments):
            if self.killing == (name, self.calls.get(name, 0) + 1):
                raise Killed
            self.calls[name] = self.calls.get(name, 0) + 1
            return function(*arguments)

        return counted

    def of(self, work, folder):
        """Return the calls of a training that goes on in folder."""
        self.calls, self.killing = {}, ("", 0)
        work(folder)
        return self.calls

    def until(self, name, number, work, folder):
        """Return the calls of a training that is killed before a call."""
        self.calls, self.killing = {}, (name, number)
        with pytest.raises(Killed):
            work(folder)
        return self.calls


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(kept, "SAVING_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr(untrained_network, "N_VALIDATION", 100)
    return Counted(monkeypatch)


WHOLE = {"_train_epoch": 2, "_piece": 4, "gaussian_loss": 2, "calibrate": 2, "_estimates": 4}


def test_a_training_that_is_killed_after_its_network_repeats_nothing_but_calibrations(runs, work, counted):
    """In each stage: killed before the piece that is last but one, or before the last where there are two."""
    whole = asked(runs, "whole", STEPPED)
    assert counted.of(work, whole) == WHOLE
    for name in ("_piece", "gaussian_loss", "calibrate", "_estimates"):
        folder = asked(runs, f"killed at {name}", STEPPED)
        before = counted.until(name, max(WHOLE[name] - 1, 2), work, folder)
        after = counted.of(work, folder)
        repeated = {each: before.get(each, 0) + after.get(each, 0) - n for each, n in WHOLE.items()}
        # The first network is calibrated anew in a moment, unless the complete one is there.
        assert repeated == dict.fromkeys(WHOLE, 0) | {"calibrate": int(name != "_estimates")}
        assert same(weights_of(folder), weights_of(whole))
        assert read_progress(folder).done[-1].gradient_norm == read_progress(whole).done[-1].gradient_norm
        assert (
            load_inverse_map(folder / f"{folder.name}.safetensors").card["metrics"]
            == (load_inverse_map(whole / "whole.safetensors").card["metrics"])
        )
        assert not list(folder.glob(f"{CHECKPOINT}*"))


def test_a_training_that_is_stopped_after_a_kill_in_its_test_keeps_its_step(runs, work, counted):
    folder = asked(runs, recipe=STEPPED)
    counted.until("_estimates", 1, work, folder)
    stop_training(folder)
    assert counted.of(work, folder) == {"_estimates": 4}
    assert (read_progress(folder).state, read_progress(folder).message) == (State.STOPPED, "")
    assert load_inverse_map(folder / "mine.safetensors").card["training"]["learned_steps"] == 1
