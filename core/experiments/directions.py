"""The universal perturbations that the experiment on perturbations made, kept for who wants to use them."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from core.experiments.records import RESULTS
from core.files import write_bytes

PATH = RESULTS / "directions.safetensors"

Array = NDArray[np.float64]


def write_directions(made: Mapping[str, Array]) -> None:
    """Write universal perturbations, (n_times,) each, by the code of the estimator that each is made for."""
    write_bytes(PATH, save({code: np.asarray(each, dtype=np.float32) for code, each in made.items()}))


@cache
def stored_directions() -> dict[str, Array]:
    """Return the universal perturbations, (n_times,) each, by the code of the estimator; {} before the experiment."""
    return {code: each.astype(float) for code, each in load_file(PATH).items()} if PATH.is_file() else {}
