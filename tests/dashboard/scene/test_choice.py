"""How a file is read where it does not say so: what is proposed, what a choice makes of it, what cannot be chosen."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from core.models.fitzhugh_nagumo.simulate import simulate
from dashboard.scene.choice import Choice, in_textbook_symbols, preview, proposal
from dashboard.scene.columns import UnclearError
from dashboard.scene.text_table import read_table
from dashboard.scene.upload import read_trace

TIMES = np.arange(200) * 0.2
U, V = np.sin(TIMES), 0.5 * np.cos(TIMES)


def file(*columns, header=""):
    rows = [",".join(f"{float(value)!r}" for value in row) for row in zip(*columns, strict=True)]
    return "\n".join([header, *rows] if header else rows).encode()


N = np.arange(200)
PROPOSALS = {
    "names of one's own": (file(TIMES, U, header="x,y"), Choice(0, 1)),
    "time in the middle": (file(U, TIMES, V, header="a,b,c"), Choice(1, 0, 2)),
    "potential named v": (file(TIMES, U, header="time,v"), Choice(0, 1)),
    "textbook": (file(TIMES, V, U, header="t,w,v"), Choice(0, 2, 1, tau=12.5)),
    "textbook with u": (file(TIMES, U, V, header="t,u,w"), Choice(0, 1, 2, tau=12.5)),
    "index without names": (file(N, TIMES, U), Choice(1, 2)),
    "index, time, u and v": (file(N, TIMES, U, V), Choice(1, 2, 3)),
    "no times": (file(U, V), Choice(None, 0, 1)),
    "one column": (file(U), Choice(None, 0)),
    "one column that rises": (file(np.sqrt(TIMES) / 4), Choice(None, 0)),
    "seconds by their span": (file(TIMES / 1000, U, header="time,u"), Choice(0, 1, time_unit="s")),
    "seconds by their name": (file(TIMES / 1000, U, header="time (s),x"), Choice(0, 1, time_unit="s")),
    "unknown unit": (file(TIMES, U, header="time (frames),u"), Choice(0, 1)),
    "millivolts by their name": (
        file(TIMES, -70 + 30 * U, header="time,u (mV)"),
        Choice(0, 1, offset=-70.0, scale=15.0),
    ),
    "millivolts by their size": (file(TIMES, -70 + 30 * U, header="time,u"), Choice(0, 1, offset=-70.0, scale=15.0)),
    "a constant in mV": (file(TIMES, 0 * U, header="time,u (mV)"), Choice(0, 1)),
}


@pytest.mark.parametrize("name", PROPOSALS)
def test_what_is_proposed_first_is_most_probable(name):
    content, choice = PROPOSALS[name]
    assert proposal(read_table(content)) == choice


@pytest.mark.parametrize("name", [name for name in PROPOSALS if name != "a constant in mV"])
def test_what_is_proposed_can_be_read(name):
    content, choice = PROPOSALS[name]
    trace = read_trace("a.csv", content, choice)
    assert trace.u.size == 200
    assert (trace.tau, trace.doubt) == (choice.tau, "")


def test_the_preview_shows_names_and_first_rows_as_they_stand():
    shown = preview(read_table(b"# by hand\ntime (s);u\n0,0;0,7143\n0,2;-0,2831\n0,4;\n0,6;1\n0,8;2"))
    assert shown.names == ("time (s)", "u")
    assert shown.rows == (("0,0", "0,7143"), ("0,2", "-0,2831"), ("0,4", ""), ("0,6", "1"))
    assert preview(read_table(file(TIMES, U))).names == ("", "")
    assert preview(read_table(file(TIMES, U, header="time,u,w"))).names == ("", "")


def test_a_choice_of_columns_and_units_gives_the_recording():
    content = file(V, -65 + 25 * U, TIMES / 1000, header="a,b,c")
    trace = read_trace("a.csv", content, Choice(2, 1, 0, "s", offset=-65.0, scale=25.0))
    np.testing.assert_allclose(trace.times, TIMES, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(trace.u, U, atol=1e-12)
    np.testing.assert_array_equal(trace.v, V)
    assert trace.reading == ("Time is “c”, in s; u is “b”; v is “a”. u = (V + 65) / 25. 200 rows; 0 to 39.8 ms.")


def test_without_times_the_samples_lie_an_interval_apart():
    trace = read_trace("a.csv", file(U, V), Choice(None, 0, 1, "s", interval=0.0005))
    np.testing.assert_allclose(trace.times, N * 0.5, rtol=1e-12)
    assert trace.reading.startswith("U is column 1; v is column 2. The samples lie 0.0005 s apart.")


def test_v_alone_can_be_chosen():
    trace = read_trace("a.csv", file(TIMES, V), Choice(0, None, 1))
    assert np.all(np.isnan(trace.u))
    np.testing.assert_array_equal(trace.v, V)


def test_the_textbook_s_equations_give_the_laboratory_s_trajectory():
    """Solved by SciPy as the textbook writes them, and by the engine in this laboratory's parameters."""
    a, b, tau, current = 0.7, 0.8, 12.5, 0.5
    times = np.arange(300) * 0.5

    def slope(_, state):
        v, w = state
        return v - v**3 / 3 - w + current, (v + a - b * w) / tau

    v, w = solve_ivp(slope, (0, times[-1]), (-1, 1), "DOP853", times, rtol=1e-11, atol=1e-12).y
    trace = read_trace("a.csv", file(times, v, w, header="t,v,w"), Choice(0, 1, 2, tau=tau))
    states = simulate((a, b, -current, np.sqrt(tau)), trace.times, (1.0, 1.0), tolerance=1e-11)
    np.testing.assert_allclose(np.column_stack([trace.u, trace.v]), states, atol=1e-7)
    values = {"theta0": a, "theta1": b, "zeta": -current, "gamma": np.sqrt(tau), "u0": 1.0, "v0": 1.0}
    assert in_textbook_symbols(values) == pytest.approx({"a": a, "b": b, "I": current, "τ": tau, "v₀": -1, "w₀": 1})


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"u": 0}, "One column is chosen twice"),
        ({"u": None}, "Choose the column of u, or of v"),
        ({"scale": 0.0}, "g must be above zero; 0 is not."),
        ({"scale": float("inf")}, "g must be above zero"),
        ({"interval": -0.2}, "The interval must be above zero; −0.2 is not."),
        ({"tau": 0.0}, "τ must be above zero"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(change, fragment):
    with pytest.raises(ValueError, match=r"^[A-Zgτ].*\.$") as refused:
        replace(Choice(0, 1), **change)
    assert fragment in str(refused.value)


def test_a_choice_that_does_not_fit_the_numbers_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match="does not look like one"):
        read_trace("a.csv", file(TIMES, U), Choice(1, 0))
    with pytest.raises(ValueError, match="Row 1 has u beyond ±11"):
        read_trace("a.csv", file(TIMES, U), Choice(0, 1, offset=-100.0))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (file(TIMES, U, header="x,y"), "The columns are “x” and “y”. None of them is the time."),
        (file(TIMES, -70 + 30 * U, header="time,u (mV)"), "The column “u (mV)” is in mV. Here u has no unit."),
        (file(TIMES, -70 + 30 * U), "Row 1 has u beyond ±11, as if it were in mV."),
        (file(U), "The file has one column; it needs two, the time and u."),
        (file(TIMES, U, header="time,u,w"), "Row 1 has 3 names of columns; the rows below have 2 columns."),
    ],
)
def test_what_is_unclear_is_told_apart_from_how_to_change_the_file(content, what):
    with pytest.raises(UnclearError) as unclear:
        read_trace("a.csv", content)
    assert unclear.value.what == what


def test_one_impossible_sample_is_no_question_of_units():
    u = U.copy()
    u[6] = 1001
    with pytest.raises(ValueError, match="Row 7 has u beyond ±11") as refused:
        read_trace("a.csv", file(TIMES, u))
    assert not isinstance(refused.value, UnclearError)
