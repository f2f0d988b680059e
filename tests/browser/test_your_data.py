"""The page Your data: good traces are answered, bad ones end in a sentence, and nothing else changes."""

import json
import re

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import sample_ar1
from core.published import GAMMA, ZETA, time_grid
from tests.browser.lab import ROOT, SHIPPED_MAPS

pytestmark = pytest.mark.browser

THETA = (0.3, 0.6)
CASES = ROOT / "tests" / "cases"


def trace(times, header=True):
    """Return the rows of a CSV with a clean trace at the times."""
    u = simulate([*THETA, ZETA, GAMMA], times)[:, 0]
    return ["time,u"] * header + [f"{t:.10g},{value:.6f}" for t, value in zip(times, u, strict=True)]


def upload(lab, name, content):
    """Put a file into the uploader."""
    content = content if isinstance(content, bytes) else "\n".join(content).encode()
    lab.page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def on_screen(lab, name):
    lab.page.get_by_text(f"On screen now, on every page: {name}").wait_for()
    lab.stand("Your data")


def numbers(lab):
    """Return the estimates in the table, name → (θ₀, θ₁), and what is said of each."""
    rows = {name: cells for name, cells in lab.table().items() if name != "estimator"}
    found = {
        name: [float(cell.split(" ± ")[0].replace("−", "-")) for cell in cells[:2]]
        for name, cells in rows.items()
        if cells[0] != "–"
    }
    return found, {name: cells[-1] for name, cells in rows.items()}


@pytest.mark.long
def test_trace_on_the_published_grid_is_estimated_by_every_map(lab):
    lab.open("Your data")
    upload(lab, "good.csv", trace(time_grid()))
    on_screen(lab, "good.csv")
    found, said = numbers(lab)
    assert {"MAP", *SHIPPED_MAPS} <= set(found)
    assert found["MAP"] == pytest.approx(THETA, abs=5e-3)
    assert found["cnn-clean"] == pytest.approx(THETA, abs=0.1)
    assert said["cnn-noisy"].startswith("‘cnn-noisy’ can read this trace. It expects noise of sd 0.2 to 0.5")
    assert lab.notes() == ""
    assert {"MAP", *SHIPPED_MAPS} <= {each["name"] for each in lab.drawing("trace")["traces"]}
    assert lab.names("trace")[:2] == ["data", "MAP"]
    assert {"MAP", *SHIPPED_MAPS} <= set(lab.names("trace"))
    assert lab.page.locator("[data-field=theta0]").count() == 0  # an upload has no truth
    # On the other pages it stands in the place of the simulated data, and no truth is known.
    lab.go("Neuron", "phase")
    lab.page.locator(".lab-head").get_by_text("uploaded").wait_for()
    assert "truth" not in [each["name"] for each in lab.drawing("potential")["traces"]]
    lab.go("Landscape")
    lowest = next(shape for shape in lab.drawing("map")["shapes"] if shape.get("fillcolor") == "rgba(179, 51, 123, 1)")
    assert (lowest["xanchor"], lowest["yanchor"]) == pytest.approx(THETA, abs=0.04)
    lab.go("Inverse map")
    assert lab.table()["cnn-noisy"][2] == "–"
    lab.until("location.search.includes('upload=good.csv')")


def test_trace_on_another_grid_is_for_the_optimiser_alone(lab):
    lab.open("Your data")
    upload(lab, "coarse.csv", trace(np.arange(41) * 0.5))
    on_screen(lab, "coarse.csv")
    found, said = numbers(lab)
    assert set(found) == {"MAP"}
    assert found["MAP"] == pytest.approx(THETA, abs=0.02)
    for name in SHIPPED_MAPS:
        assert "was not trained for this time grid (trained on 1,000 samples 0.2 ms apart)" in said[name]
    lab.go("Inverse map")
    assert "No map takes this trace" in lab.notes()


def bad_traces():
    rows = trace(time_grid(20.0, 100))
    swapped = [*rows[:50], rows[51], rows[50], *rows[52:]]
    return {
        "words.csv": (["this is", "not a trace"], "The file has no row of numbers"),
        "infinite.csv": ([*rows[:40], "7.8,inf", *rows[41:]], "only finite numbers can be used"),
        "gap.csv": ([*rows[:40], ",0.1", *rows[41:]], "has a gap in the column time"),
        "short.csv": (rows[:12], "The trace has 11 rows; it needs at least 20."),
        "wide.csv": ([*rows[:40], f"{rows[40]},1,1", *rows[41:]], "Row 41 has 4 columns, with commas between them"),
        "backwards.csv": (swapped, "Time does not increase at row 52: sort the rows by time."),
        "empty.csv": (b"", "The file is empty"),
        "bytes.csv": (bytes(range(256)) * 10, "The file is not text"),
    }


def test_bad_trace_ends_in_a_sentence_and_what_was_on_screen_stays(lab):
    lab.open("Your data")
    upload(lab, "good.csv", trace(time_grid()))
    on_screen(lab, "good.csv")
    before = lab.drawing("trace"), lab.table()
    for name, (content, sentence) in bad_traces().items():
        upload(lab, name, content)
        lab.page.locator(".lab-notes p").filter(has_text=f"{name}: ").wait_for()
        lab.stand("Your data")
        assert sentence in lab.notes(), lab.notes()
        assert "What was on screen stays." in lab.notes()
        assert (lab.drawing("trace"), lab.table()) == before, name
    lab.page.get_by_text("On screen now, on every page: good.csv").wait_for()
    upload(lab, "better.csv", trace(time_grid(), header=False))
    on_screen(lab, "better.csv")
    lab.until("!document.querySelector('.lab-notes p')")


def unclear_traces():
    rows = trace(time_grid(20.0, 100))
    return {
        "names.csv": (["x,y", *rows[1:]], "The columns are “x” and “y”. None of them is the time."),
        "millivolts.csv": (["time (ms),u (mV)", *rows[1:]], "The column “u (mV)” is in mV. Here u has no unit."),
        "index.csv": ([f"{i},{row}" for i, row in enumerate(rows[1:])], "Column 1 counts the rows"),
    }


def test_a_trace_that_is_not_clear_is_asked_about_and_what_was_on_screen_stays(lab):
    lab.open("Your data")
    upload(lab, "good.csv", trace(time_grid()))
    on_screen(lab, "good.csv")
    before = lab.drawing("trace"), lab.table()
    for name, (content, sentence) in unclear_traces().items():
        upload(lab, name, content)
        lab.page.get_by_text(f"{name}: ").filter(has_text=sentence).wait_for()
        lab.page.get_by_text("Until you press Read it so, what was on screen stays.").wait_for()
        lab.stand("Your data")
        assert (lab.drawing("trace"), lab.table()) == before, name
    lab.press("Leave it")
    lab.page.get_by_text("How is this file read?").wait_for(state="detached")
    lab.stand("Your data")
    assert (lab.drawing("trace"), lab.table()) == before
    lab.page.get_by_text("On screen now, on every page: good.csv").wait_for()


def test_millivolts_are_taken_by_an_offset_and_a_scale(lab):
    lab.open("Your data")
    upload(lab, "mv.csv", (CASES / "mv.csv").read_bytes())
    lab.page.get_by_text("How is this file read?").wait_for()
    lab.fill("V₀", -70).fill("g", 30)
    lab.page.get_by_text("u goes from −2.54 to 2.64").wait_for()
    lab.press("Read it so")
    on_screen(lab, "mv.csv")
    lab.page.get_by_text("These data fit the model: residuals 1.0 times the noise.").wait_for()
    found, _ = numbers(lab)
    assert found["MAP"] == pytest.approx((0.3108, 0.5958), abs=1e-4)


def test_the_textbook_s_file_is_read_and_fitted_in_its_own_symbols(lab):
    lab.open("Your data")
    upload(lab, "t_v_w.csv", (CASES / "t_v_w.csv").read_bytes())
    lab.page.get_by_text("look like v and w of the textbook’s convention").wait_for()
    lab.press("Read it so")
    on_screen(lab, "t_v_w.csv")
    lab.fill("Noise sd of u", 0.1).fill("Noise sd of v", 0.1).press("Fit")
    found = lab.page.get_by_text(re.compile("^τ = "))
    found.wait_for()
    assert found.inner_text() == "τ = 12.35 ± 0.14"
    for text in ("a = 0.7059", "b = 0.8147", "I = 0.5050"):
        assert lab.page.get_by_text(text).count() == 1


def test_the_example_file_can_be_dropped_again(lab):
    lab.open("Your data")
    with lab.page.expect_download() as waiting:
        lab.page.get_by_role("button", name="Example file").click()
    upload(lab, "example.csv", waiting.value.path().read_bytes())
    on_screen(lab, "example.csv")
    found, _ = numbers(lab)
    # The exact posterior of such a trace has sds of 0.004 and 0.002.
    assert found["MAP"] == pytest.approx(THETA, abs=0.02)


def test_file_of_a_hundred_megabytes_is_refused_and_the_page_is_intact(lab, tmp_path):
    lab.open("Your data")
    before = lab.drawing("trace")
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(100 * 2**20)
    lab.page.locator("input[type=file]").set_input_files(large)
    lab.page.get_by_role("alert").filter(has_text="File must be 5.0MB or smaller.").wait_for()
    assert lab.drawing("trace") == before
    lab.type("theta0", 0.5)
    assert lab.drawing("trace") != before


def test_simulated_data_come_back(lab):
    lab.open("Your data")
    before = lab.drawing("trace")
    upload(lab, "good.csv", trace(time_grid()))
    on_screen(lab, "good.csv")
    lab.page.get_by_role("button", name="Back to simulated data").click()
    lab.page.get_by_text("On screen now: the simulated data of the sidebar.").wait_for()
    lab.stand("Your data")
    lab.until("(path) => plot('trace').layout.shapes[0].path === path", before["shapes"][0]["path"])
    lab.until("!location.search.includes('upload')")
    lab.go("Neuron")
    assert lab.trace("potential", "truth")


def test_units_separators_and_decimal_commas_are_read_and_the_reading_is_said(lab):
    rows = trace(time_grid())
    seconds = [f"{float(row.split(',')[0]) / 1000:.4f},{row.split(',')[1]}" for row in rows[1:]]
    semicolons = [row.replace(",", ";").replace(".", ",") for row in rows]
    lab.open("Your data")
    for name, content, reading in (
        ("seconds.csv", ["time (s),u", *seconds], "Time is “time (s)”, in s; u is “u”."),
        ("semicolons.csv", semicolons, "Time is “time”, taken to be in ms; u is “u”."),
    ):
        upload(lab, name, content)
        on_screen(lab, name)
        lab.page.get_by_text(f"{reading} 1,000 rows; 0 to 199.8 ms.").wait_for()
        found, _ = numbers(lab)
        assert {"MAP", *SHIPPED_MAPS} <= set(found)
        assert found["MAP"] == pytest.approx(THETA, abs=5e-3)


def test_an_upload_outlasts_a_reload_on_every_page_but_opens_for_no_other_browser(lab, tab):
    lab.open("Your data")
    upload(lab, "good.csv", trace(time_grid()))
    on_screen(lab, "good.csv")
    path = lab.drawing("trace")["shapes"][0]["path"]
    lab.until("location.search.includes('trace=')")
    lab.page.reload()
    on_screen(lab, "good.csv")
    lab.page.get_by_text("To read it in another way, upload the file again.").wait_for()
    assert lab.drawing("trace")["shapes"][0]["path"] == path
    assert lab.notes() == ""
    other = tab()
    other.open("Your data", lab.evaluate("location.search.slice(1)"))
    assert "The uploaded trace “good.csv” is not here" in other.notes()
    assert other.drawing("trace")["shapes"][0]["path"] != path
    lab.go("Neuron", "phase")
    lab.page.reload()
    lab.stand("Neuron", "phase")
    lab.page.locator(".lab-head").get_by_text("uploaded").wait_for()
    lab.page.get_by_role("button", name="Take it off").click()
    lab.stand("Neuron")
    assert lab.trace("potential", "truth")
    lab.until("!location.search.includes('trace=')")
    lab.go("Your data")
    lab.page.get_by_text("On screen now: the simulated data of the sidebar.").wait_for()


def test_downloads_hold_the_data_and_the_estimates(lab):
    lab.open("Your data")
    with lab.page.expect_download() as waiting:
        lab.page.get_by_role("button", name="Data as CSV").click()
    rows = np.loadtxt(waiting.value.path(), delimiter=",", skiprows=1)
    assert rows.shape == (1000, 2)
    with lab.page.expect_download() as waiting:
        lab.page.get_by_role("button", name="Estimates as JSON").click()
    estimates = json.loads(waiting.value.path().read_text())["estimates"]
    table = lab.table()
    for name in numbers(lab)[0]:
        for cell, estimate in zip(table[name], estimates[name].values(), strict=False):
            if "=" in cell:  # what is said of the estimate, after its numbers
                continue
            shown = cell.split(" ± ")[0].replace("−", "-")
            # To the last digit that the table shows.
            assert float(shown) == pytest.approx(estimate, abs=0.501 * 10.0 ** -len(shown.partition(".")[2]))
    # What was saved can be uploaded again, and is the same trace.
    path = lab.drawing("trace")["shapes"][0]["path"]
    upload(lab, "again.csv", "\n".join(f"{t!r},{u!r}" for t, u in rows.tolist()).encode())
    on_screen(lab, "again.csv")
    assert lab.drawing("trace")["shapes"][0]["path"] == path


def test_recording_of_both_states_with_gaps_is_fitted_with_its_start(lab):
    # MAGI's neuron, with a third of v and some of u not observed.
    truth = {"θ₀": 0.2, "θ₁": 0.2, "γ": 3.0, "u₀": -1.0, "v₀": 1.0}
    times = np.linspace(0, 20, 41)
    states = simulate((0.2, 0.2, 0.0, 3.0), times, (-1.0, 1.0))
    states = states + 0.2 * np.random.default_rng(0).standard_normal(states.shape)
    rows = [
        f"{t:g},{'' if i % 10 == 4 else f'{u:.6f}'},{'' if i % 3 == 1 else f'{v:.6f}'}"
        for i, (t, (u, v)) in enumerate(zip(times, states, strict=True))
    ]
    lab.open("Your data")
    before = lab.drawing("trace")["shapes"][0]["path"]
    upload(lab, "magi.csv", ["time,u,v", *rows])
    lab.page.get_by_text("On screen now, on this page alone: magi.csv").wait_for()
    lab.stand("Your data", "trace")
    assert "u has gaps, so that of all estimates only the fit below can take it" in lab.notes()
    lab.type("zeta", 0)
    lab.fill("Noise sd of u", 0.2).fill("Noise sd of v", 0.2)
    lab.press("Fit")
    lab.page.get_by_text("These data fit the model: residuals").wait_for()
    table = lab.table()
    assert list(table) == ["unknown", *truth]
    for name, value in truth.items():
        estimate, sd = (float(cell.replace("−", "-")) for cell in table[name][:2])
        # All five within four standard deviations, but for 3 in 10,000 data sets.
        assert abs(estimate - value) < 4 * sd, name
        assert sd < 0.2, name
    lab.until("plot('states-u')?.data.some((trace) => trace.name === 'fit' && trace.y.bdata)")
    with lab.page.expect_download() as waiting:
        lab.page.get_by_role("button", name="Fit as JSON").click()
    content = json.loads(waiting.value.path().read_text())
    assert content["known"] == {"zeta": 0.0}
    assert content["estimates"]["gamma"] == pytest.approx(float(table["γ"][0]), abs=1e-3)
    # A change of what is assumed takes the result away, and the other pages never saw the recording.
    lab.fill("Noise sd of u", 0.3)
    lab.page.get_by_text("Press Fit").wait_for()
    lab.press("Back to simulated data")
    lab.stand("Your data")
    lab.type("zeta", -0.4)
    assert lab.drawing("trace")["shapes"][0]["path"] == before


def test_the_noise_in_an_upload_is_said_and_its_spectrum_is_a_click_away(lab):
    """Of 1,000 samples σ is known to 6 %, ρ = 0.8 to 0.019; 4 of these."""
    lab.open("Your data")
    noise = sample_ar1(0.8, 0.07 / 0.2, 1000, np.random.default_rng(2))
    u = simulate([*THETA, ZETA, GAMMA], time_grid())[:, 0] + noise
    rows = [f"{t:.10g},{value:.6f}" for t, value in zip(time_grid(), u, strict=True)]
    upload(lab, "noisy.csv", ["time,u", *rows])
    on_screen(lab, "noisy.csv")
    said = lab.page.locator(".lab-answer").filter(has_text="Noise").inner_text()
    sigma, rho = re.search(r"σ = ([\d.]+) ± [\d.]+ ms, ρ = ([\d.]+) ± ", said).groups()
    assert float(sigma) == pytest.approx(0.07, rel=0.24)
    assert float(rho) == pytest.approx(0.8, abs=0.076)
    lab.choose("trace_shows", "spectrum")
    lab.until("plot('spectrum')?._fullLayout")
    assert lab.names("spectrum") == ["data", "residual", "joint", "AR(1)", "90 % of AR(1) noise"]
