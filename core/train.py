"""Train one map from its recipe: `python -m core.train RECIPE` does what the page Train does, to the same weights.

RECIPE is a JSON file: a recipe, the card of a map, or the request of a training. The training gets a folder in the
folder of runs, whose maps the laboratory shows. Started again, it goes on where it was interrupted.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.files import read_json, refusal
from core.jobs.folder import LOCK, LOOK_SECONDS, has_map
from core.jobs.outcome import ENDING_SIGNALS, GOES_ON, begin
from core.jobs.progress import read_progress
from core.jobs.request import COMMAND, Request, read_request
from core.jobs.runs import check_name, continue_training, start_training
from core.maps.inverse_map import InverseMap, load_inverse_map
from core.maps.recipe import Recipe
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.terminal_encoding import replace_unencodable_characters

RUNS = Path("runs")
REPORT_SECONDS = 10.0


def train_to(runs: Path | str, name: str, recipe: Recipe) -> InverseMap:
    """Train the map of a recipe in a folder of runs, or go on with it, and return the map.

    One that is there already is not trained again. A signal that ends the process, as Ctrl+C, keeps the best weights.
    Raises ValueError for a name that is not valid or that another training has, where another process is at work on it,
    where its folder cannot be written to, and where it ends without a map.
    """
    check_name(name)
    folder = Path(runs) / name
    if not folder.exists():
        start_training(runs, Request(name, recipe.optimiser.epochs, recipe_as_json(recipe)))
    elif not _has_recipe(folder, recipe):
        raise ValueError(f"There is already a training called {name!r}, of another recipe: choose another name.")
    if not has_map(folder):
        _work(folder)
    if not has_map(folder):
        progress = read_progress(folder)
        raise ValueError(progress.message or progress.sentence)
    return load_inverse_map(folder / f"{name}.safetensors")


def _has_recipe(folder: Path, recipe: Recipe) -> bool:
    try:
        return recipe_from_json(read_request(folder).recipe) == recipe
    except (ValueError, OSError):
        return False


def _work(folder: Path) -> None:
    """Work on a training up to its end, from where it was left."""
    from core.jobs.training import work

    handlers = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    try:
        with FileLock(folder / LOCK, timeout=LOOK_SECONDS):
            continue_training(folder)
            begin(folder)
            work(folder)
    except Timeout:
        raise ValueError(f"Another process is at work on the training {folder.name!r}: wait for its end.") from None
    except OSError as error:
        raise ValueError(refusal(error, folder.name)) from None
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def read_recipe(path: Path) -> Recipe:
    """Return the recipe in a JSON file, which may be its own, a map's card or a training's request.

    Raises ValueError where there is none.
    """
    try:
        content: dict[str, Any] = read_json(path)
    except OSError:
        raise ValueError(f"{path} cannot be read.") from None
    return recipe_from_json(content.get("recipe", content))


def _report(folder: Path, ended: threading.Event) -> None:
    """Print how far a training is, as long as it goes on."""
    while not ended.wait(REPORT_SECONDS):
        try:
            sys.stdout.write(f"{read_progress(folder).sentence}\n")
        except ValueError:  # it has no folder yet
            continue
        sys.stdout.flush()


def main() -> int:
    """Train the map, and say where it is."""
    replace_unencodable_characters()
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("recipe", type=Path, help="a JSON file with the recipe")
    parser.add_argument("--name", default="my-map", help="of the map (default: my-map)")
    parser.add_argument("--runs", type=Path, default=RUNS, help="the folder of runs (default: runs)")
    options = parser.parse_args()
    ended = threading.Event()
    reporting = threading.Thread(target=_report, args=(options.runs / options.name, ended), daemon=True)
    try:
        recipe = read_recipe(options.recipe)
        reporting.start()
        found = train_to(options.runs, options.name, recipe)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:  # before the training keeps its weights at a signal
        sys.stderr.write(f"Ended by SIGINT. {GOES_ON}\n")
        return 128 + signal.SIGINT
    finally:
        ended.set()
    sys.stdout.write(f"The map lies in {options.runs / options.name / found.name}.safetensors.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
