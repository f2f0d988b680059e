"""How a benchmark speaks: a line a figure with its target beside it, and a JSON file that says how it was made."""

import argparse
import json
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

from core.files import write_bytes
from core.terminal_encoding import replace_unencodable_characters

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results"


def output_path(name: str, about: str) -> Path:
    """Return the path of the JSON file, from the command line; what is printed from now on suits any terminal."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=f"python -m tests.benchmarks.{name}", description=about)
    parser.add_argument(
        "--out",
        type=Path,
        default=RESULTS / f"{name}.json",
        help="JSON file (default: %(default)s)",
    )
    return parser.parse_args().out


def _commit() -> str:
    """Return the commit that is checked out, with a mark where files differ from it."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return described.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


class Record:
    """The figures of one run; each is printed as it is noted."""

    def __init__(self, name: str, settings: dict[str, Any]):
        self.name = name
        self.settings = settings
        self.load_before = os.getloadavg()[0]
        self.figures: list[dict[str, Any]] = []

    def note(
        self,
        what: str,
        value: float,
        unit: str = "",
        most: float | None = None,
        least: float | None = None,
        quoted: bool = True,
        code: str = "",
    ) -> None:
        """Print a figure and keep it.

        most, least: its target, if it has one. quoted: the README beside this file shows it. code: by which others find
        it.
        """
        figure: dict[str, Any] = {"what": what, "value": float(value), "unit": unit, "quoted": quoted}
        if code:
            figure["code"] = code
        target = ""
        for sign, limit, met in (
            ("≤", most, most is None or value <= most),
            ("≥", least, least is None or value >= least),
        ):
            if limit is not None:
                figure |= {"target": f"{sign} {limit:g}", "met": bool(met)}
                target = f"target {sign} {limit:g}{f' {unit}' if unit else ''}: {'met' if met else 'MISSED'}"
        self.figures.append(figure)
        shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
        print(f"{what:<72} {shown:>9} {unit:<12} {target}".rstrip(), flush=True)

    def save(self, path: Path) -> None:
        """Write settings, machine, commit, date and figures."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "benchmark": self.name,
            "settings": self.settings,
            "machine": {
                "cpu_count": os.cpu_count(),
                "processor": _processor(),
                "platform": platform.platform(),
                "python": platform.python_version(),
                "load_before": self.load_before,
            },
            "commit": _commit(),
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "figures": self.figures,
        }
        write_bytes(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
        print(f"Written to {path}.")
