import json
import os

import numpy as np
import pytest
from streamlit.util import calc_hash

from core.jobs.folder import is_name
from core.models.fitzhugh_nagumo.simulate import simulate
from core.published import time_grid
from dashboard.figures.style import SHIPPED_MAPS
from dashboard.maps import RESERVED, inverse_maps
from dashboard.scene.address import from_address, to_address
from dashboard.scene.presets import PRESETS
from dashboard.sealed_address import from_sealed_address
from tests.dashboard.conftest import arrays, checked, decoded, finish, release, shows, told, trace_csv, write_map

PAGES = {
    "": "Which θ made this?",
    "lessons": "What do you want to understand?",
    "neuron": "What do the parameters do to the neuron?",
    "landscape": "Where does the optimiser end up, and why?",
    "inverse-map": "What does a learned inverse map make of these data, and of noise?",
    "uncertainty": "How sure can one be, and what is the best possible answer?",
    "trust": "Is the network fooled, or is the problem ill-posed?",
    "train": "What does a map learn from another prior?",
    "your-data": "What can be said about a trace of your own?",
}
WITH_FIGURES = ["neuron", "landscape", "inverse-map", "uncertainty", "trust", "your-data"]
TRUTH = {"theta0": 0.317_283_9, "theta1": 0.582_951_6}  # of no test sample


def no_constant(name):
    raise AssertionError(f"browsers cannot read {name}")


def payloads(app):
    """Return what the live components of a page receive."""
    return [json.loads(part.proto.json, parse_constant=no_constant) for part in app.get("bidi_component")]


def stage_of(app):
    return payloads(app)[-1]


def first_stage_of(app):
    """Return the stage at the top of the page; what supports it stands below."""
    return next(part for part in payloads(app) if part["kind"] == "plots" and part["layout"] != "head")


def sidebar_of(app):
    return payloads(app)[0]


def press(app, label):
    next(button for button in app.button if button.label == label).click()
    return checked(app.run())


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("", "lessons")])
@pytest.mark.parametrize("query", [{}, {"theta1": -3, "t_end": 60}], ids=["default", "diverging"])
def test_every_page_opens_with_its_question(visit, page, query):
    app = visit(page, **query)
    assert [
        part["question"] for part in payloads(app) if part.get("question") and not part["name"].endswith("_below")
    ] == [PAGES[page]]
    assert sidebar_of(app)["kind"] == "controls"
    if page != "train":
        assert stage_of(app)["kind"] == "plots"
        assert any("The trajectory diverged" in note for note in first_stage_of(app)["notes"]) == bool(query)


@pytest.mark.parametrize(
    "query",
    [
        {"theta0": 1000, "candidate_theta0": -1000},
        {"gamma": 0.01, "t_end": 20},
        {"gamma": 100, "zeta": 100, "t_end": 20},
        {"sigma": 0, "t_end": 2},
        {"sigma": 100, "rho": -0.999, "t_end": 40},
        {"axis_x": "zeta", "axis_y": "gamma", "starts": "5,-100;0,0", "t_end": 20},
        {"theta0": "x" * 5000, "bogus": "<script>"},
    ],
    ids=lambda query: next(iter(query)),
)
@pytest.mark.parametrize("page", ["", "neuron", "landscape", "uncertainty"])
def test_extreme_addresses_end_in_no_traceback(visit, page, query):
    assert len(stage_of(visit(page, **query))["plots"]) >= 1


def test_the_estimates_of_an_extreme_address_end_in_no_traceback(visit):
    for page in ("inverse-map", "your-data"):
        assert first_stage_of(visit(page, sigma=100, theta0=0.9, gamma=4.9, zeta=-0.1))["plots"]


def test_the_address_of_a_page_holds_the_experiment(visit):
    link = {
        "theta0": 1 / 3,
        "rho": -0.0,
        "seed": 99,
        "hidden": 1,
        "axis_x": "gamma",
        "axis_y": "theta0",
        "misfit": "white",
    }
    experiment, sentences = from_sealed_address(sidebar_of(visit("neuron", **link))["address"])
    assert sentences == ()
    assert to_address(experiment) == to_address(from_address("&".join(f"{k}={v}" for k, v in link.items()))[0])
    assert (experiment.theta0, experiment.seed, experiment.axes) == (1 / 3, 99, ("gamma", "theta0"))


def test_a_link_with_mistakes_says_so_on_the_page(visit):
    notes = " ".join(stage_of(visit("neuron", theta0="much", own_maps="theirs", upload="trace.csv"))["notes"])
    assert "θ₀ must be a number" in notes
    assert "“theirs”" in notes
    assert "“trace.csv”" in notes


@pytest.mark.parametrize("page", WITH_FIGURES)
def test_a_hidden_truth_is_nowhere_on_the_page(visit, page):
    clean = simulate([*TRUTH.values(), -0.4, 3.0], time_grid())[:, 0]

    def traces_of_truth(app):
        parts = payloads(app)
        parts[0] |= {"address": "", "live": None}  # a link holds the truth, hidden or not
        drawn = [array[:: max(1, round(array.size / clean.size))] for array in arrays(parts) if array.ndim == 1]
        same = [array for array in drawn if array.shape == clean.shape and np.allclose(array, clean, atol=1e-3)]
        return [value for value in TRUTH.values() if shows(parts, value)], len(same)

    assert len(traces_of_truth(visit(page, **TRUTH))[0]) == 2
    assert traces_of_truth(visit(page, **TRUTH, hidden=1)) == ([], 0)


def test_a_hidden_truth_is_not_given_away_by_its_preset(visit):
    preset = PRESETS["Excited"][1]
    choice = sidebar_of(visit("neuron", theta0=preset.theta0, theta1=preset.theta1, hidden=1))["groups"][0]["items"][0]
    assert choice["value"] != "Excited"


def test_hidden_parameters_are_those_to_be_estimated(visit):
    parts = payloads(visit("landscape", axis_x="zeta", axis_y="gamma", zeta=-0.317_283_9, t_end=20, hidden=1))
    parts[0] |= {"address": "", "live": None}
    assert not shows(parts, -0.317_283_9)


# ------------------------------------------------------------------------------------------------------------ your data


def upload(app, content, name="mine.csv"):
    app.get("file_uploader")[0].set_value((name, content, "text/csv"))
    return checked(app.run())


def test_an_uploaded_trace_takes_the_place_of_the_data(visit):
    times = np.arange(40) * 0.5
    app = upload(visit("your-data"), trace_csv(times, 0.123_456_7 + np.cos(times)))
    assert any("mine.csv" in text.value for text in app.text)
    dots = first_stage_of(app)["plots"][0]["figure"]["layout"]["shapes"][0]["dots"]
    np.testing.assert_array_equal(decoded(dots["y"]), (0.123_456_7 + np.cos(times)).astype("f4"))
    assert "upload=mine.csv" in sidebar_of(app)["address"]
    table = first_stage_of(app)["table"]
    assert {row[0]["text"]: row[1] for row in table[1:]}["cnn-noisy"] == "–"  # it takes one time grid only
    next(button for button in app.button if button.label == "Back to simulated data").click()
    assert "upload=" not in sidebar_of(checked(app.run()))["address"]


def test_how_a_file_was_read_and_what_looks_wrong_in_it_stays_with_the_trace(visit):
    times = np.arange(40) * 0.5
    app = upload(visit("your-data"), trace_csv(times / 1000, 6 * np.cos(times), "time (s),u"))
    warning = (
        "mine.csv: Its u reaches 6, where the neuron’s stays within ±3: the noise is large, or u has another scale."
    )
    for _ in range(2):
        assert app.text[0].value == (
            "On screen now, on every page: mine.csv\nTime is “time (s)”, in s; u is “u”. 40 rows; 0 to 19.5 ms."
        )
        assert first_stage_of(app)["notes"] == [warning]
        verdict, detail, noise, _, start = told(first_stage_of(app))
        assert verdict == (
            "No parameters explain these data: the best fit leaves residuals 11 times the noise. It assumes ζ and γ of "
            "the sidebar and a start at u = v = 0; the fit below can leave them open."
        )
        assert detail.startswith("The residuals are 11.4 times as large as the noise explains")
        assert noise.startswith("If all that is left were noise, it would have σ = ")
        assert start == "The model starts at u = v = 0 at the first sample. If yours does not, use the fit below."
        checked(app.run())
    for page in ("neuron", "landscape", "inverse-map", "uncertainty"):
        app._page_hash = calc_hash(page)
        assert warning in first_stage_of(checked(app.run()))["notes"], page


def test_an_upload_stays_until_it_is_taken_off(visit):
    times = np.arange(40) * 0.5
    app = upload(visit("your-data"), trace_csv(times, np.cos(times)))
    assert app.get("file_uploader")[0].value is None  # the page says itself which file is on screen
    source = sidebar_of(app)["groups"][0]["items"]
    assert [(item["kind"], item["label"]) for item in source] == [
        ("text", "Uploaded: mine.csv"),
        ("button", "Take it off"),
    ]
    assert {"field": "upload", "value": ""}.items() <= source[1].items()


def test_a_bad_upload_leaves_what_was_there_and_says_why(visit):
    app = visit("your-data")
    before = first_stage_of(app)["plots"]
    app = upload(app, b"time,u\n0,1\n0.2,oops\n", "bad.csv")
    assert first_stage_of(app)["plots"] == before
    (note,) = first_stage_of(app)["notes"]
    assert note.startswith("bad.csv: ")
    assert note.endswith("What was on screen stays.")


def test_a_recording_with_gaps_is_for_the_fit_alone_and_other_pages_keep_their_data(visit):
    times = np.linspace(0, 20, 41) ** 1.01
    states = simulate((0.2, 0.2, -0.4, 3.0), times, (-1.0, 1.0))
    rows = [f"{t},{u},{v}" for t, (u, v) in zip(times, states, strict=True)]
    rows[3] = f"{times[3]},,"
    app = upload(visit("your-data"), "\n".join(rows).encode(), "magi.csv")
    assert app.text[0].value == (
        "On screen now, on this page alone: magi.csv\n"
        "Time is column 1, taken to be in ms; u is column 2; v is column 3. "
        "41 rows; 0 to 20.608 ms; u has 1 gap; v has 1 gap."
    )
    (note,) = first_stage_of(app)["notes"]
    assert note == (
        "magi.csv: u has gaps and the samples are not equally far apart, so that of all estimates only the fit below "
        "can take it. The other pages stay with the simulated data."
    )
    assert "upload=" not in sidebar_of(app)["address"]
    # The truth of the simulated data is none of it.
    shown = {item["field"] for group in sidebar_of(app)["groups"] for item in group["items"]}
    assert shown == {"zeta", "gamma", "share", "desk", "undo", "lecture"}
    app = press(app, "Fit")
    table = {row[0]: row[1] for row in first_stage_of(app)["table"]}
    # The samples are clean, so that the fit is off by the error of the simulation alone.
    for symbol, value in {"θ₀": 0.2, "θ₁": 0.2, "γ": 3.0, "u₀": -1.0, "v₀": 1.0}.items():
        assert float(table[symbol].replace("−", "-")) == pytest.approx(value, abs=6e-3)
    app.checkbox(key="fit_unknown_u0").uncheck()
    app = checked(app.run())
    assert first_stage_of(app)["table"] == []
    assert told(first_stage_of(app))[0].startswith("Press Fit")
    app = press(app, "Back to simulated data")
    assert [plot["id"] for plot in first_stage_of(app)["plots"]] == ["trace"]


def test_a_fit_without_unknowns_ends_in_a_sentence(visit):
    app = visit("your-data", t_end=20)
    for box in app.checkbox:
        box.uncheck()
    app = press(checked(app.run()), "Fit")
    assert told(payloads(app)[-1]) == ["Name at least one unknown, and each of them once."]


def test_a_trace_with_a_tiny_step_ends_in_no_traceback(visit):
    upload(visit("your-data"), trace_csv(np.arange(30) * 1e-17, np.sin(np.arange(30)), "time (ms),u"))


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # the defect at hand, outside of pytest
def test_a_trace_of_enormous_numbers_can_be_read_by_the_browser(visit):
    app = upload(visit("your-data"), trace_csv(np.arange(1000) * 0.2, np.where(np.arange(1000) == 5, 1e39, 0.0)))
    app._page_hash = calc_hash("inverse-map")
    payloads(checked(app.run()))


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("fit_sd_u", "", "The noise sd of u must be a number; the box is empty."),
        ("fit_sd_u", "half", "The noise sd of u must be a number; “half” is none."),
        ("fit_sd_u", "0", "The noise sd of u must lie between 0.0001 and 1,000; 0 does not."),
        ("fit_known_u0", "101", "u₀ must lie between −100 and 100; 101 does not."),
    ],
)
def test_what_is_typed_for_the_fit_stays_and_what_is_wrong_with_it_is_said(visit, key, text, sentence):
    app = visit("your-data")
    app.checkbox(key="fit_unknown_u0").uncheck().run()
    app.text_input(key=key).set_value(text)
    app = press(app, "Fit")
    assert told(stage_of(app)) == [f"{sentence} Nothing is fitted until this is mended."]
    assert app.text_input(key=key).value == text


@pytest.mark.parametrize(
    ("page", "change"),
    [
        ("your-data", {}),
        ("inverse-map", {"limit": 1}),
        ("inverse-map", {"test_view": "noise"}),
        ("uncertainty", {"below": "noise"}),
    ],
)
def test_what_stands_beside_the_maps_has_names_that_no_map_can_have(visit, page, change):
    """Rows of tables and entries of legends: each is a map or reserved."""
    stages = [each for each in payloads(visit(page, **change)) if each.get("plots") or each.get("table")]
    rows = set()
    for stage in stages:
        heads = [row[0]["text"] for row in stage["table"][1:] if isinstance(row[0], dict)]
        assert len(heads) == len(set(heads))
        rows |= set(heads)
    assert set(inverse_maps("")[0]) <= rows
    names = set(rows)
    for plot in (plot for stage in stages for plot in stage["plots"]):
        traces = [trace["name"] for trace in plot["figure"]["data"] if trace.get("showlegend", True)]
        if plot["figure"]["layout"]["showlegend"] and set(SHIPPED_MAPS) & set(traces):
            names |= set(filter(None, traces))
    for name in names:
        assert name.casefold() in RESERVED or not is_name(name), name


@pytest.mark.parametrize("page", PAGES)
def test_broken_maps_and_folders_break_no_page(visit, new_run, runs, page):
    for name, change in (
        ("seed", lambda card: card["recipe"].update(seed=True)),
        ("metrics", lambda card: card.update(metrics={"own": [1]})),
        ("novelty", lambda card: card.update(novelty="x")),
        ("nan", lambda card: card.update(metrics={"own": float("nan")})),
    ):
        folder = new_run(name)
        finish(folder)
        card = write_map(folder, name).with_suffix(".json")
        content = json.loads(card.read_text())
        change(content)
        card.write_text(json.dumps(content))
    for name in (b"\xff\xfe", b"m\xfcll", b"a(b)"):
        folder = new_run(os.fsdecode(name))
        write_map(folder, os.fsdecode(name))
    write_map(new_run("MAP"), "MAP")
    payloads(visit(page))


# ------------------------------------------------------------------------------------------------------- landscape


def beside(app):
    """Return the plots that stand beside the map."""
    return [plot["id"] for plot in stage_of(app)["plots"] if plot["id"] != "map"]


def test_starts_of_an_address_race_with_their_methods(visit):
    app = visit("landscape", starts="0.1,0.9;0.5,0.5", methods="Nelder–Mead,L-BFGS-B", t_end=20)
    while app.session_state["scene"].holdings.race.task is not None:  # on a busy machine it takes more than one look
        app = checked(app.run())
    assert beside(app) == ["course", "fit"]
    stage = stage_of(app)
    lines = [trace for trace in stage["plots"][0]["figure"]["data"] if "meta" in trace]
    assert [line["name"] for line in lines] == ["L-BFGS-B", "Nelder–Mead"] * 2
    # A row for each method and a column for each start.
    assert [len(row) for row in stage["table"]] == [3, 3, 3]
    assert stage["race"]["id"]
    assert "of 4 runs" in told(stage)[0]


@pytest.mark.parametrize(
    ("choice", "plots"),
    [("fit", ["fit", "slice"]), ("residual", ["fit", "residual"]), ("surface", ["surface"]),
     ("race", ["course", "fit"]), ("distance", ["distance", "variation"]), ("basins", ["basins", "waterfall"])],
)  # fmt: skip
def test_what_stands_beside_the_map_is_chosen(visit, choice, plots):
    app = visit("landscape", beside=choice, t_end=20)
    assert beside(app) == plots
    assert stage_of(app)["race"]["id"] == ""
    assert "Click the map" in stage_of(app)["race"]["hint"]


def test_basins_are_explored_when_asked_for_and_dropped_with_their_problem(visit):
    app = visit("landscape", beside="basins", t_end=20, explored="grid-10")
    assert stage_of(app)["table"] == []
    app.session_state["wish"] = "explore"
    app = checked(app.run())
    task = app.session_state["scene"].holdings.basins.exploration.task
    while task.progress().active:  # the page asks so too
        task.wait(1)
    app = checked(app.run())
    stage = stage_of(app)
    assert stage["tools"][-1]["text"] == "100 of 100 starts"
    assert stage["table"][1][0]["text"] == "1"
    assert "L-BFGS-B found" in told(stage)[0]
    release(app, theta0=0.3)
    app = checked(app.run())
    assert app.session_state["scene"].holdings.basins.exploration is None
    assert stage_of(app)["table"] == []
    assert "The problem has changed" in json.dumps(stage_of(app)["plots"][1])


def test_an_exploration_is_stopped_when_the_data_are_lost(visit):
    app = visit("landscape", beside="basins", t_end=400, explored="grid-30", explorer="Adam")
    app.session_state["wish"] = "explore"
    app = checked(app.run())
    task = app.session_state["scene"].holdings.basins.exploration.task
    assert task.progress().active
    release(app, theta1=-3.0)
    app = checked(app.run())
    assert stage_of(app)["plots"] == []
    assert not task.progress().active
    assert task.wait(10)
