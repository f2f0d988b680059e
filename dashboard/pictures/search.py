"""The trials of the search for the size and the learning rate of the map ‘best’."""

from functools import lru_cache
from typing import Any

from core.files import read_json
from core.maps.inverse_map import PRETRAINED
from dashboard.figures import test_samples as figures
from dashboard.figures.test_samples import Trial
from dashboard.pictures.shown import Cell, Plot, Shown
from dashboard.wording.numbers import compact, count, percent

STORED = PRETRAINED / "search.json"


@lru_cache(maxsize=1)
def picture() -> Shown:
    """Return the error of each trial, and a table of all trials, the best first."""
    if not STORED.is_file():
        return Shown("accuracy-none", said=["Run “python -m core.search” to see how the size of ‘best’ was chosen."])
    found = read_json(STORED)
    trained = sorted((each for each in found["trials"] if each["error"] is not None), key=lambda each: each["error"])
    ended = [each for each in trained if each["state"] == "complete"]
    ordered = ended + [each for each in trained if each["state"] != "complete"]
    tried = [
        Trial(each["number"], each["learning rate"], each["error"], each["state"] == "complete", _label(each))
        for each in ordered
    ]
    rows: list[list[Cell]] = [["trial", "layers", "batch", "learning rate", "epochs", "lowest error"]]
    rows += [_row(each) for each in ordered]
    best, too_large = ended[0], len(found["trials"]) - len(trained)
    said = [
        f"Best of {count(len(found['trials']))} trials: {_layers(best)} units, learning rate "
        f"{compact(best['learning rate'], 2)}, mean error {percent(best['error'], 1)} of the prior’s range.",
        f"{count(len(ended))} trials ran through {count(found['epochs'])} epochs; "
        f"{count(len(trained) - len(ended))} were worse than the median and were stopped early; {count(too_large)} had "
        f"more than {count(found['most_weights'])} weights and were not trained. This is a repeat of the search that "
        "chose the size of ‘best’, on one thread. The paper chose its networks by such a search too.",
    ]
    return Shown("accuracy-search", [Plot("trials", figures.trials(tried))], table=rows, said=said)


def _layers(trial: dict[str, Any]) -> str:
    return f"{trial['first width']}" + f"–{trial['further widths']}" * (trial["layers"] - 1)


def _label(trial: dict[str, Any]) -> str:
    return (
        f"trial {trial['number']}: {_layers(trial)}, batch {trial['batch size']}, learning rate "
        f"{compact(trial['learning rate'], 2)}, error {percent(trial['error'], 2)}"
    )


def _row(trial: dict[str, Any]) -> list[Cell]:
    return [
        str(trial["number"]), _layers(trial), str(trial["batch size"]), compact(trial["learning rate"], 2),
        str(trial["epochs"]), percent(trial["error"], 2),
    ]  # fmt: skip
