"""On PYTHONPATH, this writes down whom a Python process, or one that it starts, asks beyond the machine."""

import ipaddress
import os
import sys

LOOK_UPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
CONNECTIONS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _stays_here(host):
    if not host or host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _watch(event, arguments):
    if event in LOOK_UPS:
        host = arguments[0]
    elif event in CONNECTIONS and isinstance(arguments[1], tuple):  # within the machine it is a path
        host = arguments[1][0]
    else:
        return
    if not _stays_here(host):
        with open(os.environ["WATCH_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{event} {host}\n")


sys.addaudithook(_watch)
