"""Archives of trainings, with bytes, files and entries of their files changed."""

import io
import json
import shutil
import warnings
import zipfile
from pathlib import Path

from hypothesis import strategies as st

from core.jobs.archive import CARD, MAP, add, unpack
from core.jobs.folder import EPOCHS, OUTCOME, REQUEST
from core.jobs.progress import read_progress
from core.maps.inverse_map import load_inverse_map
from tests.fuzz.map_files import small_map
from tests.fuzz.parser import Parser, assert_shown, folder
from tests.fuzz.strategies import as_json, broken, changed
from tests.fuzz.training_folder import LINES

weights, card = small_map("dense-noisy")
FILES = {
    REQUEST: as_json({"name": "Mine", "epochs": 5, "recipe": card["recipe"]}),
    CARD: as_json(card),
    MAP: weights,
    EPOCHS: b"\n".join(map(as_json, LINES)) + b"\n",
    OUTCOME: as_json({"state": "stopped", "message": "Its test was left out."}),
}


def zipped(files: list[tuple[str, bytes]]) -> bytes:
    """Return a zip of files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that come twice
        for name, content in files:
            archive.writestr(name, content)
    return made.getvalue()


VALID = zipped(list(FILES.items()))


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """Return the bytes of an archive."""
    if draw(st.booleans()):
        return draw(broken(VALID))
    files = dict(FILES)
    for name in draw(st.lists(st.sampled_from(list(FILES)), max_size=2)):
        if name in (REQUEST, CARD, OUTCOME) and draw(st.integers(0, 3)):
            files[name] = as_json(draw(changed(json.loads(FILES[name]))))
        else:
            files[name] = draw(broken(FILES[name]))
    pairs = list(files.items())
    for name in draw(st.lists(st.sampled_from([*FILES, "../other", "map.pkl"]), max_size=1)):
        pairs.append((name, draw(st.binary(max_size=40))))
    return zipped(pairs)


def read(content: bytes) -> Path:
    """Take an archive in as a training."""
    runs = folder() / "runs"
    shutil.rmtree(runs, ignore_errors=True)
    return add(runs, unpack(content), "Yours", "me")


def look(taken: Path) -> tuple[str, ...]:
    """Look at a training as the pages do."""
    progress = read_progress(taken)
    assert progress.state.ended
    assert_shown([progress.training_loss, progress.seconds, progress.message])
    load_inverse_map(taken / "Yours.safetensors")
    return (progress.sentence,)


ARCHIVE = Parser("archive of a training", archives(), (VALID,), read, look)
