"""The card of a map: a JSON file beside its weights with its recipe, metrics and out-of-distribution reference."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checks import is_finite, is_whole
from core.files import read_json
from core.maps.recipe import Recipe
from core.maps.recipe_file import recipe_from_json
from core.metrics import squared_distances_by_precision
from core.regions import FREEDOM_RANGE

MAX_CARD_BYTES = 2**20
N_SUMMARY = 11  # numbers in the summary of a residual, see `core.maps.out_of_distribution`
MAX_SCORE = 1e9  # the score of a trace without a finite fit
PRECISION_ROUNDING = 1e-9  # of a precision's largest entry: asymmetry and negative eigenvalues that rounding may cause
MAX_METRIC = 1e6  # size of R² and of Median-APE, so that they fit into a table
MAX_ENTRY = 1e100  # bound of a reference's entries, so that no product overflows


@dataclass(frozen=True)
class NoveltyReference:
    """The distribution of summaries of traces like the training's: mean (k,), precision (k, k), and threshold.

    threshold: the squared distance that corresponds to a score of 1.

    Raises ValueError where the sizes do not agree, an entry is not finite, or the precision is that of no distribution.
    """

    mean: tuple[float, ...]
    precision: tuple[tuple[float, ...], ...]
    threshold: float

    def __post_init__(self) -> None:
        rows = (self.mean, *self.precision)
        if len(rows) != len(self.mean) + 1 or any(len(row) != len(self.mean) for row in rows):
            raise ValueError("The out-of-distribution reference needs a mean and a square matrix of its size.")
        entries = [value for row in rows for value in row] + [self.threshold]
        if not all(is_finite(value) and abs(value) <= MAX_ENTRY for value in entries):
            raise ValueError("The out-of-distribution reference must hold finite numbers.")
        if not self.threshold >= 1 / MAX_ENTRY:
            raise ValueError("The threshold of the out-of-distribution reference must lie above zero.")
        precision = np.array(self.precision, dtype=float).reshape(len(self.mean), -1)
        rounding = PRECISION_ROUNDING * np.max(np.abs(precision), initial=0.0)
        if np.any(np.abs(precision - precision.T) > rounding) or not np.all(np.linalg.eigvalsh(precision) > -rounding):
            raise ValueError(
                "The out-of-distribution reference needs a precision that is symmetric and positive definite."
            )

    def scores(self, summaries: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores, (n,), of summaries, (n, k); a trace with a score above 1 counts as out of distribution."""
        distances = squared_distances_by_precision(summaries - np.array(self.mean), np.array(self.precision))
        return np.nan_to_num(distances / self.threshold, nan=MAX_SCORE, posinf=MAX_SCORE)

    def as_json(self) -> dict[str, Any]:
        """Return the reference as numbers and lists."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Any) -> "NoveltyReference":
        """Return the reference that `as_json` wrote; raises ValueError with a sentence for anything else."""
        keys = {"mean", "precision", "threshold"}
        if not isinstance(content, dict) or content.keys() != keys:
            raise ValueError("The out-of-distribution reference needs a mean, a precision and a threshold.")
        rows = [content["mean"], *content["precision"]] if isinstance(content["precision"], list | tuple) else []
        if not rows or not all(isinstance(row, list | tuple) for row in rows):
            raise ValueError("The out-of-distribution reference needs a mean and a square matrix of its size.")
        return cls(tuple(rows[0]), tuple(map(tuple, rows[1:])), content["threshold"])


def read_card(path: Path) -> tuple[dict[str, Any], Recipe]:
    """Return the content of the card at path, and its recipe.

    Raises ValueError with a sentence that names the file, where it is missing, too large or not JSON, or where an entry
    that the program uses is not valid.
    """
    if not path.is_file():
        raise ValueError(f"The weights have no card: {path.name} should lie beside them.")
    if path.stat().st_size > MAX_CARD_BYTES:
        raise ValueError(f"The card {path.name} is larger than 1 MB, which no card of a map is.")
    card = read_json(path)
    if "settings" in card and "recipe" not in card:
        raise ValueError(
            f"The card {path.name} is one of an earlier version: rewrite it by `python -m core.migrate_cards FOLDER`."
        )
    if not isinstance(card.get("recipe"), dict):
        raise ValueError(f"The card {path.name} has no recipe, so nothing says what its map was trained for.")
    try:
        recipe = recipe_from_json(card["recipe"])
        _check_training(card.get("training", {}), recipe)
        if "freedom" in card:
            _check_freedom(card["freedom"])
        _check_metrics(card.get("metrics", {}), recipe)
        if card.get("novelty") is not None:
            _check_novelty(NoveltyReference.from_json(card["novelty"]), recipe)
    except ValueError as error:
        raise ValueError(f"The card {path.name} is not valid. {error}") from None
    return card, recipe


def learned_steps(card: Mapping[str, Any], recipe: Recipe) -> int:
    """Return how many learned steps a map has: those of its recipe, unless its training has left some out."""
    steps: int = card.get("training", {}).get("learned_steps", recipe.learned_steps)
    return steps


def freedom(card: Mapping[str, Any]) -> float:
    """Return the degrees of freedom of a map's regions; infinite, as of a normal distribution, where it names none."""
    return float(card.get("freedom", math.inf))


def _check_freedom(value: Any) -> None:
    least, most = FREEDOM_RANGE
    if not (is_finite(value) and least <= value <= most):
        raise ValueError(f"Its regions need {least:g} to {most:,g} degrees of freedom.")


def _check_training(training: Any, recipe: Recipe) -> None:
    """Raise ValueError where the training says what no training by the recipe can have ended with."""
    if not isinstance(training, dict):
        raise ValueError("Its training must be an object.")
    steps = training.get("learned_steps", recipe.learned_steps)
    if not is_whole(steps) or not 0 <= steps <= recipe.learned_steps:
        raise ValueError("Its training must have kept some of the learned steps of its recipe, or none, 0.")


def _check_metrics(metrics: Any, recipe: Recipe) -> None:
    """Raise ValueError where metrics exist but lack numbers that the tables show."""
    if not isinstance(metrics, dict):
        raise ValueError("Its metrics must be an object.")
    for prior in ("own", "published"):
        for kind, names in (("clean", recipe.task.prior.names), ("noisy", recipe.task.names)):
            for metric in ("r2", "median_ape"):
                if prior in metrics and not _has_figures(metrics[prior], names, kind, metric):
                    raise ValueError(f"Its metrics need finite numbers for all parameters ({prior}, {kind}, {metric}).")


def _has_figures(content: Any, names: tuple[str, ...], *path: str) -> bool:
    for key in path:
        content = content.get(key) if isinstance(content, dict) else None
    found = [content.get(name) for name in names] if isinstance(content, dict) else [None]
    return all(each is not None and is_finite(each) and abs(each) <= MAX_METRIC for each in found)


def _check_novelty(reference: NoveltyReference, recipe: Recipe) -> None:
    """Raise ValueError where a map of this recipe cannot use its reference."""
    if len(reference.mean) != N_SUMMARY:
        raise ValueError(f"The out-of-distribution reference must have {N_SUMMARY} means.")
    if not (recipe.gives_covariance and recipe.noisy):
        raise ValueError("Only a map of noisy traces with a covariance can have an out-of-distribution reference.")
    if not recipe.task.is_one_problem:
        raise ValueError(
            "A map that estimates the noise, is told parameters or takes windows has no out-of-distribution reference."
        )
