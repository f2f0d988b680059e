import os
import signal
import subprocess
import sys
import time

import pytest
from filelock import FileLock

from core.files import write_json
from core.jobs import queue
from core.jobs.progress import State, read_progress
from core.jobs.queue import Wait, next_training, place, waiting, waits
from core.jobs.runs import pause_training, stop_training
from tests.core.jobs.conftest import LONG, asked, begun, ended, wait_for
from tests.processes import kill_processes_of, processes_of

HOLD = """
import sys
from pathlib import Path
from core.jobs.queue import place
with place(Path(sys.argv[1]), 2) as has_place:
    print(has_place, flush=True)
    sys.stdin.read()
"""


def holder(runs):
    """Start a process that takes a place, and say whether it has one."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(runs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip() == "True"


def test_there_are_no_more_places_than_stated_and_the_kernel_frees_them(runs):
    (runs / ".places").mkdir()
    holders = [holder(runs) for _ in range(3)]
    assert [has_place for _, has_place in holders] == [True, True, False]
    with place(runs, 2) as has_place:
        assert not has_place
    holders[0][0].kill()
    holders[0][0].wait()
    with place(runs, 2) as has_place:
        assert has_place
    for process, _ in holders:
        process.kill()
        process.communicate()


def test_those_that_wait_have_their_turn_in_order(runs):
    first, second, third = (asked(runs, name) for name in ("c", "a", "b"))
    pause_training(second)
    assert waiting(runs) == (first, third)
    with next_training(runs) as folder:
        assert folder == first
        assert waiting(runs) == (third,)
        with next_training(runs) as other:
            assert other == third
    assert waiting(runs) == (first, third)


def test_a_training_whose_process_died_is_begun_again_once(runs):
    folder = asked(runs)
    write_json(folder / "progress.json", {"state": "running", "begun": 1})
    with next_training(runs) as found:
        assert found == folder
    write_json(folder / "progress.json", {"state": "running", "begun": 2})
    with next_training(runs) as found:
        assert found is None
    progress = read_progress(folder)
    assert progress.state is State.FAILED
    assert progress.message.startswith("Its process ended twice before its time")


def test_the_start_is_expected_where_the_end_of_all_before_is_known(runs):
    for name, seconds in (("a", 100.0), ("b", 30.0), ("c", 50.0), ("d", None), ("e", 10.0)):
        asked(runs, name, expected=seconds)
    assert waits(runs, 2) == {
        "a": Wait(1, 0.0), "b": Wait(2, 0.0), "c": Wait(3, 30.0), "d": Wait(4, 80.0), "e": Wait(5, None),
    }  # fmt: skip
    write_json(runs / "a" / "progress.json", {"state": "running", "begun": 1, "stage": "learn", "share": 0.5,
                                              "seconds_left": 20.0})  # fmt: skip
    with FileLock(runs / "a" / "lock"):
        assert waits(runs, 2)["c"] == Wait(2, 20.0)
        assert waits(runs, 1)["b"] == Wait(1, 20.0)
        assert queue.at_work(runs) == 1


def test_one_after_another_with_one_place(runs):
    """Whoever asks for a process: the places hold over all servers, and a process sees to the next training."""
    folders = [asked(runs, name) for name in ("first", "second")]
    for _ in range(3):
        queue.tend(runs, 1)
    most = 0
    while not all(read_progress(folder).state.ended for folder in folders):
        most = max(most, queue.at_work(runs))
        time.sleep(0.05)
    assert most == 1
    assert [read_progress(folder).state for folder in folders] == ["finished", "finished"]
    first, second = ((folder / "outcome.json").stat().st_mtime for folder in folders)
    assert second - first > 1


def test_a_training_leaves_the_processor_to_the_pages_and_no_terminal_reaches_it(runs):
    begun(runs, recipe=LONG)
    (process,) = processes_of(runs)
    while process.nice() != 19:
        time.sleep(0.05)
    assert os.getsid(process.pid) != os.getsid(0)


def test_a_killed_process_is_followed_by_another_and_that_one_by_the_truth(runs):
    folder = begun(runs, recipe=LONG)
    wait_for(folder, lambda progress: len(progress.done) >= 5)
    kill_processes_of(runs)
    assert read_progress(folder).state is State.WAITING
    queue.tend(runs, 1)
    wait_for(folder, lambda progress: progress.state is State.RUNNING and progress.begun == 2)
    kill_processes_of(runs)
    queue.tend(runs, 1)
    progress = wait_for(folder, ended)
    assert progress.state is State.FAILED
    assert progress.message.startswith("Its process ended twice before its time")
    assert progress.kept_epoch >= 1
    assert (folder / "log.txt").exists()


def test_a_process_that_is_asked_to_end_does_not_count(runs):
    """As when the machine is shut down: the best weights are on disk, and the training goes on at the next start."""
    folder = begun(runs, recipe=LONG)
    wait_for(folder, lambda progress: len(progress.done) >= 20)
    kill_processes_of(runs, signal.SIGTERM)
    progress = read_progress(folder)
    assert (progress.state, progress.begun, progress.message) == (State.WAITING, 0, "")
    assert progress.kept_epoch == progress.best_epoch > 0


def test_a_process_whose_folder_is_gone_ends(runs, tmp_path):
    folder = begun(runs, recipe=LONG)
    wait_for(folder, lambda progress: len(progress.done) >= 1)
    (process,) = processes_of(runs)
    folder.rename(tmp_path / "elsewhere")
    process.wait(60)


def test_a_lack_of_processes_is_an_error_of_the_system(runs, monkeypatch):
    asked(runs)

    def refuse(*_, **__):
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(OSError, match="temporarily"):
        queue.tend(runs, 1)
    stop_training(runs / "mine")
    queue.tend(runs, 1)
