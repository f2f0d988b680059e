import re

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.simulate import simulate
from dashboard.scene.choice import Choice
from dashboard.scene.upload import read_trace
from tests.dashboard.conftest import trace_csv

TIMES = np.arange(30) * 0.2
U = np.sin(TIMES)
ROWS = trace_csv(TIMES, U, header="").decode().splitlines()
LF = "\n".join(ROWS)
V = 0.5 * np.cos(TIMES)
OF_BOTH = [f"{row},{v!r}" for row, v in zip(ROWS, V.tolist(), strict=True)]
LF_OF_BOTH = "\n".join(OF_BOTH)


def with_row(number, text, rows=ROWS):
    """Return the file with another text in the row of this number, counted from 1."""
    return "\n".join([*rows[: number - 1], text, *rows[number:]]).encode()


@pytest.mark.parametrize(
    "content",
    [
        LF.encode(),
        ("time,u\n" + LF).encode(),
        ("t [ms],u\n" + LF).encode(),
        ("Time (ms) , U \n" + LF).encode(),
        b"\xef\xbb\xbf" + LF.encode(),
        b"\xef\xbb\xbftime,u\n" + LF.encode(),
        LF.replace("\n", "\r\n").encode(),
        ("time,u\r\n" + LF.replace("\n", "\r\n") + "\r\n").encode(),
        (LF + "\n\n\r\n , \n").encode(),
        LF.replace(",", " ,\t").encode(),
        "\n".join(f'"{row.split(",")[0]}","{row.split(",")[1]}"' for row in ROWS).encode(),
        trace_csv(TIMES + 1234.6, U),
        trace_csv(TIMES - 77.0, U),
    ],
    ids=["bare", "header", "units", "spaced header", "BOM", "BOM and header", "CRLF", "CRLF and header", "blank end",
         "spaces", "quoted", "starts late", "starts before 0"],
)  # fmt: skip
def test_a_good_file_is_read_number_by_number(content):
    trace = read_trace("a.csv", content)
    assert trace.name == "a.csv"
    assert trace.times[0] == 0
    np.testing.assert_allclose(trace.times, TIMES, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(trace.u, U)


@pytest.mark.parametrize("n", [20, 5000])
def test_the_shortest_trace_and_the_longest_that_is_not_thinned(n):
    times = np.arange(n) * 0.4
    trace = read_trace("a", trace_csv(times, np.cos(times)))
    np.testing.assert_array_equal(trace.u, np.cos(times))
    assert "filter" not in trace.reading


def joined(delimiter, header="time{}u", decimal=".", end="\n"):
    """Return the trace with another separator and another decimal mark."""
    rows = [row.replace(",", "\0").replace(".", decimal).replace("\0", delimiter) for row in ROWS]
    return end.join([header.format(delimiter), *rows] if header else rows)


FORMATS = {
    "semicolons": joined(";"),
    "semicolons, no header": joined(";", ""),
    "semicolons and decimal commas": joined(";", decimal=","),
    "semicolons and decimal commas, no header": joined(";", "", decimal=","),
    "tabs": joined("\t"),
    "tabs and decimal commas": joined("\t", decimal=","),
    "blanks": joined("     ", ""),
    "blanks around": "\n".join(f"   {row.replace(',', '   ')}  " for row in ROWS),
    "blanks and decimal commas": joined("  ", decimal=","),
    "blanks, units in the header": joined(" ", "time (ms){}u (-)"),
    "decimal commas in quotes": "\n".join(
        '"{}","{}"'.format(*row.replace(".", ";").split(",")) for row in ROWS
    ).replace(";", ","),
    "quoted header": joined(",", '"time"{}"u"'),
    "comments": "# simulated, seed 3\n% by hand\n// dt = 0.2\n" + joined(","),
    "comments without a header": "# simulated, seed 3\n" + joined(",", ""),
    "comments between rows": "\n".join([*ROWS[:7], "# electrode moved", *ROWS[7:]]),
    "header in a comment": joined(",", "# time{}u"),
    "header in a comment, as NumPy writes it": joined(" ", "# time{}u"),
    "header in a comment with another separator": joined("  ", "% time, u"),
    "units in a row": joined(",", "time{}u\nms{}1".replace("{}", ",")),
    "units in a row, in brackets": joined(",", "time{}u\n[ms]{}[-]".replace("{}", ",")),
    "units in a comment": joined(",", "# time{}u\n# ms{}1".replace("{}", ",")),
    "sep=,": "sep=,\n" + joined(","),
    "sep=;": "sep=;\n" + joined(";", decimal=","),
    "commas at the ends": "\n".join(f"{row}," for row in ["time,u", *ROWS]),
    "commas at the ends of the numbers alone": "time,u\n" + "\n".join(f"{row}," for row in ROWS),
    "BOM": "\ufeff" + joined(";"),
    "UTF-16": joined(",").encode("utf-16"),
    "UTF-16, big-endian": b"\xfe\xff" + joined(",").encode("utf-16-be"),
    "Latin-1": joined(",", "time{}u (gemessen für Björn)").encode("latin-1"),
    "CR": joined(",", end="\r"),
    "CRLF": joined(";", end="\r\n"),
    "true minus signs": joined(",").replace("-", "−"),
    "end of a DOS file": joined(",") + "\n\x1a",
    "title above": "Recording of Monday\n" + joined(","),
}


@pytest.mark.parametrize("content", FORMATS.values(), ids=FORMATS)
def test_every_text_format_gives_the_same_numbers(content):
    trace = read_trace("a.csv", content.encode() if isinstance(content, str) else content)
    np.testing.assert_allclose(trace.times, TIMES, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(trace.u, U)
    assert trace.v is None


UNITS = {
    "time (s)": 1000, "time [s]": 1000, "t/s": 1000, "time_s": 1000, "Time (sec)": 1000, "time (seconds)": 1000,
    "Time_S": 1000, "t in s": 1000, "time (ms)": 1, "t [ms]": 1, "time_ms": 1, "t/ms": 1, "time (msec)": 1,
    "time (us)": 1e-3, "time (µs)": 1e-3, "time [μs]": 1e-3, "t/µs": 1e-3, "time_us": 1e-3, "time (microseconds)": 1e-3,
    "time (ns)": 1e-6, "time (min)": 60_000, "time [1]": 1,
}  # fmt: skip


@pytest.mark.parametrize(("header", "factor"), UNITS.items())
def test_the_unit_in_the_header_is_obeyed_and_said(header, factor):
    trace = read_trace("a.csv", trace_csv(TIMES / factor, U, f"{header},u"))
    np.testing.assert_allclose(trace.times, TIMES, rtol=1e-12)
    unit = re.search(r"[a-zµμ]+(?=\W*$)|$", header.lower())[0].replace("µ", "μ")
    assert trace.reading == (
        f"Time is “{header}”, {f'in {unit}' if unit else 'taken to be in ms'}; u is “u”. 30 rows; 0 to 5.8 ms."
    )


def test_a_unit_in_a_row_of_its_own_or_in_latin_1_is_obeyed():
    for header, encoding in (("time,u\ns,1", "utf-8"), ("# time,u\n# s,-", "utf-8")):
        trace = read_trace("a.csv", trace_csv(TIMES / 1000, U, header).decode().encode(encoding))
        np.testing.assert_allclose(trace.times, TIMES, rtol=1e-12)
    trace = read_trace("a.csv", trace_csv(TIMES * 1000, U, "time (µs),u").decode().encode("latin-1"))
    np.testing.assert_allclose(trace.times, TIMES, rtol=1e-12)


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        (trace_csv(TIMES, 30 * U - 70, "time (ms),u (mV)"), ("“u (mV)” is in mV", "no unit", "±3", "(V + 70 mV) / 30")),
        (trace_csv(TIMES, U, "time (ms),Voltage (mV)"), ("in mV",)),
        (trace_csv(TIMES, U / 10, "t,V [V]"), ("is in V.", "no unit")),
        (trace_csv(TIMES, U, "t,u_mV"), ("in mV",)),
        (trace_csv(TIMES, U, "t,u\nms,mV"), ("in mV",)),
        (trace_csv(TIMES, 30 * U - 70, "time,u"), ("Row 2 has u beyond ±11", "mV", "no unit")),
        (trace_csv(TIMES, 30 * U - 70, ""), ("Row 1 has u beyond ±11", "mV")),
        (trace_csv(TIMES, U, "time (frames),u"), ("unit “frames”", "s, ms or µs")),
        (trace_csv(np.arange(200) * 1e-3, np.sin(np.arange(200.0)), "time,u"), ("span only 0.199", "time (s)")),
        (trace_csv(np.arange(200) * 1e3, np.sin(np.arange(200.0)), "time,u"), ("longer than 2,000 ms", "time (µs)")),
    ],
)  # fmt: skip
def test_units_that_cannot_be_this_neurons_are_refused_with_what_to_do(content, fragments):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refused:
        read_trace("a.csv", content)
    for fragment in fragments:
        assert fragment in str(refused.value)


LONG = np.arange(100) * 0.2


@pytest.mark.parametrize(
    ("times", "u", "header", "warning"),
    [
        (LONG, np.sin(LONG), "time,u", ""),
        (LONG, 4.9 * np.sin(LONG), "time,u", ""),
        (LONG, 6 * np.cos(LONG), "time,u", "u reaches 6, where the neuron’s stays within ±3"),
        (LONG, -6 * np.cos(LONG), "time,u", "u reaches −6, where"),
        (LONG, 0.06 * np.sin(LONG), "time,u", "it may be in volts"),
        (TIMES, U, "time,u", "It lasts 5.8 ms only"),
        (LONG / 1000, np.sin(LONG), "time (ms),u", "It lasts 0.0198 ms only"),
        (np.arange(100), np.sin(LONG), "", "Its first column may count the rows"),
        (np.arange(100), np.sin(LONG), "time,u", ""),
    ],
)
def test_what_looks_wrong_and_can_be_right_is_read_with_a_warning(times, u, header, warning):
    trace = read_trace("a.csv", trace_csv(times, u, header))
    assert (trace.warnings == ()) == (warning == "")
    assert warning in trace.warning


COLUMNS = {
    "u,time": ("time", "u"),
    "time,v,u": ("time", "u", "v"),
    "v,u,Time (ms)": ("time", "u", "v"),
    "t,V": ("time", "u"),
    "t,Vm": ("time", "u"),
    "time,membrane potential": ("time", "u"),
    "t,U,V": ("time", "u", "v"),
    "t,V,v": ("time", "u", "v"),
    "time,recovery,u": ("time", "u", "v"),
    ",time,u": ("time", "u"),
    "Unnamed: 0,time,u": ("time", "u"),
    "index,time,u": ("time", "u"),
    "current,time,u": ("time", "u"),
}
ROLE_OF = {"u": "u", "V": "u", "Vm": "u", "membrane potential": "u", "U": "u", "v": "v", "recovery": "v"}


@pytest.mark.parametrize("header", COLUMNS)
def test_columns_are_taken_by_their_names_in_any_order(header):
    roles = COLUMNS[header]
    values = {"time": TIMES, "u": U, "v": V}
    cells = []
    for name in header.split(","):
        role = "time" if name.lower().startswith("t") else ROLE_OF.get(name, "")
        role = "v" if name == "V" and "U" in header else role
        cells.append(values.get(role, np.arange(30.0)))
    rows = [",".join(f"{float(value)!r}" for value in row) for row in zip(*cells, strict=True)]
    trace = read_trace("a.csv", "\n".join([header, *rows]).encode())
    np.testing.assert_array_equal(trace.times, TIMES)
    np.testing.assert_array_equal(trace.u, U)
    assert (trace.v is not None) == ("v" in roles)
    if trace.v is not None:
        np.testing.assert_array_equal(trace.v, V)
    assert ("Not used: current." in trace.reading) == ("current" in header)


@pytest.mark.parametrize("first", [0, 1, 17])
@pytest.mark.parametrize("header", ["", ",time,u\n", '"time","u"\n'])
def test_a_counter_of_rows_before_the_time_is_recognised(first, header):
    content = header + "\n".join(f"{i},{row}" for i, row in enumerate(ROWS, first))
    trace = read_trace("a.csv", content.encode())
    np.testing.assert_array_equal(trace.times, TIMES)
    np.testing.assert_array_equal(trace.u, U)
    assert trace.v is None
    both = read_trace("a.csv", "\n".join(f"{i},{row}" for i, row in enumerate(OF_BOTH, first)).encode())
    np.testing.assert_array_equal(both.v, V)


def neuron(times, **more):
    return simulate([0.3, 0.6, -0.4, 3.0], times, **more)[:, 0]


def test_more_than_5000_rows_are_thinned_by_a_filter_that_is_named():
    times = np.arange(12_000) * 0.05
    u = neuron(times, tolerance=1e-8)
    trace = read_trace("a.csv", trace_csv(times, u))
    np.testing.assert_allclose(trace.times, times[::3], rtol=0, atol=1e-9)
    # A low-pass at 3.3 kHz: the spikes, whose flanks last 0.3 ms, keep their shape.
    np.testing.assert_allclose(trace.u, u[::3], atol=0.02)
    assert trace.reading == (
        "Time is “time”, taken to be in ms; u is “u”. 12,000 rows; 0 to 599.95 ms. Every third is kept after an "
        "anti-aliasing filter (a Kaiser-windowed low-pass at 3,333 Hz): σ and ρ are those of the noise that it leaves."
    )


def test_the_filter_takes_away_what_would_fold_into_slower_oscillations():
    times = np.arange(12_000) * 0.05
    fast = np.sin(2 * np.pi * 6.0 * times)  # 6 kHz: at every third sample it would look like 0.67 kHz
    assert np.abs(fast[::3]).max() > 0.9
    trace = read_trace("a.csv", trace_csv(times, neuron(times, tolerance=1e-8) + fast))
    np.testing.assert_allclose(trace.u[50:-50], neuron(times, tolerance=1e-8)[::3][50:-50], atol=0.02)


@pytest.mark.parametrize(("unequal", "why"), [(False, "u has gaps"), (True, "the samples are not equally far apart")])
def test_a_long_recording_that_cannot_be_filtered_is_thinned_without_and_says_so(unequal, why):
    times = np.arange(5_001) * 0.2 + (0.05 * (np.arange(5_001) == 7) if unequal else 0)
    u = np.sin(times)
    rows = [
        f"{t!r},{'' if i == 4 and not unequal else repr(x)}"
        for i, (t, x) in enumerate(zip(times.tolist(), u.tolist(), strict=True))
    ]
    trace = read_trace("a.csv", "\n".join(rows).encode())
    np.testing.assert_array_equal(np.delete(trace.u, 2), np.delete(u[::2], 2))
    assert f"Every second is kept, without a filter because {why}." in trace.reading


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        ("v", "The filter is that of u; v is kept without a filter because v has gaps."),
        ("u", "The filter is that of v; u is kept without a filter because u has gaps."),
        ("u and v", "Every second is kept, without a filter because u has gaps and v has gaps."),
        ("all of u", "the noise that it leaves."),
    ],
)
def test_what_is_said_of_the_filter_holds_for_each_state(gap, said):
    times = np.arange(5_001) * 0.2
    states = {"u": np.sin(times), "v": np.cos(times)}
    for state in gap.removeprefix("all of ").split(" and "):
        states[state][slice(None) if gap.startswith("all") else 4] = np.nan
    rows = zip(times.tolist(), states["u"].tolist(), states["v"].tolist(), strict=True)
    trace = read_trace("a.csv", "\n".join(["time,u,v", *(f"{t!r},{u!r},{v!r}" for t, u, v in rows)]).encode())
    assert trace.reading.endswith(said)
    for state, kept in (("u", trace.u), ("v", trace.v)):
        is_raw = np.array_equal(kept, states[state][::2], equal_nan=True)
        assert is_raw == (state in gap)


def test_a_file_that_cannot_be_used_is_refused_before_its_rows_are_read(monkeypatch):
    monkeypatch.setattr("dashboard.scene.text_table._score", lambda *_: pytest.fail("its rows were read"))
    for content, why in (
        (b"0,0\n" * 1_300_000, "more than 100,000 rows"),
        (b"0," * 2_600_000, "Row 1 has more than 2,000 characters"),
        (b"0" * (6 * 2**20), "larger than 5 MB"),
    ):
        with pytest.raises(ValueError, match=why):
            read_trace("a.csv", content)


def shifted(number, by):
    times = TIMES.copy()
    times[number - 1 :] += by
    return trace_csv(times, U, header="")


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        (with_row(7, "1.2,spike"), ("Row 7", "spike", "column u", "number")),
        (with_row(7, "noon,0.1"), ("Row 7", "noon", "column time")),
        (b"time,u\n" + with_row(7, "1.2,spike"), ("Row 8", "spike")),
        (with_row(1, " ,0.5"), ("Row 1", "gap", "column time")),
        (b"time,u\nnoon,high\n" + LF.encode(), ("Row 2", "noon", "column time")),
        (with_row(1, "zero,0.5"), ("Row 1", "zero", "column time")),
        (b"time,u,w\n" + LF.encode(), ("Row 1", "3 names", "2 columns")),
        (b"time,v\n" + LF.encode(), ("“time” and “v”", "v is the recovery variable here")),
        (b"u,v\n" + LF.encode(), ("“u” and “v”", "None of them is the time", "sampling interval")),
        (b"t,u,u (filtered)\n" + LF_OF_BOTH.encode(), ("Both “u” and “u (filtered)” could be the potential u",)),
        ("\n".join(f"{i},{i},{row}" for i, row in enumerate(ROWS)), ("rises by the same step in every row",)),
        ("\n".join(f"{i}.5,{row}" for i, row in enumerate(ROWS)), ("3 columns without names",)),
        ("\n".join(f"{i},{row.split(',')[0]}" for i, row in enumerate(ROWS)), ("rises by the same step in every row",)),
        (trace_csv(U, V, ""), ("first column should be the time and does not look like one", "sampling interval")),
        (trace_csv(np.tile(TIMES, 2), np.tile(U, 2)), ("Time starts again at row 32", "several recordings")),
        (LF.replace(",", ";").replace(".", ",").replace(";", ","), ("commas both between the columns and within",)),
        (with_row(7, "1.2;0,1", joined(";").split("\n")), ("Row 7 has “0,1” in the column u",)),
        (with_row(7, "1.2;1,000.5", joined(";").split("\n")), ("Row 7", "“1,000.5”", "thousands")),
        (with_row(7, "1.000,2;0,1", joined(";", "", ",").split("\n")), ("Row 7", "“1.000,2”", "thousands")),
        (with_row(7, "1 000;0,1", joined(";", "", ",").split("\n")), ("Row 7", "“1 000”", "thousands")),
        (with_row(7, "1.2,1_0"), ("Row 7", "“1_0”")),
        (with_row(7, f"1.2,{'1' * 300}x"), ("Row 7", "column u")),
        (with_row(7, "1.2,0.1,spike", OF_BOTH), ("Row 7", "spike", "column v")),
        (with_row(7, "1.2,0.1", OF_BOTH), ("Row 7", "2 columns", "most rows have 3")),
        (with_row(7, "1.2,0.1,-1001", OF_BOTH), ("Row 7 has v beyond ±11",)),
        (with_row(7, "1.2,1001,"), ("Row 7 has u beyond ±11",)),
        ("\n".join(f"{t:.1f},," for t in TIMES), ("Nothing was observed",)),
        (with_row(1, "nan,0"), ("Row 1", "gap", "column time")),
        (with_row(30, "5.8,-inf"), ("Row 30", "-inf", "finite")),
        (with_row(7, "1.2,1e999"), ("Row 7", "1e999", "finite")),
        (with_row(7, "1.2,0.1,0.2"), ("Row 7", "3 columns", "most rows have 2")),
        (with_row(7, "1.2"), ("Row 7", "1 column,", "most rows have 2")),
        ("\n".join(map(repr, U.tolist())), ("one column", "needs two", "sampling interval")),
        ("x,y\n" + LF, ("“x” and “y”", "None of them is the time")),
        (trace_csv(TIMES[:19], U[:19]), ("19 rows", "20")),
        (b"time,u\n", ("no row of numbers",)),
        (trace_csv(TIMES[::-1], U), ("Time runs backwards", "sort")),
        (shifted(8, -0.5), ("does not increase at row 8", "sort")),
        (shifted(8, -0.2), ("Rows 7 and 8 have the same time", "more digits")),
        (b"", ("empty",)),
        (b"\n\r\n , \n", ("empty",)),
        (b"\x89PNG\r\n\x1a\n\x00\x00", ("not text", "CSV, in UTF-8")),
        (b"\x00" * 100, ("not text",)),
        (b"PK\x03\x04,a,b", ("not text",)),
        (LF.encode() + b'\n"6,1', ("Row 31 has a quotation mark",)),
        ("time,u\n" + LF.replace("0.2,", '"0.2,', 1), ("Row 3 has a quotation mark",)),
        (b"0" * (6 * 2**20), ("5 MB",)),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_a_sentence_that_names_the_place(content, fragments):
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refused:
        read_trace("a.csv", content)
    for fragment in fragments:
        assert fragment in str(refused.value)


@pytest.mark.parametrize(
    "header", ["u," + "x" * 900 + ",time (" + "y" * 900, "time,t" + "\u202e" * 20 + "z" * 500 + ",u"]
)
def test_long_or_strange_names_of_columns_are_cut_in_a_sentence(header):
    content = "\n".join([header, *(f"{t:.1f},{t:.1f},{t:.1f}" for t in TIMES)]).encode()
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refused:
        read_trace("a.csv", content)
    assert len(str(refused.value)) <= 400
    assert str(refused.value).isprintable()


def test_times_that_rounding_makes_equal_are_refused_in_a_sentence():
    times = [-3.0, *(1e-300 * np.arange(1, 40))]
    with pytest.raises(ValueError, match=r"^The times are too close together"):
        read_trace("a.csv", trace_csv(times, np.sin(np.arange(40))))


def test_a_column_that_is_not_there_is_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"^There is no column 3 in the file, which has 2: choose another one\.$"):
        read_trace("a.csv", trace_csv(TIMES, U), Choice(0, 2))


def test_rows_are_counted_as_an_editor_counts_them():
    with pytest.raises(ValueError, match="Row 8 has a gap"):
        read_trace("a.csv", b"\n" + with_row(7, ",1.2"))


@pytest.mark.parametrize("header", ["", "time,u,v\n", "t [ms],u,v (recovery)\n"])
def test_a_third_column_is_v_and_empty_cells_are_not_observed(header):
    rows = [*OF_BOTH[:6], "1.2,,0.5", *OF_BOTH[7:9], "1.8,0.25, ", "2.0,,", *OF_BOTH[11:]]
    trace = read_trace("a.csv", (header + "\n".join(rows)).encode())
    u, v = U.copy(), V.copy()
    u[[6, 10]], v[[9, 10]] = np.nan, np.nan
    u[9], v[6] = 0.25, 0.5
    np.testing.assert_array_equal(trace.u, u)
    np.testing.assert_array_equal(trace.v, v)
    assert not trace.complete


def test_a_recording_of_v_alone_is_read():
    trace = read_trace("a.csv", "\n".join(f"{t:.1f},,{v!r}" for t, v in zip(TIMES, V.tolist(), strict=True)).encode())
    np.testing.assert_array_equal(trace.v, V)
    assert np.all(np.isnan(trace.u))


@pytest.mark.parametrize(
    ("content", "complete", "unequal"),
    [
        (LF.encode(), True, False),
        (LF_OF_BOTH.encode(), True, False),
        (with_row(7, "1.2,0.1,", OF_BOTH), True, False),  # the other pages use u alone
        (with_row(7, "1.2,"), False, False),
        (with_row(7, "1.2,,0.1", OF_BOTH), False, False),
        (shifted(8, 0.1), False, True),
        (shifted(8, 1e-5), True, False),
    ],
    ids=["u", "u and v", "gap in v", "gap in u", "gap in u beside v", "late", "rounded"],
)
def test_what_other_pages_can_take_has_u_at_equal_steps(content, complete, unequal):
    trace = read_trace("a.csv", content)
    assert (trace.complete, trace.unequal) == (complete, unequal)


def test_two_columns_have_no_v():
    assert read_trace("a.csv", LF.encode()).v is None
    assert read_trace("a.csv", "\n".join(f"{row}," for row in ROWS).encode()).v is None


@pytest.mark.parametrize(("columns", "rows"), [(51, 30), (900, 290), (50, 13_000), (10, 61_000)])
def test_a_table_of_too_many_columns_is_refused_before_its_numbers_are_read(monkeypatch, columns, rows):
    monkeypatch.setattr("dashboard.scene.text_table._number", None)
    content = (b";".join(b"%d" % (i % 10) for i in range(columns)) + b"\n") * rows
    with pytest.raises(ValueError, match=f"^The file has {columns} columns in {rows:,} rows: leave out the columns"):
        read_trace("a.csv", content)
