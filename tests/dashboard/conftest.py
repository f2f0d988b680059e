"""What the dashboard's tests share: reading figures back, maps and pages to look at."""

import base64
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.files import write_json
from core.jobs.epochs import Epoch, write_epochs
from core.jobs.progress import State
from core.learning.training_settings import Adam, Cnn
from core.maps.inverse_map import inverse_map
from core.maps.recipes import point_recipe, published_task
from core.maps.untrained_network import untrained_network
from dashboard import maps as registry
from dashboard.pictures import results
from dashboard.scene.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]?\d+)?")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@pytest.fixture(autouse=True)
def _main_module():
    """Streamlit leaves its script as the main module, which processes that later tests start would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def _nothing_kept():
    """Results are kept for all sessions, and so for all tests."""
    results.forget()


def decoded(typed):
    """Return the array that a typed array of a figure holds, as plotly.js reads it."""
    flat = np.frombuffer(base64.b64decode(typed["bdata"]), np.dtype(typed["dtype"]))
    return flat.reshape([int(length) for length in typed["shape"].split(",")]) if "shape" in typed else flat


def arrays(part):
    """Yield every typed array in a nest of dicts and lists."""
    if isinstance(part, dict) and "bdata" in part:
        yield decoded(part)
    elif isinstance(part, dict | list | tuple):
        for value in part.values() if isinstance(part, dict) else part:
            yield from arrays(value)


def numbers(part):
    """Return every number in a nest of dicts and lists: typed arrays, plain numbers, and numbers within text."""
    if isinstance(part, dict) and "bdata" in part:
        return decoded(part).ravel().astype(float)
    if isinstance(part, dict | list | tuple):
        values = part.values() if isinstance(part, dict) else part
        return np.concatenate([np.empty(0), *(numbers(value) for value in values)])
    if isinstance(part, str):
        return np.array([float(number) for number in NUMBER.findall(COLOUR.sub("", part).replace("−", "-"))])
    return np.array([float(part)]) if isinstance(part, int | float) else np.empty(0)


def shows(part, value):
    """Say whether a number stands anywhere in a figure, in the single precision in which figures travel."""
    with np.errstate(over="ignore"):  # identities such as "8e77…" read as numbers
        return bool(np.any(numbers(part).astype(np.float32) == np.float32(value)))


def trace_csv(times, u, header="time,u"):
    """Return a trace as the bytes of a CSV."""
    rows = [f"{float(t)!r},{float(value)!r}" for t, value in zip(times, u, strict=True)]
    return "\n".join([header, *rows] if header else rows).encode() + b"\n"


def write_map(folder, name, training_seed=0, noisy=True, **changes):
    """Write an untrained map with a card, in which top-level entries can be changed, and return its weights' path."""
    recipe = point_recipe(published_task(noisy), Cnn(), 8000, Adam(), training_seed)
    inverse_map(name, recipe, untrained_network(recipe).state_dict(), {"name": name}).save(folder)
    card = folder / f"{name}.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), **changes}))
    return folder / f"{name}.safetensors"


def untrained(name, recipe):
    """Return an untrained map of a recipe, without learned steps."""
    recipe = replace(recipe, learned_steps=0)
    return inverse_map(name, recipe, untrained_network(recipe).state_dict(), {"name": name})


@pytest.fixture
def runs(tmp_path):
    """Make the registry look at a folder of runs that holds nothing."""
    before = registry.runs()
    folder = tmp_path / "runs"
    folder.mkdir()
    registry.use_runs(folder)
    yield folder
    registry.use_runs(before)


@pytest.fixture
def new_run(runs):
    """Return a function that makes a run's folder, each a second younger than the last."""
    made = []

    def make(name):
        folder = runs / name
        folder.mkdir()
        request = folder / "request.json"
        request.write_text(json.dumps({"name": name, "epochs": 3, "recipe": {}}))
        made.append(folder)
        os.utime(request, (1_700_000_000 + len(made),) * 2)
        return folder

    return make


def finish(folder, state="finished", message="", **progress):
    """Write what a training of two epochs leaves in a state, with further entries of its progress."""
    lines = (Epoch(0.2, 0.3, 1, 3.0, 1e-3, 0.5, 100.0), Epoch(0.1, 0.15, 2, 7.0, 0.0, 0.2, 100.0))
    write_epochs(folder, lines)
    write_json(folder / "progress.json", {"state": "running", "begun": 1, **progress})
    if State(state).ended:
        write_json(folder / "outcome.json", {"state": state, "message": message})
    elif State(state).at_work:
        write_json(folder / "progress.json", {"state": state, "begun": 1, **progress})


def told(part):
    """Return the sentences of a stage: the answer, why, and what is said among its plots."""
    return [sentence for sentence in (part["answer"], *part["why"], *part["said"]) if sentence]


def checked(app):
    """Return the page, if nothing on it is a traceback."""
    assert [(error.message, error.stack_trace[-1]) for error in app.exception] == []
    return app


def drag(app, **changes):
    """Drag a control of a page, which stays in the hand; runs nothing."""
    scene = app.session_state["scene"]
    experiment = replace(scene.experiment, **changes)
    app.session_state["scene"] = Scene(experiment, scene.released, dragging=True, holdings=scene.holdings)


def release(app, **changes):
    """Release a control of a page where the changes say; runs nothing."""
    scene = app.session_state["scene"]
    experiment = replace(scene.experiment, **changes)
    app.session_state["scene"] = Scene(experiment, experiment, holdings=scene.holdings)


@pytest.fixture
def visit(runs):
    """Return a function that opens a page in a new session, and fails where it would show a traceback."""

    def open_page(page, **query):
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=180)
        app.query_params.update({name: str(value) for name, value in query.items()})
        # Pages of st.navigation that are functions are found by the hash of their path; AppTest switches files alone.
        app._page_hash = calc_hash(page)
        return checked(app.run())

    return open_page
