"""The key of the server's processes, and the rooms that it leads into."""

import os
import stat
import subprocess
import sys

import pytest

from dashboard import rooms, seal
from tests.dashboard.conftest import ROOT

N_PROCESSES = 2
PROGRAM = """
import sys
from pathlib import Path
from dashboard import maps, rooms
maps.use_runs(Path(sys.argv[1]))
print("ready", flush=True)
input()
room = rooms.Room("a-room", "spiking-1", False)
token = rooms.token_of(room)
kept = all([rooms.keep(room, f"{sys.argv[2]} {i}", f"{sys.argv[2]}{i}") for i in range(20)])
print(token, kept)
"""


@pytest.mark.long
def test_processes_that_start_at_once_share_one_key_and_the_rooms(runs):
    """Each makes a token and gives answers; this process, a third, opens the tokens and finds all answers."""
    processes = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(runs), str(i)], cwd=ROOT, text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for i in range(N_PROCESSES)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        token, kept = process.communicate()[0].split()
        assert kept == "True"
        assert rooms.room_of(token) == rooms.Room("a-room", "spiking-1", False)
    given = {f"{i}{j}" for i in range(N_PROCESSES) for j in range(20)}
    assert set(rooms.answers(rooms.Room("a-room", "spiking-1", True))) == given
    assert [path.name for path in runs.glob(".truth-key*")] == [".truth-key"]


def test_a_key_is_on_the_disk_before_it_has_its_name_and_its_name_afterwards(tmp_path, monkeypatch):
    synced, sync = [], os.fsync

    def watched(handle):
        synced.append((stat.S_ISDIR(os.fstat(handle).st_mode), (tmp_path / seal.KEY_FILE).exists()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    seal._key(tmp_path)
    assert synced == [(False, False), (True, True)]


@pytest.mark.parametrize("content", [b"", b"half a key"])
def test_a_damaged_key_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / seal.KEY_FILE).write_bytes(content)
    with pytest.raises(ValueError, match=r"truth-key is damaged: put a copy of it back, or delete the file\. Without"):
        seal.check_key(tmp_path)
    (tmp_path / seal.KEY_FILE).unlink()
    seal.check_key(tmp_path)
    seal._key(tmp_path)
    seal.check_key(tmp_path)
