"""How fast the pages follow the hand: real mouse moves in Chromium, from the event to the painted frame."""

import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from core.posterior.exact import posterior
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of
from tests.benchmarks.record import Record, output_path
from tests.browser.lab import VIEWPORT, Lab, open_browser, serve, sweep

SETTINGS = {
    "viewport": VIEWPORT,
    "seconds_a_drag": 6,
    "mouse_moves_a_second": 100,
    "warm_up_drags_of_seconds": 2,
    "releases": 9,
    "updates_for_identity": 50,
    "event_to_painted": "from the time stamp of the input event to the task after the next animation frame",
}


def first_page(browser: Browser, runs: Path, record: Record) -> None:
    """Time the launch of the command to the first page standing."""
    start = time.perf_counter()
    with serve(runs) as url:
        lab = Lab(browser.new_context(viewport=VIEWPORT), url)
        lab.open()
        record.note("from the command to the first page standing", time.perf_counter() - start, "s", most=8)
        lab.context.close()


def warm_up(lab: Lab) -> None:
    """Wait until the server has loaded its maps, and drag for a while on each page that is measured."""
    lab.open("Inverse map")
    for page, fields in (
        ("Neuron", ("theta0", "sigma", "zeta")),
        ("Landscape", ("candidate_theta0", "theta0", "zeta")),
        ("Inverse map", ("theta0",)),
        ("Uncertainty", ("theta0",)),
    ):
        lab.open(page)
        for field in fields:
            drag(lab, field, SETTINGS["warm_up_drags_of_seconds"])


def drag(lab: Lab, field: str, seconds: float) -> list[dict[str, float]]:
    """Drag a slider back and forth, let it go beside its start, and return the painted events."""
    place = lab.along(field)
    before = lab.evaluate("painted.length")
    start = lab.share(field)
    lab.page.mouse.move(*place(start))
    lab.page.mouse.down()
    sweep(lab, seconds, place, 0.5)
    with lab.painting():
        lab.page.mouse.move(*place(0.45 if start > 0.5 else 0.55))
        lab.page.mouse.up()
    return lab.evaluate("(n) => painted.slice(n)", before)


def drag_candidate(lab: Lab, seconds: float) -> list[dict[str, float]]:
    """Drag the orange candidate back and forth over the map, and return the painted events."""
    corners = [lab.pixel("map", *point) for point in ((-0.2, -0.4), (1.0, 1.2))]

    def place(share: float) -> tuple[float, float]:
        return tuple(low + share * (high - low) for low, high in zip(*corners, strict=True))

    before = lab.evaluate("painted.length")
    with lab.held_candidate():
        sweep(lab, seconds, place, 0.5)
    return lab.evaluate("(n) => painted.slice(n)", before)


def note_drag(
    record: Record, what: str, events: list[dict[str, float]], most: float, least: float | None = None
) -> None:
    """Note the times and the rate of the pictures of one drag."""
    live = [event for event in events if not event["final"]]
    waits = [event["milliseconds"] for event in live]
    span = (live[-1]["at"] - live[0]["at"]) / 1000
    median = float(np.median(waits))
    record.note(f"{what}: median event to painted", median, "ms", most=most, code=f"{what}/median")
    record.note(f"{what}: 95 % of events to painted, over the median", np.quantile(waits, 0.95) / median, "", most=2)
    record.note(f"{what}: pictures", (len(live) - 1) / span, "1/s", least=least)


def releases(lab: Lab, field: str) -> list[float]:
    """Return, for each release of a slider, the time in ms from the pointer's to the picture in full."""
    waits = []
    for i in range(SETTINGS["releases"]):
        lab.drag(field, *((0.3, 0.4) if i % 2 else (0.7, 0.6)))
        waits.append(lab.evaluate("painted.findLast((each) => each.final).at - released.at(-1)"))
    return waits


def what_survives(lab: Lab, record: Record) -> None:
    """Note whether elements, a zoom and the camera survive fifty updates; 1 stands for yes."""
    n = SETTINGS["updates_for_identity"]
    shares = np.linspace(0.3, 0.7, n)
    lab.open("Neuron")
    zoomed = lab.zoom("potential", 50, 100)
    plots = ("potential", "phase", "rates")
    for plot in plots:
        lab.remember(plot)
    lab.drag("theta0", *shares)
    record.note(f"Neuron: elements kept through {n} updates", all(map(lab.is_the_same, plots)), least=1)
    record.note(f"Neuron: zoom kept through {n} updates", lab.range("potential") == zoomed, least=1)
    lab.open("Landscape", "beside=surface")
    turned = lab.turn_surface()
    plots = ("map", "surface")
    for plot in plots:
        lab.remember(plot)
    lab.drag("theta0", *shares)
    record.note(f"Landscape: elements kept through {n} updates", all(map(lab.is_the_same, plots)), least=1)
    record.note(f"Landscape: camera kept through {n} updates", np.allclose(lab.camera(), turned), least=1)


def posterior_ms() -> float:
    """Return the median time in ms of the exact posterior of the default experiment in this process."""
    spent = []
    for _ in range(9):
        start = time.perf_counter()
        posterior(problem_of(Experiment(), observe(Experiment(), None)))
        spent.append(1000 * (time.perf_counter() - start))
    return float(np.median(spent))


def race(lab: Lab, record: Record) -> None:
    """Note what a race of five methods takes: its paths on the server, and a frame of it in the browser."""
    lab.open("Landscape")
    start = time.perf_counter()
    lab.race(0.76, 0.88)
    record.note("race of five methods: from the click to its first frame", time.perf_counter() - start, "s")
    frames = lab.evaluate("""async () => {
        const spent = []
        for (let i = 0; i < 60; i++) {
            await new Promise(requestAnimationFrame)
            const start = performance.now()
            document.querySelector(".lab-player input[type=range]").value = i / 60
            document.querySelector(".lab-player input[type=range]").dispatchEvent(new Event("input"))
            spent.push(performance.now() - start)
        }
        return spent
    }""")
    record.note("race of five methods: a frame, median", np.median(frames), "ms")
    record.note("race of five methods: a frame, longest", np.max(frames), "ms")


def main() -> None:
    """Measure, print and write."""
    out = output_path("dragging", __doc__)
    record = Record("dragging", SETTINGS)
    seconds = SETTINGS["seconds_a_drag"]
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        first_page(browser, Path(folder) / "first", record)
        with serve(Path(folder) / "runs") as url:
            lab = Lab(browser.new_context(viewport=VIEWPORT), url)
            warm_up(lab)
            lab.open("Neuron")
            for field in ("theta0", "theta1", "sigma", "zeta", "gamma", "t_end"):
                note_drag(record, f"Neuron, {field}", drag(lab, field, seconds), most=30, least=30)
            lab.open("Landscape")
            note_drag(record, "Landscape, candidate’s slider", drag(lab, "candidate_theta0", seconds), 35, 25)
            note_drag(record, "Landscape, candidate on the map", drag_candidate(lab, seconds), 35, 25)
            for field, most in (("theta0", 90), ("zeta", 90), ("gamma", 90), ("t_end", 110)):
                note_drag(record, f"Landscape, {field}", drag(lab, field, seconds), most)
            lab.open("Inverse map")
            for field in ("theta0", "sigma"):
                note_drag(record, f"Inverse map, {field}", drag(lab, field, seconds), 100)
            lab.open("Uncertainty")
            note_drag(record, "Uncertainty, theta0", drag(lab, "theta0", seconds), posterior_ms() + 60)
            lab.open("Landscape", "beside=surface")
            for field, what in (("theta0", "the truth"), ("candidate_theta0", "the candidate")):
                waits = releases(lab, field)
                record.note(
                    f"Landscape: surface drawn after {what} is let go, median", np.median(waits), "ms", most=700
                )
                record.note(f"Landscape: surface drawn after {what} is let go, longest", np.max(waits), "ms")
            what_survives(lab, record)
            race(lab, record)
            lab.check()
    record.save(out)


if __name__ == "__main__":
    main()
