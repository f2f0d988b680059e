"""A trace in millivolts, which no parameters explain: the verdict stands first, and nothing is told without it."""

import json
import re

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.simulate import simulate
from core.noise import sample_ar1
from dashboard.scene.observation import Trace
from tests.dashboard.conftest import checked, drag, release, told
from tests.dashboard.test_app import first_stage_of, payloads

TIMES = np.arange(250) * 0.2
GOOD = simulate((0.3, 0.6, -0.4, 3.0), TIMES)[:, 0] + sample_ar1(0.8, 0.35, 250, np.random.default_rng(3))
VERDICT = "times as large as the noise explains, so that no ± of this fit holds"


def show(visit, page, u, **changes):
    """Open a page with a trace in the place of the simulated data."""
    app = visit(page)
    app.session_state["scene"].holdings.upload = Trace("mine.csv", TIMES, u)
    release(app, upload="mine.csv", **changes)
    return checked(app.run())


def parts(app):
    return [part for part in payloads(app) if part["kind"] == "plots"]


@pytest.mark.parametrize(
    ("page", "changes"),
    [("landscape", {}), ("landscape", {"beside": "basins"}), ("inverse-map", {"limit": True}), ("your-data", {})],
    ids=["Landscape", "basins", "Inverse map", "Your data"],
)  # fmt: skip
def test_the_verdict_comes_first_in_millivolts_and_nowhere_for_the_good_trace(visit, page, changes):
    first, *rest = told(first_stage_of(show(visit, page, -70 + 30 * GOOD, **changes)))
    if page == "your-data":
        assert first.startswith("No parameters explain these data: the best fit leaves residuals 240 times the noise.")
        first = rest[0]
    assert first.startswith("The residuals are 2")
    assert VERDICT in first
    assert VERDICT not in json.dumps(parts(show(visit, page, GOOD, **changes)), ensure_ascii=False)


def test_the_answer_about_data_that_fit_says_how_large_their_residuals_are(visit):
    answer = first_stage_of(show(visit, "your-data", GOOD))["answer"]
    # The root mean square of the residuals of 250 samples, a tenth of them independent, is the noise's sd within 15 %.
    verdict = answer.partition(" MAP: ")[0]
    assert verdict in (f"These data fit the model: residuals {ratio} times the noise." for ratio in (0.9, 1.0, 1.1))


@pytest.mark.parametrize("below", ["prediction", "profiles", "noise", "learned", "samplers", "covariances"])
def test_below_the_posterior_the_verdict_comes_first_too(visit, below):
    main, support = parts(show(visit, "uncertainty", -70 + 30 * GOOD, below=below))
    for part in (main, support):
        assert re.fullmatch(
            r"No parameters explain this trace: the best fit misses it by 2\d\d times the noise. No ± here holds.",
            part["answer"],
        )
        assert VERDICT in told(part)[1]
        # Nothing contradicts it.
        assert not re.search(r"\d ± \d", json.dumps([part["table"], part["metrics"]], ensure_ascii=False))
    assert not re.search("identifiable|The truth lies|holds the truth|lie there", " ".join(told(main) + told(support)))
    # The best fit does not spike, the trace does: nothing follows from it.
    assert "tells little more than where the potential rests" not in json.dumps([main, support], ensure_ascii=False)
    assert "Laplace" not in " ".join(told(main))
    good = json.dumps(parts(show(visit, "uncertainty", GOOD, below=below)), ensure_ascii=False)
    assert "No parameters explain" not in good
    assert VERDICT not in good


def test_noise_typed_as_none_for_data_that_have_some_is_said(visit):
    said = first_stage_of(show(visit, "uncertainty", GOOD, sigma=0.0))
    assert VERDICT in told(said)[1]
    assert any("drawn for σ = 0.001 ms" in note for note in said["notes"])


def test_the_row_of_the_optimiser_says_it_instead_of_the_lowest_minimum_alone(visit):
    rows = {row[0]["text"]: row for row in first_stage_of(show(visit, "your-data", -70 + 30 * GOOD))["table"][1:]}
    assert VERDICT in rows["MAP"][-1]


def test_the_optimiser_s_estimate_waits_until_a_slider_is_let_go(visit):
    app = visit("your-data", t_end=40)
    drag(app, theta0=0.3)
    stage = first_stage_of(checked(app.run()))
    row = next(row for row in stage["table"] if row[0] != "estimator" and row[0]["text"] == "MAP")
    assert row[1:3] == ["–", "–"]
    assert row[3].startswith("Let go to update.")
    release(app)
    row = next(row for row in first_stage_of(checked(app.run()))["table"][1:] if row[0]["text"] == "MAP")
    assert float(row[1].split(" ± ")[0]) == pytest.approx(0.3, abs=0.05)
