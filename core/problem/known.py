"""What is known and what is not: from values of the unknowns to all that a trajectory depends on."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.models.model import Model


def checked_unknown(model: Model, unknown: tuple[str, ...], known: Mapping[str, float]) -> None:
    """Raise ValueError unless each parameter of a model is either unknown or known, and all known values are finite."""
    for name in (*unknown, *known):
        if name not in model.names:
            raise ValueError(f"Unknowns are among {', '.join(model.names)}; {name!r} is not.")
    if not unknown or len(set(unknown)) < len(unknown):
        raise ValueError("Name at least one unknown, and each of them once.")
    if both := set(unknown) & set(known):
        raise ValueError(f"{', '.join(sorted(both))} cannot be known and unknown: leave it out of one of them.")
    if missing := set(model.parameter_names) - {*unknown, *known}:
        raise ValueError(f"Give a value for {', '.join(sorted(missing))}, or name it among the unknowns.")
    if not np.all(np.isfinite(list(known.values()))):
        raise ValueError("The known values must be finite numbers.")


def values_of(
    model: Model, unknown: tuple[str, ...], known: Mapping[str, float], values: ArrayLike
) -> NDArray[np.float64]:
    """Return all values, (..., n), in the order of the model's names, for values of the unknowns, (..., p)."""
    values = np.asarray(values, dtype=float)
    rest = {**dict(zip(model.names, model.defaults, strict=True)), **known}
    complete = np.empty((*values.shape[:-1], len(model.names)))
    complete[:] = [rest[name] for name in model.names]
    complete[..., [model.names.index(name) for name in unknown]] = values
    return complete
