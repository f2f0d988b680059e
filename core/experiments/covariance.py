"""Maps of mean and covariance that are trained on labels, beside the paper's table and estimators without labels."""

from collections.abc import Sequence

import numpy as np

from core.experiments.compared_maps import REGIMES, seeds, sizes, trained
from core.experiments.context import Context
from core.experiments.estimators import (
    CLEAN_TRACES,
    CNN,
    LABELS,
    NOISY_REGIME,
    NOISY_TRACES,
    OURS,
    OURS_POLISHED,
)
from core.experiments.labelled_traces import Gaussians, gaussians_of, labelled_traces, polished
from core.experiments.published_figures import PAPER, PUBLISHED
from core.experiments.records import Key, Measurement, Result, Target
from core.maps.local_gaussian_labels import Labels
from core.maps.recipes import our_covariance_recipe, published_covariance_recipe
from core.metrics import median_relative_error
from core.posterior.local_gaussian import Validity

ERRORS = ("mean_error", "covariance_error")
KINDS = {CNN: published_covariance_recipe, OURS: our_covariance_recipe}
# Those that are to have at most half of the published errors.
AIMING = ((OURS, "clean-clean"), (OURS, NOISY_REGIME), (OURS_POLISHED, NOISY_REGIME))


def run(context: Context) -> Result:
    """Train missing maps, and compare their means and covariances with the labels of the test traces."""
    n, numbers = sizes(context)[-1], seeds(context)
    tested = {noisy: labelled_traces(noisy, context) for noisy in (False, True)}
    recipes = {
        (kind, noisy, seed): recipe(n, noisy, seed)
        for noisy in (False, True)
        for seed in numbers
        for kind, recipe in KINDS.items()  # one after the other, as they share their labels
    }
    found = trained({str(key): recipe for key, recipe in recipes.items()}, context)
    measurements: list[Measurement] = []
    for noisy, each in tested.items():
        measurements += shares(NOISY_TRACES if noisy else CLEAN_TRACES, each.labels)
        for name, gaussians in each.others.items():
            measurements += measured(name, NOISY_TRACES, None, each.labels, [gaussians])
    for regime, (trained_noisy, tested_noisy) in REGIMES.items():
        for kind in KINDS:
            each, maps = tested[tested_noisy], [found[str((kind, trained_noisy, seed))] for seed in numbers]
            gaussians_of_seeds = [gaussians_of(one.predict(each.traces)) for one in maps]
            measurements += measured(kind, regime, n, each.labels, gaussians_of_seeds)
            if (kind, regime) == (OURS, NOISY_REGIME):
                means = zip((mean for mean, _ in gaussians_of_seeds), maps, strict=True)
                refined = [polished(mean, one.fingerprint, context) for mean, one in means]
                measurements += measured(OURS_POLISHED, regime, n, each.labels, refined)
    return Result(
        "Mean and covariance of the local Gaussian of a trace: its MAP point, and the inverse of the Gauss–Newton "
        "Hessian there, with the noise known. The networks learn both from such labels, and see the trace alone. Those "
        "that are polished go on by Gauss–Newton steps with the simulator, under the noise that the residual shows. "
        "Median relative errors, of the mean in the 2-norm and of the covariance in the Frobenius norm, over the test "
        "traces with a valid label.",
        {"seeds": list(numbers), "n_test": len(tested[True].traces), "n_samples": n},
        tuple(measurements),
        () if context.quick else tuple(_targets(n)),
    )


def measured(
    estimator: str, regime: str, n: int | None, labels: Labels, gaussians: Sequence[Gaussians]
) -> list[Measurement]:
    """Return the median relative errors of means and covariances, one pair a seed: the mean over the seeds."""
    valid, found = labels.valid, []
    for part, truth in enumerate((labels.mean, labels.covariance)):
        values = np.array([median_relative_error(truth[valid], each[part][valid]) for each in gaussians])
        spread = float(values.std(ddof=1)) if len(values) > 1 else None
        found.append(Measurement(Key(estimator, ERRORS[part], "", regime, n), float(values.mean()), spread))
    return found


def shares(traces: str, labels: Labels) -> list[Measurement]:
    """Return the share of traces with each validity of their labels."""
    return [
        Measurement(Key(LABELS, f"share_{kind.name.lower()}", "", traces), float(np.mean(labels.validity == kind)))
        for kind in Validity
    ]


def _targets(n: int) -> list[Target]:
    """Return the targets: at most half of the published errors where maps are tested on traces as in their training."""
    published = {each.key: each.value for each in PUBLISHED}
    return [
        Target(Key(estimator, error, "", regime, n), at_most=published[Key(PAPER, error, "", regime)] / 2)
        for estimator, regime in AIMING
        for error in ERRORS
    ]
