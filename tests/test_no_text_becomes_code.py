"""No text from outside is run, unpickled, or shown as markup: read from the sources, in Python and JavaScript."""

import ast
import re

import pytest

from tests.imports import ROOT

SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
           for package in ("core", "dashboard") for path in (ROOT / package).rglob("*.py")}  # fmt: skip
SCRIPTS = {path.name: path.read_text("utf-8") for path in (ROOT / "dashboard").rglob("*.js")}

UNPICKLING = {"pickle", "marshal", "shelve", "dill", "cloudpickle"}  # modules
RUNNING = {"eval", "exec", "compile", "__import__"}  # functions that need no module
# Functions of modules: they run, unpickle or start a shell.
CALLS = {
    ("os", "system"), ("os", "popen"), ("torch", "load"), ("torch", "save"), ("joblib", "load"), ("joblib", "dump"),
    ("html", "unescape"), ("components", "html"), ("st", "iframe"), ("tempfile", "mktemp"),
}  # fmt: skip
# Where markup is made of constants, numbers and escaped text.
MARKUP = {"dashboard/views/your_data.py", "dashboard/views/reading.py"}
# Drawings of signs: their parts are written in the sources.
DRAWING_SCRIPTS = {"element.js", "sign.js"}
COMPILING_SCRIPT = re.compile(
    r"\beval\s*\(|\bnew Function\b|\bdocument\.write|\binsertAdjacentHTML|\bouterHTML\s*=|\bsrcdoc\b|"
    r"\bset(?:Timeout|Interval)\s*\(\s*[\"'`]|createContextualFragment|setHTMLUnsafe|javascript:"
)


def dangers(source):
    """Return what in a Python source could turn a text into code or markup."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in UNPICKLING]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNPICKLING:
            found.append(node.module)
        elif isinstance(node, ast.Call):
            function, options = node.func, {option.arg: option.value for option in node.keywords}
            if isinstance(function, ast.Name) and function.id in RUNNING:
                found.append(function.id)
            if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
                called = function.value.id, function.attr
                found += [".".join(called)] if called in CALLS else []
                if called[0] in ("np", "numpy") and called[1] == "load" and "allow_pickle" not in options:
                    found.append("np.load")
            for name in ("shell", "allow_pickle", "unsafe_allow_html", "unsafe_allow_javascript"):
                value = options.get(name)
                if value is not None and not (isinstance(value, ast.Constant) and value.value is False):
                    found.append(name)
    return found


@pytest.mark.parametrize(
    ("source", "danger"),
    [
        ("import pickle", "pickle"),
        ("from marshal import loads", "marshal"),
        ("eval(text)", "eval"),
        ("exec(compile(text, '', 'exec'))", "compile"),
        ("import torch\ntorch.load(path)", "torch.load"),
        ("np.load(path)", "np.load"),
        ("np.load(path, allow_pickle=True)", "allow_pickle"),
        ("subprocess.run(text, shell=True)", "shell"),
        ("st.markdown(text, unsafe_allow_html=True)", "unsafe_allow_html"),
        ("os.system(text)", "os.system"),
    ],
)
def test_the_search_finds_what_turns_text_into_code(source, danger):
    assert danger in dangers(source)


def test_the_search_leaves_methods_of_these_names_alone():
    assert dangers("network.eval()\nre.compile('a')\nnp.load(path, allow_pickle=False)") == []


def test_no_text_is_run_or_unpickled():
    assert len(SOURCES) > 100
    assert {name: found for name, source in SOURCES.items() if (found := dangers(source))} == {}


def test_markup_is_made_in_few_places():
    assert {name for name, source in SOURCES.items() if re.search(r"\bst\.html\(", source)} == MARKUP


def test_no_script_compiles_text_or_takes_it_as_markup():
    assert len(SCRIPTS) > 10
    assert {name: found for name, text in SCRIPTS.items() if (found := COMPILING_SCRIPT.findall(text))} == {}
    assert {name for name, text in SCRIPTS.items() if "innerHTML" in text} == DRAWING_SCRIPTS


@pytest.mark.parametrize("text", ["eval(a)", "new Function(a)", 'setTimeout("a()", 1)', "node.outerHTML = a"])
def test_the_search_finds_scripts_that_compile_text(text):
    assert COMPILING_SCRIPT.search(text)
