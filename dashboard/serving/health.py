"""Routes for whoever runs the server: whether it lives, whether it is ready, and what it measures of itself."""

import ipaddress
from collections.abc import Iterable
from threading import Event

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.jobs.queue import at_work
from dashboard import live_route, shared_results
from dashboard.maps import runs
from dashboard.metrics import REGISTRY
from dashboard.scene.holdings import n_sessions
from dashboard.serving.login import is_logged_in

NOT_FROM_HERE = (
    "Ask for the metrics on the server's own machine, not through a proxy, or log in where there is a login.\n"
)
warmed_up = Event()  # set when all maps are loaded


def routes(base: str) -> list[Route]:
    """Return the routes below the path of the pages, "" for none."""
    return [
        Route(f"{base}/lab/health", _health),
        Route(f"{base}/lab/ready", _ready),
        Route(f"{base}/lab/metrics", _metrics),
    ]


async def _health(_: Request) -> Response:
    return PlainTextResponse("alive\n", headers={"Cache-Control": "no-store"})


async def _ready(_: Request) -> Response:
    if warmed_up.is_set():
        return PlainTextResponse("ready\n", headers={"Cache-Control": "no-store"})
    return PlainTextResponse("warming up\n", 503, {"Cache-Control": "no-store", "Retry-After": "5"})


def _is_from_this_machine(request: Request) -> bool:
    """Say whether a request comes from this machine, and not from elsewhere through a proxy on it."""
    if request.client is None or "x-forwarded-for" in request.headers:
        return False
    address = ipaddress.ip_address(request.client.host)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _metrics(request: Request) -> Response:
    if not (_is_from_this_machine(request) or is_logged_in(request.cookies)):
        return PlainTextResponse(NOT_FROM_HERE, 403, {"Cache-Control": "no-store"})
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


class _OfServer(Collector):
    """What is read at the moment of asking."""

    def collect(self) -> Iterable[Metric]:
        """Yield sessions, waiting requests, the sizes of what is kept, and trainings at work."""
        yield GaugeMetricFamily("lab_sessions", "Open pages, and those left in the last half minute.", n_sessions())
        yield GaugeMetricFamily("lab_live_waiting", "Requests of the live route that wait.", live_route.queue.n_waiting)
        kept = GaugeMetricFamily("lab_kept_bytes", "Size of kept results.", labels=["name"])
        most = GaugeMetricFamily("lab_kept_bytes_most", "Largest size of kept results.", labels=["name"])
        for name, (n_bytes, most_bytes) in shared_results.sizes().items():
            kept.add_metric([name], n_bytes)
            most.add_metric([name], most_bytes)
        yield kept
        yield most
        yield GaugeMetricFamily("lab_trainings", "Trainings at work.", at_work(runs()))


REGISTRY.register(_OfServer())
