"""What is asked for: a map of a name, by a recipe, for somebody."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.checks import is_finite, is_whole
from core.files import read_json, write_json
from core.jobs.folder import REQUEST

COMMAND = "python -m core.train"  # trains what a request or a recipe asks for

MAX_EPOCHS = 10_000
MAX_SECONDS = 1e9


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
    content = read_json(folder / REQUEST)
    try:
        return Request(**content)
    except TypeError:
        raise ValueError("The request for this training is not complete: delete the training.") from None
