"""What the browser tests and the benchmarks share: a server, a Chromium, and hands that wait for what they did.

Nothing here waits for a time. After every painted update the page dispatches "inverse-lab-painted"; `Lab` records these
events and waits for them, or for a state of the document.
"""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests.processes import kill_processes_of

ROOT = Path(__file__).resolve().parents[2]
VIEWPORT = {"width": 1280, "height": 800}
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--enable-unsafe-swiftshader",
]


class PageFacts(NamedTuple):
    """Where a page lies, how its question begins, and which plots stand on it at first."""

    path: str
    question: str
    plots: tuple[str, ...]


PAGES = {
    "Start": PageFacts("/", "Which θ made this?", ("recording",)),
    "Lessons": PageFacts("/lessons", "What do you want to understand?", ()),
    "Neuron": PageFacts("/neuron", "What do the parameters do", ("potential", "phase", "rates")),
    "Landscape": PageFacts("/landscape", "Where does the optimiser end up", ("map", "fit", "slice")),
    "Inverse map": PageFacts(
        "/inverse-map", "What does a learned inverse map", ("estimates", "resimulated", "first-1", "second-1")
    ),
    "Uncertainty": PageFacts("/uncertainty", "How sure can one be", ("posterior",)),
    "Trust": PageFacts("/trust", "Is the network fooled", ("plane", "trace", "movements")),
    "Train": PageFacts("/train", "What does a map learn", ("prior",)),
    "Your data": PageFacts("/your-data", "What can be said about a trace", ("trace",)),
}
TRUST_PARTS = {  # the page Trust, by part: how its question begins, and its plots
    "one": (PAGES["Trust"].question, PAGES["Trust"].plots),
    "many": ("Does what fools one map", ("direction", "methods")),
    "cures": ("What protects a map", ("worst", "alarms")),
    "denoising": ("What can a network do", ("curves", "course")),
    "surrogates": ("What is a network worth", ("traces", "course", "drift")),
    "steps": ("Do a few learned steps", ("descent", "errors")),
}
# A step of a lesson can change the part, with its question, while one waits.
TRUST_STANDS = """(parts) => {
  const [question, plots] = parts[document.querySelector("[data-field=trust] :checked")?.value] ?? [" ", []]
  return document.querySelector(".lab-head h1")?.textContent.startsWith(question)
    && plots.every((id) => plot(id)?.querySelector(".main-svg") && plot(id)._fullLayout)
}"""
BESIDE = {  # the map of the Landscape page, by the choice that stands there
    "fit": ("fit", "slice"),
    "residual": ("fit", "residual"),
    "surface": ("surface",),
    "race": ("course", "fit"),
    "distance": ("distance", "variation"),
    "basins": ("basins", "waterfall"),
}
TEST_VIEWS = {  # of the Inverse map page; what shows a stored experiment waits for none
    "network": ("network-1", "network-2", "network-3"),
    "training": ("training-1", "training-2", "training-3", "training-4"),
    "scatter": ("first-1", "first-2", "second-1", "second-2"),
    "regimes": ("first-1", "first-2", "first-3", "second-1", "second-2", "second-3"),
    "series": ("series-1", "series-2", "series-3"),
    "noise": (),
    "samples": (),
    "errors": ("errors",),
    "examination": ("coverage", "ranks", "distances", "scores"),
    "joint": (),
    "search": ("trials",),
    "width": (),
}
SHIPPED_MAPS = ("best", "cnn-clean", "cnn-noisy", "dense-clean", "dense-noisy", "narrow")
NO_CHROMIUM = (
    "There is no Chromium here: `apt-get install chromium`, or `python -m playwright install --with-deps chromium`."
)
STANDS = "[data-testid='stApp'][data-test-script-state='notRunning']"

_RECORDER = """
  window.painted = []
  window.released = []
  document.addEventListener("inverse-lab-painted", ({ detail }) => painted.push({ at: performance.now(), ...detail }))
  window.addEventListener("pointerup", (event) => released.push(event.timeStamp), true)
  window.plot = (id) => document.querySelector(`.lab-plot[data-plot="${id}"]`)
  const plain = (array) => {
    if (!array?.bdata) return array && Array.from(array)
    const bytes = Uint8Array.from(atob(array.bdata), (letter) => letter.charCodeAt(0))
    return Array.from(new { f4: Float32Array, f8: Float64Array }[array.dtype](bytes.buffer))
  }
  window.drawing = (id) => ({
    traces: plot(id).data.map(({ name, type, x, y, z, x0, dx, line, marker }) => (
      { name: name ?? "", type, x: plain(x), y: plain(y), z: plain(z), x0, dx, line, marker }
    )),
    shapes: (plot(id).layout.shapes ?? []).map(({ type, path, x0, x1, y0, y1, xanchor, yanchor, fillcolor, line }) => (
      { type, path, x0, x1, y0, y1, xanchor, yanchor, fillcolor, line }
    )),
  })
  // The outline on screen of the line trace with this name, which slides while a slider is dragged.
  window.outline = (id, name) => {
    const trace = plot(id)._fullData.find((each) => each.name === name)
    return plot(id).querySelector(`.trace${trace.uid} path.js-line`)
  }
  // What a plot draws in its axes, apart from them: an outline or a picture, with its colours, for each element.
  const inAxes = ".cartesianlayer path:not(.crisp), .cartesianlayer image, .shapelayer path" // but ticks and grid
  window.drawn = (id) => [...plot(id).querySelectorAll(inAxes)].map((node) => {
    const { stroke, strokeOpacity, strokeWidth, fill, fillOpacity } = getComputedStyle(node)
    return {
      outline: node.getAttribute("d") ?? node.getAttribute("href"),
      stroke, strokeOpacity, strokeWidth, fill, fillOpacity,
    }
  }).filter(({ outline }) => outline && outline !== "M0,0Z")
"""


def found_chromium(playwright: Playwright) -> str:
    """Return the path of a Chromium: the system's, or the one that Playwright has downloaded.

    Raises FileNotFoundError where there is none.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    downloaded = Path(playwright.chromium.executable_path)
    if found is None and not downloaded.exists():
        raise FileNotFoundError(NO_CHROMIUM)
    return found or str(downloaded)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Launch Chromium; raises FileNotFoundError where there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found_chromium(playwright), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_profile(playwright: Playwright, folder: Path, **settings: Any) -> Iterator[BrowserContext]:
    """Launch a Chromium with a profile in a folder; raises FileNotFoundError where there is none.

    Only a profile keeps compiled scripts, with which a page is there in half the time. settings: of the context.
    """
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=found_chromium(playwright), args=FLAGS, viewport=VIEWPORT, **settings
    )
    try:
        yield context
    finally:
        context.close()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    """Say whether something accepts connections on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def serve(
    runs: Path, *options: str, port: int = 0, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Start `python -m dashboard`, wait until it accepts connections, and stop it at the end.

    What it prints goes to a file beside the folder of runs. port: a free one where it is 0. environment: what its
    process has beside that of this one.
    """
    port = port or free_port()
    log = runs.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard", "--port", str(port), "--runs", str(runs), *options],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
        )
    try:
        while not listens(port):
            if process.poll() is not None:
                raise RuntimeError(f"The server ended at once:\n{log.read_text()}")
            time.sleep(0.01)  # the pause between two looks
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError("The server did not end within 20 s of being asked to.") from None
        kill_processes_of(runs)


@contextmanager
def opened(context: BrowserContext, url: str) -> Iterator["Lab"]:
    """Open a tab, and at the end check what its visit caused and close it."""
    lab = Lab(context, url)
    yield lab
    try:
        lab.check()
    finally:
        lab.page.close()


class Lab:
    """A browser tab with the laboratory in it. `faults` collects what no visit may cause."""

    def __init__(self, context: BrowserContext, url: str):
        self.url = url
        self.faults: list[str] = []
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.add_init_script(_RECORDER)
        self.page.on("request", lambda request: self._check_host(request.url))
        self.page.on("websocket", lambda websocket: self._check_host(websocket.url))
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        self.page.on("console", self._check_message)
        self.page.on("crash", lambda: self.faults.append("the page crashed"))

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.url).netloc:
            self.faults.append(f"request to another host: {url}")

    def _check_message(self, message: Any) -> None:
        # The live component writes there what went wrong while it drew, the browser what the security policy refused.
        of_component = "/lab/" in message.location.get("url", "")
        if message.type == "error" and (of_component or "Content Security Policy" in message.text):
            self.faults.append(f"console error: {message.text}")

    def check(self) -> None:
        """Raise AssertionError if the visit caused a page error, a request elsewhere, or a traceback on the page."""
        if self.page.locator("[data-testid='stException']").count():
            self.faults.append(self.page.locator("[data-testid='stException']").first.inner_text())
        assert not self.faults, "\n".join(self.faults)

    # ------------------------------------------------------------------------------------------------ pages and states

    def open(self, page: str = "Neuron", address: str = "") -> "Lab":
        """Load a page anew, with a query string, and wait until it stands."""
        self.page.goto(f"{self.url}{PAGES[page].path}{'?' if address else ''}{address}")
        return self.stand(page)

    def go(self, page: str, *missing: str) -> "Lab":
        """Switch to a page by its link in the navigation, as a visitor does; missing: plots that do not stand there."""
        self.page.get_by_role("link", name=page, exact=True).click()
        return self.stand(page, *missing)

    def stand(self, page: str, *missing: str) -> "Lab":
        """Wait until a page stands: its script is done, its sidebar is there and all of its plots are drawn."""
        if page == "Trust":
            self.until(TRUST_STANDS, TRUST_PARTS)
            self.page.wait_for_selector(STANDS)
            return self
        self.until(
            "(title) => document.querySelector('.lab-head h1')?.textContent.startsWith(title)", PAGES[page].question
        )
        self.page.wait_for_selector(f"{STANDS} .lab-controls", state="attached")  # folded on a narrow window
        plots = PAGES[page].plots
        if page == "Landscape":
            self.page.wait_for_selector("[data-field=beside]", state="attached")  # a lesson hides it
            plots = ("map", *BESIDE[self.values()["beside"]])
        if page == "Inverse map":
            self.page.wait_for_selector("[data-field=test_view]", state="attached")
            beside = "spectrum" if self.values().get("plane") == "noise" else "resimulated"
            plots = ("estimates", beside, *TEST_VIEWS[self.values()["test_view"]])
        if page == "Your data" and self.evaluate("location.search.includes('trace_shows=spectrum')"):
            plots = ("spectrum",)
        self.until(
            "(ids) => ids.every((id) => plot(id)?.querySelector('.main-svg') && plot(id)._fullLayout)",
            [plot for plot in plots if plot not in missing],
        )
        self.race_stands()
        self.page.wait_for_selector(STANDS)
        return self

    def race_stands(self) -> "Lab":
        """Wait until no race is being computed any more."""
        self.until("!document.querySelector('.lab-player [data-field=\"race share\"]')")
        return self

    def until(self, expression: str, arg: Any = None, timeout: float = 60_000) -> None:
        """Wait until a JavaScript expression, or function of arg, holds."""
        # The security policy lets no text be compiled while the page runs: a function is compiled at once.
        holds = f"(arg) => {{ const found = {expression}; return typeof found === 'function' ? found(arg) : found }}"
        self.page.wait_for_function(holds, arg=arg, timeout=timeout)

    def evaluate(self, expression: str, arg: Any = None) -> Any:
        """Return what a JavaScript expression, or function of arg, gives."""
        return self.page.evaluate(expression, arg)

    @contextmanager
    def painting(self, final: bool = True) -> Iterator[None]:
        """Wait, at the end of the block, until all that it did is painted; final: in full, not as part of a drag."""
        before = self.evaluate("painted.length")
        yield
        self.until(
            "([n, final]) => painted.slice(n).some((each) => each.final || !final)"
            " && !document.documentElement.hasAttribute('data-lab-waiting')",
            [before, final],
        )

    # -------------------------------------------------------------------------------------------------------- controls

    def text_box(self, field: str) -> Any:
        """Return the locator of the typed value of a slider."""
        return self.page.locator(f"[data-field={field}] input[type=text]")

    def type(self, field: str, value: object) -> "Lab":
        """Type a value beside a slider, press Enter and wait until the answer is painted."""
        with self.painting():
            self.text_box(field).fill(str(value))
            self.text_box(field).press("Enter")
        return self

    def choose(self, field: str, value: str) -> "Lab":
        """Choose in a drop-down, or press a tab, and wait until the answer is painted."""
        control, tab = self.page.locator(f"[data-field={field}]"), f"input[type=radio][value='{value}']"
        control.evaluate("(node) => { if (node.closest('details')) node.closest('details').open = true }")
        with self.painting():
            if control.locator(tab).count():
                control.locator(tab).check()
            else:
                control.locator("select").select_option(value)
        return self

    def tick(self, field: str) -> "Lab":
        """Click a check box and wait until the answer is painted."""
        with self.painting():
            self.page.locator(f"[data-field={field}] input[type=checkbox]").click()
        return self

    def value(self, field: str) -> float:
        """Return the number that is typed beside a slider."""
        return float(self.text_box(field).input_value().replace("−", "-"))

    def values(self) -> dict[str, str]:
        """Return what stands in every control of the page."""
        return self.evaluate("""() => Object.fromEntries(
            [...document.querySelectorAll("[data-field]")]
              .map((node) => [
                node.dataset.field, node.querySelector("input[type=text], input[type=checkbox], :checked, select"),
              ])
              .filter(([, input]) => input)
              .map(([field, input]) => [field, String(input.type === "checkbox" ? input.checked : input.value)])
          )""")

    def along(self, field: str) -> Callable[[float], tuple[float, float]]:
        """Return where on screen a share from 0 to 1 of a slider's track lies."""
        track = self.page.locator(f"[data-field={field}] input[type=range]")
        track.scroll_into_view_if_needed()
        box = track.bounding_box()
        # The knob is 16 px wide: its middle keeps half of that from either end.
        return lambda share: (box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2)

    def share(self, field: str) -> float:
        """Return where the knob of a slider stands, from 0 to 1."""
        return self.evaluate(
            """(field) => {
              const range = document.querySelector(`[data-field=${field}] input[type=range]`)
              return (range.value - range.min) / (range.max - range.min)
            }""",
            field,
        )

    @contextmanager
    def held(self, field: str) -> Iterator[Callable[[float], None]]:
        """Hold the knob of a slider; gives a function that drags it to a share and waits for the picture."""
        place = self.along(field)
        self.page.mouse.move(*place(self.share(field)))
        self.page.mouse.down()

        def drag_to(share: float) -> None:
            with self.painting(final=False):
                self.page.mouse.move(*place(share))

        with self.painting():
            yield drag_to
            self.page.mouse.up()

    def drag(self, field: str, *shares: float) -> "Lab":
        """Drag a slider over the shares, waiting for each picture, and let it go."""
        with self.held(field) as drag_to:
            for share in shares:
                drag_to(share)
        return self

    @contextmanager
    def held_candidate(self) -> Iterator[None]:
        """Hold the orange candidate on the map with the mouse, and let it go at the end."""
        mark = self.drawing("map")["shapes"][-1]
        self.page.mouse.move(*self.pixel("map", mark["xanchor"], mark["yanchor"]))
        self.until("plot('map').classList.contains('lab-near')")
        self.page.mouse.down()
        yield
        with self.painting():
            self.page.mouse.up()

    # -------------------------------------------------------------------------------------------------------- training

    def fill(self, label: str, value: object) -> "Lab":
        """Fill in a box of Streamlit and wait until the page has taken it."""
        box = self.page.get_by_label(label, exact=True)
        box.fill(str(value))
        box.press("Enter")
        self.page.wait_for_selector(STANDS)
        return self

    def name_training(self, name: str) -> "Lab":
        """Fill in the name of the map to train."""
        return self.type("train_name", name)

    def start_training(self) -> "Lab":
        """Click Train and wait for the first piece of the loss curve."""
        name = self.text_box("train_name").input_value()
        self.page.locator("button[data-field=train_start]").click()
        self.page.locator(".lab-train-run .lab-said").filter(has_text=f"“{name}” learns").wait_for()
        self.page.wait_for_selector(".lab-plot[data-plot=losses] .main-svg", timeout=90_000)
        return self

    def await_training(self, ending: str, seconds: float = 300) -> "Lab":
        """Wait until the training on screen has ended, in a sentence with these words."""
        status = self.page.locator("[data-field=train_progress]").filter(has_text=ending)
        status.wait_for(timeout=1000 * seconds)
        return self

    # ----------------------------------------------------------------------------------------------------------- plots

    def drawing(self, plot: str) -> dict[str, Any]:
        """Return the traces and shapes of a plot with typed arrays as lists; what is not a number is None."""
        return json.loads(self.evaluate("(id) => JSON.stringify(drawing(id))", plot))

    def shown(self) -> list[str]:
        """Return the names of the plots on the page."""
        return self.evaluate("[...document.querySelectorAll('.lab-plot')].map((node) => node.dataset.plot)")

    def drawn(self, plot: str) -> list[dict[str, Any]]:
        """Return what a plot draws in its axes: an outline or a picture, with its colours, for each element."""
        return self.evaluate("(id) => drawn(id)", plot)

    def save(self, plot: str, kind: str) -> Path:
        """Press a button of a plot's toolbar, PNG or SVG, and return where the file is that it saves."""
        with self.page.expect_download() as download:
            self.evaluate(
                "([id, kind]) => [...plot(id).querySelectorAll('.lab-toolbar button')]"
                ".find((each) => each.textContent === kind).click()",
                [plot, kind],
            )
        assert download.value.suggested_filename == f"inverse-lab-{plot}.{kind.lower()}"
        return download.value.path()

    def saved(self, plot: str) -> NDArray[np.uint8]:
        """Return the picture that a plot saves as PNG, (height, width, 4)."""
        return np.asarray(Image.open(self.save(plot, "PNG")))

    def names(self, plot: str) -> list[str]:
        """Return the entries of a plot's legend."""
        return self.evaluate(
            "(id) => [...plot(id).querySelectorAll('.legend .legendtext')].map((node) => node.textContent)", plot
        )

    def click_legend(self, plot: str, name: str, clicks: int = 1) -> None:
        """Click an entry of a plot's legend, and wait until the plot has changed."""
        before = self.evaluate("(id) => drawn(id).length", plot)
        entry = self.page.locator(f".lab-plot[data-plot={plot}] .legend .traces").nth(self.names(plot).index(name))
        entry.locator(".legendtoggle").click(click_count=clicks)
        self.until("([id, before]) => drawn(id).length !== before", [plot, before])

    def race(self, x: float, y: float) -> "Lab":
        """Click the map at (x, y) and wait until the race from there begins, and its curves stand beside the map."""
        self.click("map", x, y).race_stands()
        # The first race brings its curves to the page, which then draws its plots anew.
        self.until("['course', 'distance'].some((id) => plot(id)?.data && plot(id).querySelector('.main-svg'))")
        return self

    def press(self, name: str) -> "Lab":
        """Press a button of the page, which may answer on its own or by the server."""
        self.page.get_by_role("button", name=name, exact=True).click()
        return self

    def clock(self) -> tuple[int, int]:
        """Return the evaluations at which the race stands, and at which it ends."""
        words = self.page.locator(".lab-clock").inner_text().replace(",", "").split()
        return int(words[1]), int(words[3])

    def trace(self, plot: str, name: str = "") -> dict[str, Any]:
        """Return the trace of a plot with this name; that of a loss has none."""
        return next(trace for trace in self.drawing(plot)["traces"] if trace["name"] == name)

    def outline(self, plot: str, name: str) -> str:
        """Return the path on screen of a line trace."""
        return self.evaluate("([id, name]) => outline(id, name).getAttribute('d')", [plot, name])

    def range(self, plot: str, axis: str = "xaxis") -> list[float]:
        """Return the range of an axis of a plot."""
        return self.evaluate("([id, axis]) => [...plot(id)._fullLayout[axis].range]", [plot, axis])

    def pixel(self, plot: str, x: float, y: float) -> tuple[float, float]:
        """Return where on screen the point (x, y) of a plot lies."""
        return tuple(
            self.evaluate(
                """([id, x, y]) => {
                  const { xaxis, yaxis } = plot(id)._fullLayout
                  const frame = plot(id).getBoundingClientRect()
                  return [frame.left + xaxis._offset + xaxis.d2p(x), frame.top + yaxis._offset + yaxis.d2p(y)]
                }""",
                [plot, x, y],
            )
        )

    def click(self, plot: str, x: float, y: float) -> "Lab":
        """Click a plot at (x, y) and wait until the answer is painted."""
        self.page.locator(f".lab-plot[data-plot={plot}]").scroll_into_view_if_needed()
        with self.painting():
            self.page.mouse.move(*self.pixel(plot, x, y))
            self.page.mouse.down()
            self.page.mouse.up()
        return self

    def pull(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at one place of the screen, move to another in a few steps, and let go."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=5)
        self.page.mouse.up()

    def camera(self) -> list[float]:
        """Return where the camera of the surface stands."""
        return self.evaluate("Object.values(plot('surface')._fullLayout.scene._scene.getCamera().eye)")

    def turn_surface(self) -> list[float]:
        """Turn the surface by the mouse, wait until it stands still, and return where its camera does."""
        first = self.camera()
        box = self.page.locator(".lab-plot[data-plot=surface]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.pull((x, y), (x + 80, y - 30))
        # Its last moves are drawn some frames after the hand's.
        self.until(
            """(first) => {
              const eye = plot("surface")._fullLayout.scene._scene.getCamera().eye.x
              window.still = window.eye === eye ? window.still + 1 : 0
              window.eye = eye
              return window.still > 20 && Math.abs(plot("surface").layout.scene.camera.eye.x - first) > 0.1
            }""",
            first[0],
        )
        return self.camera()

    def zoom(self, plot: str, low: float, high: float) -> list[float]:
        """Zoom into a stretch of a plot's x axis, as a hand does, and return the range that it got."""
        before = self.range(plot)
        middle = sum(self.range(plot, "yaxis")) / 2
        self.pull(self.pixel(plot, low, middle), self.pixel(plot, high, middle))
        self.until("([id, old]) => plot(id)._fullLayout.xaxis.range[0] !== old[0]", [plot, before])
        return self.range(plot)

    def remember(self, plot: str) -> None:
        """Keep hold of a plot's element, for `is_the_same`."""
        self.evaluate("(id) => { (window.kept ??= {})[id] = [plot(id), plot(id).querySelector('.main-svg')] }", plot)

    def is_the_same(self, plot: str) -> bool:
        """Say whether a plot is still drawn in the elements that `remember` saw."""
        return self.evaluate(
            "(id) => kept[id][0] === plot(id) && kept[id][1] === plot(id).querySelector('.main-svg')", plot
        )

    # ------------------------------------------------------------------------------------------------------------ text

    def notes(self) -> str:
        """Return the sentences above the plots."""
        return " ".join(self.page.locator(".lab-notes p").all_inner_texts())

    def sentence(self) -> str:
        """Return what the page says is seen in its main picture."""
        return self.page.locator(".lab-said").first.inner_text()

    def metrics(self) -> dict[str, str]:
        """Return the metrics of the page, label → value."""
        return dict(
            self.evaluate(
                "[...document.querySelectorAll('.lab-metrics > div')]"
                ".map((node) => [node.firstChild.textContent, node.lastChild.textContent])"
            )
        )

    def stale(self) -> list[str]:
        """Return what is dimmed since it waits until a slider is let go: plots by name, other parts by their class."""
        self.until("document.getAnimations().every((each) => !(each instanceof CSSTransition))")
        return self.evaluate(
            "[...document.querySelectorAll('.lab-stale')].filter((node) => node.checkVisibility()"
            " && getComputedStyle(node, '::after').content === '\"let go to update\"'"
            " && [...node.children].every((child) => getComputedStyle(child).opacity < 1))"
            ".map((node) => node.dataset.plot ?? node.classList[0])"
        )

    def table(self) -> dict[str, list[str]]:
        """Return the rows of the page's tables by their first cell; of two alike the upper one."""
        rows = self.evaluate(
            "[...document.querySelectorAll('.lab-table tr')].filter((row) => row.children.length)"
            ".map((row) => [...row.children].map((cell) => cell.textContent))"
        )
        found: dict[str, list[str]] = {}
        for head, *cells in rows:
            found.setdefault(head, cells)
        return found


def sweep(lab: Lab, seconds: float, place: Callable[[float], tuple[float, float]], middle: float) -> None:
    """Move the mouse a hundred times a second, back and forth by 0.3 about a middle, as a hand does on a slider."""
    start = time.perf_counter()
    for i in range(round(100 * seconds)):
        wait = start + 0.01 * i - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        elif wait < -0.01:
            continue  # a hand does not catch up
        lab.page.mouse.move(*place(middle + 0.3 * math.sin(i / 25)))
