"""How the estimates of other methods compare with the exact posterior, and how often their regions hold the truth."""

from collections.abc import Mapping

import numpy as np
from scipy.stats import chi2

from core.estimate import Estimate
from core.experiments import estimators as codes
from core.experiments.published_figures import PAPER
from core.maps.differences_from_training import listed, quoted
from core.metrics import squared_distances
from core.posterior.exact import Posterior
from core.symbols import symbol_of
from dashboard.wording import entries
from dashboard.wording.numbers import decimals_for, fixed, percent, sds

SHIFTED = 0.7  # standard deviations between the centres of two distributions that differ
COINCIDES = 0.05  # off the 90 % that an ellipse that coincides would hold
TOO_SURE, TOO_CAUTIOUS = 0.8, 0.97  # of the posterior, held by an ellipse that should hold 90 %
N_DRAWS = 10_000  # of the posterior: a share of 90 % is then exact to 0.3 %
HOW_TO_READ_CALIBRATION = "On the diagonal an estimator is as sure as it may be; below too sure, above too cautious."
# What a sentence names with its article.
WITH_ARTICLE = (
    entries.EXACT_POSTERIOR, entries.EXACT_MEAN, *(entries.STORED[each] for each in (PAPER, codes.CNN, codes.DENSE)),
)  # fmt: skip


def named(estimator: str) -> str:
    """Return an estimator as a sentence names it."""
    return f"the {estimator}" if estimator in WITH_ARTICLE else estimator


def held_by(found: Posterior, normal: Estimate) -> float:
    """Return how much of a posterior the 90 % ellipse of a normal distribution holds."""
    assert normal.covariance is not None
    draws = found.draws(N_DRAWS, np.random.default_rng(0))
    return float(np.mean(squared_distances(draws - normal.mean, normal.covariance[0]) <= chi2.ppf(0.9, 2)))


def about_laplace(found: Posterior, normal: Estimate) -> str:
    """Say how far the Laplace approximation can be trusted here."""
    if normal.status:
        return normal.status
    distance = float(np.sqrt(squared_distances(normal.mean - found.mean, found.covariance)[0]))
    held = held_by(found, normal)
    share = f"its 90 % ellipse holds {percent(held)} of the exact posterior"
    if distance < SHIFTED and abs(held - 0.9) < COINCIDES:
        return f"Laplace nearly coincides with the exact posterior: {share}. A parabola at the MAP is enough here."
    text = f"Laplace knows the curvature at the MAP alone: {share}"
    if held <= TOO_SURE:
        return f"{text}. It is too sure."
    return f"{text}. It is too cautious." if held >= TOO_CAUTIOUS else f"{text}."


def about_map(found: Posterior, name: str, normal: Estimate) -> str:
    """Say how far the estimate of an inverse map lies from the exact mean, and whether its ellipse says so."""
    decimals = [decimals_for(sd) for sd in sds(found.covariance)]
    misses = [
        f"{fixed(abs(miss), digits)} in {symbol_of(parameter)}"
        for miss, digits, parameter in zip(normal.mean[0] - found.mean, decimals, found.names, strict=True)
    ]
    held = held_by(found, normal)
    return (
        f"The estimate of {quoted([name])} lies {listed(misses)} from the exact mean, and its 90 % ellipse holds "
        f"{percent(held)} of the exact posterior."
    )


def about_maps(found: Posterior, normals: Mapping[str, Estimate]) -> str:
    """Say in one sentence how the ellipses of inverse maps compare with the posterior; normals: by name."""
    if len(normals) == 1:
        ((name, normal),) = normals.items()
        return about_map(found, name, normal)
    if not normals:
        return ""
    shares = listed([f"{percent(held_by(found, normal))} for {quoted([name])}" for name, normal in normals.items()])
    return f"Of the exact posterior the 90 % ellipses of the maps hold {shares}."


def about_calibration(mass: float, held: Mapping[str, float]) -> str:
    """Say what share of truths the regions of a mass hold; held: estimator → share."""
    shares = listed([f"{percent(share, 1)} for {named(name)}" for name, share in held.items()])
    return f"Of 2,000 test samples, the regions made to hold {percent(mass)} hold the truth in {shares}."
