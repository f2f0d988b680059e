"""Checkpoints of a training, with numbers, tensors and bytes changed: it goes on from one, or begins anew."""

import json
import math
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import torch
from hypothesis import strategies as st
from safetensors import safe_open

from core.learning import loop
from core.learning.checkpoint import load_checkpoint
from core.learning.loop import Kept, train_network
from core.learning.training_settings import Adam, SquaredError
from tests.fuzz.parser import Parser, assert_shown, folder
from tests.fuzz.strategies import as_json, broken, changed

FOLDER = folder()
EPOCHS = 4
RECIPE = {"of": "a training"}
TRACES = np.sin(np.arange(40.0)).reshape(8, 5).astype(np.float32), np.full((8, 2), 0.3, np.float32)


def reports(path: Path) -> list[loop.Report]:
    """Return the reports of the first two epochs of a small training that keeps its state at path."""
    network = torch.nn.Sequential(torch.nn.Linear(5, 2), torch.nn.Sigmoid())
    with torch.no_grad():
        network[0].weight.fill_(0.1)
        network[0].bias.zero_()
    training = train_network(
        network, SquaredError(), Adam(EPOCHS, 4), 0, lambda _epoch: TRACES, TRACES, Kept(path, RECIPE)
    )
    return list(islice(training, 2))


def _valid() -> bytes:
    path, interval = FOLDER / "valid", loop.SAVING_INTERVAL_SECONDS
    loop.SAVING_INTERVAL_SECONDS = 0.0
    try:
        reports(path)
    finally:
        loop.SAVING_INTERVAL_SECONDS = interval
    kept = load_checkpoint(path, RECIPE)
    assert kept is not None
    replace(kept, seconds=2.0).save(path, RECIPE)  # the same each time
    return path.read_bytes()


VALID = _valid()
WITHOUT = reports(FOLDER / "none")[0].training_losses


@st.composite
def checkpoints(draw: st.DrawFn) -> bytes:
    """Return a checkpoint with something changed."""
    what = draw(st.sampled_from(["bytes", "header", "numbers", "tensor"]))
    size = 8 + int.from_bytes(VALID[:8], "little")
    if what == "bytes":
        return draw(broken(VALID, size))
    if what == "header":
        header = as_json(draw(changed(json.loads(VALID[8:size]))))
        return len(header).to_bytes(8, "little") + header + VALID[size:]
    with safe_open(FOLDER / "valid", "np") as file:
        metadata = file.metadata()
    tensors = safetensors.numpy.load(VALID)
    if what == "numbers":
        metadata["numbers"] = json.dumps(draw(changed(json.loads(metadata["numbers"]), 2)))
    else:
        name = draw(st.sampled_from(sorted(tensors)))
        tensor = np.array(tensors.pop(name))
        values: list[Any] = [
            tensor,
            np.full_like(tensor, np.nan),
            tensor[None],
            tensor.astype(np.float64),
            1e30 * tensor,
            -tensor,
        ]
        other = draw(st.sampled_from([name, name, f"{name}x", "best/x", "x", "moments/7/step", "moments/x/step"]))
        tensors[other] = np.ascontiguousarray(values[draw(st.integers(0, len(values) - 1))])
        if draw(st.booleans()):
            del tensors[draw(st.sampled_from(sorted(tensors)))]
    return safetensors.numpy.save(tensors, metadata)


def read(content: bytes) -> tuple[str, ...]:
    """Go on with a training from a checkpoint; what it reports can be shown. Says so where it begins anew."""
    path = FOLDER / "checkpoint"
    path.write_bytes(content)
    for report in reports(path):
        if not report.finite:  # as after weights of 1e30, which a training ends with a sentence
            raise ValueError("The error was not finite.")
        losses = report.training_losses + report.validation_losses
        assert_shown([losses, report.best_epoch, report.best_validation_loss, report.seconds])
        assert len(report.training_losses) == len(report.validation_losses) <= EPOCHS
        assert 0 <= report.best_epoch <= report.epoch
        assert all(map(math.isfinite, losses))
        assert all(bool(each.isfinite().all()) for each in report.best_weights.values())
        if report.training_losses == WITHOUT:
            raise ValueError("The training begins anew.")
    return ()


CHECKPOINT = Parser("checkpoint of a training", checkpoints(), (VALID,), read)
