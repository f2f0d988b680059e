"""What networks learn of mean and covariance from labels: on the test traces, and for the trace on screen."""

from collections.abc import Mapping, Sequence

from core.maps.differences_from_training import listed
from core.published import N_TIMES, SAMPLING_INTERVAL, published_prior
from dashboard.wording.estimates import named
from dashboard.wording.numbers import compact, count, percent

Errors = tuple[float, float]  # relative errors of a mean and of a covariance

HOW_TO_READ = (
    "A network learns the covariance from labels: for each trace, the inverse of the Gauss–Newton Hessian at the MAP. "
    "Each cell of the table holds two relative errors, of the mean in the 2-norm and of the covariance in the "
    "Frobenius norm: on this trace, and as medians over the test traces with a valid label, trained / tested. The "
    "exact posterior is not normal, so that its covariance differs from the label."
)


def about_learned(ours: Errors | None, paper: Errors | None) -> str:
    """Say how far learned covariances are off the labels of noisy test traces; both errors are stored or published."""
    if ours is None or paper is None:
        return "Run “python -m core.experiments covariance” to see how well networks learn the covariance."
    return (
        f"On noisy traces our network misses the labelled covariance by {percent(ours[1])} in the median, and the mean "
        f"by {percent(ours[0], 1)}; the paper’s CNN by {percent(paper[1])} and {percent(paper[0], 1)}."
    )


def about_trace(errors: Mapping[str, Errors], axes: Sequence[str]) -> str:
    """Say how far learned Gaussians are off the label of the trace on screen, or why there are none.

    errors: by the network's name. axes: the parameters of the posterior.
    """
    if not set(axes) <= set(published_prior().names):
        return "These networks estimate θ₀ and θ₁ only: choose them as the axes."
    if not errors:
        return f"These networks read only traces of {count(N_TIMES)} samples, {compact(SAMPLING_INTERVAL)} ms apart."
    parts = [f"{percent(covariance)} for {named(name)}" for name, (_, covariance) in errors.items()]
    return f"On this trace the learned covariance is off its label by {listed(parts)}."
