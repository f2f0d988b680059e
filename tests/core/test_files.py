import threading

import pytest

from core.files import read_json, write_bytes, write_json


def test_json_round_trip(tmp_path):
    content = {"σ": [0.1, 1e-300, -7], "name": "ü", "nested": {"none": None}}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json") == content
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    write_bytes(path, b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_numbers_that_json_lacks_are_refused_before_anything_is_written(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert read_json(tmp_path / "a.json") == {"a": 1}


def test_a_reader_never_sees_half_a_file(tmp_path):
    """Files of one letter each, large enough that a plain write would take several steps."""
    path, size, enough = tmp_path / "a.bin", 2**20, threading.Event()
    write_bytes(path, b"a" * size)

    def write_until_enough():
        while not enough.is_set():
            write_bytes(path, b"b" * size)
            write_bytes(path, b"a" * size)

    writer = threading.Thread(target=write_until_enough)
    writer.start()
    contents = [path.read_bytes()]
    # On a busy machine the writer can stand still for as long as 200 readings take.
    while len(contents) < 200 or (len(set(contents)) < 2 and writer.is_alive()):
        contents.append(path.read_bytes())
    enough.set()
    writer.join()
    assert {len(content) for content in contents} == {size}
    assert all(content.count(content[:1]) == size for content in contents)
    assert {content[:1] for content in contents} == {b"a", b"b"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "not valid"),
        (b"\xff\xfe", "not valid"),
        (b"[1]", "object"),
        (rb'{"name": "half a \uD83D"}', "not valid"),
        (b"[" * 100_000, "not valid"),
        (b'{"a": ' + b"1" * 10_000 + b"}", "not valid"),
    ],
)
def test_other_content_ends_in_a_sentence(tmp_path, content, sentence):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_json(tmp_path / "a.json")


def test_a_character_in_two_halves_is_read_whole(tmp_path):
    (tmp_path / "a.json").write_bytes(rb'{"name": "\ud83d\ude00"}')
    assert read_json(tmp_path / "a.json") == {"name": "😀"}
