"""The route that answers while a control is dragged. It keeps no state and computes what the page itself would show."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from dashboard.live_queue import LiveQueue, SupersededError
from dashboard.metrics import LIVE_ANSWERS, LIVE_SECONDS
from dashboard.pictures.restricted import restricted
from dashboard.pictures.shown import Shown
from dashboard.scene.address import LONGEST_ADDRESS
from dashboard.scene.changes import change
from dashboard.scene.holdings import find
from dashboard.scene.report import MALFORMED, read_report
from dashboard.scene.scene import Scene
from dashboard.scene.settings import NUMBERS
from dashboard.sealed_address import from_sealed_address
from dashboard.threads import CORES, shared_out

MOST_BYTES = 2 * LONGEST_ADDRESS  # of a request
FAILED = "This picture could not be computed: let go to see the page."
SUPERSEDED = "A newer change of this page is answered in place of this one."
_log = logging.getLogger(__name__)

AT_ONCE = max(2, CORES)  # requests that are computed at once, all others wait
HEAVY = frozenset({"uncertainty", "trust"})  # pages whose picture can take a tenth of a second and more
queue = LiveQueue(AT_ONCE, heavy_at_once=AT_ONCE - 1)
_threads = CapacityLimiter(AT_ONCE)

# By page: the stages that follow the hand, each with the module and the function of its picture.
PAGES: dict[str, dict[str, tuple[str, str]]] = {
    "start": {"start_stage": ("dashboard.pictures.start", "picture")},
    "neuron": {"neuron_stage": ("dashboard.pictures.neuron", "picture")},
    "landscape": {"landscape_stage": ("dashboard.pictures.landscape", "picture")},
    "inverse_map": {
        "inverse_map_stage": ("dashboard.pictures.inverse_map", "picture"),
        "accuracy_below": ("dashboard.pictures.accuracy", "under_the_hand"),
    },
    "uncertainty": {
        "uncertainty_stage": ("dashboard.pictures.uncertainty", "picture"),
        "uncertainty_below": ("dashboard.pictures.support", "picture"),
    },
    "trust": {"trust_stage": ("dashboard.pictures.trust", "picture")},
    "training": {
        "training_head": ("dashboard.pictures.training", "head"),
        "training_stage": ("dashboard.pictures.training", "picture"),
    },
    "your_data": {
        "your_data_stage": ("dashboard.pictures.your_data", "picture"),
        "states_stage": ("dashboard.pictures.states_fit", "picture"),
    },
}


# By page: its title, by which an exercise names it.
TITLES = {
    "start": "Start",
    "neuron": "Neuron",
    "landscape": "Landscape",
    "inverse_map": "Inverse map",
    "uncertainty": "Uncertainty",
    "trust": "Trust",
    "training": "Train",
    "your_data": "Your data",
}


@dataclass(frozen=True, eq=False)
class Asked:
    """A request: the page, the scene while the control is dragged, and what the browser shows.

    sentences: about what was refused.
    moved: the settings that the browser has changed since the release.
    drawn: the skeletons of the plots on screen, by id.
    """

    page: str
    scene: Scene
    sentences: tuple[str, ...]
    moved: tuple[str, ...]
    drawn: Mapping[str, int]


def read(content: bytes) -> Asked:
    """Return what a browser asks for; raises ValueError with a sentence where it cannot be read."""
    try:
        asked = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError(MALFORMED) from None
    if not isinstance(asked, dict):
        raise ValueError(MALFORMED)
    page, key, address, drawn = (asked.get(name) for name in ("page", "key", "address", "drawn"))
    if not (isinstance(page, str) and isinstance(key, str) and isinstance(address, str) and isinstance(drawn, dict)):
        raise ValueError(MALFORMED)
    if page not in PAGES:
        raise ValueError(MALFORMED)
    changes = read_report({"sequence": 0, "final": False, "changes": asked.get("changes")}).changes
    holdings = find(key)
    if holdings is None:
        raise ValueError("This page was opened too long ago: reload it.")
    sitting = holdings.sitting
    if sitting is not None and TITLES[page] not in sitting.exercise.pages:
        raise ValueError(MALFORMED)
    released, _ = from_sealed_address(address) if sitting is None else sitting.experiment(address)
    if holdings.upload is not None:
        released = replace(released, upload=holdings.upload.name)
    form, rest = holdings.training.taking(changes)
    experiment, sentences = change(released, rest)
    if sitting is not None:
        experiment = sitting.over(experiment)
    holdings.dragged_at = time.monotonic()
    # A copy, since the page may replace a part of them meanwhile.
    scene = Scene(experiment, released, True, replace(holdings, training=form))
    return Asked(page, scene, sentences, tuple(changes), drawn)


def answer(asked: Asked) -> dict[str, Any]:
    """Return the stages of a page for the live component, and the values of the numbers that have changed.

    A stage without a picture stays as it is. The sentences stand above the first one.
    """
    stages: dict[str, dict[str, Any]] = {}
    for name, (module, function) in PAGES[asked.page].items():
        picture: Callable[[Scene], Shown | None] = getattr(import_module(module), function)
        shown = picture(asked.scene)
        if shown is None:
            continue
        allowed = restricted(shown, asked.scene.holdings.sitting)
        noted = allowed if stages else allowed.after(asked.sentences)
        stages[name] = {**noted.as_json(asked.drawn), "settled": False}
    now, before = asked.scene.experiment, asked.scene.released
    changed = [name for name in NUMBERS if name in asked.moved or getattr(now, name) != getattr(before, name)]
    values = {name: getattr(now, name) for name in changed if name not in _unseen(asked.scene)}
    return {"stages": stages, "values": {**values, **asked.scene.holdings.training.typed}}


def _unseen(scene: Scene) -> frozenset[str]:
    """Return the settings whose values are told nobody: of a hidden truth, and what an exercise has pinned."""
    sitting, experiment = scene.holdings.sitting, scene.experiment
    truth = {"theta0", "theta1", *experiment.axes} if experiment.hidden else set()
    return frozenset(truth.union(sitting.pinned if sitting is not None else ()))


def _answered(content: bytes) -> Response:
    try:
        asked = read(content)
    except ValueError as error:
        return PlainTextResponse(str(error), 400)
    try:
        with shared_out():
            return Response(json.dumps(answer(asked)), media_type="application/json")
    except Exception:  # whatever it is, the page itself answers in the route's place
        _log.exception("The live route could not answer for the page %s.", asked.page)
        return PlainTextResponse(FAILED, 500)


def _who_asks(content: bytes) -> tuple[str, str] | None:
    """Return the page and the key of the session that asks; None where the request will be refused."""
    try:
        asked = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict):
        return None
    page, key = asked.get("page"), asked.get("key")
    if not (isinstance(page, str) and page in PAGES and isinstance(key, str) and find(key) is not None):
        return None
    return page, key


async def _once_admitted(request: Request, content: bytes) -> Response:
    """Answer a request once the queue admits it."""
    asks = _who_asks(content)
    if asks is None:
        return _answered(content)
    page, key = asks
    begun = time.monotonic()
    try:
        async with queue.admitted(key, heavy=page in HEAVY):
            if await request.is_disconnected():
                return Response(status_code=400)
            response = await to_thread.run_sync(_answered, content, limiter=_threads)
    except SupersededError:
        return PlainTextResponse(SUPERSEDED, 409)
    LIVE_SECONDS.labels(page).observe(time.monotonic() - begun)
    return response


async def respond(request: Request) -> Response:
    """Answer a POST request with the pictures while a control is dragged."""
    content = b""
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > MOST_BYTES:
                return PlainTextResponse(MALFORMED, 413)
    except ClientDisconnect:  # the hand has let go meanwhile
        return Response(status_code=400)
    response = await _once_admitted(request, content)
    LIVE_ANSWERS.labels(str(response.status_code)).inc()
    return response
