"""The launcher: `python -m dashboard` starts the server, on loopback unless told otherwise."""

import argparse
import asyncio
import gc
import os
import re
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np

from core.jobs.queue import PLACES, at_work
from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.lag_products import sum_lag_products
from core.models.fitzhugh_nagumo.misfit import simulated_misfit
from core.models.fitzhugh_nagumo.sensitivities import sensitivities
from core.models.fitzhugh_nagumo.simulate import simulate, simulate_potential
from core.models.spikes import spike_timing
from core.noise import sample_ar1
from core.problem.landscape import POTENTIALS_ALONE, misfit
from core.published import published_noise, time_grid
from core.surrogates.surrogate import FLOW_MAP, load_surrogate
from core.terminal_encoding import replace_unencodable_characters
from dashboard.maps import runs, use_runs, warm_up
from dashboard.seal import check_key
from dashboard.serving import health, log
from dashboard.serving.departures import free_departed
from dashboard.serving.listening import bound_socket, is_loopback
from dashboard.serving.login import is_needed
from dashboard.serving.memory import bound_arenas
from dashboard.serving.run import run
from dashboard.serving.settings import base_path, load_settings
from dashboard.threads import bound_threads
from dashboard.trainings import Rules, keep_queue_going, use_rules

HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
ORIGIN = re.compile(rf"https?://(\*\.)?{HOST_NAME.pattern}(:[0-9]{{1,5}})?")
PATH = re.compile(r"/?[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?")


def compile_engine() -> None:
    """Compile what the pages call, or load it from the cache that an earlier start left."""
    start = time.monotonic()
    sys.stdout.write("Preparing the solver (the very first start compiles it: up to a minute) …\n")
    sys.stdout.flush()
    times = time_grid()
    alone, many = (np.tile([0.4, 0.4, -0.4, 3.0], (n, 1)) for n in (1, POTENTIALS_ALONE + 1))
    noise = published_noise()
    data = sample_ar1(noise.rho, noise.marginal_sd, times.size, np.random.default_rng(0))
    for parameters in (alone, many):
        for potentials in (simulate_potential(parameters, times), simulate(parameters, times)[..., 0].copy()):
            spike_timing(potentials, times)
            misfit(data, potentials, noise)
        simulated_misfit(parameters, times, data, noise)
    misfit_gradient(alone, times, data, noise)
    full_hessian(alone, times, data, noise)
    gauss_newton(alone, times, data, noise)
    sensitivities(alone, times)
    sum_lag_products(alone, times, data[None], np.array([times.size]), (0, 1))
    simulated_misfit(alone, times, data, noise, step=0.1)  # in double precision, as the optimisers call it
    simulate(alone, times, step=0.1)
    load_surrogate(FLOW_MAP).model.simulate((0.4, 0.4), times[:2])
    sys.stdout.write(f"Ready after {time.monotonic() - start:.1f} s.\n")
    sys.stdout.flush()


def _load_maps() -> None:
    """Import torch and the shipped maps while the first page is already up, then settle the garbage collector.

    Streamlit collects garbage after every run; with torch loaded that holds back each answer by 100 ms unless all that
    lives this long is frozen.
    """
    warm_up()
    gc.collect()
    gc.freeze()
    health.warmed_up.set()


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Warm up, see to the queue of trainings and free what sessions leave; say at the end which trainings go on."""
    threading.Thread(target=_load_maps, daemon=True).start()
    keep_queue_going()
    freeing = asyncio.create_task(free_departed())
    yield
    freeing.cancel()
    if n := at_work(runs()):
        which = "1 training goes" if n == 1 else f"{n} trainings go"
        sys.stdout.write(f"{which} on without the server; stop trainings on the page Train.\n")


def _host_name(text: str) -> str:
    if not HOST_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of a host, such as lab.example.org.")
    return text.lower()


def _origin(text: str) -> str:
    if not ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the origin of a page: https:// and the name of its host.")
    return text


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 2 or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of trainings from 1 to 99.")
    return int(text)


def _path(text: str) -> str:
    if not PATH.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path, such as apps/lab.")
    return text


def _options() -> argparse.Namespace:
    """Return the options of the command line; raises SystemExit with a sentence where one of them cannot be."""
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="Inverse Lab in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8501, help="port (default: %(default)s)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of trainings (default: %(default)s)")
    parser.add_argument(
        "--base-path",
        type=_path,
        help="path under which the pages stand, such as apps/lab, for a web server that passes it on (default: none)",
    )
    parser.add_argument(
        "--allow-host",
        type=_host_name,
        action="append",
        default=[],
        metavar="NAME",
        help="name under which visitors see the server; may be given several times (default: its addresses, localhost "
        "and, where others reach it, the name of this machine)",
    )
    parser.add_argument(
        "--allow-everyone",
        action="store_true",
        help="let everyone use the laboratory who reaches the address to listen on",
    )
    parser.add_argument(
        "--embed-in",
        type=_origin,
        action="append",
        default=[],
        metavar="ORIGIN",
        help="https:// and the name of a host whose pages may show the laboratory in a frame; may be given several "
        "times (default: none)",
    )
    parser.add_argument(
        "--trainings",
        type=_count,
        default=PLACES,
        metavar="N",
        help="how many trainings are at work at once, over all servers with the same folder (default: %(default)s)",
    )
    parser.add_argument(
        "--dask",
        default="",
        metavar="ADDRESS",
        help="scheduler of a Dask cluster that does the trainings; its workers must see the folder of trainings under "
        "the same path (default: this machine does them)",
    )
    parser.add_argument(
        "--private-trainings",
        action="store_true",
        help="let each browser see its own trainings alone (default: all see those that have ended)",
    )
    options = parser.parse_args()
    if not 0 <= options.port <= 65535:
        parser.error(f"the port must lie between 0 and 65535; it is {options.port}")
    load_settings(options.base_path, is_embedded=bool(options.embed_in))
    try:
        check_key(options.runs)
        needs_login = is_needed(base_path())
        options.socket = bound_socket(options.host, options.port)
    except ValueError as error:
        parser.error(str(error))
    # A server that goes by a name stands behind a proxy, which others reach.
    is_reached = bool(options.allow_host) or not is_loopback(options.socket)
    if is_reached and not (needs_login or options.allow_everyone):
        options.socket.close()
        reached = ", ".join(options.allow_host) or options.host
        parser.error(
            f"everyone who reaches {reached} could use the laboratory, and see, start and stop its trainings: if "
            "that is meant, add --allow-everyone; otherwise set a login up, as dashboard/README.md says"
        )
    try:
        options.runs.mkdir(parents=True, exist_ok=True)
    except OSError:
        parser.error(f"the folder of runs {options.runs} cannot be made: name another with --runs")
    return options


def main() -> None:
    """Start the server."""
    replace_unencodable_characters()
    try:
        Path.home()
    except RuntimeError:
        # Streamlit looks for its settings there. Systems name this folder for users who have none.
        os.environ["HOME"] = "/nonexistent"
    options = _options()
    log.set_up()
    bound_threads()
    bound_arenas()
    use_runs(options.runs)
    use_rules(Rules(options.trainings, options.dask, options.private_trainings))
    with options.socket, suppress(KeyboardInterrupt):
        compile_engine()
        try:
            options.socket.listen()
        except OSError:
            sys.exit(f"Another program took the port {options.port} meanwhile: choose another with --port.")
        run(options.socket, lifespan, options.allow_host, options.embed_in)


if __name__ == "__main__":
    main()
