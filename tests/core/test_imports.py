import ast
import re
import subprocess
import sys
import tokenize
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import core

ROOT = Path(core.__file__).resolve().parent
# A file or folder imports only from what stands before it.
FOUNDATION = (
    "files", "checks", "memory", "terminal", "symbols", "compiled", "metrics", "estimate", "noise", "priors",
    "published", "parallel",
)  # fmt: skip
STEPS = ("models", "problem", "optimisation", "posterior", "learning", "maps", "jobs", "experiments")
COMMANDS = ("neuron", "__init__", "search", "pretrain", "migrate")
ORDER = (*FOUNDATION, *STEPS, *COMMANDS)
# Experiments reach torch through the maps that they measure, and name no part of it.
WITH_TORCH = {"learning", "maps", "jobs", "search"}


def imported(path):
    """Return every module a file imports, inside functions too, and those it names to import_module."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            modules.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "import_module":
            modules.add(ast.literal_eval(node.args[0]))
    return modules


IMPORTS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): imported(path) for path in sorted(ROOT.rglob("*.py"))
}


def place(name):
    """Return where a file's folder, or the file itself, stands in the order."""
    return ORDER.index(name.split(".")[0])


def test_the_order_names_every_file_and_folder():
    assert {name.split(".")[0] for name in IMPORTS} == set(ORDER)


@pytest.mark.parametrize("name", IMPORTS)
def test_imports_run_one_way(name):
    packages = {module.split(".")[0] for module in IMPORTS[name]}
    assert not packages & {"dashboard", "streamlit", "plotly", "tests"}
    assert "core" not in IMPORTS[name], "import the file, not the package above it"
    folder = name.split(".")[0]
    for module in IMPORTS[name]:
        if module.startswith("core."):
            module = module.removeprefix("core.")
            assert place(module) < place(name) or (folder in STEPS and module.split(".")[0] == folder), module
    assert "torch" not in packages or folder in WITH_TORCH


def test_imports_have_an_order():
    """A cycle raises."""
    graph = {
        f"core.{name}": {module for module in modules if module.startswith("core.")}
        for name, modules in IMPORTS.items()
    }
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("core.files") < order.index("core.models.spikes") < order.index("core.__init__")
    assert set(order) == set(graph)


def test_importing_core_does_not_import_torch():
    """The name that needs it does."""
    program = (
        "import sys, core; assert 'torch' not in sys.modules; core.load_inverse_map; assert 'torch' in sys.modules"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_recipes_do_without_torch():
    modules = "core.learning.design, core.maps.recipe, core.maps.recipe_file, core.maps.recipes"
    program = f"import sys, {modules}; assert 'torch' not in sys.modules"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


GENERAL = ("learning", "maps", "jobs", "search", "pretrain", "migrate")
NAMING = {"maps.recipes"}  # the one file here that may


@pytest.mark.parametrize("name", [name for name in IMPORTS if name.split(".")[0] in GENERAL and name not in NAMING])
def test_trainings_and_maps_know_no_parameter_by_its_name(name):
    path = ROOT / f"{name.replace('.', '/')}.py"
    with tokenize.open(path) as file:
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type != tokenize.COMMENT]
    assert not [token for token in tokens if re.search("theta0|theta1|zeta", token.string)]


def test_public_names_exist():
    for name in core.__all__:
        assert getattr(core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core.nothing
