import re

import pytest

from dashboard.pictures.layouts import LAYOUTS, PARTS, Layout
from tests.dashboard.conftest import ROOT

AREAS = {name: [row.split() for row, _ in layout.rows] for name, layout in LAYOUTS.items()}


def test_a_layout_becomes_the_grid_templates_of_a_wide_and_of_a_narrow_window():
    layout = Layout("2fr 1fr", (("map fit", 0.5), ("map said", "4rem")), height="100vh", least=0.9, looks=("wide",))
    assert layout.as_json() == {
        "wide": '"map fit" calc(0.5 * 100vh) "map said" 4rem / 2fr 1fr',
        "narrow": '"map" 20rem "fit" 20rem "said" auto / minmax(0, 1fr)',
        "least": "calc(0.9 * 100vh)",
        "looks": ["wide"],
    }


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_row_has_an_area_for_each_column_and_each_area_is_a_rectangle(name):
    columns = len(re.findall(r"[\w.]+fr|\w+rem", LAYOUTS[name].columns))
    assert {len(row) for row in AREAS[name]} == {columns}
    for area in {area for row in AREAS[name] for area in row}:
        cells = {(i, j) for i, row in enumerate(AREAS[name]) for j, each in enumerate(row) if each == area}
        rows, cols = ({cell[axis] for cell in cells} for axis in (0, 1))
        assert len(cells) == (max(rows) - min(rows) + 1) * (max(cols) - min(cols) + 1), area


def test_the_style_sheet_and_the_modules_know_no_page():
    names = {part for name in LAYOUTS for part in (name, name.partition("-")[0])}
    plots = {area for rows in AREAS.values() for row in rows for area in row} - PARTS - {"surface"}  # a type of trace
    live = ROOT / "dashboard" / "live"
    style = (live / "live.css").read_text()
    assert not [name for name in names | plots if re.search(rf"""["'^=]{name}["'\]]|grid-area: {name}\b""", style)]
    for module in live.glob("*.js"):
        assert not [name for name in names | plots if f'"{name}"' in module.read_text()], module.name
