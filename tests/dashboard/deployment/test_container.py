"""The Dockerfile: no daemon builds it in these tests, so its lines are read, and its commands run in an environment."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from dashboard import __main__ as launcher
from tests.imports import ROOT

# By instruction, in the order of the file: a line that ends in a backslash goes on in the next.
LINES = [
    line.split(maxsplit=1)
    for line in (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    if line and not line.startswith("#")
]
IGNORED = [line for line in (ROOT / ".dockerignore").read_text().split() if not line.startswith("!")]
TAKEN = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")]


def of(instruction):
    """Return what stands after each instruction of a kind."""
    return [rest for name, rest in LINES if name == instruction]


def test_nothing_but_what_is_copied_is_sent_to_the_daemon():
    copied = [line.split()[0] for line in of("COPY")]
    assert IGNORED[0] == "*"
    assert sorted(copied) == sorted(TAKEN)
    assert all((ROOT / name).exists() for name in copied)
    assert not any(fnmatch.fnmatch(name, pattern) for name in copied for pattern in IGNORED[1:])


def test_the_container_runs_for_a_user_without_rights_who_owns_the_runs():
    (user,) = of("USER")
    assert user != "root"
    after = LINES[[name for name, _ in LINES].index("USER") + 1 :]
    assert not any(re.search("pip install|apt-get", rest) for _, rest in after)
    assert f"--owner={user} {of('VOLUME')[0]}" in " ".join(of("RUN"))


def test_the_python_is_the_one_that_everything_is_tested_on():
    assert of("FROM") == ["python:3.11-slim"]


@pytest.mark.parametrize(("more", "code"), [((), 2), (("--allow-everyone",), None)])
def test_the_container_opens_by_a_switch_alone(monkeypatch, tmp_path, capsys, more, code):
    python, *options = json.loads(of("ENTRYPOINT")[0])
    assert (python, *options[:2]) == ("python", "-m", "dashboard")
    options = [option.replace(of("VOLUME")[0], str(tmp_path / "runs")) for option in options[2:]]
    monkeypatch.setattr(sys, "argv", ["dashboard", *options, "--port", "0", *more])
    monkeypatch.setattr(launcher, "load_settings", lambda *_, **__: None)
    if code is None:
        launcher._options().socket.close()
        return
    with pytest.raises(SystemExit) as ended:
        launcher._options()
    assert ended.value.code == code
    assert "add --allow-everyone" in capsys.readouterr().err


@pytest.mark.long
def test_the_commands_of_the_container_work_in_a_new_environment(tmp_path):
    """All but those that need root; pip finds torch where it usually does, in place of torch's own index."""
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "PATH": f"{tmp_path / 'venv' / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "TORCH_INDEX": "https://pypi.org/simple",
    }
    for name, rest in LINES:
        if name == "COPY":
            source, target = rest.split()
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, work / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, work / target)
        elif name == "ENV":
            key, _, value = rest.partition("=")
            environment[key] = value.replace("/home/lab", str(home))
        elif name == "RUN" and not re.search("apt-get|useradd", rest):
            ran = subprocess.run(
                ["sh", "-c", rest], cwd=work, env=environment, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 0, f"{rest}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
    assert any((home / "compiled" / "inverse-lab").iterdir())
