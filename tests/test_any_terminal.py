"""Commands print in any encoding, and files are read in theirs: neither depends on the language of the machine."""

import ast
import io
import json
import sys
from contextlib import redirect_stdout
from importlib import import_module
from types import SimpleNamespace

import pytest

from core.experiments import __main__ as experiments
from core.experiments import records
from core.experiments.records import Key, Measurement, Result
from tests.benchmarks.record import ROOT, output_path

COMMANDS = ("core.experiments.__main__", "core.pretrain", "core.search", "core.train", "dashboard.__main__")
SOURCES = sorted(path for folder in ("core", "dashboard", "tests/benchmarks") for path in (ROOT / folder).rglob("*.py"))


def printed_in_latin_1(command):
    """Return what a terminal in Latin-1 shows of a command, and a letter that it has not after it."""
    with io.TextIOWrapper(io.BytesIO(), "latin-1") as terminal, redirect_stdout(terminal):
        command()
        sys.stdout.write("θ")
        terminal.flush()
        return terminal.buffer.getvalue().decode("latin-1")


@pytest.fixture
def an_experiment(monkeypatch, tmp_path):
    """Let the command run an experiment that finds one figure, and return the file that is to hold it."""
    spread = Measurement(Key("ours", "r2", "mean", "noisy-noisy", 8000), 0.5, 0.1)
    found = Result("Of θ₀.", {"n_samples": 8000}, (spread,))
    monkeypatch.setattr(experiments, "EXPERIMENTS", {"accuracy": SimpleNamespace(run=lambda _: found)})
    monkeypatch.setattr(records, "RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["core.experiments", "accuracy", "--work", str(tmp_path)])
    return tmp_path / "accuracy.json"


def test_an_experiment_is_stored_and_printed_in_latin_1(an_experiment):
    printed = printed_in_latin_1(experiments.main)
    assert "Of ??." in printed
    assert "0.5 ± 0.1" in printed
    assert json.loads(an_experiment.read_bytes())["measurements"][0]["spread"] == 0.1


def test_an_experiment_is_stored_before_it_is_printed(an_experiment, monkeypatch):
    stored = []
    monkeypatch.setattr(experiments, "text", lambda *_: stored.append(an_experiment.exists()))
    experiments.main()
    assert stored == [True]


@pytest.mark.case("18")
@pytest.mark.parametrize("command", [*COMMANDS, "a benchmark"])
def test_every_command_replaces_what_the_terminal_cannot_write(command, monkeypatch, record_property):
    monkeypatch.setattr(sys, "argv", [command, "--help"])
    start = (lambda: output_path("dragging", "θ")) if command == "a benchmark" else import_module(command).main

    def ask_for_help():
        with pytest.raises(SystemExit):
            start()

    printed = printed_in_latin_1(ask_for_help)
    record_property("measured", f"help of {command} ends in {printed[-1]}")
    assert printed.endswith("?")


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
