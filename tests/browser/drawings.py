"""What the pictures that plots save, and the legends, are held against: what a plot draws on screen."""

import io
import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

GROUNDS = {"light": (255, 255, 255), "dark": (18, 22, 28)}  # the themes' backgrounds in dashboard/__main__.py
DOTS = re.compile(r"(M[-\d.]+,[-\d.]+H[-\d.]+)+")
AXES = """(id) => {
  const { xaxis, yaxis } = plot(id)._fullLayout
  return [[xaxis._offset, yaxis._offset], [xaxis._offset + xaxis._length, yaxis._offset + yaxis._length]]
}"""
NEAR = 12  # of 255: colours that differ by less are taken for the same


def rgba(colour, opacity):
    """Return a colour as the browser writes it, with its opacity: (r, g, b, alpha), or None where nothing is drawn."""
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)]
    if colour == "none" or len(parts) < 3:
        return None
    alpha = (parts[3] if len(parts) > 3 else 1.0) * float(opacity)
    return (*parts[:3], alpha) if alpha else None


def over(colour, ground):
    """Return what a colour (r, g, b, alpha) looks like over a ground (r, g, b)."""
    return colour[3] * np.array(colour[:3]) + (1 - colour[3]) * np.array(ground)


def colours(element):
    """Return the colours of the line and of the filling of an element that is drawn."""
    found = rgba(element["stroke"], element["strokeOpacity"]), rgba(element["fill"], element["fillOpacity"])
    return [colour for colour in found if colour is not None]


def near(picture, colour, tolerance=NEAR):
    """Say of each pixel of a picture, (height, width, 3 or 4), whether it has a colour, (r, g, b)."""
    return np.all(np.abs(picture[..., :3] - np.array(colour, dtype=np.int16)) <= tolerance, axis=-1)


def discs(shape, centres, radius):
    """Say which pixels of a picture, (height, width), lie in a disc around one of the centres, (n, 2)."""
    covered = np.zeros(shape, dtype=bool)
    reach = int(np.ceil(radius))
    across, down = np.meshgrid(*2 * [np.arange(-reach, reach + 1)])
    for x, y in centres:
        column, row = int(x), int(y)
        inside = np.hypot(column + across + 0.5 - x, row + down + 0.5 - y) <= radius
        covered[(row + down)[inside], (column + across)[inside]] = True
    return covered


def check_picture(lab, plot, scheme="light", saved=None):
    """Check the picture that a plot saves against what is on screen, at two pixels of the screen each.

    saved: returns the picture; without it, the plot is saved as PNG. Its ground is opaque; it holds as much of each
    colour as the screen; each dot covers its area; below stand the entries of the legend that the page shows elsewhere.
    """
    ground = np.array(GROUNDS[scheme])
    box = lab.page.locator(f".lab-plot[data-plot={plot}]")
    box.scroll_into_view_if_needed()
    lab.page.mouse.move(2, 2)
    shot = box.screenshot(style=".lab-toolbar, .hoverlayer, .lab-plot > i { display: none }")
    screen = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))
    picture = (saved or lab.saved)(plot)
    width, height = lab.evaluate("(id) => [plot(id).clientWidth, plot(id).clientHeight]", plot)
    assert picture.shape[1] == 2 * width, plot
    assert picture.shape[0] >= 2 * height, plot
    assert np.all(picture[..., 3] == 255), plot
    for corner in picture[[0, 0, -1, -1], [0, -1, 0, -1], :3]:
        np.testing.assert_array_equal(corner, ground, plot)
    upper, lower = picture[: 2 * height], picture[2 * height :]
    inked = [np.sum(~near(each, ground, 30)) for each in (screen, upper)]
    assert inked[1] == _about(inked[0]), (plot, inked)
    elements = lab.drawn(plot)
    used = Counter(tuple(np.round(over(each, ground))) for element in elements for each in colours(element))
    for colour, _ in used.most_common(12):
        if np.max(np.abs(np.array(colour) - ground)) > 2 * NEAR:
            seen, found = (np.sum(near(each, colour)) for each in (screen, upper))
            assert found == _about(seen), (plot, colour, seen, found)
    _check_dots(lab, plot, elements, picture, ground)
    named = lab.evaluate("(id) => plot(id).data.filter(({ legend }) => legend === 'legend2')", plot)
    assert bool(named) == bool(lower.size), plot
    for entry in named:
        look = entry.get("marker") or entry["line"]
        colour = _parsed(lab, look["color"])
        assert np.sum(near(lower, over(colour, ground))) > 10, (plot, entry["name"])
    return len(named)


def _about(count):
    """Return the counts of pixels that differ by no more than what the blurred edges of lines and letters do."""
    return pytest.approx(count, rel=0.15, abs=200)


def _parsed(lab, colour):
    """Return a colour of a figure as (r, g, b, alpha)."""
    return rgba(lab.evaluate("(colour) => { const i = document.createElement('i'); i.style.color = colour; "
                             "document.body.append(i); const found = getComputedStyle(i).color; i.remove(); "
                             "return found }", colour), 1)  # fmt: skip


def _check_dots(lab, plot, elements, picture, ground):
    """Check that the dots of a plot cover the area of discs of their number and width, less what overlaps."""
    for element in elements:
        if not DOTS.fullmatch(element["outline"]):
            continue
        diameter = float(element["strokeWidth"].removesuffix("px"))
        centres = np.array([dot.split("H")[0].split(",") for dot in element["outline"].split("M")[1:]], dtype=float)
        low, high = np.array(lab.evaluate(AXES, plot))
        centres = centres[np.all((centres > low + diameter) & (centres < high - diameter), axis=1)]
        # Twice as large in the picture; a pixel at the edge of a disc is but half covered.
        covered = discs(picture.shape[:2], 2 * centres, diameter - 0.75)
        contrast = np.max(np.abs(over(colours(element)[0], ground) - ground))
        drawn = np.max(np.abs(picture[..., :3] - ground), axis=-1) > 0.5 * contrast
        # The outlines of marks, of the colour of the ground, lie over some of them.
        assert np.mean(drawn[covered]) > 0.6, (plot, len(centres), np.mean(drawn[covered]))


def _looks(elements):
    """Count the elements that are drawn by what they look like, wherever they are: axes may find another range."""
    return Counter(
        (each["stroke"], each["strokeWidth"], each["fill"], each["fillOpacity"], each["outline"][:5] == "data:")
        for each in elements
    )


def check_legend(lab, plot):
    """Check that each entry of a plot's legend hides what it names, nothing else, and shows it again."""
    lab.evaluate("(id) => { plot(id)._context.doubleClickDelay = 1 }", plot)
    whole, gone = lab.drawn(plot), Counter()
    for name in lab.names(plot):
        lab.click_legend(plot, name)
        left = _looks(lab.drawn(plot))
        hidden = _looks(whole) - left
        assert hidden, (plot, name)
        assert left <= _looks(whole), (plot, name)
        gone += hidden
        lab.click_legend(plot, name)
        assert sorted(map(str, lab.drawn(plot))) == sorted(map(str, whole)), (plot, name)
    # No two entries hide the same.
    assert gone <= _looks(whole), plot


def check_labels(lab, plot, axis, least=3):
    """Check that each label of an axis is the whole number that belongs to its place."""
    labels = lab.evaluate(
        """([id, axis]) => {
          const scale = plot(id)._fullLayout[`${axis}axis`]
          const frame = plot(id).getBoundingClientRect()
          return [...plot(id).querySelectorAll(`.${axis}tick text`)].map((node) => {
            const { x, y, width, height } = node.getBoundingClientRect()
            const middle = axis === "x" ? x + width / 2 - frame.x : y + height / 2 - frame.y
            return [node.textContent, scale.p2d(middle - scale._offset)]
          })
        }""",
        [plot, axis],
    )
    assert len(labels) >= least, (plot, labels)
    for text, value in labels:
        assert float(text.replace(",", "")) == pytest.approx(value, rel=0.1), (plot, labels)
    return [text for text, _ in labels]
