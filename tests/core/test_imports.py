import re
import subprocess
import sys
import tokenize
from graphlib import TopologicalSorter

import pytest

import core
from tests.imports import COMMANDS, CORE, STEPS

IMPORTS, ROOT = CORE.imports, CORE.root

# Experiments reach torch through the maps that they measure, and name no part of it.
WITH_TORCH = {"learning", "denoising", "surrogates", "maps", "learned_optimiser", "jobs", "search"}


def test_the_order_names_every_file_and_folder():
    assert {name.split(".")[0] for name in IMPORTS} == set(CORE.order)


@pytest.mark.parametrize("name", IMPORTS)
def test_imports_run_one_way(name):
    packages = {module.split(".")[0] for module in IMPORTS[name]}
    assert not packages & {"dashboard", "streamlit", "plotly", "tests"}
    folder = name.split(".")[0]
    for module in CORE.own(name):
        assert CORE.place(module) < CORE.place(name) or (folder in STEPS and module.split(".")[0] == folder), module
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
    modules = (
        "core.learning.training_settings, core.maps.recipe, core.maps.recipe_file, core.maps.recipes, "
        "core.learned_optimiser.kind, core.learned_optimiser.recipe"
    )
    program = f"import sys, {modules}; assert 'torch' not in sys.modules"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT.parent, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


# FitzHugh–Nagumo's own files, the published set-up, the recipes, and the experiments may name its parameters.
NAMING = ("models.fitzhugh_nagumo.", "neuron", "published", "maps.recipes", "experiments.")


@pytest.mark.parametrize("name", [name for name in IMPORTS if not name.startswith(NAMING)])
def test_no_parameter_is_known_by_its_name(name):
    path = ROOT / f"{name.replace('.', '/')}.py"
    with tokenize.open(path) as file:
        tokens = [token for token in tokenize.generate_tokens(file.readline) if token.type != tokenize.COMMENT]
    assert not [token for token in tokens if re.search("theta0|theta1|zeta", token.string)]


@pytest.mark.parametrize("name", IMPORTS)
def test_files_are_short(name):
    assert len((ROOT / f"{name.replace('.', '/')}.py").read_text().splitlines()) <= 300


def test_the_picture_has_no_arrow_against_the_order():
    pairs = CORE.arrows()
    assert ("problem", "models") in pairs
    assert ("neuron", "posterior") in pairs
    for first, second in pairs:
        assert second == "foundation" or (first in (*STEPS, *COMMANDS) and CORE.place(second) < CORE.place(first))


def test_public_names_exist():
    for name in core.__all__:
        assert getattr(core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core.nothing
