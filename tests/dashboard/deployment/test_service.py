"""The unit for systemd: the options that it starts the server with, and what the server may do."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from dashboard import __main__ as launcher
from tests.imports import ROOT

UNIT = ROOT / "dashboard" / "deployment" / "inverse-lab@.service"
NGINX = ROOT / "dashboard" / "deployment" / "nginx.conf"
MOST_EXPOSED = 20  # of 100, by the scale of systemd-analyze: a unit without any restriction has 96


def setting(name):
    """Return what the unit sets."""
    return re.search(rf"^{name}=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE)[1]


@pytest.fixture
def unit(tmp_path):
    """A unit of port 8501 whose program and folder are those of this checkout."""
    path = tmp_path / "inverse-lab@8501.service"
    text = UNIT.read_text("utf-8").replace("/opt/inverse-lab/.venv/bin/python", sys.executable)
    path.write_text(text.replace("/opt/inverse-lab", str(ROOT)), "utf-8")
    return path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize(
    "command", [("verify", "--man=no"), ("security", "--offline=true", f"--threshold={MOST_EXPOSED}")]
)
def test_systemd_takes_the_unit_and_finds_it_confined(unit, command):
    ran = subprocess.run(["systemd-analyze", *command, unit], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""


def test_the_unit_starts_the_server_as_nginx_expects_it(monkeypatch, tmp_path):
    program, *options = shlex.split(
        setting("ExecStart").replace("%i", "0").replace("/var/lib/inverse-lab", str(tmp_path))
    )
    assert program == "/opt/inverse-lab/.venv/bin/python"
    assert options[:2] == ["-m", "dashboard"]
    monkeypatch.setattr(sys, "argv", ["dashboard", *options[2:]])
    monkeypatch.setattr(launcher, "load_settings", lambda *_, **__: None)
    monkeypatch.setattr(launcher, "is_needed", lambda _path: True)  # a login is set up, as the unit says
    read = launcher._options()
    read.socket.close()
    assert read.host == "127.0.0.1"
    assert not read.allow_everyone
    nginx = NGINX.read_text("utf-8")
    assert f"location /{read.base_path}/ {{" in nginx
    assert f"server_name {read.allow_host[0]};" in nginx


def test_compiled_code_and_runs_are_kept_where_the_unit_may_write():
    assert setting("ProtectSystem") == "strict"
    assert f"NUMBA_CACHE_DIR=/var/cache/{setting('CacheDirectory')}" in setting("Environment")
    assert f"--runs /var/lib/{setting('StateDirectory')}/" in setting("ExecStart")
