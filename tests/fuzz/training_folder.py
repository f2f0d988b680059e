"""The files in the folder of a training, each with entries or bytes changed, left out or of another kind."""

import json
import shutil
from typing import Any

import safetensors.torch
import torch
from hypothesis import strategies as st

from core.jobs.folder import EPOCHS, OUTCOME, PROGRESS, REQUEST, WEIGHTS
from core.jobs.progress import read_progress
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import our_recipe
from tests.fuzz.parser import Parser, assert_shown, folder
from tests.fuzz.strategies import as_json, broken, changed

FOLDER = folder() / "Mine"
LINES = [
    {"training_loss": 0.2 / i, "validation_loss": 0.3 / i, "best_epoch": i, "seconds": 3.5 * i, "learning_rate": 1e-3,
     "gradient_norm": 0.4, "samples_per_second": 900.0}
    for i in (1, 2)
]  # fmt: skip
VALID: dict[str, bytes] = {
    REQUEST: as_json({"name": "Mine", "epochs": 5, "recipe": recipe_as_json(our_recipe(8000, noisy=True))}),
    PROGRESS: as_json({"state": "running", "begun": 1, "stage": "test", "share": 0.5, "seconds_left": 7.5}),
    OUTCOME: as_json({"state": "failed", "message": "The disk is full."}),
    EPOCHS: b"\n".join(map(as_json, LINES)) + b"\n",
    WEIGHTS: safetensors.torch.save({"a": torch.zeros(3)}, {"epoch": "2"}),
    "lock": b"",
}  # fmt: skip
OTHERS = ("stop", "pause", "checkpoint", "log.txt", "predictions.npy", "Mine.safetensors", "Mine.json")


@st.composite
def folders(draw: st.DrawFn) -> dict[str, bytes]:
    """Return the content of each file, by name."""
    files = dict(VALID)
    for name in draw(st.lists(st.sampled_from([REQUEST, PROGRESS, OUTCOME, EPOCHS, WEIGHTS, "lock"]), max_size=2)):
        if name in (REQUEST, PROGRESS, OUTCOME) and draw(st.integers(0, 3)):
            files[name] = as_json(draw(changed(json.loads(VALID[name]))))
        elif name == EPOCHS and draw(st.integers(0, 3)):
            files[name] = b"\n".join(map(as_json, draw(changed(LINES)))) + b"\n"
        else:
            files[name] = draw(broken(VALID[name]))
    for name in draw(st.lists(st.sampled_from(OTHERS), max_size=2)):
        files[name] = draw(st.binary(max_size=40))
    for name in draw(st.lists(st.sampled_from(sorted(VALID)), max_size=1)):
        del files[name]
    return files


def read(files: dict[str, bytes]) -> tuple[str, ...]:
    """Read how far a training is; all that its page shows of it is finite."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name, content in files.items():
        (FOLDER / name).write_bytes(content)
    found = read_progress(FOLDER)
    shown: list[Any] = [
        found.epochs,
        found.training_loss,
        found.validation_loss,
        found.best_epoch,
        found.kept_epoch,
        found.share_done,
    ]
    assert_shown([*shown, found.seconds, found.seconds_left, found.message, found.name])
    assert 0 <= found.share_done <= 1
    return (found.sentence,)


TRAINING_FOLDER = Parser("folder of a training", folders(), (VALID,), read)
