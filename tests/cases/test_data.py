"""Files that people have: each gives the parameters that made it, or asks how it is to be read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from core.estimate import Outcome
from core.optimisation.minima import map_estimate
from dashboard.pictures import states_fit as picture
from dashboard.scene import states_fit
from dashboard.scene.choice import in_textbook_symbols, proposal
from dashboard.scene.columns import UnclearError
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import theta_problem
from dashboard.scene.text_table import read_table
from dashboard.scene.upload import read_trace

HERE = Path(__file__).parent
# A trace of θ = (0.3, 0.6), ζ = −0.4, γ = 3, with noise of σ = 0.07 ms and ρ = 0.8 (seed 3).
SECONDS = (HERE / "seconds.csv").read_text().splitlines()[1:]
MAP = 0.3108, 0.5958
PAIRS = [(f"{1000 * float(time):.1f}", u) for time, u in (row.split(",") for row in SECONDS)]


def content(*heads, between=",", end="", decimal="."):
    rows = [f"{time}{between}{u}{end}".replace(".", decimal) for time, u in PAIRS]
    return "\n".join([*heads, *rows]).encode()


def estimated(trace):
    """Return the MAP estimate of a trace with the constants and the noise that made it."""
    experiment = Experiment(theta0=0.3, theta1=0.6, zeta=-0.4, gamma=3.0, sigma=0.07, rho=0.8, upload=trace.name)
    return map_estimate(theta_problem(experiment, observe(experiment, trace)))


def check_trace(trace, record_property):
    """The trace is the one that everything here is made of."""
    found = estimated(trace)
    record_property("measured", f"t to {trace.times[-1]:.1f} ms, MAP {found.mean[0, 0]:.4f}, {found.mean[0, 1]:.4f}")
    assert (trace.u.size, trace.times[-1]) == (1000, pytest.approx(199.8))
    assert found.mean[0] == pytest.approx(MAP, abs=1e-4)
    assert found.fit.outcome == Outcome.EXPLAINED


@pytest.mark.case("01")
def test_times_in_seconds(record_property):
    trace = read_trace("seconds.csv", (HERE / "seconds.csv").read_bytes())
    assert "in s;" in trace.reading
    check_trace(trace, record_property)


@pytest.mark.case("03")
def test_millivolts_are_asked_about_and_taken_by_an_offset_and_a_scale(record_property):
    file = (HERE / "mv.csv").read_bytes()
    with pytest.raises(UnclearError, match=r"“u \(mV\)” is in mV"):
        read_trace("mv.csv", file)
    proposed = proposal(read_table(file))
    # The span of the potential is put between −2 and 2, which the noise makes wider.
    assert proposed.offset == pytest.approx(-70, abs=3)
    assert proposed.scale == pytest.approx(30, rel=0.2)
    trace = read_trace("mv.csv", file, replace(proposed, offset=-70.0, scale=30.0))
    assert "u = (V + 70) / 30." in trace.reading
    check_trace(trace, record_property)


@pytest.mark.case("05")
def test_an_index_before_the_time_is_asked_about(record_property):
    rows = [f"{i},{time},{u}" for i, (time, u) in enumerate(PAIRS)]
    trace = read_trace("index.csv", "\n".join(rows).encode())
    assert trace.doubt.startswith("The file has no names of columns. Column 1 counts the rows")
    chosen = read_trace("index.csv", "\n".join(rows).encode(), proposal(read_table("\n".join(rows).encode())))
    assert chosen.doubt == ""
    check_trace(chosen, record_property)
    check_trace(read_trace("pandas.csv", "\n".join([",time,u", *rows]).encode()), record_property)


FORMATS = {
    "blanks": content(between="       "),
    "tabs": content("time\tu", between="\t"),
    "semicolons and decimal commas": content("time;u", between=";", decimal=","),
    "comments": content("# simulated", "# sampling 5 kHz", "time,u"),
    "names in a comment": content("# time,u"),
    "units in a row": content("time,u", "ms,1"),
    "sep=,": content("sep=,", "time,u"),
    "commas at the ends": content("time,u,", end=","),
}


@pytest.mark.case("07")
@pytest.mark.parametrize("form", FORMATS)
def test_the_formats_of_other_tools(form, record_property):
    check_trace(read_trace("a.csv", FORMATS[form]), record_property)


@pytest.mark.case("07")
def test_a_row_with_a_wrong_number_is_named():
    with pytest.raises(ValueError, match="Row 8 has “much” in the column u, where a number should be"):
        read_trace("a.csv", b"\n".join([b"time,u", *content().splitlines()[:6], b"1.2,much", *content().splitlines()]))


@pytest.mark.case("09")
def test_a_file_without_times_is_asked_about_and_takes_an_interval(record_property):
    file = (HERE / "u_v.csv").read_bytes()
    with pytest.raises(UnclearError, match="should be the time and does not look like one: it falls at 501 of 999"):
        read_trace("u_v.csv", file)
    trace = read_trace("u_v.csv", file, proposal(read_table(file)))
    record_property("measured", f"asked; t to {trace.times[-1]:.1f} ms, u and v of {trace.v.size:,} samples")
    assert trace.times[-1] == pytest.approx(199.8)
    numbers = np.loadtxt(HERE / "u_v.csv", delimiter=",")
    np.testing.assert_array_equal(np.column_stack([trace.u, trace.v]), numbers)


def clean(times):
    """Return the potential without noise, by SciPy."""

    def slope(_, state):
        u, v = state
        return 3.0 * (u - u**3 / 3 + v - 0.4), -(u - 0.3 + 0.6 * v) / 3.0

    return solve_ivp(slope, (0, times[-1]), (0, 0), "DOP853", times, rtol=1e-10, atol=1e-12).y[0]


def long_recording(step, n):
    times = np.arange(n) * step
    return "\n".join(["time,u", *(f"{t:.2f},{u:.4f}" for t, u in zip(times, clean(times), strict=True))]).encode()


@pytest.mark.case("10")
def test_more_than_5000_rows_are_thinned(record_property):
    trace = read_trace("long.csv", long_recording(0.05, 12_000))
    found = estimated(trace)
    record_property("measured", f"{trace.u.size:,} rows, MAP {found.mean[0, 0]:.4f}, {found.mean[0, 1]:.4f}")
    assert "Every third is kept" in trace.reading
    assert trace.u.size == 4000
    assert found.mean[0] == pytest.approx((0.3, 0.6), abs=1e-3)


@pytest.mark.case("32")
@pytest.mark.parametrize("box", [states_fit.NARROW, states_fit.WIDE])
def test_advice_has_not_been_followed_already_and_can_be(box, record_property):
    trace = read_trace("long.csv", long_recording(0.25, 5000))
    samples = states_fit.samples_of(Experiment(), observe(Experiment(), None), trace)
    settings = states_fit.Settings(("theta0", "theta1", "gamma", "u0", "v0"), (0.4, 0.4, -0.4, 3, 0, 0), (1, 1), box)
    advice = states_fit.too_long(samples, settings)
    record_property("measured", f"{states_fit.BOXES[box].label}: “{advice}”")
    assert ("sliders" in advice) == (box == states_fit.WIDE)
    assert "γ as known" in advice
    followed = replace(settings, box=states_fit.NARROW, unknown=("theta0", "theta1", "u0", "v0"))
    assert states_fit.too_long(samples, followed) == ""


@pytest.mark.case("33")
def test_the_textbook_s_convention(record_property):
    """The file was made with a 0.7, b 0.8, τ 12.5, I 0.5, from (−1, 1), with noise of sd 0.1 on both."""
    file = (HERE / "t_v_w.csv").read_bytes()
    with pytest.raises(UnclearError, match="None of them is the potential u"):
        read_trace("t_v_w.csv", file)
    chosen = proposal(read_table(file))
    assert (chosen.time, chosen.u, chosen.v, chosen.tau) == (0, 1, 2, 12.5)
    trace = read_trace("t_v_w.csv", file, chosen)
    unknown = ("theta0", "theta1", "zeta", "gamma", "u0", "v0")
    samples = states_fit.samples_of(Experiment(), observe(Experiment(), None), trace)
    problem = states_fit.problem_for(samples, states_fit.Settings(unknown, (0.0,) * 6, (0.1, 0.1), states_fit.WIDE))
    found = states_fit.fit(problem)
    values = dict(zip(unknown, found.estimate.mean[0], strict=True))
    textbook = in_textbook_symbols(values)
    record_property("measured", ", ".join(f"{name} {value:.4f}" for name, value in {**values, **textbook}.items()))
    assert found.estimate.status == ""
    assert list(values.values()) == pytest.approx([0.7059, 0.8147, -0.5050, 3.5140, 0.9487, 0.9927], abs=1e-4)
    assert list(textbook) == ["a", "b", "I", "τ", "v₀", "w₀"]
    assert list(textbook.values()) == pytest.approx([0.7059, 0.8147, 0.5050, 12.35, -0.9487, 0.9927], abs=5e-3)
    # The truth lies within four standard deviations.
    truth = np.array([0.7, 0.8, -0.5, np.sqrt(12.5), 1.0, 1.0])
    assert np.all(np.abs(found.estimate.mean[0] - truth) < 4 * picture.deviations(found.estimate))
