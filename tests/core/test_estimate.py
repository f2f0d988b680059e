import copy
import pickle

import numpy as np
import pytest
from scipy.stats import chi2

from core.estimate import Estimate, Finding, Outcome, goodness_of_fit, remark


def test_shapes_are_checked_and_arrays_read_only():
    estimate = Estimate(np.zeros((3, 2)), np.zeros((3, 2, 2)), ("a", "b"))
    for array in (estimate.mean, estimate.covariance):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    for mean in (np.zeros(2), np.zeros((3, 1))):
        with pytest.raises(ValueError, match="needs the shape"):
            Estimate(mean, None, ("a", "b"))
    with pytest.raises(ValueError, match="does not fit"):
        Estimate(np.zeros((3, 2)), np.zeros((2, 2)), ("a", "b"))
    with pytest.raises(ValueError, match="Novelty of shape"):
        Estimate(np.zeros((3, 2)), None, ("a", "b"), novelty=np.zeros(2))


def test_arrays_passed_in_stay_the_callers_own():
    """They can still be written, and what is written to them changes no estimate."""
    given = {"mean": np.zeros((3, 2)), "covariance": np.zeros((3, 2, 2)), "novelty": np.zeros(3)}
    estimate = Estimate(**given, names=("a", "b"))
    for name, array in given.items():
        array[:] = 1
        assert not np.any(getattr(estimate, name))
        assert not getattr(estimate, name).flags.writeable


def test_copies_are_frozen():
    estimate = Estimate(np.zeros((3, 2)), np.zeros((3, 2, 2)), ("a", "b"), novelty=np.zeros(3))
    for copied in (pickle.loads(pickle.dumps(estimate)), copy.deepcopy(estimate)):
        assert copied.names == ("a", "b")
        for array in (copied.mean, copied.covariance, copied.novelty):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1


def test_names_are_checked_and_the_estimates_own():
    names = ["a", "b"]
    estimate = Estimate(np.zeros((1, 2)), None, names)
    names[0] = "c"
    assert estimate.names == ("a", "b")
    for wrong, sentence in (("ab", "as a tuple"), (("a", "a"), "each of them once"), ((), "at least one parameter")):
        with pytest.raises(ValueError, match=sentence):
            Estimate(np.zeros((1, len(wrong))), None, wrong)


def test_estimates_of_others_are_refused():
    estimate = Estimate(np.zeros((3, 2)), None, ("a", "b"))
    estimate.check(("a", "b"), 3)
    for names, n in ((("b", "a"), 3), (("a",), 3), (("a", "c"), 3), (("a", "b"), 2)):
        with pytest.raises(ValueError, match=r"in this order, for . traces; it was given those of a, b for 3"):
            estimate.check(names, n)
    with pytest.raises(ValueError, match="must be finite numbers"):
        Estimate([[0.0, np.nan]], None, ("a", "b")).check(("a", "b"), 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_residuals_that_are_not_finite_are_not_judged(value):
    for sums in ((value, 1.0), (1.0, value)):
        with pytest.raises(ValueError, match="The trajectory diverges here"):
            goodness_of_fit(*sums, 1000, 2)


def test_the_status_says_how_well_it_fits_and_then_each_remark():
    mean, names = np.zeros((1, 1)), ("a",)
    assert Estimate(mean, None, names).status == ""
    remarks = remark(Finding.NOT_CONVERGED, n=50), remark(Finding.ON_EDGE_OF_BOX, symbols="γ, u₀")
    said = (
        "Not converged in 50 steps: try more draws and starts, or a narrower box.",
        "On the edge of the box in γ, u₀: the covariance does not hold there.",
    )
    estimate = Estimate(mean, None, names, remarks, fit=goodness_of_fit(998.0, 998.0, 1000, 2))
    assert estimate.sentences == said
    assert estimate.status == " ".join(said)
    wrong = goodness_of_fit(998 * 9.0, 998 * 9.0, 1000, 2)
    assert Estimate(mean, None, names, remarks, fit=wrong).status == f"{wrong.sentence} {' '.join(said)}"
    assert remark(Finding.LAPLACE_NEAR_EDGE, distance=1.234).sentence.count("lies 1.2 standard deviations") == 1
    assert remark(Finding.FEW_DRAWS, n=2, of=8) == remark(Finding.FEW_DRAWS, n=2, of=8) != remark(Finding.UNDETERMINED)


def outcome(whitened, n=1000, p=2):
    return goodness_of_fit(whitened, whitened, n, p).outcome


@pytest.mark.parametrize("n", [3, 5, 20, 100, 1000, 5000])
def test_noise_alone_is_called_unexplained_less_than_once_in_a_billion(n):
    """SciPy's chi-squared law: just below its 1 − 10⁻⁹ quantile nothing is said, however large the ratio there is."""
    assert outcome(chi2.isf(1.001e-9, n - 2), n) == Outcome.EXPLAINED
    assert outcome(1.01 * max(chi2.isf(1e-9, n - 2), 1.25**2 * (n - 2)), n) == Outcome.UNEXPLAINED


def test_residuals_a_quarter_larger_than_the_noise_are_let_pass():
    """Of 998 degrees of freedom chance reaches a ratio of 1.13 once in a billion: size decides, not chance."""
    assert outcome(1.249**2 * 998) == Outcome.EXPLAINED
    assert outcome(1.251**2 * 998) == Outcome.UNEXPLAINED


def test_the_sentence_gives_the_larger_ratio_and_is_empty_where_the_noise_explains_all():
    assert goodness_of_fit(998.0, 998.0, 1000, 2).sentence == ""
    found = goodness_of_fit(998 * 87.4**2, 998 * 230.0**2, 1000, 2)
    assert found.residual_ratio == pytest.approx(230)
    assert found.sentence.startswith("The residuals are 230.0 times as large as the noise explains, so that no ")


def test_as_many_unknowns_as_samples_tell_nothing():
    found = goodness_of_fit(1e9, 1e9, 2, 2)
    assert found.outcome == Outcome.EXPLAINED
    assert np.isnan(found.residual_ratio)
