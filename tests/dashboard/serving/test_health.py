import asyncio
import json
import re

import pytest
from filelock import FileLock
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route

from core.files import write_json
from dashboard import live_route
from dashboard.scene import holdings as kept
from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from dashboard.serving import health


class Client:
    """Asks the routes of health and the live route, as they stand under a path."""

    def __init__(self):
        live = Route("/apps/lab/live", live_route.respond, methods=["POST"])
        self.app = Starlette(routes=[*health.routes("/apps"), live])

    def ask(self, path, content=b"", method="GET", caller="127.0.0.1", **headers):
        """Return status, headers and text of an answer; caller: the address that the request comes from."""
        messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": content}]
        sent = []

        async def receive():
            return messages.pop() if len(messages) > 1 else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": encoded,
                 "client": (caller, 50_000)}  # fmt: skip
        asyncio.run(self.app({**scope, "root_path": ""}, receive, send))
        start, *bodies = sent
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        return start["status"], answered, b"".join(each.get("body", b"") for each in bodies).decode()

    def post(self, content, **headers):
        """Return the status of the live route's answer."""
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        return self.ask("/apps/lab/live", body, "POST", **headers)[0]


@pytest.fixture
def client(monkeypatch, tmp_path):
    """A client of a server without sessions, with a folder of runs of its own."""
    monkeypatch.setattr("dashboard.maps._runs", [tmp_path])
    monkeypatch.setattr(kept, "_holdings", type(kept._holdings)())
    return Client()


def measured(client):
    """Return the samples of the metrics by name, each with its labels and value."""
    status, _, text = client.ask("/apps/lab/metrics")
    assert status == 200
    families = text_string_to_metric_families(text)
    return {(sample.name, *sample.labels.values()): sample.value for each in families for sample in each.samples}


def test_a_server_lives_before_it_is_ready(client, monkeypatch):
    monkeypatch.setattr(health, "warmed_up", type(health.warmed_up)())
    assert client.ask("/apps/lab/health")[0] == 200
    status, headers, _ = client.ask("/apps/lab/ready")
    assert (status, headers["retry-after"]) == (503, "5")
    health.warmed_up.set()
    assert client.ask("/apps/lab/ready")[0] == 200
    assert client.ask("/apps/lab/health", method="HEAD")[0] == 200


def test_metrics_count_sessions_and_answers(client):
    before = measured(client)
    key = keep(Holdings())
    asked = {"page": "neuron", "key": key, "address": to_address(Experiment()), "changes": {}, "drawn": {}}
    assert [client.post(content) for content in (asked, {**asked, "key": "unknown"}, "{")] == [200, 400, 400]
    after = measured(client)

    def grown(*name):
        return after[name] - before.get(name, 0)

    assert grown("lab_sessions") == 1
    assert grown("lab_live_answers_total", "200") == 1
    assert grown("lab_live_answers_total", "400") == 2
    assert grown("lab_live_seconds_count", "neuron") == 1
    assert 0 < grown("lab_live_seconds_sum", "neuron") < 60
    assert after["process_resident_memory_bytes",] > 5e7
    assert after["process_open_fds",] >= 3
    assert after["lab_live_waiting",] == 0
    for (name, *labels), value in after.items():
        if name == "lab_kept_bytes":
            assert value <= after["lab_kept_bytes_most", *labels]


def test_metrics_count_trainings_at_work(client, tmp_path):
    assert measured(client)["lab_trainings",] == 0
    (tmp_path / "mine").mkdir()
    write_json(tmp_path / "mine" / "request.json", {"name": "mine", "epochs": 3, "recipe": {}})
    assert measured(client)["lab_trainings",] == 0
    with FileLock(tmp_path / "mine" / "lock"):
        assert measured(client)["lab_trainings",] == 1


@pytest.mark.parametrize(
    ("caller", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.7", {}, 403),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, 403),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 403),
        ("192.0.2.7", {"cookie": "_streamlit_user=1"}, 403),
    ],
)
def test_metrics_are_for_this_machine_without_a_proxy(client, caller, headers, status):
    answered, _, text = client.ask("/apps/lab/metrics", caller=caller, **headers)
    assert answered == status
    assert (text == health.NOT_FROM_HERE) == (status == 403)


def test_metrics_tell_nothing_about_visitors(client):
    key = keep(Holdings(session="8d3c-of-streamlit"))
    asked = {"page": "neuron", "key": key, "address": to_address(Experiment(theta0=0.31728, hidden=True))}
    assert client.post({**asked, "changes": {}, "drawn": {}}, cookie=f"inverse-lab-visitor={'f' * 32}") == 200
    _, _, text = client.ask("/apps/lab/metrics")
    for secret in (key, "8d3c-of-streamlit", "0.31728", "f" * 32):
        assert secret not in text
    assert set(re.findall(r'(\w+)="', text)) <= {"page", "status", "name", "le"}
