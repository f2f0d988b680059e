"""Commands print in any encoding, and files are read in theirs: neither depends on the language of the machine."""

import ast
import io
import json
import sys
from contextlib import redirect_stdout
from importlib import import_module

import pytest

from core.experiments import __main__ as experiments
from tests.benchmarks.record import ROOT, output_path

COMMANDS = ("core.experiments.__main__", "core.pretrain", "core.search", "dashboard.__main__")
SOURCES = sorted(path for folder in ("core", "dashboard", "tests/benchmarks") for path in (ROOT / folder).rglob("*.py"))


def printed_in_latin_1(command):
    """Return what a terminal in Latin-1 shows of a command, and a letter that it has not after it."""
    with io.TextIOWrapper(io.BytesIO(), "latin-1") as terminal, redirect_stdout(terminal):
        command()
        sys.stdout.write("θ")
        terminal.flush()
        return terminal.buffer.getvalue().decode("latin-1")


def test_an_experiment_is_stored_and_printed_in_latin_1(monkeypatch, tmp_path):
    class Found:
        def as_json(self):
            """Return the figures."""
            return {"figure": 1}

        def __str__(self):
            return "θ₀ ± 0.1"

    monkeypatch.setattr(experiments, "EXPERIMENTS", {"limit": lambda _: Found()})
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["core.experiments", "limit", "--work", str(tmp_path)])
    assert "?? ± 0.1" in printed_in_latin_1(experiments.main)
    assert json.loads((tmp_path / "limit.json").read_bytes()) == {"figure": 1}


def test_an_experiment_is_stored_before_it_is_printed(monkeypatch, tmp_path):
    stored = []

    class Found:
        def as_json(self):
            """Return nothing."""
            return {}

        def __str__(self):
            stored.append((tmp_path / "limit.json").exists())
            return ""

    monkeypatch.setattr(experiments, "EXPERIMENTS", {"limit": lambda _: Found()})
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["core.experiments", "limit", "--work", str(tmp_path)])
    experiments.main()
    assert stored == [True]


@pytest.mark.parametrize("command", [*COMMANDS, "a benchmark"])
def test_every_command_replaces_what_the_terminal_cannot_write(command, monkeypatch):
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    start = (lambda: output_path("dragging", "θ")) if command == "a benchmark" else import_module(command).main

    def ask_for_help():
        with pytest.raises(SystemExit):
            start()

    assert printed_in_latin_1(ask_for_help).endswith("?")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_text_files_are_opened_in_a_named_encoding(path):
    """Text without one is read in that of the machine's language, which need not be UTF-8."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Call):
            call = ast.unparse(node)
            if getattr(node.func, "attr", "") in ("read_text", "write_text"):
                assert "utf-8" in call, call
            elif getattr(node.func, "id", "") == "open":
                assert "utf-8" in call or "b'" in call, call
