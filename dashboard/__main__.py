"""The launcher: `python -m dashboard` starts the server, on loopback unless told otherwise."""

import argparse
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import plotly
import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.derivatives import full_hessian, gauss_newton, misfit_gradient
from core.features import spike_timing
from core.jobs import stop_all
from core.misfit import misfit, simulated_misfit
from core.noise import sample_ar1
from core.published import time_grid
from core.sensitivities import sensitivities
from core.simulation import simulate, simulate_potential
from dashboard import registry

FOLDER = Path(__file__).resolve().parent

CONFIG: dict[str, bool | int | str] = {
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 5,
    "theme.light.primaryColor": "#0072B2",
    "theme.dark.primaryColor": "#56B4E9",
    "theme.light.backgroundColor": "#FFFFFF",
    "theme.dark.backgroundColor": "#12161C",
    "theme.light.secondaryBackgroundColor": "#F3F5F8",
    "theme.dark.secondaryBackgroundColor": "#1C222B",
    "theme.light.textColor": "#1B2430",
    "theme.dark.textColor": "#E8ECF1",
    "theme.baseFontSize": 15,
}

HEADERS = {
    # Plotly's surfaces compile functions; nothing may come from, or go to, another host.
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; "
    "frame-ancestors 'self'; base-uri 'self'; form-action 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

FILES = {
    "live.js": FOLDER / "live" / "live.js",
    "plotly.min.js": Path(plotly.__file__).parent / "package_data" / "plotly.min.js",
}


async def serve_file(request: Request) -> FileResponse:
    """Serve one of FILES; browsers keep it and ask only whether it has changed."""
    return FileResponse(FILES[Path(request.url.path).name], headers={"Cache-Control": "no-cache"})


class SecurityHeaders:
    """Add HEADERS to every answer."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _compile() -> None:
    """Compile what the pages call, or load it from the cache that an earlier start left."""
    start = time.monotonic()
    sys.stdout.write("Preparing the solver (the very first start compiles it: up to a minute) …\n")
    sys.stdout.flush()
    times = time_grid()
    alone, many = np.tile([0.4, 0.4, -0.4, 3.0], (1, 1)), np.tile([0.4, 0.4, -0.4, 3.0], (32, 1))
    noise = sample_ar1(0.8, 0.35, times.size, np.random.default_rng(0))
    for parameters in (alone, many):
        for potentials in (simulate_potential(parameters, times), simulate(parameters, times)[..., 0].copy()):
            spike_timing(potentials, times)
            misfit(noise, potentials, 0.35)
        simulated_misfit(parameters, times, noise, 0.35)
    misfit_gradient(alone, times, noise, 0.35)
    full_hessian(alone, times, noise, 0.35)
    gauss_newton(alone, times, noise, 0.35)
    sensitivities(alone, times)
    simulated_misfit(alone, times, noise, 0.35, step=0.1)  # in double precision, as the optimisers call it
    simulate(alone, times, step=0.1)
    sys.stdout.write(f"Ready after {time.monotonic() - start:.1f} s.\n")
    sys.stdout.flush()


def _load_maps() -> None:
    """Import torch and the shipped maps while the first page is already up, then settle the garbage collector.

    Streamlit collects garbage after every run; with torch loaded that holds back each answer by 100 ms unless all that
    lives this long is frozen.
    """
    registry.warm_up()
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Warm up behind the server's back, and end the trainings it started when it ends."""
    threading.Thread(target=_load_maps, daemon=True).start()
    yield
    stop_all()


def main() -> None:
    """Start the server."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="Inverse Lab in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8501, help="port (default: %(default)s)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of trainings (default: %(default)s)")
    options = parser.parse_args()
    if not 0 <= options.port <= 65535:
        parser.error(f"the port must lie between 0 and 65535; it is {options.port}")
    try:
        options.runs.mkdir(parents=True, exist_ok=True)
    except OSError:
        parser.error(f"the folder of runs {options.runs} cannot be made: name another with --runs")
    registry.use_runs(options.runs)
    _compile()
    app = st.App(
        FOLDER / "app.py",
        lifespan=lifespan,
        routes=[Route(f"/lab/{name}", serve_file) for name in FILES],
        middleware=[Middleware(SecurityHeaders)],
    )
    app.run(config={**CONFIG, "server.address": options.host, "server.port": options.port})


if __name__ == "__main__":
    main()
