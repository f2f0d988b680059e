"""What networks learn of mean and covariance from labels: on the test traces, and for the trace on screen."""

from collections.abc import Mapping

from core.maps.differences_from_training import listed
from dashboard.wording.estimates import named
from dashboard.wording.numbers import percent

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


def about_trace(errors: Mapping[str, Errors]) -> str:
    """Say how far learned Gaussians are off the label of the trace on screen; errors: by the network's name."""
    if not errors:
        return "No network that learned covariances reads this trace: it takes 1,000 samples 0.2 ms apart."
    parts = [f"{percent(covariance)} for {named(name)}" for name, (_, covariance) in errors.items()]
    return f"On this trace the learned covariance is off its label by {listed(parts)}."
