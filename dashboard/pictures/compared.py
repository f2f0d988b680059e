"""What can stand beside the exact posterior: the ticks that are its legend, and the estimates that are ticked."""

from collections.abc import Mapping, Sequence

from core.estimate import Estimate
from core.experiments.estimators import BEST
from core.maps.inverse_map import InverseMap
from core.symbols import symbol_of
from dashboard.figures.joint import Beside, sign
from dashboard.figures.style import LIMIT, MAP, PRIOR, TRUTH, Look
from dashboard.maps import looks
from dashboard.pictures.controls import Control, several
from dashboard.pictures.shown import Cell, name_cell
from dashboard.scene.experiment import Experiment
from dashboard.wording import entries
from dashboard.wording.numbers import decimals_for, fixed, sds

EXACT_LOOK = Look(LIMIT, "square")
LAPLACE_LOOK = Look(MAP, "x", dash="dash")
TRUTH_LOOK = Look(TRUTH, "star")

Estimates = Mapping[str, tuple[Look, Estimate]]


def ticks(experiment: Experiment, maps: Mapping[str, InverseMap], truth_known: bool) -> Control:
    """Return the ticks; the exact posterior and the truth cannot be unticked. maps: those that can be drawn."""
    fixed_ones = [(entries.EXACT, sign(EXACT_LOOK), "Always there: the exact posterior.")]
    if truth_known:
        fixed_ones.append((entries.TRUTH, sign(TRUTH_LOOK, has_line=False), "Always there: what made the data."))
    drawn = looks(maps)
    free = [
        *((name, sign(drawn[name], has_line=each.recipe.gives_covariance), "") for name, each in maps.items()),
        (entries.MAP_AND_LAPLACE, sign(LAPLACE_LOOK), "The MAP, and a Gaussian with the curvature of the loss there."),
        (entries.PRIOR, sign(Look(PRIOR, "", dash="dash")), "The prior’s box, and its densities beside the plane."),
    ]
    options = [{"value": name, "help": text, "fixed": True, **look} for name, look, text in fixed_ones]
    options += [{"value": name, "help": text, **look} for name, look, text in free]
    return several("compared", experiment.compared, options)


def beside(experiment: Experiment, estimates: Estimates, normal: Estimate | None) -> list[Beside]:
    """Return what is ticked and there; normal: Laplace's distribution, None while it is not known."""
    found = []
    if entries.MAP_AND_LAPLACE in experiment.compared and normal is not None:
        found.append(_beside(entries.MAP_AND_LAPLACE, LAPLACE_LOOK, normal))
    return found + [_beside(name, *each) for name, each in estimates.items()]


def _beside(name: str, look: Look, estimate: Estimate) -> Beside:
    return Beside(name, look, estimate.mean[0], None if estimate.covariance is None else estimate.covariance[0])


def wanted(experiment: Experiment, maps: Mapping[str, InverseMap]) -> dict[str, InverseMap]:
    """Return the maps that are ticked, and the best one, which stands in the table."""
    return {name: each for name, each in maps.items() if name in experiment.compared or name == BEST}


def covariances(exact: Estimate, normal: Estimate | None, estimates: Estimates) -> list[Sequence[Cell]]:
    """Return the table of standard deviations and correlations; normal: None while a control is dragged."""
    assert exact.covariance is not None
    symbols = [symbol_of(name) for name in exact.names]
    decimals = [decimals_for(sd) for sd in sds(exact.covariance[0])]
    listed: list[tuple[str, Look, Estimate | None]] = [
        (entries.EXACT, EXACT_LOOK, exact),
        (entries.MAP_AND_LAPLACE, LAPLACE_LOOK, normal),
        *((name, look, each) for name, (look, each) in estimates.items() if each.covariance is not None),
    ]
    head = ["covariance of", *(f"sd {symbol}" for symbol in symbols), f"corr({', '.join(symbols)})"]
    rows: list[Sequence[Cell]] = [head]
    for name, look, estimate in listed:
        cells = ["–"] * 3
        if estimate is not None and estimate.covariance is not None:
            covariance = estimate.covariance[0]
            first, second = sds(covariance)
            shown = [fixed(sd, digits) for sd, digits in zip((first, second), decimals, strict=True)]
            correlation = float(covariance[0, 1] / (first * second))
            # As many digits as tell it from one.
            cells = [*shown, fixed(correlation, max(2, decimals_for(1 - abs(correlation))))]
        rows.append([name_cell(name, look), *cells])
    return rows
