import ast
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from tests.dashboard.conftest import ROOT
from tests.imports import DASHBOARD

# Every key of Streamlit's session state is named in session.py, but those of widgets.
WIDGETS = ("train_", "fit_unknown_", "fit_sd_", "fit_known_", "fit_box")

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("core", "dashboard")
    for path in (ROOT / package).rglob("*.py")
}


def for_types_only(node):
    """Say whether a node is a branch that runs only while types are checked."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported(node):
    """Yield the modules that a syntax tree imports, within functions too: of `from a import b`, both a and a.b."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute here"
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif not for_types_only(child):
            yield from imported(child)


IMPORTS = {name: set(imported(ast.parse(path.read_text()))) for name, path in MODULES.items()}


def imports_of_ours(module):
    """Return the modules of ours that a module needs: `from package import submodule` needs the submodule alone."""
    ours = IMPORTS[module] & MODULES.keys()
    return {name for name in ours if not any(other.startswith(f"{name}.") for other in ours)} - {module}


def reached(module):
    """Return everything that is imported when a module is."""
    found, waiting = set(), [module]
    while waiting:
        new = IMPORTS.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def roots(names):
    return {name.split(".")[0] for name in names}


def test_the_imports_are_read_right():
    assert {"dashboard.session", "dashboard.views.neuron", "streamlit"} <= reached("dashboard.app")
    assert "core.maps.inverse_map" in IMPORTS["dashboard.maps"]
    assert imports_of_ours("dashboard.scene.problem") >= {
        "core.problem.problem",
        "dashboard.scene.observation",
        "dashboard.scene.experiment",
    }


def test_the_engine_knows_no_user_interface():
    engine = [name for name in MODULES if name.split(".")[0] == "core"]
    assert len(engine) > 10
    for name in engine:
        assert not roots(reached(name)) & {"dashboard", "streamlit", "plotly", "starlette"}, name


def test_only_session_links_views_panels_and_the_component_know_streamlit():
    knowing = {name for name in MODULES if "streamlit" in IMPORTS[name]}
    allowed = {"dashboard.app", "dashboard.server", "dashboard.session", "dashboard.links", "dashboard.live"}
    allowed |= {"dashboard.departures", "dashboard.log"}
    assert {name for name in knowing if not name.startswith(("dashboard.views.", "dashboard.panels."))} <= allowed


@pytest.mark.parametrize("part", ["background", "figures", "pictures", "lessons", "scene", "wording"])
def test_what_is_shown_is_computed_without_streamlit(part):
    modules = [name for name in MODULES if name.startswith(f"dashboard.{part}.")]
    assert len(modules) >= 2
    assert {name for name in modules if roots(reached(name)) & {"streamlit", "starlette", "plotly"}} == set()


def test_no_module_is_imported_in_a_cycle():
    graph = {name: imports_of_ours(name) for name in MODULES}
    assert sum(map(len, graph.values())) > 50
    # Raises CycleError, which names the modules.
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("core.published") < order.index("dashboard.scene.experiment") < order.index("dashboard.session")


def test_the_server_starts_before_torch_is_imported():
    """The shipped maps, which need it, are loaded while the first page is already up."""
    program = "import sys, dashboard.__main__, dashboard.views.neuron; assert 'torch' not in sys.modules"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def keys_in(tree):
    """Yield the names of keys that a module reads or writes in Streamlit's session state."""

    def is_state(node):
        return isinstance(node, ast.Attribute) and node.attr == "session_state"

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_state(node.value):
            yield node.attr
        if isinstance(node, ast.Subscript) and is_state(node.value) and isinstance(node.slice, ast.Constant):
            yield node.slice.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_state(node.func.value):
            yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))


def test_what_a_session_holds_is_named_in_one_place():
    from dashboard.session import KEYS

    found = {key for path in MODULES.values() for key in keys_in(ast.parse(path.read_text()))}
    methods = {"get", "pop", "setdefault"}
    assert {"scene", "fit_typed", "seen_active"} <= found
    assert {key for key in found - methods if not key.startswith(WIDGETS)} <= set(KEYS)


def test_the_order_names_every_file_and_folder():
    assert {name.split(".")[0] for name in DASHBOARD.imports} == set(DASHBOARD.order)


@pytest.mark.parametrize("name", DASHBOARD.imports)
def test_imports_run_one_way(name):
    folder = name.split(".")[0]
    for module in DASHBOARD.own(name):
        assert module.split(".")[0] == folder or DASHBOARD.place(module) < DASHBOARD.place(name), module


def test_the_picture_has_no_arrow_against_the_order():
    pairs = DASHBOARD.arrows()
    assert {("views", "pictures"), ("live_route", "pictures"), ("pictures", "scene"), ("lessons", "pictures")} <= set(
        pairs
    )
    for first, second in pairs:
        assert DASHBOARD.place(second) < DASHBOARD.place(first), (first, second)


@pytest.mark.parametrize(
    "path", [*DASHBOARD.root.rglob("*.py"), *DASHBOARD.root.rglob("*.js"), *DASHBOARD.root.rglob("*.css")]
)
def test_files_are_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= 300
