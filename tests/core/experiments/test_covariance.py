"""The experiment on mean and covariance with maps made by hand, whose errors are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.estimate import Estimate
from core.experiments import covariance, labelled_traces
from core.experiments.context import Context
from core.experiments.estimators import (
    BEST,
    CLEAN_TRACES,
    CNN,
    EXACT,
    LABELS,
    LAPLACE,
    NOISY_TRACES,
    OURS,
    OURS_POLISHED,
    POLISHED,
)
from core.experiments.limits import Limit
from core.experiments.records import Key
from core.experiments.reports import tables
from core.maps.local_gaussian_labels import Labels
from core.metrics import median_relative_error
from core.parallel import workers
from core.posterior.local_gaussian import Validity

N = 40
KINDS = [kind.name.lower() for kind in Validity]


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A run on the first traces, with maps whose means are 1.1 and 1.3 and whose covariances are 2 times the labels."""
    context = Context(lambda _: None, tmp_path_factory.mktemp("work"), quick=True)
    limit = Limit(("theta0", "theta1"), np.ones((N, 4)), np.tile(np.eye(4), (N, 1, 1)), {})
    with pytest.MonkeyPatch.context() as patch, workers(None, 1):
        patch.setattr(labelled_traces, "limit_estimates", lambda _: limit)
        sets = {noisy: labelled_traces.labelled_traces(noisy, context) for noisy in (False, True)}
        labels = {each.traces.tobytes(): each.labels for each in sets.values()}

        def by_hand(factor):
            def predict(traces):
                found = labels[traces.tobytes()]
                return Estimate(factor * found.mean, 2 * found.covariance, ("theta0", "theta1"))

            return SimpleNamespace(predict=predict, fingerprint=f"{factor}")

        factors = {0: 1.1, 1: 1.3}
        patch.setattr(covariance, "polished", lambda mean, _name, _context: (mean, np.ones((N, 2, 2))))
        patch.setattr(covariance, "seeds", lambda _: tuple(factors))
        patch.setattr(
            covariance,
            "trained",
            lambda wanted, _: {name: by_hand(factors[each.seed]) for name, each in wanted.items()},
        )
        return sets, covariance.run(context)


def test_errors_are_medians_over_valid_labels_and_means_over_the_seeds(quick):
    _, result = quick
    for kind in (CNN, OURS):
        for regime in ("clean-clean", "clean-noisy", "noisy-noisy"):
            assert result.value(Key(kind, "mean_error", "", regime, 1000)) == pytest.approx(0.2)
            assert result.value(Key(kind, "covariance_error", "", regime, 1000)) == pytest.approx(1)


def test_gauss_newton_steps_lead_from_a_mean_that_is_two_per_cent_off_to_the_label(quick, tmp_path):
    """The covariance errs by the noise, of which the residual knows the innovations' variance to √(2/1000) = 4.5 %."""
    sets, result = quick
    labels = sets[True].labels
    mean, matrices = labelled_traces.polished(1.02 * labels.mean, "off", Context(lambda _: None, tmp_path, quick=True))
    assert median_relative_error(labels.mean[labels.valid], mean[labels.valid]) < 0.001
    assert median_relative_error(labels.covariance[labels.valid], matrices[labels.valid]) < 0.09
    assert result.value(Key(OURS_POLISHED, "mean_error", "", "noisy-noisy", 1000)) == pytest.approx(0.2)  # of no steps


def test_labels_that_are_not_valid_are_left_out():
    mean, matrices = np.ones((3, 2)), np.tile(np.eye(2), (3, 1, 1))
    labels = Labels(mean, matrices, np.array([Validity.VALID, Validity.SILENT, Validity.NEAR_EDGE]))
    found = covariance.measured(OURS, "noisy-noisy", 8000, labels, [(mean * [[1], [5], [5]], 1.5 * matrices)])
    assert [each.value for each in found] == [0, 0.5]
    assert all(each.spread is None for each in found)


def test_shares_of_labels_add_up_to_one(quick):
    sets, result = quick
    for noisy, traces in ((False, CLEAN_TRACES), (True, NOISY_TRACES)):
        shares = [result.value(Key(LABELS, f"share_{kind}", "", traces)) for kind in KINDS]
        assert sum(shares) == pytest.approx(1)
        assert shares[0] == sets[noisy].labels.valid.mean()


def test_estimators_without_labels(quick):
    """On noisy traces Laplace has the label's mean; the best map has errors; polishing it leads to the label."""
    sets, result = quick

    def errors(name):
        return [result.value(Key(name, error, "", NOISY_TRACES)) for error in covariance.ERRORS]

    assert errors(LAPLACE)[0] == 0
    assert errors(LAPLACE)[1] < 0.15
    assert errors(POLISHED)[0] < errors(BEST)[0] < 0.01
    assert errors(POLISHED)[1] < 0.1
    labels = sets[True].labels
    assert errors(EXACT)[0] == pytest.approx(
        median_relative_error(labels.mean[labels.valid], np.ones((labels.valid.sum(), 2)))
    )
    assert not sets[False].others


def test_targets_are_half_of_the_published_errors():
    bounds = {
        (each.key.estimator, each.key.regime, each.key.metric): each.at_most for each in covariance._targets(8000)
    }
    assert bounds == {
        (OURS, "clean-clean", "mean_error"): 0.016,
        (OURS, "clean-clean", "covariance_error"): 0.062,
        **{(each, "noisy-noisy", "mean_error"): 0.0465 for each in (OURS, OURS_POLISHED)},
        **{(each, "noisy-noisy", "covariance_error"): 0.0805 for each in (OURS, OURS_POLISHED)},
    }


def test_tables_hold_published_figures_beside_measured_ones(quick):
    _, result = quick
    clean, mixed, noisy, shares = tables("covariance", result)
    paper = [[cell.text for cell in dict(each.rows)["published CNN"]] for each in (clean, mixed, noisy)]
    assert paper == [["0.032", "0.124"], ["0.215", "0.229"], ["0.093", "0.161"]]
    assert [label for label, _ in clean.rows] == ["published CNN", "CNN, as published", "ours"]
    assert [label for label, _ in noisy.rows[4:]] == [
        "best",
        "best, polished",
        "Laplace, noise known",
        "exact posterior, noise integrated out",
    ]
    assert [label for label, _ in shares.rows] == ["clean test traces", "noisy test traces"]
