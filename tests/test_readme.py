"""The READMEs: their figures are those of the files, their code runs, and what they name is there."""

import re

import pytest

from tests.benchmarks.readme import END, FIGURES, ROOT, START, cell, training_samples, with_figures

READMES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("", "core", "core/experiments", "dashboard", "pretrained", "tests/benchmarks")
    for path in (ROOT / folder).glob("README.md")
)


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", FIGURES)
def test_the_figures_are_those_of_the_files(name):
    assert with_figures(text(name), FIGURES[name]()) == text(name)


def test_every_readme_is_known_to_these_tests():
    assert set(FIGURES) <= set(READMES)
    assert len(READMES) == 6


def test_the_readme_is_read_in_one_sitting():
    assert len(text("README.md").splitlines()) <= 150


@pytest.mark.parametrize("name", READMES)
def test_no_figure_is_written_by_hand(name):
    """Outside the marks, and outside code, no number has two digits after its point, but versions and addresses."""
    readme = re.sub(r"```.*?```", "", text(name), flags=re.DOTALL)
    if name in FIGURES:
        readme = readme.split(START)[0] + readme.split(END)[1]
    assert re.findall(r"(?<![\d.:])0\.\d\d+", readme) == []


@pytest.mark.parametrize("name", ["README.md", "core/README.md"])
def test_the_code_runs(name):
    """The blocks one after the other, as a reader would type them."""
    blocks = re.findall(r"```python\n(.*?)```", text(name), flags=re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, name, "exec"), names)
    assert names["estimate"].mean.shape == (1000, 2)
    assert names["estimate"].covariance.shape == (1000, 2, 2)


@pytest.mark.parametrize("name", READMES)
def test_what_is_linked_is_there(name):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text(name)):
        assert ((ROOT / name).parent / target).exists(), target


def test_the_tree_has_a_line_for_every_file_and_folder_of_the_engine():
    tree = text("README.md").split("```text\n")[1].split("```")[0].split("core/ ")[1].split("dashboard/ ")[0]
    named = {line.split()[0].rstrip("/") for line in tree.splitlines()[1:] if line.strip()}
    there = {
        path.stem
        for path in (ROOT / "core").iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }
    assert there - {"__init__"} <= named


def test_a_missed_target_of_a_benchmark_is_bold():
    assert cell({"value": 3.887, "unit": "µs", "met": False}) == "**3.89 µs**"
    assert cell({"value": 1, "unit": "", "met": True}) == cell({"value": 1, "unit": ""}) == "1"


def test_a_card_says_how_many_simulations_a_map_was_trained_on():
    assert training_samples({"recipe": {"data": {"kind": "new simulations", "n": 8000}}}) == "drawn anew"
    assert training_samples({"recipe": {"data": {"kind": "new noise", "n": 8000}}}) == "8,000"
