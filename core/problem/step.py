"""The step of the integration that suits a whole box: frozen, it makes a loss smooth."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.models.model import TOLERANCE, Model
from core.priors import TruncatedGaussian
from core.problem.known import values_of

COARSE_POINTS = 5  # along each unknown, on the grid that chooses the step
FINEST_TOLERANCE = 1e-9
NOISE_OVER_ERROR = 100  # of the smallest standard deviation to the error to aim for


def box_step(
    model: Model,
    unknown: tuple[str, ...],
    known: Mapping[str, float],
    prior: TruncatedGaussian,
    times: NDArray[np.float64],
    smallest_sd: float,
) -> float | None:
    """Return the step in ms for a coarse grid over the box of a prior of the unknowns, or None where none is needed.

    times: (n_times,) in ms; smallest_sd: of the noises.
    """
    # By powers of two, so that a noise that moves a little leaves the step as it is.
    tolerance = float(np.clip(2.0 ** np.floor(np.log2(smallest_sd / NOISE_OVER_ERROR)), FINEST_TOLERANCE, TOLERANCE))
    bounds = prior.lower, prior.upper
    return _frozen_step(model, unknown, tuple(sorted(known.items())), bounds, times.tobytes(), tolerance)


@lru_cache(maxsize=64)
def _frozen_step(
    model: Model,
    unknown: tuple[str, ...],
    known: tuple[tuple[str, float], ...],
    bounds: tuple[tuple[float, ...], tuple[float, ...]],
    times: bytes,
    tolerance: float,
) -> float | None:
    """Return the step for a coarse grid over bounds (2, p); times: the bytes of (n_times,) numbers."""
    axes = [np.linspace(lower, upper, COARSE_POINTS) for lower, upper in zip(*bounds, strict=True)]
    values = values_of(model, unknown, dict(known), np.stack(np.meshgrid(*axes), axis=-1))
    n = len(model.parameters)
    return model.frozen_step(values[..., :n], np.frombuffer(times), values[..., n:], tolerance)
