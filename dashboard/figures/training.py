"""The figures of the Train page: the prior on the plane of θ, the loss, and predicted against true."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from core.jobs.progress import Progress
from core.priors import TruncatedGaussian
from core.symbols import symbol_of
from dashboard.figures.palette import themed, translucent
from dashboard.figures.regions import ellipse
from dashboard.figures.style import (
    BEST,
    FAINT,
    PRIOR,
    TRUTH,
    Look,
    array,
    axis,
    dots,
    layout,
    legend_entry,
    line,
    line_entry,
    log_axis,
    mark,
    named,
)
from dashboard.wording.entries import (
    INSIDE,
    OUTSIDE,
    PUBLISHED_PRIOR,
    TEST_SAMPLES,
    TRAINING_SAMPLES,
    YOUR_PRIOR,
)

# Of the trainings in the overview: as many in a row can be told apart.
RUN_LOOKS = tuple(
    Look(themed(f"own-{tone}"), dash=dash)
    for tone in (1, 2, 3)
    for dash in ("solid", "9px,3px", "2px,3px", "9px,3px,2px,3px")
)
# By what the overview calls a curve: its title and its axis.
CURVE_AXES = {
    "validation": (
        "Validation: mean absolute error, as a share of the prior’s range",
        log_axis("error [share of range]"),
    ),
    "training": ("Training: mean absolute error, as a share of the prior’s range", log_axis("error [share of range]")),
    "gradient": ("Norm of the gradient, mean over an epoch", log_axis("norm")),
    "rate": ("Learning rate at the end of an epoch", axis("learning rate", rangemode="tozero")),
    "speed": ("Speed of the training", axis("samples a second", rangemode="tozero", tickformat="~s")),
}
TRAINING = "theme:muted"
VALIDATION = BEST
ONE_SD = float(chi2.cdf(1, 2))  # mass of the ellipse whose half axes are the sds
WITH_LEGEND = {"l": 52, "r": 12, "t": 48, "b": 40}
NARROW = {**WITH_LEGEND, "t": 64}  # with a legend of two rows

Array = NDArray[np.float64]


def _outlines(name: str, prior: TruncatedGaussian, colour: str, width: float, dash: str) -> list[dict[str, Any]]:
    """Return the box of a prior and the ellipse of one sd, as lines that can slide."""
    (left, bottom), (right, top) = prior.lower, prior.upper
    box = np.array([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)])
    round_mean = ellipse(np.array(prior.mean), np.diag(np.square(prior.sd)), ONE_SD)
    return [
        line(name, colour, width, x=array(each[:, 0]), y=array(each[:, 1]), line={"dash": dash}, hoverinfo="skip",
             showlegend=not i)
        for i, each in enumerate((box, round_mean))
    ]  # fmt: skip


def prior_plane(
    prior: TruncatedGaussian,
    published: TruncatedGaussian,
    training: Array,
    test: Array,
    view: Array,
    handles: tuple[list[tuple[float, float]], ...],
) -> dict[str, Any]:
    """Draw a prior and the published one, with training samples, (n, 2), and test samples, (m, 2), on the plane of θ.

    view: (2, 2), the bounds on screen. handles: where the hand can take the middle, the corners, the ends.
    """
    looks = (("circle", 1.1), ("square", 0.9), ("diamond", 1.0))
    return {
        "data": [
            # Broad, so that it is seen below a prior that is the same.
            *_outlines(PUBLISHED_PRIOR, published, translucent(FAINT, 0.4), 6, "solid"),
            *_outlines(YOUR_PRIOR, prior, PRIOR, 2.4, "dash"),
            legend_entry(TRAINING_SAMPLES, "circle", TRUTH),
            legend_entry(TEST_SAMPLES, "circle", BEST),
        ],
        "layout": layout(
            "Drag the prior, a corner or the ellipse",
            axis(symbol_of(prior.names[0]), range=view[0].tolist()),
            axis(symbol_of(prior.names[1]), range=view[1].tolist()),
            margin=WITH_LEGEND,
            shapes=[
                named(TEST_SAMPLES, dots(translucent(BEST, 0.6), test[:, 0], test[:, 1], 3)),
                named(TRAINING_SAMPLES, dots(translucent(TRUTH, 0.55), training[:, 0], training[:, 1], 3)),
                *(
                    mark(symbol, PRIOR, at, size=size)
                    for places, (symbol, size) in zip(handles, looks, strict=True)
                    for at in places
                ),
            ],
        ),
    }


def losses(progress: Progress) -> dict[str, Any]:
    """Draw training and validation error against the epoch, with the best epoch so far."""
    epochs = np.arange(1, len(progress.training_loss) + 1)
    errors = [error for error in (*progress.training_loss, *progress.validation_loss) if error > 0]
    # Errors that fall by little need more ticks than other axes.
    more_ticks = {} if errors and max(errors) > 6 * min(errors) else {"nticks": 8}
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
            "Mean absolute error",
            axis("epoch", range=[0, max(progress.epochs, 2)]),
            {**log_axis("error [share of the prior’s range]"), **more_ticks},
            margin={**NARROW, "l": 64},
            shapes=shapes,
        ),
    }


def overlaid(kind: str, curves: Sequence[tuple[str, Look, Sequence[float]]]) -> dict[str, Any]:
    """Draw a kind of CURVE_AXES against the epoch; curves: name and look of a training, and a value for each epoch."""
    title, height = CURVE_AXES[kind]
    longest = max((len(values) for _, _, values in curves), default=0)
    return {
        "data": [
            line(
                name,
                look.colour,
                2,
                mode="lines" if len(values) > 1 else "markers",
                x=array(np.arange(1, len(values) + 1)),
                y=array(values),
                line={"dash": look.dash},
                hovertemplate="epoch %{x}: %{y:.3~g}",
            )
            for name, look, values in curves
        ],
        "layout": layout(title, axis("epoch", range=[0, max(longest, 2)]), height, margin={**NARROW, "l": 64}),
    }


def predicted_inside_and_outside(
    name: str, truth: Array, values: Array, inside: NDArray[np.bool_], bounds: tuple[float, float], look: Look
) -> dict[str, Any]:
    """Draw predictions, (n,), of a parameter against its true values, (n,), and the bounds of the map's prior.

    inside: which of the test samples, (n,), lie in the box of the map's prior.
    """
    low, high = min(float(truth.min()), bounds[0]), max(float(truth.max()), bounds[1])
    margin = 0.05 * (high - low)
    scope = [low - margin, high + margin]
    fence = {"type": "line", "line": {"color": PRIOR, "width": 1.6, "dash": "dash"}, "layer": "above"}
    fences = [
        {**fence, first: at, second: at, third: scope[0], fourth: scope[1]}
        for at in bounds
        for first, second, third, fourth in (("y0", "y1", "x0", "x1"), ("x0", "x1", "y0", "y1"))
    ]
    symbol, colours = symbol_of(name), (look.colour, translucent(look.colour, 0.5))
    return {
        "data": [
            line("", FAINT, 1.2, x=scope, y=scope, hoverinfo="skip", showlegend=False),
            *(legend_entry(entry, "circle", colour) for entry, colour in zip((INSIDE, OUTSIDE), colours, strict=True)),
        ],
        "layout": layout(
            f"{symbol}, predicted against true",
            axis(f"true {symbol}", range=scope),
            axis(f"predicted {symbol}", range=scope),
            margin=NARROW,
            shapes=[
                *(
                    named(entry, dots(colour, truth[chosen], values[chosen], 3))
                    for entry, colour, chosen in zip((OUTSIDE, INSIDE), colours[::-1], (~inside, inside), strict=True)
                ),
                *fences,
            ],
        ),
    }
