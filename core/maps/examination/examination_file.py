"""An examination as JSON: it is kept beside the map that was examined."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checks import is_finite, is_whole
from core.maps.examination.exact_comparison import Comparison
from core.maps.examination.examination import Examination
from core.maps.examination.ranks import DISTANCE, N_DRAWS, REGION

MOST_TRACES = 10_000
MOST_BYTES = 2**20  # of a file
SCORE_DIGITS, CONTRACTION_DIGITS = 4, 9  # after the point: contractions come close to one
NOT_ONE = "This is no examination of a map: examine it again."
LARGEST = 1e9


def examination_as_json(found: Examination) -> dict[str, Any]:
    """Return an examination as numbers and lists."""
    return {
        "names": list(found.names),
        "ranks": {name: each.tolist() for name, each in found.ranks.items()},
        "gammas": dict(found.gammas),
        "family_gamma": found.family_gamma,
        "z": _rounded(found.z, SCORE_DIGITS),
        "contraction": _rounded(found.contraction, CONTRACTION_DIGITS),
        "central_half": found.central_half,
        "exact": [
            {"shifts": list(each.shifts), "lengths": list(each.lengths), "divergence": each.divergence}
            for each in found.exact
        ],
    }


def _rounded(values: NDArray[np.float64], digits: int) -> list[list[float]]:
    return np.round(np.clip(values, -LARGEST, LARGEST), digits).tolist()


def examination_from_json(content: Any, names: tuple[str, ...]) -> Examination:
    """Return the examination of a map of these parameters; raises ValueError for anything else."""
    try:
        found = Examination(
            tuple(content["names"]),
            {name: np.array(content["ranks"][name], np.int16) for name in (*names, REGION, DISTANCE)},
            {name: content["gammas"][name] for name in (*names, REGION, DISTANCE)},
            content["family_gamma"],
            np.array(content["z"], dtype=float),
            np.array(content["contraction"], dtype=float),
            content["central_half"],
            tuple(
                Comparison(tuple(each["shifts"]), tuple(each["lengths"]), each["divergence"])
                for each in content["exact"]
            ),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(NOT_ONE) from None
    if not _is_whole(found, names):
        raise ValueError(NOT_ONE)
    return found


def _is_whole(found: Examination, names: tuple[str, ...]) -> bool:
    """Return whether all parts of an examination are of the sizes and in the ranges that they must have."""
    n = len(found.z)
    numbers = [found.family_gamma, found.central_half, *found.gammas.values()]
    for each in found.exact:
        numbers += [each.divergence, *each.shifts, *each.lengths]
    return (
        found.names == names
        and is_whole(n)
        and 1 <= n <= MOST_TRACES
        and all(ranks.shape == (n,) and ranks.min() >= 0 and ranks.max() <= N_DRAWS for ranks in found.ranks.values())
        and found.z.shape == found.contraction.shape == (n, len(names))
        and bool(np.all(np.isfinite(found.z)) and np.all(np.isfinite(found.contraction)))
        and all(len(each.shifts) == len(each.lengths) == len(names) for each in found.exact)
        and all(is_finite(number) for number in numbers)
        and found.central_half > 0
    )
