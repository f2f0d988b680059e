"""The page Your data asks how a file is read where the file does not say so; what was typed stays."""

import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.util import calc_hash

from core.noise import sample_ar1
from dashboard.allowance import Allowance
from dashboard.pictures import your_data
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene
from dashboard.views import reading
from tests.cases.test_data import HERE, PAIRS
from tests.dashboard.conftest import checked, decoded
from tests.dashboard.test_app import first_stage_of, payloads, press, sidebar_of, upload
from tests.reference import reference_solution


def asks(app):
    return any("How is this file read?" in each.value for each in app.markdown)


def texts(app):
    return [each.value for each in app.text]


def estimates(app):
    """Return the first estimate of each estimator on screen, and its ±, "" for none."""
    rows = {row[0]["text"]: row[1:3] for row in first_stage_of(app)["table"][1:]}
    return {name: [cell.partition(" ± ")[::2] for cell in cells] for name, cells in rows.items()}


def drop(app, name):
    return upload(app, (HERE / name).read_bytes(), name)


def test_millivolts_are_read_by_an_offset_and_a_scale_that_are_typed(visit):
    app = drop(visit("your-data"), "mv.csv")
    assert asks(app)
    assert texts(app)[0] == (
        "mv.csv: The column “u (mV)” is in mV. Here u has no unit. V₀ and g below are a first guess, which puts it "
        "between −2 and 2.\n"
        "Until you press Read it so, what was on screen stays."
    )
    assert "upload=" not in sidebar_of(app)["address"]
    app.text_input(key="read_offset").set_value("-70")
    app.text_input(key="read_scale").set_value("30")
    app = checked(app.run())
    assert "u = (V + 70) / 30. 1,000 rows; 0 to 199.8 ms. u goes from −2.54 to 2.64" in texts(app)[-1]
    app = press(app, "Read it so")
    assert not asks(app)
    assert "upload=mv.csv" in sidebar_of(app)["address"]
    # The exact posterior has the mean (0.31078, 0.59573) and the sds (0.0043, 0.0022).
    assert first_stage_of(app)["answer"] == (
        "These data fit the model: residuals 1.0 times the noise. MAP: θ₀ = 0.3108 ± 0.0043, θ₁ = 0.5958 ± 0.0022. "
        "Noise: σ = 0.0704 ± 0.0034 ms, ρ = 0.799 ± 0.019."
    )
    assert estimates(app)["MAP"] == [("0.3108", "0.0043"), ("0.5958", "0.0022")]


def test_a_visitor_uploads_a_limited_number_of_bytes_within_an_hour(visit, monkeypatch):
    monkeypatch.setattr(reading, "UPLOADED_BYTES", Allowance(100, "That was enough: wait {minutes}."))
    monkeypatch.setattr(reading, "read_trace", lambda *_: pytest.fail("It was read."))
    app = drop(visit("your-data"), "mv.csv")
    assert not asks(app)
    assert app.session_state["sentences"] == ("mv.csv: That was enough: wait 60 minutes. What was on screen stays.",)


def test_the_question_can_be_left_and_what_was_on_screen_stays(visit):
    app = drop(visit("your-data"), "seconds.csv")
    before = first_stage_of(app)["plots"]
    app = drop(app, "mv.csv")
    assert asks(app)
    app = press(app, "Leave it")
    assert not asks(app)
    assert first_stage_of(app)["plots"] == before
    assert "upload=seconds.csv" in sidebar_of(app)["address"]


def test_the_textbook_s_convention_is_proposed_and_its_symbols_stand_beside_the_estimates(visit):
    app = drop(visit("your-data"), "t_v_w.csv")
    assert "look like v and w of the textbook’s convention" in texts(app)[0]
    assert (app.selectbox(key="read_convention").value, app.text_input(key="read_tau").value) == ("textbook", "12.5")
    assert not app.checkbox(key="fit_unknown_zeta_0").value
    app = press(app, "Read it so")
    assert first_stage_of(app)["table"][0][1:3] == ["θ₀ = a", "θ₁ = b"]
    # A box of its own: a browser that still shows the last one sends what stands there with each change.
    assert app.checkbox(key="fit_unknown_zeta_1").value
    assert first_stage_of(app)["answer"].startswith(
        "No parameters explain these data: the best fit leaves residuals 4.7"
    )
    for state in "uv":
        app.text_input(key=f"fit_sd_{state}").set_value("0.1")
    app = press(app, "Fit")
    # What is said above does not contradict the fit.
    assert first_stage_of(app)["answer"].startswith("These data fit the model, but not with ζ and γ of the sidebar")
    stage = payloads(app)[-1]
    assert stage["answer"] == "These data fit the model: residuals 1.0 times the noise."
    table = {row[0]: row[1:] for row in stage["table"]}
    # The values and sds of the estimate, to the second digit of the latter.
    right = {"θ₀": 0.7059, "θ₁": 0.8147, "ζ": -0.5050, "γ": 3.5140, "u₀": 0.9487, "v₀": 0.9927}
    for symbol, value in right.items():
        estimate, sd = (float(cell.replace("−", "-")) for cell in table[symbol][:2])
        assert estimate == pytest.approx(value, abs=0.06 * sd)
    textbook = [row[-1].split(" ± ")[0] for row in stage["table"][1:]]
    assert textbook == ["a = 0.7059", "b = 0.8147", "I = 0.5050", "τ = 12.35", "v₀ = −0.949", "w₀ = 0.993"]
    assert any("scaled by τ = 12.5; the fit gives τ = 12.35 ± 0.14: they agree." in each for each in stage["why"])


def test_an_index_before_the_time_is_asked_about_and_read_as_proposed(visit):
    rows = [f"{i},{time},{u}" for i, (time, u) in enumerate(PAIRS)]
    app = upload(visit("your-data"), "\n".join(rows).encode(), "index.csv")
    assert asks(app)
    assert "column 2 is taken for time and column 3 is taken for u: is that right?" in texts(app)[0]
    assert [app.selectbox(key=f"read_role_{i}").value for i in range(3)] == ["", "time", "u"]
    app = press(app, "Read it so")
    assert estimates(app)["MAP"] == [("0.3108", "0.0043"), ("0.5958", "0.0022")]


def test_what_was_chosen_outlasts_a_visit_to_another_page(visit):
    app = drop(visit("your-data"), "u_v.csv")
    assert "does not look like one: it falls at 501 of 999 steps." in texts(app)[0]
    app.text_input(key="read_interval").set_value("0.25")
    app.selectbox(key="read_role_1").set_value("")
    app = checked(app.run())
    app._page_hash = calc_hash("neuron")
    checked(app.run())
    app._page_hash = calc_hash("your-data")
    app = checked(app.run())
    assert asks(app)
    assert app.text_input(key="read_interval").value == "0.25"
    app = press(app, "Read it so")
    assert any("The samples lie 0.25 ms apart. 1,000 rows; 0 to 249.75 ms." in each for each in texts(app))


def test_how_a_file_was_read_can_be_changed_afterwards(visit):
    app = drop(visit("your-data"), "seconds.csv")
    app = press(app, "Change how it is read")
    assert asks(app)
    assert app.selectbox(key="read_unit").value == "s"
    app.selectbox(key="read_unit").set_value("ms")
    app = press(checked(app.run()), "Read it so")
    assert any("in ms; u is “u”. 1,000 rows; 0 to 0.1998 ms." in each for each in texts(app))


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("read_scale", "0", "g must lie between"),
        ("read_scale", "thirty", "g must be a number; “thirty” is none."),
        ("read_offset", "", "V₀ must be a number; the box is empty."),
        ("read_role_1", "time", "Two columns are chosen as time: leave one."),
        ("read_role_1", "", "Choose the column of u, or of v, or both."),
    ],
)
def test_what_cannot_be_read_is_said_and_cannot_be_pressed(visit, key, text, sentence):
    app = drop(visit("your-data"), "mv.csv")
    (app.selectbox if "role" in key else app.text_input)(key=key).set_value(text)
    app = checked(app.run())
    assert sentence in texts(app)[-1]
    assert next(button for button in app.button if button.label == "Read it so").disabled
    assert (app.selectbox if "role" in key else app.text_input)(key=key).value == text


def test_names_in_a_file_are_no_markup(visit):
    rows = [f"{i * 0.2:.1f},{x:.4f}" for i, x in enumerate(np.sin(np.arange(50)))]
    app = upload(visit("your-data"), "\n".join(["<b>x</b>,*y*", *rows]).encode(), "a.csv")
    assert any("“<b>x</b>” and “*y*”" in each for each in texts(app))
    bodies = [each.proto.body for each in app.get("html")]
    assert any("&lt;b&gt;x&lt;/b&gt;" in body for body in bodies)
    assert not any("<b>x" in body for body in bodies)


def test_the_example_file_gives_its_parameters(visit):
    from dashboard.views.your_data import _csv, example

    app = upload(visit("your-data"), _csv(example()).encode(), "example.csv")
    assert not asks(app)
    (theta0, sd0), (theta1, sd1) = estimates(app)["MAP"]
    # Within four standard deviations.
    assert abs(float(theta0) - 0.3) < 4 * float(sd0)
    assert abs(float(theta1) - 0.6) < 4 * float(sd1)


# ------------------------------------------------------------------------------------------------ the noise in a trace


def scene_of(true_sigma, true_rho, interval=0.2, **fields):
    """Return the scene of an upload at θ = (0.4, 0.4), with noise of sd σ/0.2 ms and ρ between its samples."""
    times = np.arange(1000) * interval
    u = reference_solution((0.4, 0.4, -0.4, 3.0), times)[:, 0]
    data = u + sample_ar1(true_rho, true_sigma / 0.2, times.size, np.random.default_rng(2))
    experiment = Experiment(upload="mine.csv", **fields)
    return Scene(experiment, experiment, holdings=Holdings(upload=Trace("mine.csv", times, data)))


def estimated_noise(text):
    """Return σ ± and ρ ± of a sentence."""
    return np.array(re.search(r"σ = ([\d.]+) ± ([\d.]+) ms, ρ = ([\d.]+) ± ([\d.]+)\.", text).groups(), float)


@pytest.mark.parametrize(("sigma", "rho"), [(0.07, 0.8), (0.04, 0.3), (0.1, 0.9)])
def test_the_noise_in_an_upload_is_said_with_its_uncertainty(sigma, rho):
    """For n samples ρ has the sd √((1 − ρ²)/n), and s the relative sd √((1 + ρ²)/(1 − ρ²)/(2 n)); 4 of them."""
    answer = your_data.picture(scene_of(sigma, rho, sigma=sigma, rho=rho)).answer
    found, sd, found_rho, sd_rho = estimated_noise(answer)
    assert sd == pytest.approx(found * np.sqrt((1 + found_rho**2) / (1 - found_rho**2) / 2000), rel=0.1)
    assert sd_rho == pytest.approx(np.sqrt((1 - found_rho**2) / 1000), rel=0.1)
    assert abs(found - sigma) < 4 * sd
    assert abs(found_rho - rho) < 4 * sd_rho


def test_another_noise_than_the_sidebar_s_is_named():
    page = your_data.picture(scene_of(0.04, 0.8))
    assert estimated_noise(page.answer)[0] == pytest.approx(0.04, abs=0.01)
    assert sum("The sidebar has another σ: set it" in sentence for sentence in page.why) == 1
    page = your_data.picture(scene_of(0.07, 0.8))
    assert not any("The sidebar has another" in sentence for sentence in page.why)


def test_of_data_that_no_parameters_explain_the_noise_is_said_as_what_is_left():
    page = your_data.picture(scene_of(0.07, 0.8, sigma=0.01))
    assert page.answer.startswith("No parameters explain these data")
    assert "Noise" not in page.answer
    (said,) = (sentence for sentence in page.why if sentence.startswith("If all that is left were noise"))
    assert estimated_noise(said)[0] == pytest.approx(0.07, abs=0.015)


def test_clean_data_have_no_noise_to_estimate():
    page = your_data.picture(scene_of(0.0, 0.0))
    assert "residuals far below the noise" in page.answer
    assert "σ =" not in page.answer


def test_the_residual_s_spectrum_stands_under_the_curve_of_the_estimated_noise():
    """The curve's trapezoid holds the estimated variance; S(0) fills the 5 Hz below the lowest frequency."""
    scene = scene_of(0.07, 0.8, trace_shows="spectrum")
    page = your_data.picture(scene)
    (plot,) = page.plots
    assert (plot.id, page.layout) == ("spectrum", "trace-spectrum")
    traces = {each["name"]: each for each in plot.figure["data"]}
    curve = [decoded(traces["AR(1)"][axis]).astype(float) for axis in "xy"]
    held = np.trapezoid(curve[1], curve[0]) + 5 * curve[1][0]
    assert np.sqrt(held) * 0.2 == pytest.approx(estimated_noise(page.answer)[0], rel=0.01)
    residual = [decoded(traces["residual"][axis]).astype(float) for axis in "xy"]
    ratio = residual[1] / np.interp(residual[0], *curve)
    inside = (ratio > -np.log(0.95)) & (ratio < -np.log(0.05))
    assert np.mean(inside) == pytest.approx(0.9, abs=4 * 0.0134)  # of 499 independent values
    dragged = Scene(replace(scene.experiment, zeta=-0.35), scene.experiment, True, scene.holdings)
    (plot,) = your_data.picture(dragged).plots
    assert (plot.figure, plot.stale) == (None, True)


def test_the_noise_of_samples_further_apart_is_that_between_them():
    """At 0.5 ms the slider's ρ = 0.8 is 0.8^2.5 between neighbouring samples."""
    page = your_data.picture(scene_of(0.07, 0.8**2.5, interval=0.5))
    assert estimated_noise(page.answer)[2] == pytest.approx(0.8**2.5, abs=4 * 0.026)
    assert not any("The sidebar has another" in sentence for sentence in page.why)
