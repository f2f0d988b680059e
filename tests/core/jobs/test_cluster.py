import signal
import socket

import psutil
import pytest
from distributed import LocalCluster
from filelock import FileLock
from safetensors.torch import load_file

from core.jobs import cluster, queue
from core.jobs.outcome import begin
from core.jobs.progress import State, read_progress
from tests.core.jobs.conftest import asked, ended, wait_for
from tests.processes import processes_of


@pytest.mark.long
def test_a_cluster_trains_the_same_map(runs):
    """While it trains, the training is at work here; with places for two, each waits for the cluster."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as there:
        folders = [asked(runs, name) for name in ("first", "second")]
        queue.tend(runs, 2, there.scheduler_address)
        wait_for(folders[0], lambda progress: progress.state.at_work)
        assert [wait_for(folder, ended).state for folder in folders] == [State.FINISHED, State.FINISHED]
    here = asked(runs, "here")
    psutil.wait_procs(processes_of(runs), timeout=60)
    queue.tend(runs, 1)
    wait_for(here, ended)
    weights = [load_file(folder / f"{folder.name}.safetensors") for folder in (*folders, here)]
    for name, tensor in weights[0].items():
        assert tensor.equal(weights[1][name])
        assert tensor.equal(weights[2][name])


def test_a_cluster_that_cannot_be_reached_ends_in_a_sentence(runs, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECTING_SECONDS", 0.5)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    folder = asked(runs)
    with FileLock(folder / "lock"):
        begin(folder)
        cluster.work_on(address, folder)
    progress = read_progress(folder)
    assert progress.state is State.FAILED
    assert progress.message == f"The Dask cluster at {address} cannot be reached: start it, and continue the training."


@pytest.mark.parametrize("address", ["localhost:notaport", "foo://x:1"])
def test_what_is_no_address_ends_in_a_sentence(runs, address):
    folder = asked(runs)
    with FileLock(folder / "lock"):
        begin(folder)
        cluster.work_on(address, folder)
    assert read_progress(folder).message.startswith(f"The Dask cluster at {address} cannot be reached")


def test_a_process_on_the_cluster_that_dies_ends_in_a_sentence(runs, monkeypatch):
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as there:
        monkeypatch.setattr(cluster, "_process_there", lambda _: 137)
        folder = asked(runs)
        with FileLock(folder / "lock"):
            begin(folder)
            cluster.work_on(there.scheduler_address, folder)
    assert read_progress(folder).message == "Its process on the cluster ended with the code 137."


@pytest.mark.parametrize("code", [128 + signal.SIGTERM, -signal.SIGTERM])
def test_a_process_on_the_cluster_that_is_asked_to_end_lets_its_training_wait(runs, monkeypatch, code):
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as there:
        monkeypatch.setattr(cluster, "_process_there", lambda _: code)
        folder = asked(runs)
        with FileLock(folder / "lock"):
            begin(folder)
            cluster.work_on(there.scheduler_address, folder)
    assert read_progress(folder).state is State.WAITING
