"""What can be asked of the training that the page Train shows."""

from pathlib import Path

from core.jobs.folder import is_pausing, is_stopping
from core.jobs.progress import Progress, State
from dashboard.pictures.controls import Control, box, button, text
from dashboard.scene.overview import Overview


def wishes(folder: Path, done: Progress, is_own: bool, overview: Overview) -> list[Control]:
    """Return the controls: its owner stops, pauses, renames and deletes it, and everyone can do the same anew."""
    name = folder.name
    clone = button("train_clone", "Clone", name, help="Fills the form above with its settings and a free name.")
    if not is_own:
        return [clone]
    if not done.state.ended:
        return [*_while_it_goes_on(folder, done), clone]
    goes_on = button("train_continue", "Continue", name, help="Goes on from the last checkpoint.")
    if overview.deleting == name:
        return [
            text(f"Delete “{name}” with its map? It cannot be brought back."),
            button("train_delete_surely", "Delete it", name),
            button("train_keep", "Keep it", value=True),
        ]
    return [
        *([goes_on] if done.state is State.FAILED else []),
        clone,
        button("train_delete", "Delete …", name, help="Asks once more."),
        box("train_new_name", "its name", overview.typed or name, overview.problem),
    ]


def _while_it_goes_on(folder: Path, done: Progress) -> list[Control]:
    name, asked = folder.name, is_stopping(folder) or is_pausing(folder)
    stop = button("train_stop", "Stop", name, help="Ends the training and makes a map of its best weights.")
    pause = button("train_pause", "Pause", name, help="Ends the epoch, and lets the next training have its turn.")
    goes_on = button("train_continue", "Continue", name, help="Goes on from the last checkpoint.")
    if done.state.at_work:
        return [] if asked else [stop, pause]
    if done.state is State.WAITING:
        return [] if is_stopping(folder) else [stop, pause]
    return [stop, goes_on]
