"""Ask an application of ASGI without a server."""

import asyncio


def asked(app, path="/", kind="http", method="GET", **headers):
    """Return what an application sends when it is asked for a path with these headers."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        await asyncio.Event().wait()  # nothing more comes

    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "path": path, "query_string": b"", "headers": encoded, "root_path": ""}
    asyncio.run(app({**scope, "scheme": "http", "server": ("127.0.0.1", 0)}, receive, send))
    return sent
