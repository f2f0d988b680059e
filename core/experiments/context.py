"""What an experiment is run with: where its results are kept, whether a small version is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.files import read_json, write_json
from core.parallel import completed


@dataclass(frozen=True)
class Context:
    """report: takes a line of progress; folder: of results kept so far; quick: whether a small version is asked for."""

    report: Callable[[str], None]
    folder: Path
    quick: bool = False

    def kept(self, name: str) -> Path:
        """Return the folder, made where it is missing, of the results that an experiment keeps."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def records(
    work: Callable[..., dict[str, Any]], tasks: Mapping[str, tuple[Any, ...]], context: Context, name: str
) -> dict[str, dict[str, Any]]:
    """Return `completed` tasks whose results are JSON objects, kept as one file each."""
    folder = context.kept(name)

    def read(key: str) -> dict[str, Any] | None:
        path = folder / f"{key}.json"
        return read_json(path) if path.is_file() else None

    return completed(work, tasks, context.report, read, lambda key, result: write_json(folder / f"{key}.json", result))


def traces(
    work: Callable[[int], dict[str, Any]], n: int, chunk: int, context: Context, name: str
) -> list[dict[str, Any]]:
    """Return what work(first) says in its list "traces" of chunk traces from the first on, for n traces in a row."""
    firsts = range(0, n, chunk)
    found = records(work, {f"{first}": (first,) for first in firsts}, context, name)
    return [trace for first in firsts for trace in found[f"{first}"]["traces"]]
