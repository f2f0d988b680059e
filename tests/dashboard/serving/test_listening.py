import errno
import socket
import threading

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from dashboard.serving.listening import bound_socket, own_names, welcome

FREE = "127.0.0.1", 0


def test_connections_wait_for_no_acknowledgement_of_small_packets():
    """Nagle's algorithm is off on the very connections that the server answers on."""
    with bound_socket(*FREE) as bound:
        port = bound.getsockname()[1]
        config = uvicorn.Config(PlainTextResponse("here"), lifespan="off", log_level="warning")
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [bound]})
        thread.start()
        while not serving.started:
            assert thread.is_alive()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
            (connection,) = serving.server_state.connections
            served = connection.transport.get_extra_info("socket")
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        serving.should_exit = True
        thread.join(20)


class Bound:
    """Stands for a socket that is bound to an address."""

    def __init__(self, *name):
        self.name = name

    def getsockname(self):
        """Return the address."""
        return self.name


def test_the_name_of_this_machine_is_the_server_s_where_others_reach_it():
    assert own_names(Bound("127.0.0.1", 1)) == own_names(Bound("::1", 1, 0, 0)) == ()
    assert own_names(Bound("0.0.0.0", 1)) == own_names(Bound("192.0.2.7", 1)) == (socket.gethostname().lower(),)


@pytest.mark.case("31")
@pytest.mark.parametrize(
    ("name", "base", "secure", "said"),
    [
        (("127.0.0.1", 8501), "", False, "Open http://127.0.0.1:8501 in a browser; Ctrl+C ends the server."),
        (("::1", 8501, 0, 0), "", False, "Open http://[::1]:8501 in a browser; Ctrl+C ends the server."),
        (("127.0.0.1", 80), "/lab", True, "Open https://127.0.0.1:80/lab/ in a browser; Ctrl+C ends the server."),
        (
            ("192.0.2.7", 8501),
            "",
            False,
            "Open http://192.0.2.7:8501 in a browser; Ctrl+C ends the server.\n"
            "Everyone on the network can reach it there.",
        ),
        *(
            (
                name,
                "",
                False,
                "Open http://localhost:8501 in a browser; Ctrl+C ends the server.\n"
                "Everyone on the network can reach it, by this machine's name or address, such as "
                f"http://{socket.gethostname()}:8501.",
            )
            for name in (("0.0.0.0", 8501), ("::", 8501, 0, 0))
        ),
    ],
)
def test_the_launcher_says_what_to_open_and_who_can_reach_it(name, base, secure, said, record_property):
    welcomed = welcome(Bound(*name), base, secure)
    if name[0] == "::1":
        record_property("measured", welcomed.split()[1])
    assert welcomed == said


def test_a_port_that_this_user_may_not_have_ends_in_a_sentence(monkeypatch):
    class Refusing(socket.socket):
        def bind(self, _):
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(ValueError, match="This user may not listen on port 80: choose one from 1024 on with --port"):
        bound_socket("127.0.0.1", 80)
