"""Where the server listens, and who reaches it there."""

import errno
import ipaddress
import os
import socket


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a TCP socket bound to an address of this machine, which does not listen yet.

    Raises ValueError with a sentence where there is no such host, or the port cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ValueError(f"There is no host {host}: name an address of this machine with --host.") from None
    family, _, _, _, address = found[0]
    # asyncio switches Nagle's algorithm off for sockets that name their protocol alone. With it, an answer of two
    # packets waits 40 ms for an acknowledgement.
    try:
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ValueError(_why_not_bound(error, host, port)) from None
    try:
        if os.name == "posix":  # elsewhere the option lets two servers take one port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise ValueError(_why_not_bound(error, host, port)) from None
    return bound


def _why_not_bound(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"The port {port} is taken by another program: choose another with --port."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {port}: choose one from 1024 on with --port."
    return f"{host} is not an address of this machine: name one that is with --host."


def is_loopback(bound: socket.socket) -> bool:
    """Say whether only this machine reaches a socket."""
    return ipaddress.ip_address(bound.getsockname()[0]).is_loopback


def own_names(bound: socket.socket) -> tuple[str, ...]:
    """Return the names under which visitors reach a socket: none beside localhost where only this machine does."""
    return () if is_loopback(bound) else (socket.gethostname().lower(),)


def welcome(bound: socket.socket, base: str, secure: bool) -> str:
    """Say where the laboratory is to be opened, and who can reach it; base: the path of its pages, "" for none."""
    host, port = bound.getsockname()[:2]
    everywhere = ipaddress.ip_address(host).is_unspecified
    named = "localhost" if everywhere else f"[{host}]" if ":" in host else host

    def address(name: str) -> str:
        return f"{'https' if secure else 'http'}://{name}:{port}{base and base + '/'}"

    lines = [f"Open {address(named)} in a browser; Ctrl+C ends the server."]
    if everywhere:
        lines.append(
            "Everyone on the network can reach it, by this machine's name or address, "
            f"such as {address(socket.gethostname())}."
        )
    elif not is_loopback(bound):
        lines.append("Everyone on the network can reach it there.")
    return "\n".join(lines)
