import pytest

from core.jobs.epochs import Epoch, append_epoch, read_epochs, write_epochs

EPOCHS = tuple(Epoch(1 / i, 2 / i, i, 0.5 * i, 1e-3, 0.1, 400.0) for i in (1, 2, 3))


def test_lines_are_read_as_they_were_written(tmp_path):
    assert read_epochs(tmp_path) == ()
    for epoch in EPOCHS:
        append_epoch(tmp_path, epoch)
    assert read_epochs(tmp_path) == EPOCHS
    write_epochs(tmp_path, EPOCHS[:2])
    append_epoch(tmp_path, EPOCHS[2])
    assert read_epochs(tmp_path) == EPOCHS


def test_a_torn_line_at_every_byte_costs_its_epoch_alone(tmp_path):
    write_epochs(tmp_path, EPOCHS)
    content = (tmp_path / "epochs.jsonl").read_bytes()
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    for size in range(len(content) + 1):
        (tmp_path / "epochs.jsonl").write_bytes(content[:size])
        assert read_epochs(tmp_path) == EPOCHS[: sum(end <= size for end in ends)]


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[1]", b"\xff", b'{"training_loss": 1}', b"9" * 5000, b"[" * 100_000, b"null"]
)
def test_nothing_is_read_from_a_line_that_no_training_writes_on(tmp_path, line):
    write_epochs(tmp_path, EPOCHS[:2])
    with open(tmp_path / "epochs.jsonl", "ab") as file:
        file.write(line + b"\n")
    append_epoch(tmp_path, EPOCHS[2])
    assert read_epochs(tmp_path) == EPOCHS[:2]


@pytest.mark.parametrize(
    "change",
    [{"training_loss": -1.0}, {"validation_loss": 2e6}, {"seconds": float("nan")}, {"best_epoch": 1.5},
     {"gradient_norm": float("inf")}, {"learning_rate": "1"}],
)  # fmt: skip
def test_an_epoch_holds_finite_numbers(change):
    values = {"training_loss": 1.0, "validation_loss": 1.0, "best_epoch": 1, "seconds": 1.0, "learning_rate": 1.0,
              "gradient_norm": 1.0, "samples_per_second": 1.0}  # fmt: skip
    with pytest.raises(ValueError, match="No training writes"):
        Epoch(**{**values, **change})


def test_a_file_beyond_all_trainings_is_not_read(tmp_path):
    (tmp_path / "epochs.jsonl").write_bytes(b"\n" * (2**23 + 1))
    assert read_epochs(tmp_path) == ()
