"""A training as one file: whole there and back, and hostile files that end in a sentence and leave nothing."""

import io
import json
import random
import stat
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

from core.files import read_json, write_json
from core.jobs.archive import MEMBERS, add, pack, unpack, unpacked_bytes
from core.jobs.epochs import Epoch, read_epochs, write_epochs
from core.jobs.folder import runs_in
from core.jobs.progress import State, read_progress
from core.jobs.request import Request
from core.maps.inverse_map import load_inverse_map
from tests.core.jobs.conftest import SHORT, asked
from tests.dashboard.conftest import write_map

EPOCHS = (Epoch(0.2, 0.3, 1, 3.0, 1e-3, 0.5, 100.0), Epoch(0.1, 0.15, 2, 7.0, 0.0, 0.2, 100.0))


@pytest.fixture
def packed(tmp_path):
    """The archive of a training of another server, of somebody else."""
    recipe = read_json(write_map(tmp_path, "mine").with_suffix(".json"))["recipe"]
    folder = asked(tmp_path / "there", recipe=recipe)
    write_map(folder, "mine", metrics={})
    write_epochs(folder, EPOCHS)
    write_json(folder / "outcome.json", {"state": "stopped", "message": "Its test was left out."})
    return pack(folder)


def files_of(packed):
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files, kind=zipfile.ZIP_DEFLATED):
    """Return a zip of (name or header, content) pairs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", kind) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that come twice
        for name, content in files:
            archive.writestr(name, content, kind)
    return made.getvalue()


def test_a_training_comes_back_whole_under_another_owner_and_name(packed, tmp_path, runs):
    archive = unpack(packed)
    assert (archive.request.name, archive.request.owner) == ("mine", "")  # it tells nobody whose it was
    assert b'"owner": "me"' not in b"".join(files_of(packed).values())
    folder = add(runs, archive, "other", "you")
    there = tmp_path / "there" / "mine"
    assert folder == runs / "other"
    assert runs_in(runs) == (folder,)
    assert read_json(folder / "request.json") == {
        **read_json(there / "request.json"), "name": "other", "owner": "you", "expected_seconds": None,
    }  # fmt: skip
    assert (folder / "other.safetensors").read_bytes() == (there / "mine.safetensors").read_bytes()
    assert read_json(folder / "other.json") == {**read_json(there / "mine.json"), "name": "other"}
    assert read_epochs(folder) == EPOCHS
    progress = read_progress(folder)
    assert (progress.state, progress.message) == (State.STOPPED, "Its test was left out.")
    traces = np.random.default_rng(0).normal(size=(3, 1000)).astype(np.float32)
    before, after = (load_inverse_map(path) for path in (there / "mine.safetensors", folder / "other.safetensors"))
    assert np.array_equal(before.predict(traces).mean, after.predict(traces).mean)


def test_a_training_that_was_killed_after_its_map_is_packed(tmp_path, runs):
    recipe = read_json(write_map(tmp_path, "mine").with_suffix(".json"))["recipe"]
    folder = asked(tmp_path / "there", recipe=recipe)
    write_map(folder, "mine", metrics={})
    write_epochs(folder, EPOCHS)
    state = read_progress(folder).state
    assert state.ended
    assert read_progress(add(runs, unpack(pack(folder)), "mine", "you")).state is state


def test_an_archive_counts_by_what_it_takes_on_the_disk_before_a_file_is_decompressed(packed, monkeypatch):
    monkeypatch.setattr("core.jobs.archive._read", lambda *_: pytest.fail("decompressed"))
    files = files_of(packed)
    padded = zipped([*((name, data) for name, data in files.items() if name != "map.safetensors"),
                     ("map.safetensors", bytes(2**20))])  # fmt: skip
    assert unpacked_bytes(padded) == 2**20 + sum(len(data) for name, data in files.items() if name != "map.safetensors")
    assert len(padded) < 2**17


def test_a_training_without_a_map_is_not_packed(runs):
    with pytest.raises(ValueError, match="The files of the training 'mine' cannot be read"):
        pack(asked(runs))


def test_a_name_that_is_taken_is_refused(packed, runs):
    add(runs, unpack(packed), "mine", "you")
    with pytest.raises(ValueError, match="already a training called 'mine'"):
        add(runs, unpack(packed), "mine", "you")
    assert [path.name for path in runs.iterdir()] == ["mine"]


def test_what_follows_a_torn_line_of_the_epochs_is_not_stored(packed, runs):
    files = files_of(packed)
    files["epochs.jsonl"] += b'{"torn\n' + bytes(10_000)
    folder = add(runs, unpack(zipped(files.items())), "new", "you")
    assert (folder / "epochs.jsonl").read_bytes() == files_of(packed)["epochs.jsonl"]


def refused(content, runs, match):
    """Check that an archive is refused with a sentence, and leaves nothing."""
    with pytest.raises(ValueError, match=match):
        add(runs, unpack(content), "new", "you")
    assert list(runs.iterdir()) == []
    assert [path.name for path in runs.parent.iterdir() if path.name not in ("runs", "there", "mine.json",
                                                                             "mine.safetensors")] == []  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["../evil.json", "/etc/evil.json", "a/../../evil.json", "..\\evil.json", "C:evil.json", "request.json/", "log.txt"],
)
def test_names_beside_those_of_the_list_are_refused(packed, runs, name):
    files = files_of(packed)
    refused(zipped([*files.items(), (name, b"{}")]), runs, "holds the 5 files request.json, map.json")
    del files["outcome.json"]
    refused(zipped([*files.items(), (name, b"{}")]), runs, "holds the 5 files request.json, map.json")


@pytest.mark.parametrize("name", MEMBERS)
def test_missing_and_doubled_files_are_refused(packed, runs, name):
    files = files_of(packed)
    rest = [(each, content) for each, content in files.items() if each != name]
    refused(zipped(rest), runs, "and no others")
    refused(zipped([*files.items(), (name, files[name])]), runs, "and no others")
    other = next(each for each, _ in rest)
    refused(zipped([*rest, (other, files[other])]), runs, "and no others")


def test_links_folders_and_encrypted_files_are_refused(packed, runs):
    files = files_of(packed)
    for kind in (stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR):
        link = zipfile.ZipInfo("map.json")
        link.external_attr = (kind | 0o777) << 16
        refused(zipped([(link if name == "map.json" else name, content) for name, content in files.items()]), runs,
                "map.json in the archive is no plain file")  # fmt: skip
    content = bytearray(zipped(files.items(), zipfile.ZIP_STORED))
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of an encrypted file in the list
    refused(bytes(content), runs, "no plain file")
    refused(zipped(files.items(), zipfile.ZIP_LZMA), runs, "compressed in another way")


@pytest.mark.parametrize("name", MEMBERS)
def test_a_bomb_is_refused_before_it_is_decompressed(packed, runs, name):
    """20 MB of zeros in 20 kB: memory stays near the size of the file."""
    bomb = zipped((each, bytes(2 * 10**7) if each == name else b"{}") for each in MEMBERS)
    assert len(bomb) < 30_000
    tracemalloc.start()
    refused(bomb, runs, f"{name} in the archive is larger than that of any training")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_bomb_that_states_a_small_size_is_cut_off(packed, runs):
    """Its reader stops at the size that it states, where the checksum is wrong."""
    bomb = bytearray(zipped((each, bytes(2 * 10**7) if each == "map.json" else b"{}") for each in MEMBERS))
    for sign, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = -1
        for _ in range(2):
            at = bomb.index(sign, at + 1)
        bomb[at + place : at + place + 4] = struct.pack("<L", 1000)
    tracemalloc.start()
    refused(bytes(bomb), runs, "This is no archive of a training")
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_list_of_many_files_is_not_read(packed, runs):
    """Python's reader takes a second for a hundred thousand of them."""
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for i in range(5000):
            archive.writestr(f"{i}", b"")
    content = bytearray(many.getvalue())
    refused(bytes(content), runs, "and no others")
    content[-14:-10] = struct.pack("<HH", 5, 5)  # as if it had five
    refused(bytes(content), runs, "and no others")
    refused(packed[:-22] + b"PK\x06\x07" + bytes(16) + packed[-22:], runs, "no archive of a training")
    refused(bytes(12 * 2**20 + 1), runs, "larger than 12 MB")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("request.json", b"{", "The request in the archive is not valid JSON"),
        ("request.json", b"[]", "The request in the archive does not hold a JSON object"),
        ("request.json", b"[" * 100_000, "The request in the archive is not valid JSON"),
        ("request.json", b'{"name": "x"}', "The request in the archive is not complete"),
        ("request.json", b'{"name": "x", "epochs": 0, "recipe": {}}', "No training is asked for in this way"),
        ("request.json", b'{"name": "x", "epochs": 3, "recipe": {}, "surplus": 1}', "is not complete"),
        ("request.json", json.dumps({"name": "x", "epochs": 2, "recipe": {}}).encode(), "The recipe is not complete"),
        ("request.json", json.dumps({"name": "x", "epochs": 3, "recipe": SHORT}).encode(), "has another recipe"),
        ("map.json", b"{}", "has no recipe"),
        ("map.json", b'{"x": NaN}', "The card in the archive is not valid JSON"),
        ("map.safetensors", b"", "truncated or not a safetensors file"),
        ("map.safetensors", b"\x80\x04cos\nsystem\n(S'echo'\ntR.", "truncated or not a safetensors file"),
        ("epochs.jsonl", b"", "has not ended"),
        ("epochs.jsonl", b"torn", "has not ended"),
        ("outcome.json", b"{}", "not those of a training"),
        ("outcome.json", b'{"state": "running", "message": ""}', "has not ended"),
        ("outcome.json", b'{"state": "finished", "message": 3}', "not those of a training"),
    ],
)
def test_files_that_are_not_those_of_a_training_are_refused(packed, runs, name, content, match):
    refused(zipped({**files_of(packed), name: content}.items()), runs, match)


@pytest.mark.parametrize("n", [200, pytest.param(10_000, marks=pytest.mark.long)])
def test_damaged_archives_end_in_a_sentence_or_a_training(packed, runs, n):
    rng = random.Random(3)
    for i in range(n):
        content = bytearray(packed)
        for _ in range(rng.randint(1, 4)):
            # Mostly in the headers, which stand around the names.
            at = rng.choice([rng.randrange(len(content)), rng.randrange(200), len(content) - rng.randrange(1, 400)])
            content[at] = rng.randrange(256)
        if rng.random() < 0.2:
            del content[rng.randrange(len(content)) :]
        try:
            folder = add(runs, unpack(bytes(content)), f"new-{i}", "you")
        except ValueError as error:
            said = str(error)
        else:
            said = read_progress(folder).sentence
        assert said.endswith(".")
    assert all(read_progress(folder).state.ended for folder in runs.iterdir())


@pytest.mark.parametrize("name", ["../out", "a/b", "", "request"])
def test_a_name_that_is_not_valid_is_refused(packed, runs, name):
    with pytest.raises(ValueError, match=r"Name a map|cannot be called"):
        add(runs, unpack(packed), name, "you")
    assert list(runs.iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing(packed, runs, monkeypatch):
    def full(self, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Request, "save", full)
    refused(packed, runs, "The disk that holds the folder runs is full")
