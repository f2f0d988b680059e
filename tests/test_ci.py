"""The command of all checks."""

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[1] / ".ci" / "run"


@pytest.mark.parametrize(
    ("there", "installed"),
    [((), "chromium nginx-light"), (("chromium",), "nginx-light"), (("nginx",), "chromium"),
     (("chromium", "nginx"), None)],
)  # fmt: skip
def test_browser_and_web_server_are_installed_where_they_are_missing(tmp_path, there, installed):
    """Without them their tests are skipped. The command ends here at mktemp, before it makes its environment."""
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
    for name, does in (("apt-get", f'echo "$*" >>{tmp_path}/asked'), ("mktemp", "exit 3"), *((n, "") for n in there)):
        (tmp_path / name).write_text(f"#!{shutil.which('bash')}\n{does}\n")
        (tmp_path / name).chmod(0o755)
    ended = subprocess.run([shutil.which("bash"), RUN], env={"PATH": str(tmp_path)}, check=False)
    assert ended.returncode == 3
    asked = (tmp_path / "asked").read_text() if installed else ""
    assert asked == (f"update -qq\ninstall -y -qq {installed}\n" if installed else "")
