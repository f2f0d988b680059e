"""What the laboratory is built from: pinned, told apart from what is like it, and without a known vulnerability."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.imports import ROOT

PINNED = re.compile(r"[A-Za-z0-9-]+==[0-9][0-9a-z.]*(; sys_platform == \"linux\")?")


def required(name):
    """Return the packages that a file of requirements names, without its comments and what it includes."""
    lines = (line.partition(" #")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt", "tests/benchmarks/requirements.txt"])
def test_every_package_is_pinned_to_one_version_and_comes_from_the_usual_index(name):
    assert required(name)
    assert [line for line in required(name) if not PINNED.fullmatch(line)] == []


def test_every_package_of_the_linters_is_pinned_by_a_digest():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    packages.pop("")  # this project itself
    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name  # it comes from the usual registry


def test_the_shipped_maps_are_weights_and_cards_alone():
    """No file that a loader could run."""
    kinds = {path.suffix for path in (ROOT / "pretrained").rglob("*") if path.is_file() and "__" not in str(path)}
    assert kinds <= {".safetensors", ".json", ".md", ".npz", ".npy"}


def test_no_script_of_a_package_runs_when_the_linters_are_installed():
    assert "ignore-scripts=true" in (ROOT / ".npmrc").read_text().split()


@pytest.mark.long
def test_no_package_has_a_known_vulnerability():
    """Of those that are installed here, as pip-audit finds in the database of pypi.org."""
    if not find_spec("pip_audit"):
        pytest.skip("pip-audit is not installed: pip install pip-audit==2.10.1")
    command = [sys.executable, "-m", "pip_audit", "--local", "--progress-spinner", "off", "--format", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    packages = json.loads(ran.stdout)["dependencies"] if ran.stdout else []
    audited = [package for package in packages if "skip_reason" not in package]
    if not audited:
        pytest.skip("The database of known vulnerabilities, that of pypi.org, cannot be reached from here.")
    assert {"streamlit", "starlette", "cryptography"} <= {package["name"] for package in audited}
    assert [(each["name"], each["version"], each["vulns"]) for each in audited if each["vulns"]] == []
