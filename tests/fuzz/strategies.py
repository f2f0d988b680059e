"""Strategies that most parsers' inputs are made of: strange values, and valid JSON and bytes with something changed."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

LONG_NUMBERS = ("1" * 4000, "1" * 5000 + "x", "0." + "9" * 3000, "1e" + "9" * 400, "-" * 900 + "1")
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from([
        "", " ", ".", "-", "NaN", "nan", "Infinity", "-inf", "null", "None", "true", "0", "1e400", "1_000", "1,000",
        "٣", "−1", "0x10", "\ud800", "\udfff x", "\x00", "\u202e", "<script>alert(1)</script>", "../../etc/passwd",
        "%s{0}", "σ" * 300, "theta0", "sigma", "fitzhugh-nagumo", "a,b;c", "x" * 1001, *LONG_NUMBERS,
    ]),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-3, 60),
    st.floats(-2, 2),
    st.floats(),
    st.sampled_from([2**31, 2**53 + 1, 2**63, -(2**63), 10**19, 10**400, 1e300, -1e300, 1e-320, 1e101, 0.999999, -0.0]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
STRANGE = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.lists(NUMBERS, min_size=400, max_size=400) | st.just([1] * 400),
    st.dictionaries(st.text(max_size=5), SCALARS, max_size=3),
    st.sampled_from([[[]], {"kind": []}, {"mean": {"theta0": []}}]),
    st.integers(2, 900).map(lambda depth: _nested([], depth)),
)


def _nested(content: Any, depth: int) -> Any:
    for _ in range(depth):
        content = [content]
    return content


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every entry in nested dictionaries and lists."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def _at(content: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        content = content[key]
    return content


@st.composite
def changed(draw: st.DrawFn, valid: Any, most: int = 4) -> Any:
    """Return valid JSON with up to so many entries replaced, left out, doubled, added or put in another's place."""
    content = copy.deepcopy(valid)
    for _ in range(draw(st.integers(0, most))):
        found = list(places(content))
        if not found:
            return copy.deepcopy(draw(STRANGE))
        *path, key = found[draw(st.integers(0, len(found) - 1))]
        place = _at(content, tuple(path))
        what = draw(st.sampled_from(["replace", "near", "near", "other", "remove", "double", "add"]))
        if what == "remove":
            del place[key]
        elif what == "double" and isinstance(place, list):
            place.insert(key, copy.deepcopy(place[key]))
        elif what in ("double", "add") and isinstance(place, dict):
            place[draw(st.one_of(TEXTS, st.just(f"{key}_")))] = (
                copy.deepcopy(place[key]) if what == "double" else copy.deepcopy(draw(STRANGE))
            )
        elif what == "other":
            place[key] = copy.deepcopy(_at(content, found[draw(st.integers(0, len(found) - 1))]))
        elif what == "near" and isinstance(place[key], int | float) and not isinstance(place[key], bool):
            place[key] = draw(_near(place[key]))
        else:
            place[key] = copy.deepcopy(draw(STRANGE))
    return content


def _near(value: float) -> st.SearchStrategy[Any]:
    if isinstance(value, int) and abs(value) > 2**60:
        return st.sampled_from([-value, value + 1, value - 1])
    return st.sampled_from(
        [-value, value + 1, value - 1, 2 * value, value / 3, 10 * value, 0, 1, float(value), 1e5 * value]
    )


def one_of_changed(valid: list[Any], most: int = 4) -> st.SearchStrategy[Any]:
    """Return one of several valid contents, with something changed."""
    return st.sampled_from(range(len(valid))).flatmap(lambda i: changed(valid[i], most))


def as_json(content: Any) -> bytes:
    """Return a content as the bytes of JSON; numbers that are not finite are in them as Python writes them."""
    return json.dumps(content).encode()


@st.composite
def broken(draw: st.DrawFn, valid: bytes, first: int = 0) -> bytes:
    """Return bytes of which some are changed, left out, doubled or added, or all are others.

    first: of so many bytes at the start most changes are made; 0 for no such part.
    """
    content = bytearray(valid)
    for _ in range(draw(st.integers(0, 4))):
        reach = first if first and draw(st.integers(0, 3)) else len(content)
        at = draw(st.integers(0, max(0, min(reach, len(content)) - 1)))
        what = draw(st.sampled_from(["flip", "flip", "cut", "drop", "add", "double", "all"]))
        if what == "flip" and content:
            content[at] = draw(st.integers(0, 255))
        elif what == "cut":
            del content[at:]
        elif what == "drop":
            del content[at : at + draw(st.integers(1, 9))]
        elif what == "add":
            content[at:at] = draw(st.binary(max_size=8))
        elif what == "double":
            content[at:at] = content[at : at + draw(st.integers(1, 2000))]
        elif what == "all":
            content = bytearray(draw(st.binary(max_size=40)))
    return bytes(content)


# A text in which one piece is said again and again, up to 5 MB and a bit.
FLOODS = st.builds(
    lambda piece, size: piece * max(1, size // len(piece)),
    st.sampled_from([
        b"1", b",", b"\n", b"1,2\n", b"0.1,0.2,0.3\n", b'"', b"a;", b"[", b'{"a":', b"9" * 39 + b",1\n", b"#", b"\r\n1",
        b"&theta0=1", b"%41", b"1 2 3\n", b"\xff", b"1,2,3,4,5,6,7,8,9,",
        b"1;" * 99 + b"2\n", b"1;2;3;4;5;6\n",
    ]),
    st.sampled_from([10**3, 10**4, 10**5, 2 * 10**6, 5 * 2**20, 5 * 2**20 + 1]),
)  # fmt: skip
