"""What a student does, from the first click to the last: turns the noise, then the damping, and reads who follows."""

import numpy as np
import pytest
from scipy.stats import chi2

from core.maps.inverse_map import load_inverse_map

pytestmark = pytest.mark.browser

# A map that is right misses by more once in 2,000 times: in sds of one parameter, and of two together.
MOST_SDS, MOST_DISTANCE = 3.5, float(np.sqrt(chi2.isf(1 / 2000, 2)))


def number(text):
    """Return a number as a table has it."""
    return float(text.replace("−", "-"))


def distance_in_its_region(lab, name):
    """Return the Mahalanobis distance of the truth from a map's estimate, by the 90 % ellipse that is drawn of it.

    Points at even angles of an ellipse with the squared radius r² have the covariance r²/2 C.
    """
    drawn = lab.trace("posterior", name)
    points = np.column_stack([drawn["x"], drawn["y"]])[:-1]
    covariance = np.cov(points.T, bias=True) * 2 / chi2.ppf(0.9, 2)
    off = points.mean(axis=0) - [number(cell) for cell in lab.table()["truth"][:2]]
    return float(np.sqrt(off @ np.linalg.solve(covariance, off)))


def test_the_joint_map_follows_the_noise_that_is_turned_within_its_own_uncertainty(lab):
    """Under the hand, from one end of the σ of its training, 0.041 to 0.099 ms, to the other."""
    lab.open("Start")
    lab.go("Inverse map")
    lab.choose("plane", "noise")
    seen = []
    with lab.held("sigma") as drag_to:
        for share in (0.12, 0.15, 0.18, 0.21, 0.24):
            drag_to(share)
            sigma, (found, sd) = lab.value("sigma"), map(number, lab.table()["joint"][0].split(" ± "))
            assert sigma == pytest.approx(0.4 * share, abs=0.0021)
            assert abs(found - sigma) < MOST_SDS * sd
            # Sharp enough to tell one turn from the next: Cramér and Rao allow σ √((1 + ρ²)/(1 − ρ²)/2n).
            assert sd < 1.5 * sigma * np.sqrt(1.64 / 0.36 / 2000)
            seen.append(found)
    assert seen == sorted(seen)


def test_off_the_published_damping_the_cnn_leaves_the_truth_and_the_conditional_map_stays(lab):
    """The page says how far an estimate is off, in sds of the prior; so is the error that the CNN makes at home."""
    rmse = load_inverse_map("cnn-noisy").card["metrics"]["published"]["noisy"]["rmse"]
    at_home = np.hypot(rmse["theta0"] / 0.3, rmse["theta1"] / 0.4)
    lab.open("Start")
    lab.go("Inverse map")
    assert number(lab.table()["cnn-noisy"][2]) < MOST_SDS * at_home
    for share, gamma in ((2 / 15, 2.4), (2 / 3, 4.0)):
        lab.drag("gamma", share)
        assert lab.value("gamma") == pytest.approx(gamma, abs=0.02)
        off = {name: number(lab.table()[name][2]) for name in ("conditional", "cnn-noisy")}
        assert off["cnn-noisy"] > 2 * at_home
        assert off["cnn-noisy"] > 20 * off["conditional"]
        lab.go("Uncertainty")
        assert distance_in_its_region(lab, "conditional") < MOST_DISTANCE
        lab.go("Inverse map")
