import re

import numpy as np
import pytest
from scipy.stats import chi2, ncx2

from core.estimate import Estimate, Finding, remark
from core.maps.inverse_map import load_inverse_map
from core.posterior.exact import posterior
from core.posterior.laplace import laplace
from dashboard.scene.observation import observe
from dashboard.scene.presets import PRESETS
from dashboard.scene.problem import problem_of
from dashboard.wording.estimates import about_calibration, about_laplace, about_map, about_maps, named
from dashboard.wording.numbers import decimals_for


def percentage(text):
    """Return how many per cent of the exact posterior a sentence says that an ellipse holds."""
    return float(text.split("ellipse holds ")[1].split("\u00a0%")[0])


def test_laplace_is_compared_with_the_posterior(found):
    each = found["excited"]

    def said(mean=each.mean, factor=1.0, remarks=(), covariance=each.covariance):
        scaled = None if covariance is None else factor * covariance[None]
        return about_laplace(each, Estimate(np.array(mean)[None], scaled, each.names, remarks))

    assert "nearly coincides with the exact posterior: its 90 % ellipse holds" in said()
    # Of a normal law, an ellipse made k times as large in area holds 1 − 0.1^k instead of 90 %. This one is nearly one.
    for factor, verdict in ((0.25, "It is too sure."), (0.5, "It is too sure."), (4.0, "It is too cautious.")):
        text = said(factor=factor)
        assert text.endswith(verdict)
        assert percentage(text) == pytest.approx(100 * (1 - 0.1**factor), abs=2)
    direction = np.linalg.cholesky(each.covariance)[:, 0]
    off = said(mean=each.mean + 2 * direction)
    assert off.startswith("Laplace knows the curvature at the MAP alone: ")
    assert percentage(off) == pytest.approx(100 * ncx2.cdf(chi2.ppf(0.9, 2), 2, 4), abs=4)
    refused = said(remarks=(remark(Finding.LAPLACE_REFUSED_WITHOUT_CURVATURE),), covariance=None)
    assert refused == (
        "The Laplace approximation is refused: the loss does not curve upwards in every direction at its lowest point."
    )


def test_the_estimate_of_a_map_is_compared_with_the_posterior(found):
    """From three sd away, a normal law's squared distance follows the noncentral χ²₂ with noncentrality nine."""
    each = found["excited"]
    step = 3 * np.linalg.cholesky(each.covariance)[:, 0]
    off = [
        f"{abs(miss):.{decimals_for(sd)}f}" for miss, sd in zip(step, np.sqrt(np.diag(each.covariance)), strict=True)
    ]
    for factor in (1.0, 4.0):
        text = about_map(each, "best", Estimate((each.mean + step)[None], factor * each.covariance[None], each.names))
        assert text.startswith(
            f"The estimate of ‘best’ lies {off[0]} in θ₀ and {off[1]} in θ₁ from the exact mean, "
            "and its 90 % ellipse holds "
        )
        assert percentage(text) == pytest.approx(100 * ncx2.cdf(factor * chi2.ppf(0.9, 2), 2, 9), abs=4)


def test_many_maps_share_a_sentence(found):
    each = found["excited"]
    normals = {
        name: Estimate(each.mean[None], factor * each.covariance[None], each.names)
        for name, factor in (("best", 1.0), ("mine", 0.25))
    }
    text = about_maps(each, normals)
    shares = [float(share) for share in re.findall(r"(\d+)\u00a0% for ‘", text)]
    # An ellipse k times as large in area holds 1 − 0.1^k.
    np.testing.assert_allclose(shares, [90, 100 * (1 - 0.1**0.25)], atol=2)
    assert text.startswith("Of the exact posterior the 90 % ellipses of the maps hold ")
    assert text.count(".") == 1
    assert about_maps(each, {"best": normals["best"]}) == about_map(each, "best", normals["best"])
    assert about_maps(each, {}) == ""


def test_near_the_bifurcation_a_miss_is_told_in_the_units_of_the_parameters():
    """Across the needle the posterior is so narrow that a miss of 0.0006 is 25 of its standard deviations."""
    experiment = PRESETS["Near the bifurcation"][1]
    observation = observe(experiment, None)
    each = posterior(problem_of(experiment, observation))
    text = about_map(each, "best", load_inverse_map("best").predict(observation.data[None]))
    assert " sd" not in text
    assert float(text.split("lies ")[1].split(" ")[0]) < 0.002
    assert percentage(text) > 95
    # The Laplace ellipse is as large as the exact region there, but straight where that is bent.
    laplace_says = about_laplace(each, laplace(each.problem))
    assert "area" not in laplace_says
    assert 50 < percentage(laplace_says) < 70


def test_the_coverage_is_told_for_each_estimator():
    assert named("exactly mine") == "exactly mine"
    text = about_calibration(0.9, {"best": 0.8844, "exact posterior": 0.9})
    assert (
        "made to hold 90\u00a0% hold the truth in 88.4\u00a0% for best and 90.0\u00a0% for the exact posterior." in text
    )
