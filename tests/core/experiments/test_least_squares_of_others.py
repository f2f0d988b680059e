import numpy as np
from scipy.stats import binom, chi2

from core.experiments import least_squares_of_others
from core.experiments.context import Context
from core.experiments.least_squares_of_others import BOTH, NORMAL_90_SDS, U_ALONE, fits
from core.experiments.records import stored

N = 12


def test_a_small_run_of_magi():
    """Errors of n Gaussian estimates at the bound: Σ(error/sd)² is χ² with n degrees of freedom.

    That their distribution is skewed, and their variance 1.17 times the bound in the worst case measured, is left room
    for: quantiles of 1e-6.
    """
    found = fits(BOTH, N)
    assert found.missed == found.warned == 0
    squares = np.sum(((found.estimates - BOTH.truth) / found.bound) ** 2, axis=0)
    assert np.all((squares >= chi2.ppf(1e-6, N)) & (squares <= chi2.isf(1e-6, N)))
    # Both ends lie at the same minimum: a descent ends where a step promises 1e-7 of the loss, so at sqrt(2e-7) sd.
    assert np.all(np.abs(found.estimates - found.from_truth) <= 1e-2 * found.bound)
    within = np.sum(np.abs(found.estimates - BOTH.truth) <= NORMAL_90_SDS * found.sds, axis=0)
    assert np.all(within >= binom.ppf(1e-6, N, 0.9))


def test_the_same_data_are_observed_in_part():
    both, alone = (set_up.problem(np.random.default_rng(0)) for set_up in (BOTH, U_ALONE))
    assert np.array_equal(both.data[:, 0], alone.data[:, 0])
    assert np.all(np.isnan(alone.data[:, 1]))
    assert np.all(np.isfinite(both.data))


def test_a_run_measures_what_is_stored_of_it(monkeypatch, tmp_path):
    lines = []
    monkeypatch.setattr(least_squares_of_others, "N_QUICK", 1)
    monkeypatch.setattr(least_squares_of_others, "N_DRAWS", 500)
    monkeypatch.setattr(least_squares_of_others, "N_STARTS", 1)
    result = least_squares_of_others.run(Context(lines.append, tmp_path, quick=True))
    assert len(lines) == 3
    assert {each.key for each in result.measurements} == {each.key for each in stored("magi").measurements}
    for parameter in BOTH.unknown:
        measured = {
            (each.key.estimator, each.key.metric): each.value
            for each in result.measurements
            if (each.key.regime, each.key.parameter) == (BOTH.name, parameter)
        }
        error = measured["least-squares", "rmse"]
        to_bound = error / measured["cramer-rao", "sd"]
        assert np.isclose(measured["least-squares", "rmse_over_bound"], to_bound, rtol=1e-12)
        to_truth = error / measured["least-squares-from-truth", "rmse"]
        assert np.isclose(measured["least-squares", "rmse_over_from_truth"], to_truth, rtol=1e-12)
    assert len(result.targets) == 6
    assert result.settings["set-ups"][0]["upper"] == (1.5, 1.5, 10.0, 3.0, 3.0)
