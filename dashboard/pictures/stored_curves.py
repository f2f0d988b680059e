"""Curves of what the experiments have measured and stored: what an estimator is called, and how it is drawn."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.experiments import estimators as codes
from core.experiments.published_figures import PAPER
from dashboard.figures.accuracy import Curve
from dashboard.figures.style import BEST, CNN, DENSE, FAINT, LIMIT, MAP, SHIPPED_MAPS, TRUTH, Look
from dashboard.wording import entries

# Estimators that are no map on the page.
LOOKS = {
    codes.KNOWN: Look(LIMIT, dash="dash"),
    codes.EXACT: Look(LIMIT, dash="dash"),
    PAPER: Look(TRUTH, dash="dot"),
    codes.CNN: Look(CNN),
    codes.DENSE: Look(DENSE),
    codes.OURS: Look(BEST),
    codes.POLISHED: Look(BEST, dash="dot"),
    codes.REWEIGHTED: Look(BEST, dash="dash"),
    codes.LAPLACE: Look(MAP, dash="dash"),
}
NAMES = {**entries.STORED, codes.KNOWN: entries.EXACT_MEAN}


def look_of(estimator: str) -> Look:
    """Return the look of an estimator, whether it is a shipped map or none."""
    return LOOKS.get(estimator) or SHIPPED_MAPS[estimator]


def stored_curve(estimator: str, values: NDArray[np.float64], maps: Mapping[str, Look]) -> Curve:
    """Return the curve of an estimator, (n,); maps: the looks of the maps on the page, by name."""
    look = LOOKS.get(estimator) or maps.get(estimator, Look(FAINT))
    return Curve(NAMES.get(estimator, estimator), look, values)
