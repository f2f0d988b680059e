"""What is asked for: a map of a name, by a recipe, for somebody."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.checks import is_finite, is_whole
from core.files import Stamp, read_json, stamp_of, write_json
from core.jobs.folder import REQUEST

COMMAND = "python -m core.train"  # trains what a request or a recipe asks for

MAX_EPOCHS = 10_000
MAX_SECONDS = 1e9
MOST_KEPT, LARGEST_KEPT_BYTES = 500, 8192  # requests that are read once; that of a form has about 1.5 kB


@dataclass(frozen=True)
class Request:
    """The request for a training.

    recipe: as JSON (`core.maps.recipe_file`).
    owner: a hash of the secret of who asked, or "" for nobody.
    expected_seconds: that the training is expected to take, or None where nobody knows.
    Raises ValueError for values that no request has.
    """

    name: str
    epochs: int
    recipe: dict[str, Any]
    owner: str = ""
    expected_seconds: float | None = None

    def __post_init__(self) -> None:
        seconds = self.expected_seconds
        if not (
            isinstance(self.name, str)
            and is_whole(self.epochs)
            and 1 <= self.epochs <= MAX_EPOCHS
            and isinstance(self.recipe, dict)
            and isinstance(self.owner, str)
            and (seconds is None or (is_finite(seconds) and 0 <= seconds <= MAX_SECONDS))
        ):
            raise ValueError("No training is asked for in this way.")

    def save(self, folder: Path) -> None:
        """Write the request to the folder of its training."""
        write_json(folder / REQUEST, asdict(self))


def read_request(folder: Path) -> Request:
    """Return the request of the training in folder; raises ValueError or OSError where it cannot be read."""
    path = folder / REQUEST
    return _read(path) if path.stat().st_size > LARGEST_KEPT_BYTES else _read_once(path, stamp_of(path))


@lru_cache(MOST_KEPT)
def _read_once(path: Path, stamp: Stamp) -> Request:
    """Return the request in a file, which is read again only when its stamp changes: a page looks at hundreds."""
    return _read(path)


def _read(path: Path) -> Request:
    content = read_json(path)
    try:
        return Request(**content)
    except TypeError:
        raise ValueError("The request for this training is not complete: delete the training.") from None
