"""The table of what denoising leaves of the noise."""

from core.experiments.estimators import (
    AR1_NOISE,
    DEEP_PRIOR,
    KNOWN,
    SAVITZKY_GOLAY,
    STOPS,
    WHITE_NOISE,
    WHITENED_PRIOR,
    WIENER,
)
from core.experiments.labels import REGIME_LABELS
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators


def denoising(result: Result, figures: Figures) -> list[Table]:
    """Return a table with a row for each way to denoise and a column for each noise."""
    del result
    ways = [f"{prior}-{stop}" for prior in (DEEP_PRIOR, WHITENED_PRIOR) for stop in STOPS]
    columns: list[Line] = [(REGIME_LABELS[regime], {"regime": regime}) for regime in (WHITE_NOISE, AR1_NOISE)]
    rows = estimators(*ways, SAVITZKY_GOLAY, WIENER, KNOWN)
    return [figures.table("Error over the sd of the noise", "way", rows, columns, {"metric": "noise_left"})]
