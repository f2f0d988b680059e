"""The figure of the Train page: the loss as the training goes on."""

from typing import Any

import numpy as np

from core.jobs.folder import Progress
from dashboard.figures.style import BEST, array, axis, layout, line, line_entry, log_axis, named

TRAINING = "theme:muted"
VALIDATION = BEST


def losses(progress: Progress) -> dict[str, Any]:
    """Draw training and validation error against the epoch, with the best epoch so far."""
    epochs = np.arange(1, len(progress.training_loss) + 1)
    shapes, entries = [], []
    if progress.best_epoch:
        best = {"x0": progress.best_epoch, "x1": progress.best_epoch, "yref": "paper", "y0": 0, "y1": 1}
        upright = {"type": "line", **best, "line": {"color": VALIDATION, "width": 1, "dash": "dot"}}
        shapes.append(named("best epoch", upright))
        entries.append(line_entry("best epoch", VALIDATION, "dot"))
    return {
        "data": [
            line("training", TRAINING, 1.4, x=array(epochs), y=array(progress.training_loss)),
            line("validation", VALIDATION, 2, x=array(epochs), y=array(progress.validation_loss)),
            *entries,
        ],
        "layout": layout(
            "Mean absolute error of the parameters",
            axis("epoch", range=[0, max(progress.epochs, 2)]),
            log_axis("error [share of the prior’s range]"),
            margin={"l": 52, "r": 12, "t": 48, "b": 40},
            shapes=shapes,
        ),
    }
