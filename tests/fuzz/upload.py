"""Uploaded recordings: tables as people have them, with cells, headings, lines and bytes changed, and what is none."""

import numpy as np
from hypothesis import strategies as st

from dashboard.scene.choice import Choice, preview, proposal
from dashboard.scene.columns import TIME_UNITS, UnclearError
from dashboard.scene.text_table import DELIMITERS, read_table
from dashboard.scene.upload import MAX_STATE, read_trace
from tests.fuzz.parser import Parser, assert_plain, assert_shown
from tests.fuzz.strategies import FLOODS, TEXTS, broken

HEADINGS = st.one_of(
    st.sampled_from([
        "time", "t", "time (s)", "time [ms]", "t_us", "u", "u (mV)", "v", "V", "w", "index", "potential", "",
        "Unnamed: 0", "time (" + "x" * 500, "u" * 1500, "potential " * 60,
    ]),
    TEXTS,
)  # fmt: skip
CELLS = st.one_of(
    st.floats(-3, 3).map(str),
    st.floats().map(repr),
    st.sampled_from([
        "", "NaN", "−1,5", "1,5", "1.000.000,5", "1 000", "1d3", "inf", "1e999", "-", "?", '"', '"1"', "1;2", "ms",
        "(ms)",
    ]),
    st.floats(-12, 12).map(lambda value: f"{value:.3f}"),
    TEXTS,
)  # fmt: skip
CHOICES = st.builds(
    Choice,
    time=st.none() | st.just(0),
    u=st.sampled_from([1, 1, 1, 2, 5]),
    v=st.sampled_from([None, None, 3, 6]),
    time_unit=st.sampled_from(sorted(TIME_UNITS)),
    interval=st.sampled_from([0.2, 1e-9, 1e6]) | st.floats(1e-9, 1e6),
    offset=st.sampled_from([0.0, -70.0, 1e6]),
    scale=st.sampled_from([1.0, 30.0, 1e-9, 1e9]),
    tau=st.none() | st.sampled_from([12.5, 0.01, 1e4]),
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Return a table of numbers as text, mostly one that can be read."""
    n, width = draw(st.sampled_from([25, 25, 19, 30, 25, 40])), draw(st.sampled_from([3, 2, 1, 4, 7, 2, 3]))
    delimiter = draw(st.sampled_from([",", ";", *DELIMITERS, "|", ";", ","]))
    step = draw(st.sampled_from([0.2, 1.0, 50.0, 2e-4, 0.0, -0.2, 1e-300, 1e300, 1e15, 50.0, 0.5, 1.0, 0.2]))
    rows = [[repr(i * step), *(f"{np.sin(0.1 * i + j):.4f}" for j in range(1, width))] for i in range(n)]
    if draw(st.integers(0, 5)) == 3:
        rows = [[str(i), *row] for i, row in enumerate(rows)]
    for _ in range(draw(st.sampled_from([0, 0, 1, 3, 0]))):
        row = rows[draw(st.integers(0, n - 1))]
        row[draw(st.integers(0, len(row) - 1))] = draw(CELLS)
    if draw(st.integers(0, 3)):
        usual = ["time", "u", "v", "x", "y", "z", "a", "b"][: len(rows[0])]
        rows.insert(0, draw(st.one_of(*[st.just(usual)] * 4, st.lists(HEADINGS, min_size=1, max_size=9))))
    lines = [delimiter.join(row) for row in rows]
    if draw(st.integers(0, 9)) == 5:
        lines = [line.replace(".", ",") for line in lines]
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 0]))):
        strange = (
            st.sampled_from(["sep=;", "# time,u", "% x", "//", "", "ms,1", '"', "time,u", "units", "1,2,3", "0" * 2001])
            | TEXTS
        )
        lines.insert(draw(st.integers(0, len(lines))), draw(strange))
    end = draw(st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\n"]))
    encoding = draw(
        st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-be"] + ["utf-8"] * 4)
    )
    return end.join(lines).encode(encoding, "replace")


VALID = b"time,u,v\n" + b"".join(b"%.1f,%.3f,0.1\n" % (0.2 * i, np.sin(i)) for i in range(40))
CONTENTS = st.one_of(
    *[tables()] * 6, tables().flatmap(broken), broken(VALID), st.binary(max_size=60), FLOODS
)  # fmt: skip


def read(example: tuple[bytes, Choice | None]) -> tuple[str, ...]:
    """Read a recording, and where it is asked how, propose an answer as the form does."""
    content, choice = example
    try:
        trace = read_trace("Mine.csv", content, choice)
    except UnclearError as error:
        table = read_table(content)
        proposed = proposal(table)
        assert_shown([preview(table).rows, proposed.time, proposed.u, proposed.v, proposed.offset, proposed.scale])
        assert_plain(error.what)
        raise
    times, states = trace.times, [each for each in (trace.u, trace.v) if each is not None]
    assert np.all(np.diff(times) > 0)
    assert np.all(np.isfinite(times))
    for values in states:
        assert values.shape == times.shape
        assert not np.any(np.isinf(values))
        assert np.all(np.isnan(values) | (np.abs(values) <= MAX_STATE + 100))  # a filter can overshoot
    assert any(np.any(np.isfinite(values)) for values in states)
    assert_shown([trace.reading, trace.warning, trace.unequal, trace.complete])
    assert len(trace.reading) <= 1000
    return trace.warnings


UPLOAD = Parser("recording", st.tuples(CONTENTS, st.one_of(st.none(), st.none(), CHOICES)), ((VALID, None),), read)
