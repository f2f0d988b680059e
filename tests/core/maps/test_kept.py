from contextlib import suppress

import torch

from core.maps import kept
from core.maps.kept import KeptFile, KeptRows, file_beside, origin_of


def rows(first, n):
    """Return n rows of which each holds its own number."""
    return {"number": torch.arange(first, first + n)}


def taken(path, pieces, origin="mine"):
    """Take pieces of 3 rows, and leave without an end, as a kill does; return the rows and those that were computed."""
    of, computed, found = KeptRows(KeptFile(path, origin)), [], []
    for first in range(0, 3 * pieces, 3):
        found.append(of.take(3, lambda first=first: computed.append(first) or rows(first, 3))["number"])
    return torch.cat(found).tolist(), computed


def test_rows_go_on_where_a_kill_has_left_them(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "SAVING_INTERVAL_SECONDS", -1.0)
    assert taken(tmp_path / "rows", 2) == (list(range(6)), [0, 3])
    assert taken(tmp_path / "rows", 4) == (list(range(12)), [6, 9])
    assert taken(tmp_path / "rows", 4) == (list(range(12)), [])


def test_a_file_that_ends_within_a_piece_shifts_no_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "SAVING_INTERVAL_SECONDS", -1.0)
    file = KeptFile(tmp_path / "rows", "mine")
    file.write(rows(0, 4))
    assert taken(tmp_path / "rows", 3) == (list(range(9)), [3, 6])
    assert file.read()["number"].tolist() == list(range(9))


def test_rows_are_written_when_the_interval_has_passed_and_at_the_end(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: now[0])
    file = KeptFile(tmp_path / "rows", "mine")
    with suppress(KeyboardInterrupt), KeptRows(file) as of:
        for first, seconds, written in ((0, 19.0, None), (3, 21.0, 6), (6, 40.0, 6), (9, 41.5, 12), (12, 50.0, 12)):
            now[0] = seconds
            of.take(3, lambda first=first: rows(first, 3))
            found = file.read()
            assert (found and len(found["number"])) == written
        raise KeyboardInterrupt
    assert file.read()["number"].tolist() == list(range(15))


def test_what_is_damaged_or_of_another_training_is_computed_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "SAVING_INTERVAL_SECONDS", -1.0)
    path = tmp_path / "rows"
    taken(path, 2)
    whole = path.read_bytes()
    for content in (b"", b"{}", b"\x10" + bytes(40), whole[:-5], whole[: len(whole) // 2]):
        path.write_bytes(content)
        assert taken(path, 2) == (list(range(6)), [0, 3])
    assert taken(path, 2, "yours")[1] == [0, 3]
    assert taken(None, 2)[1] == [0, 3]


def test_the_origin_is_that_of_recipe_and_weights(tmp_path):
    weights = {"a": torch.ones(2), "b": torch.zeros(1)}
    origin = origin_of({"seed": 0}, weights)
    assert origin == origin_of({"seed": 0}, dict(reversed(weights.items())))
    others = origin_of({"seed": 1}, weights), origin_of({"seed": 0}, {**weights, "b": torch.full((1,), 1e-9)})
    assert len({origin, *others}) == 3
    assert file_beside(tmp_path / "checkpoint", "fit-0", origin).path == tmp_path / "checkpoint-fit-0"
    assert file_beside(None, "fit-0", origin).read() is None
