"""The traces of the limits, how estimates are stored and found again, and what is measured of those given by hand."""

import numpy as np
import pytest

from core.experiments import limit_conditional, limit_four, limit_traces, limits
from core.experiments.context import Context
from core.experiments.limit_traces import LimitTraces
from core.experiments.records import Key, find
from core.maps.test_sets import published_test_set
from core.models.fitzhugh_nagumo.simulate import simulate
from core.parallel import workers

TRUTH = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 6.0]])
MEAN = TRUTH + np.array([[0.1, -0.1], [-0.1, 0.1], [0.1, 0.3], [-0.1, 0.3]])


def test_the_joint_traces_are_the_published_ones_with_their_noise():
    traces, data = limit_traces.joint_traces(), published_test_set()
    assert traces.names == ("theta0", "theta1", "sigma", "rho")
    assert np.array_equal(traces.truth[:, :2], data.theta)
    assert np.array_equal(traces.truth[:, 2:], data.noise_parameters[:, ::-1])
    assert traces.problem(3).unknown == ("theta0", "theta1")
    assert np.array_equal(traces.problem(3).data, data.noisy[3])


@pytest.mark.parametrize("n_times", [100, 2000])
def test_a_window_is_sampled_at_the_published_interval(n_times):
    """Its residuals have the noise's sd: of 1,000 traces with ρ = 0.8 the mean square errs by far less than 5 %."""
    traces = limit_traces.window_traces(n_times)
    assert traces.noisy.shape == (1000, n_times)
    assert np.allclose(np.diff(traces.times), 0.2)
    clean = simulate(np.column_stack([traces.truth, traces.known]), traces.times)[..., 0]
    sd = np.sqrt(np.mean((traces.noisy - clean) ** 2))
    assert sd == pytest.approx(np.sqrt(0.07**2 + 0.0095**2) / 0.2, rel=0.05)


def test_the_conditional_traces_know_their_zeta_and_gamma():
    """Uniform on their ranges but for the few that diverge: means within 4 standard errors and 2 % of a range."""
    traces = limit_traces.conditional_traces()
    problem = traces.problem(5)
    assert problem.known == {"zeta": traces.known[5, 0], "gamma": traces.known[5, 1]}
    assert np.all(np.isfinite(traces.noisy))
    low, high = np.array([-0.8, 2.0]), np.array([0.0, 5.0])
    assert np.all((traces.known >= low) & (traces.known <= high))
    means = (traces.known.mean(axis=0) - low) / (high - low)
    assert np.all(np.abs(means - 0.5) < 4 / np.sqrt(12 * 2000) + 0.02)
    four = limit_traces.four_traces()
    assert np.array_equal(four.truth, np.column_stack([traces.truth, traces.known])[: limit_traces.N_FOUR])
    assert four.problem(0).unknown == ("theta0", "theta1", "zeta", "gamma")


def test_the_mode_that_holds_the_truth_is_not_missed():
    """The coarse grid alone misses it in trace 1357, and the posterior is then 10 standard deviations off."""
    traces = limit_traces.conditional_traces()
    row = limits.theta_row(traces, 1357)
    sd = np.sqrt(np.diag(row["covariance"]))
    assert np.all(np.abs(row["mean"] - traces.truth[1357]) < 4 * sd)
    assert row["credibility"] < 0.999


def few_traces():
    names = ("theta0", "theta1")
    return LimitTraces(np.arange(3.0), np.zeros((50, 3), np.float32), names, np.zeros((50, 2)), (), np.empty((50, 0)))


def row(traces, i):
    return {"mean": [i, -i], "covariance": [[1.0, 0.0], [0.0, i]], "effective_size": 10.0 * i}


def chunk(first):
    return limits.chunk_of(row, few_traces(), first)


def fail(first):
    raise AssertionError("It was stored: nothing was to be computed.")


def test_estimates_are_stored_for_these_very_traces(tmp_path):
    context = Context(lambda line: None, tmp_path)
    with workers(None, 1):
        found = limits.computed(chunk, few_traces(), context, "limit-few")
        again = limits.computed(fail, few_traces(), context, "limit-few")
    assert np.array_equal(found.mean, np.column_stack([np.arange(50), -np.arange(50)]))
    assert np.array_equal(found.covariance[:, 1, 1], np.arange(50))
    assert np.array_equal(found.figures["effective_size"], 10 * np.arange(50))
    assert np.array_equal(again.mean, found.mean)
    others = few_traces()
    others.noisy[7, 1] = 1
    with workers(None, 1), pytest.raises(AssertionError, match="It was stored"):
        limits.computed(fail, others, context, "limit-few")


def test_accuracy_as_by_hand():
    found = limits.accuracy("best", "joint", ("sigma", "rho"), TRUTH, MEAN)

    def value(metric, parameter):
        return find(found, Key("best", metric, parameter, "joint")).value

    assert value("rmse", "sigma") == pytest.approx(0.1)
    assert value("r2", "sigma") == pytest.approx(1 - 0.04 / 5)
    assert value("median_ape", "rho") == pytest.approx((0.05 + 0.1) / 2)
    assert value("rmse", "mean") == pytest.approx((0.1 + np.sqrt(0.05)) / 2)
    assert len(found) == 9


def test_regions_divide_the_range_of_zeta_and_gamma():
    known = [(-0.8, 2.0), (-0.8, 3.5), (-0.5, 2.9), (-0.4, 4.2), (-0.1, 2.5), (0.0, 5.0)]
    assert limit_conditional.region_of(known).tolist() == [0, 1, 3, 5, 6, 8]


def test_the_bounds_of_regions_divide_the_range_too():
    assert limit_conditional.bounds_of(0) == pytest.approx(np.array([[-0.8, -0.8 * 2 / 3], [2, 3]]))
    assert limit_conditional.bounds_of(5) == pytest.approx(np.array([[-0.8 * 2 / 3, -0.8 / 3], [4, 5]]))
    middles = [limit_conditional.bounds_of(region).mean(axis=1) for region in limit_conditional.REGIONS]
    assert limit_conditional.region_of(middles).tolist() == list(range(9))


def test_estimates_are_measured_over_all_and_in_each_region():
    traces = limit_traces.conditional_traces()
    mean = traces.truth + np.where(traces.known[:, :1] < -0.8 / 3 * 2, 0.1, 0.2)
    found = limit_conditional.measured("best", mean)

    def value(regime):
        return find(found, Key("best", "rmse", "mean", regime)).value

    assert [value(limit_conditional.regime_of(region)) for region in (0, 1, 2)] == pytest.approx([0.1] * 3)
    assert [value(limit_conditional.regime_of(region)) for region in range(3, 9)] == pytest.approx([0.2] * 6)
    share = np.mean(traces.known[:, 0] < -0.8 / 3 * 2)
    assert value("conditional") == pytest.approx(np.sqrt(share * 0.01 + (1 - share) * 0.04))


def test_the_sds_of_the_prior():
    """A normal law cut at ± 2 sds has 0.8796 of its sd; a uniform law has its width over √12."""
    assert limit_four.prior_sds() == pytest.approx([0.3 * 0.8796, 0.4 * 0.8796, 0.8 / 12**0.5, 3 / 12**0.5], rel=1e-3)
