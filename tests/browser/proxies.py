"""Stand-ins for what lies around a server: a web server in front, a page of another site, a proxy for requests out."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from html import escape
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from urllib.parse import unquote

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
NOT_PASSED_ON = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 100  # a browser opens many connections at once


@contextmanager
def _serving(handler: type[BaseRequestHandler]) -> Iterator[int]:
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of a request, and what has come after it."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b"", b""
        received += piece
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def in_front(port: int, path: str) -> Iterator[tuple[str, list[str]]]:
    """Serve what lies at a port under a path; yield its address, and a list of what was asked outside the path."""
    outside: list[str] = []

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            head, rest = _head(self.request)
            if not head:
                return
            first, *lines = head.split(b"\r\n")
            method, asked, version = first.split()
            if not asked.startswith(f"{path}/".encode()):
                outside.append(asked.decode())
                self.request.sendall(NOT_FOUND)
                return
            if b"upgrade: websocket" not in head.lower():
                lines = [line for line in lines if not line.lower().startswith(b"connection:")]
                lines.append(b"Connection: close")  # so that a connection carries one request
            with socket.create_connection(("127.0.0.1", port)) as server:
                asked = asked.removeprefix(path.encode())
                server.sendall(b"\r\n".join([b" ".join((method, asked, version)), *lines, b"", rest]))
                answers = threading.Thread(target=_pass_on, args=(server, self.request), daemon=True)
                answers.start()
                _pass_on(self.request, server)
                answers.join()

    with _serving(Handler) as own_port:
        yield f"http://127.0.0.1:{own_port}{path}", outside


@contextmanager
def course_page() -> Iterator[str]:
    """Yield the address of a page that shows in a frame what its query names."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            framed = escape(unquote(self.path.partition("?")[2]))
            self.wfile.write(f'<iframe src="{framed}" width="1200" height="760"></iframe>'.encode())

        def log_message(self, *_: object) -> None:
            pass

    with _serving(Handler) as port:
        yield f"http://localhost:{port}"  # to browsers another site than 127.0.0.1


@contextmanager
def for_requests_out() -> Iterator[tuple[str, list[str]]]:
    """Refuse every request to another host; yield the address of the proxy, and a list of what it was asked for."""
    asked: list[str] = []

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            head, _ = _head(self.request)
            asked.append(head.partition(b"\r\n")[0].decode())
            self.request.sendall(NOT_PASSED_ON)

    with _serving(Handler) as port:
        yield f"http://127.0.0.1:{port}", asked


@contextmanager
def watching(folder: Path) -> Iterator[tuple[dict[str, str], Callable[[], list[str]]]]:
    """Yield the environment of processes to watch, and a function that tells whom they asked beyond the machine.

    Python's own look-ups and connections are written down as they happen; what asks by HTTP in another way is sent to a
    proxy, which refuses it.
    """
    log = folder / "watch.log"
    log.touch()
    with for_requests_out() as (proxy, requests):
        environment = {"PYTHONPATH": str(Path(__file__).parent / "watch"), "WATCH_LOG": str(log)}
        for name in ("http_proxy", "https_proxy"):
            environment |= {name: proxy, name.upper(): proxy}
        environment |= {"no_proxy": "", "NO_PROXY": ""}
        yield environment, lambda: [*log.read_text("utf-8").splitlines(), *requests]
