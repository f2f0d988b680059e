import asyncio
import base64
import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from starlette.requests import Request

from core.models.fitzhugh_nagumo.simulate import simulate
from dashboard import live_route
from dashboard.pictures.neuron import picture
from dashboard.scene import holdings as kept_holdings
from dashboard.scene.address import to_address
from dashboard.scene.exercise import Exercise, Sitting
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, find, keep
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene
from tests.dashboard.conftest import shows


def posted(content):
    """Return the route's status and answer to a request, whose content is bytes or what JSON can hold."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    response = asyncio.run(live_route.respond(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    return response.status_code, response.body.decode()


def neuron(**more):
    """Return the stage of the Neuron page."""
    status, answer = posted(asked(**more))
    assert status == 200
    return json.loads(answer)["stages"]["neuron_stage"]


def asked(experiment=None, holdings=None, **more):
    return {
        "page": "neuron",
        "key": keep(holdings or Holdings()),
        "address": to_address(experiment or Experiment()),
        "changes": {},
        "drawn": {},
        **more,
    }


def floats(array):
    return np.frombuffer(base64.b64decode(array["bdata"]), np.float32)


def line(stage, plot, name):
    figure = next(each for each in stage["plots"] if each["id"] == plot)["figure"]
    return next(trace for trace in figure["data"] if trace.get("name") == name)


def test_the_answer_is_what_the_page_shows_with_the_change():
    answer = json.loads(posted(asked(changes={"theta0": 0.7}))[1])
    stage = answer["stages"]["neuron_stage"]
    assert answer["values"] == {"theta0": 0.7}
    u = simulate((0.7, 0.4, -0.4, 3.0), Experiment().times)[:, 0]
    drawn = line(stage, "potential", "truth")
    fineness = round(0.2 / drawn["dx"])
    np.testing.assert_allclose(floats(drawn["y"])[::fineness], u, rtol=0, atol=1e-4)
    scene = Scene(replace(Experiment(), theta0=0.7), Experiment(), True)
    assert {**json.loads(json.dumps(picture(scene).as_json())), "settled": False} == stage


def test_a_plot_of_the_skeleton_on_screen_travels_as_its_moves_alone():
    first = neuron(changes={"theta0": 0.41})
    drawn = {plot["id"]: plot["skeleton"] for plot in first["plots"]}
    second = neuron(changes={"theta0": 0.42}, drawn=drawn)
    whole = neuron(changes={"theta0": 0.42})
    for moved, full in zip(second["plots"], whole["plots"], strict=True):
        assert moved["skeleton"] == full["skeleton"]
        assert "figure" not in moved
        assert moved["moved"]["shapes"] == full["figure"]["layout"].get("shapes", [])
        for course, trace in zip(moved["moved"]["data"], full["figure"]["data"], strict=True):
            if trace.get("mode") == "lines":
                assert course == {name: trace[name] for name in ("x", "y", "x0", "dx") if name in trace}
            else:
                assert course is None


def test_the_rate_map_waits_for_the_release_of_what_changes_it():
    for changes, stale in (({"theta0": 0.7}, False), ({"zeta": -0.3}, True), ({"t_end": 100}, True)):
        stage = neuron(changes=changes)
        assert [plot["id"] for plot in stage["plots"] if plot["stale"]] == (["rates"] if stale else []), changes


def test_a_refused_value_becomes_a_note_and_changes_nothing():
    answer = json.loads(posted(asked(changes={"theta0": "many", "zeta": -0.3}))[1])
    assert answer["values"] == {"theta0": 0.4, "zeta": -0.3}
    assert "θ₀ must be a number" in answer["stages"]["neuron_stage"]["notes"][0]


def test_an_upload_is_found_by_the_key_of_its_session_alone():
    u = np.linspace(-1, 1, 1000)
    trace = Trace("mine.csv", Experiment().times, u)
    mine = neuron(holdings=Holdings(trace))
    assert [plot["id"] for plot in mine["plots"]] == ["potential", "rates"]
    other = neuron()
    assert [plot["id"] for plot in other["plots"]] == ["potential", "phase", "recovery", "rates"]


@pytest.mark.parametrize(
    "broken",
    [
        {"page": "nowhere"}, {"page": ["neuron"]}, {"key": 7}, {"key": "unknown"}, {"address": None},
        {"changes": [1]}, {"changes": {"theta0": [1]}}, {"changes": {"x" * 50: 1}}, {"drawn": 3},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_sentence(broken):
    status, sentence = posted(asked() | broken)
    assert status == 400
    assert sentence.endswith(".")


def test_a_skeleton_that_no_plot_has_matches_nothing():
    assert all("figure" in plot for plot in neuron(drawn={"potential": {}, "phase": "x", "other": 1})["plots"])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null", b'{"page": "neuron"', b"[" * 9000])
def test_what_is_no_request_is_refused(content):
    assert posted(content)[0] == 400


def test_a_request_that_is_too_long_is_refused():
    assert posted(b"x" * (live_route.MOST_BYTES + 1))[0] == 413


def test_the_oldest_sessions_are_forgotten(monkeypatch):
    monkeypatch.setattr(kept_holdings, "MOST_SESSIONS", 3)
    keys = [keep(Holdings()) for _ in range(4)]
    assert [find(key) is None for key in keys] == [True, False, False, False]
    used = keys[1]
    assert find(used) is not None
    keep(Holdings())
    assert find(used) is not None  # the last one used stays, whenever it was opened
    assert len(set(keys)) == 4
    assert min(map(len, keys)) >= 20


def test_the_time_axis_stands_still_while_the_window_is_dragged():
    ranges = []
    for changes in ({"t_end": 100}, {"t_end": 300}, {"zeta": -0.3}):
        figure = next(plot for plot in neuron(changes=changes)["plots"] if plot["id"] == "potential")["figure"]
        ranges.append(figure["layout"]["xaxis"]["range"])
    assert ranges == [[0, 400], [0, 400], [0, 199.8]]


def test_a_number_that_came_back_to_where_it_was_released_is_named():
    assert json.loads(posted(asked(changes={"theta0": 0.4}))[1])["values"] == {"theta0": 0.4}


def test_a_request_that_ends_halfway_ends_without_an_error():
    async def receive():
        return {"type": "http.disconnect"}

    response = asyncio.run(live_route.respond(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    assert response.status_code == 400


def test_a_newer_change_is_answered_in_place_of_one_that_waits(monkeypatch):
    """While all threads work, requests of a session pile up: all but the newest are answered at once."""
    go, begun = threading.Event(), []

    def slow(scene):
        begun.append(scene.experiment.theta0)
        go.wait()
        return picture(scene)

    monkeypatch.setattr("dashboard.pictures.neuron.picture", slow)
    mine = asked()

    def request(content):
        async def receive():
            return {"type": "http.request", "body": json.dumps(content).encode(), "more_body": False}

        return live_route.respond(Request({"type": "http", "method": "POST", "headers": []}, receive))

    async def run():
        others = [asyncio.ensure_future(request(asked())) for _ in range(live_route.AT_ONCE)]
        while len(begun) < live_route.AT_ONCE:
            await asyncio.sleep(0.001)
        piled = [asyncio.ensure_future(request({**mine, "changes": {"theta0": i / 10}})) for i in range(6)]
        superseded, waiting = await asyncio.wait(piled, timeout=0.2)
        assert waiting == {piled[-1]}
        assert {each.result().status_code for each in superseded} == {409}
        assert all(each.result().body.decode() == live_route.SUPERSEDED for each in superseded)
        go.set()
        newest = await piled[-1]
        assert {(await each).status_code for each in others} == {200}
        return newest

    newest = asyncio.run(run())
    assert newest.status_code == 200
    assert json.loads(newest.body)["values"] == {"theta0": 0.5}
    assert begun.count(0.5) == 1
    assert len(begun) == live_route.AT_ONCE + 1


def test_a_browser_that_has_left_costs_nothing(monkeypatch):
    monkeypatch.setattr("dashboard.pictures.neuron.picture", lambda scene: pytest.fail("computed"))
    messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": json.dumps(asked()).encode()}]

    async def receive():
        return messages.pop()

    response = asyncio.run(live_route.respond(Request({"type": "http", "method": "POST", "headers": []}, receive)))
    assert response.status_code == 400


def test_a_picture_that_fails_is_logged_and_told_in_a_sentence(monkeypatch, caplog):
    def broken(scene):
        raise np.linalg.LinAlgError("internal")

    monkeypatch.setattr("dashboard.pictures.neuron.picture", broken)
    status, sentence = posted(asked())
    assert (status, sentence) == (500, live_route.FAILED)
    assert "internal" in caplog.text


TRUTH = {"theta0": 0.317_283, "theta1": 0.582_951}
# Changes that a browser can make up, each of which once had the truth as its answer.
MADE_UP = ({"theta0": 0, "theta1": 0}, {"theta0": "x", "theta1": "x"}, {"hidden": False}, {"seed": 1, "sigma": 0})


@pytest.fixture
def sealed_exercise():
    query = "&".join(f"{name}={value}" for name, value in TRUTH.items())
    exercise = Exercise(query, ("Neuron", "Your data"), sealed=True, word="tulips", seed=5)
    return Holdings(sitting=Sitting(exercise, "token"))


@pytest.mark.parametrize("changes", MADE_UP, ids=str)
@pytest.mark.parametrize("page", ["neuron", "your_data"])
def test_no_request_has_a_sealed_truth_or_its_noise_as_its_answer(sealed_exercise, changes, page):
    status, answer = posted(asked(holdings=sealed_exercise, page=page, address="", changes=changes))
    assert status == 200
    content = json.loads(answer)
    assert content["values"] == {}
    start = sealed_exercise.sitting.start
    for value in (*TRUTH.values(), start.seed):
        assert not shows(content, value)
    # What is drawn is the exercise's, whatever was asked for.
    unchanged = json.loads(posted(asked(holdings=sealed_exercise, page=page, address=""))[1])
    for name, stage in content["stages"].items():
        assert stage["plots"] == unchanged["stages"][name]["plots"]


def test_a_page_that_an_exercise_has_not_is_not_computed(sealed_exercise):
    for page in set(live_route.PAGES) - {"neuron", "your_data"}:
        assert posted(asked(holdings=sealed_exercise, page=page, address=""))[0] == 400
    assert live_route.TITLES.keys() == live_route.PAGES.keys()


def test_a_hidden_truth_is_not_told_where_a_change_of_it_is_refused():
    hidden = Experiment(**TRUTH, hidden=True)
    answer = json.loads(posted(asked(hidden, changes={"theta0": "x", "theta1": "x", "sigma": 0.1}))[1])
    assert answer["values"] == {"sigma": 0.1}
