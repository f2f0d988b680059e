"""The context of an experiment's run: progress reports, the folder of intermediate results, and the size."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files import read_json, write_json
from core.parallel import completed


@dataclass(frozen=True)
class Context:
    """The context of a run.

    report: takes a line of progress.
    folder: of intermediate results, with which an interrupted run resumes.
    quick: whether to run a small version.
    device: "cpu" or "cuda", for times of trainings.
    """

    report: Callable[[str], None]
    folder: Path
    quick: bool = False
    device: str = "cpu"

    def kept(self, name: str) -> Path:
        """Return the folder of an experiment's intermediate results; create it if it is missing."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def records(
    work: Callable[..., dict[str, Any]], tasks: Mapping[str, tuple[Any, ...]], context: Context, name: str
) -> dict[str, dict[str, Any]]:
    """Return the results of `completed` tasks, each a JSON object that is stored in its own file."""
    folder = context.kept(name)

    def read(key: str) -> dict[str, Any] | None:
        path = folder / f"{key}.json"
        return read_json(path) if path.is_file() else None

    return completed(work, tasks, context.report, read, lambda key, result: write_json(folder / f"{key}.json", result))


def traces(
    work: Callable[[int], dict[str, Any]], n: int, chunk: int, context: Context, name: str
) -> list[dict[str, Any]]:
    """Return the results for n traces, in order; work(first) returns those of chunk traces, as "traces"."""
    firsts = range(0, n, chunk)
    found = records(work, {f"{first}": (first,) for first in firsts}, context, name)
    return [trace for first in firsts for trace in found[f"{first}"]["traces"]]
