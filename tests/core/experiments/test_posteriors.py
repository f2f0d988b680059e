"""The figures of learned posteriors, against closed forms."""

import numpy as np
import pytest
from scipy.stats import norm

from core.experiments.posteriors import of_divergences, of_regions
from core.experiments.records import Key


def test_figures_of_divergences_are_those_of_all_traces():
    found = of_divergences("it", np.array([[0.0, 0.0], [1.0, 0.2], [5.0, 1.0]]))
    values = {each.key.metric: each.value for each in found}
    assert values["divergence_median"] == 1.0
    assert values["divergence_mean"] == 2.0
    assert values["divergence_90"] == pytest.approx(4.2)
    assert values["best_classifier"] == pytest.approx(0.5 + 0.5 * 0.4)


def test_uniform_ranks_pass_and_those_of_a_narrow_law_do_not():
    uniform = (np.arange(1000) + 0.5) / 1000
    at_edges = norm.cdf(2 * norm.ppf(uniform))  # of a law whose sd is half of the right one
    found = of_regions("it", ("theta0", "theta1"), uniform, np.column_stack([uniform, at_edges]))
    values = {each.key: each.value for each in found}
    assert values[Key("it", "coverage", "", "fresh", at=0.5)] == 0.5
    assert values[Key("it", "coverage", "", "fresh", at=0.9)] == 0.9
    assert values[Key("it", "rank_p", "theta0", "fresh")] > 0.99
    assert values[Key("it", "rank_p", "theta1", "fresh")] < 1e-6
