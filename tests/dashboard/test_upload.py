import numpy as np
import pytest

from dashboard.upload import read_trace
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
def test_the_shortest_and_the_longest_trace(n):
    times = np.arange(n) * 0.4
    assert read_trace("a", trace_csv(times, np.cos(times))).u.shape == (n,)


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
        (with_row(7, "1.2,NaN"), ("Row 7", "NaN", "finite", "cell empty")),
        (b"time,u,w\n" + LF.encode(), ("Row 2", "2 columns")),
        (b"time,u,w\n" + LF_OF_BOTH.encode(), ("time, u, w", "v after them")),
        (b"time,v\n" + LF.encode(), ("time, v", "time and u")),
        (with_row(7, "1.2,0.1,spike", OF_BOTH), ("Row 7", "spike", "column v")),
        (with_row(7, "1.2,0.1", OF_BOTH), ("Row 7", "2 columns", "three")),
        (with_row(7, "1.2,0.1,-1001", OF_BOTH), ("Row 7 has v beyond ±1,000",)),
        (with_row(7, "1.2,1001,"), ("Row 7", "3 columns")),
        ("\n".join(f"{t:.1f},," for t in TIMES), ("Nothing was observed",)),
        (with_row(1, "nan,0"), ("Row 1", "nan", "finite")),
        (with_row(30, "5.8,-inf"), ("Row 30", "-inf", "finite")),
        (with_row(7, "1.2,1e999"), ("Row 7", "1e999", "finite")),
        (with_row(7, "1.2,0.1,0.2"), ("Row 7", "3 columns", "two")),
        (with_row(7, "1.2"), ("Row 7", "1 column;", "two")),
        (LF.replace(",", ";").encode(), ("Row 1", "1 column;", "comma")),
        (LF.replace(",", ";").replace(".", ",").encode(), ("Row 1", "3 columns", "point")),
        (LF.replace(",", "\t").encode(), ("Row 1", "1 column;", "comma")),
        ("u,time\n" + LF, ("u, time", "time and u")),
        ("x,y\n" + LF, ("x, y", "time and u")),
        (trace_csv(TIMES[:19], U[:19]), ("19 rows", "20")),
        (b"time,u\n", ("0 rows", "20")),
        (trace_csv(np.arange(5001) * 0.2, np.zeros(5001)), ("5,001 rows", "5,000")),
        (trace_csv(TIMES[::-1], U), ("row 3", "increase", "sort")),
        (shifted(8, -0.5), ("row 8", "increase")),
        (shifted(8, -0.2), ("row 8", "increase", "doubles")),
        (b"", ("empty",)),
        (b"\n\r\n , \n", ("empty",)),
        (b"\x89PNG\r\n\x1a\n\x00\x00", ("not a CSV", "UTF-8")),
        (LF.encode("utf-16"), ("not a CSV", "UTF-8")),
        (b"\x00" * 100, ("Row 1", "1 column;")),
        (b"PK\x03\x04,a,b", ("columns are called", "time and u")),
        (b'"0,1\n' + LF.encode(), ("not a CSV",)),
        (b"0" * (6 * 2**20), ("5 MB",)),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_a_sentence_that_names_the_place(content, fragments):
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$") as refused:
        read_trace("a.csv", content)
    for fragment in fragments:
        assert fragment in str(refused.value)


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
