"""How long a small file takes to arrive: on the server's socket, and on one that waits for acknowledgements."""

import http.client
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from dashboard.serving.files import serve_file
from dashboard.serving.listening import bound_socket
from tests.benchmarks.record import Record, output_path

SETTINGS = {"file": "live.js", "requests": 200, "warm_up_requests": 20}


@contextmanager
def serving(bound: socket.socket) -> Iterator[int]:
    """Serve the file on a bound socket, as the laboratory does, and yield the port."""
    app = Starlette(routes=[Route(f"/lab/{SETTINGS['file']}", serve_file)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    while not server.started:
        time.sleep(0.01)  # the pause between two looks
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def waits(bound: socket.socket) -> list[float]:
    """Return the time in ms from each request to its whole answer, on one connection."""
    found = []
    with serving(bound) as port, closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for _ in range(SETTINGS["warm_up_requests"] + SETTINGS["requests"]):
            start = time.perf_counter()
            connection.request("GET", f"/lab/{SETTINGS['file']}")
            connection.getresponse().read()
            found.append(1000 * (time.perf_counter() - start))
    return found[SETTINGS["warm_up_requests"] :]


def main() -> None:
    """Measure, print and write."""
    out = output_path("answers", __doc__)
    record = Record("answers", SETTINGS)
    with bound_socket("127.0.0.1", 0) as ours, socket.socket() as without:
        without.bind(("127.0.0.1", 0))
        medians = [statistics.median(waits(bound)) for bound in (ours, without)]
    record.note("answer to a request for a small file: median", medians[0], "ms", most=10)
    record.note("the same without the protocol named: median", medians[1], "ms")
    record.note("times as long without", medians[1] / medians[0])
    record.save(out)


if __name__ == "__main__":
    main()
