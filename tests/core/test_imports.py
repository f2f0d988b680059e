import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import core

ROOT = Path(core.__file__).resolve().parent
# A file imports only from floors below its own.
FLOORS = {
    "files": -1,
    "checks": 0,
    "memory": 0,
    "compiled": 0,
    "symbols": 0,
    "terminal": 0,
    "estimate": 1,
    "features": 1,
    "fitzhugh_nagumo": 1,
    "metrics": 1,
    "noise": 1,
    "priors": 1,
    "trained_for": 1,
    "published": 2,
    "simulation": 2,
    "dataset": 3,
    "misfit": 3,
    "sensitivities": 3,
    "derivatives": 4,
    "networks": 3,
    "objective": 5,
    "noise_quadrature": 4,
    "states": 5,
    "modes": 6,
    "optimizers": 6,
    "laplace": 7,
    "multistart": 7,
    "noise_estimate": 7,
    "posterior": 7,
    "profile": 7,
    "checkpoint": 2,
    "training": 4,
    "calibration": 5,
    "refinement": 5,
    "card": 5,
    "inverse_map": 6,
    "trainings": 7,
    "evaluation": 7,
    "novelty": 7,
    "polish": 7,
    "jobs": 8,
    "pretrain": 9,
    "search": 5,
    "experiments.record": 2,
    "experiments.context": 2,
    "experiments.limit": 8,
    "experiments.magi": 8,
    "experiments.maps": 8,
    "experiments.accuracy": 9,
    "experiments.calibration": 9,
    "experiments.noise": 9,
    "experiments.training_size": 9,
    "experiments.regimes": 10,
    "experiments.time_series": 10,
    "experiments.optimisers": 9,
    "experiments.__init__": 0,
    "experiments.__main__": 11,
    "__init__": 8,
}
# Experiments reach torch through the maps that they measure, and name no part of it.
WITH_TORCH = {
    "networks",
    "checkpoint",
    "training",
    "calibration",
    "refinement",
    "inverse_map",
    "trainings",
    "evaluation",
    "jobs",
    "search",
}


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


def test_every_file_has_a_floor():
    assert set(IMPORTS) == set(FLOORS)


@pytest.mark.parametrize("name", IMPORTS)
def test_imports_run_downwards(name):
    packages = {module.split(".")[0] for module in IMPORTS[name]}
    assert not packages & {"dashboard", "streamlit", "plotly", "tests"}
    assert "core" not in IMPORTS[name], "import the file, not the package above it"
    for module in IMPORTS[name]:
        if module.startswith("core."):
            assert FLOORS[module.removeprefix("core.")] < FLOORS[name], f"{name} imports {module}"
    assert "torch" not in packages or name in WITH_TORCH


def test_imports_have_an_order():
    """A cycle raises."""
    graph = {
        f"core.{name}": {module for module in modules if module.startswith("core.")}
        for name, modules in IMPORTS.items()
    }
    order = list(TopologicalSorter(graph).static_order())
    assert order[-1] == "core.__init__" or order.index("core.__init__") > order.index("core.inverse_map")
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


def test_public_names_exist():
    for name in core.__all__:
        assert getattr(core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core.nothing
