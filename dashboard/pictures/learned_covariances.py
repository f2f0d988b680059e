"""Means and covariances that networks learn from labels: for the trace on screen, and in the stored experiment."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.estimate import Estimate, Outcome
from core.experiments import estimators as codes
from core.experiments.compared_maps import REGIMES
from core.experiments.covariance import ERRORS
from core.experiments.estimators import NOISY_REGIME, NOISY_TRACES
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, Result, stored
from core.metrics import median_relative_error
from core.posterior.exact import Posterior
from core.posterior.local_gaussian import LocalGaussian, Validity
from core.problem.problem import Problem
from dashboard.figures import uncertainty as figures
from dashboard.figures.density import raster, widened
from dashboard.figures.joint import Beside
from dashboard.figures.regions import MASSES, ellipse
from dashboard.maps import covariance_maps, shipped_maps
from dashboard.pictures import results
from dashboard.pictures.compared import LAPLACE_LOOK
from dashboard.pictures.posterior import Point, estimates_of, window_of
from dashboard.pictures.shown import Cell, Plot, Shown, name_cell
from dashboard.pictures.stored_curves import NAMES, look_of
from dashboard.scene.scene import Scene
from dashboard.wording import entries
from dashboard.wording.learned_covariances import HOW_TO_READ, about_learned, about_trace
from dashboard.wording.numbers import percent

MARGIN = 0.05  # of the window around all regions
QUESTION = "Can a network learn the covariance from labels?"
# Estimators of the table, and the map on the page that each is, if it is one.
COMPARED = {
    PAPER: "",
    codes.CNN: "cnn-covariance",
    codes.OURS: "covariance",
    codes.BEST: codes.BEST,
    codes.POLISHED: "",
    codes.LAPLACE: "",
    codes.EXACT: "",
}

Array = NDArray[np.float64]
Errors = tuple[float, float]  # relative errors of a mean and of a covariance


def learned_covariances(scene: Scene, found: Posterior, problem: Problem, truth: Point | None) -> Shown:
    """Return the local Gaussian of the trace, what the networks that learn it make of the trace, and stored errors."""
    learners, unreadable = covariance_maps()
    maps = {**shipped_maps()[0], **learners}
    read = estimates_of(scene, problem, {name: maps[name] for name in COMPARED.values() if name in maps})
    estimates = {code: read[name][1] for code, name in COMPARED.items() if name in read}
    estimates[codes.LAPLACE] = results.laplace(found.problem)
    estimates[codes.EXACT] = Estimate(found.mean[None], found.covariance[None], found.names)
    label = results.local_gaussian(found.problem)
    learned = {code: each for code, each in estimates.items() if COMPARED[code] in learners and _is_gaussian(each)}
    errors, said = {}, []
    if found.fit.outcome == Outcome.EXPLAINED:
        said = [label.validity.sentence]
        if label.validity == Validity.VALID:
            errors = {code: _errors(label, each) for code, each in estimates.items() if _is_gaussian(each)}
            said.append(about_trace({NAMES[code]: errors[code] for code in learned}, problem.unknown))
    result = stored("covariance")
    return Shown(
        "uncertainty-covariances",
        [Plot("covariances", _figure(found, label, learned, truth))],
        QUESTION,
        about_learned(learned_errors(result, codes.OURS), learned_errors(result, PAPER)),
        why=[HOW_TO_READ],
        table=_table(errors, result),
        said=said,
        notes=unreadable,
    )


def _is_gaussian(estimate: Estimate) -> bool:
    return estimate.covariance is not None


def _errors(label: LocalGaussian, estimate: Estimate) -> Errors:
    """Return the relative errors of an estimate of one trace, with covariance."""
    assert estimate.covariance is not None
    mean = median_relative_error(label.mean[None], estimate.mean)
    return mean, median_relative_error(label.covariance[None], estimate.covariance)


def learned_errors(result: Result | None, estimator: str, regime: str = NOISY_REGIME) -> Errors | None:
    """Return the stored or published errors of an estimator in a regime of noise; None where there are none."""
    found = {each.key: each.value for each in (*PUBLISHED, *(result.measurements if result else ()))}
    n = result.settings["n_samples"] if result and estimator in (codes.CNN, codes.OURS) else None
    # What needs no labels stands under the traces that it was tested on.
    for each in (regime, NOISY_TRACES) if regime == NOISY_REGIME else (regime,):
        mean, covariance = (found.get(Key(estimator, error, "", each, n)) for error in ERRORS)
        if mean is not None and covariance is not None:
            return mean, covariance
    return None


def _figure(
    found: Posterior, label: LocalGaussian, learned: Mapping[str, Estimate], truth: Point | None
) -> dict[str, Any]:
    """Draw the 90 % regions of the exact posterior, of the local Gaussian and of what was learned from such labels."""
    gaussians = [(entries.LOCAL_GAUSSIAN, LAPLACE_LOOK, label.mean, label.covariance)]
    for code, each in learned.items():
        assert each.covariance is not None
        gaussians.append((NAMES[code], look_of(code), each.mean[0], each.covariance[0]))
    window = window_of(found, truth)
    ends = np.concatenate([window.T, *(ellipse(mean, covariance, MASSES[-1]) for *_, mean, covariance in gaussians)])
    box = widened(np.column_stack([ends.min(axis=0), ends.max(axis=0)]), MARGIN)
    names = (found.names[0], found.names[1])
    return figures.learned_regions(names, box, raster(found, window), [Beside(*each) for each in gaussians], truth)


def _table(errors: Mapping[str, Errors], result: Result | None) -> list[list[Cell]]:
    """Return the errors on this trace, and the medians on the test traces in each regime of noise."""
    rows: list[list[Cell]] = [
        ["errors of mean, covariance", "this trace", *(regime.replace("-", " / ") for regime in REGIMES)]
    ]
    for code in COMPARED:
        cells = [errors.get(code), *(learned_errors(result, code, regime) for regime in REGIMES)]
        if any(cells):
            rows.append([name_cell(NAMES.get(code, code), look_of(code)), *map(_cell, cells)])
    return rows


def _cell(errors: Errors | None) -> str:
    return "–" if errors is None else f"{percent(errors[0], 1)}, {percent(errors[1], 1)}"
