"""From the experiment to the data on screen: the truth's trajectory, its noise, or an uploaded trace in their place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models.fitzhugh_nagumo.simulate import divergence_time, simulate_with_status
from core.models.model import Status
from core.noise import Noise, colour
from core.problem.observation import equally_spaced
from core.published import SAMPLING_INTERVAL, published_noise
from dashboard.scene.experiment import Experiment
from dashboard.wording.numbers import fixed

LEAST_SIGMA = 0.001  # ms; the loss divides by it


@dataclass(frozen=True, eq=False)
class Trace:
    """An uploaded recording: its name, times (n,) in ms from 0, u (n,), and v (n,) if it was observed; NaN is a gap.

    reading: how the file was read, in sentences; warnings: of what looks wrong in it; doubt: why it must be asked
    whether it was read rightly, or "".
    tau: by which a file in the textbook's convention was read; None for one in the laboratory's.
    """

    name: str
    times: NDArray[np.float64]
    u: NDArray[np.float64]
    v: NDArray[np.float64] | None = None
    reading: str = ""
    warnings: tuple[str, ...] = ()
    doubt: str = ""
    tau: float | None = None

    @property
    def unequal(self) -> bool:
        """Whether the samples are not equally far apart."""
        return not equally_spaced(self.times)

    @property
    def warning(self) -> str:
        """The warnings in one text that names the file, or ""."""
        return " ".join((f"{self.name}:", *self.warnings)) if self.warnings else ""

    @property
    def complete(self) -> bool:
        """Whether u has no gap and equal steps, which all pages need but the fit with an unknown start."""
        return not self.unequal and not np.any(np.isnan(self.u))


@dataclass(frozen=True, eq=False)
class Observation:
    """The data on screen, (n_times,), at times in ms; trajectory: the truth's (n_times, 2), None for an upload.

    status: how the trajectory ended; warning: what looks wrong in an upload.
    """

    times: NDArray[np.float64]
    data: NDArray[np.float64]
    trajectory: NDArray[np.float64] | None
    status: Status = Status.FINITE
    warning: str = ""

    @property
    def usable(self) -> bool:
        """Whether all data are finite, so that something can be fitted to them."""
        return self.status == Status.FINITE

    def clean(self, experiment: Experiment) -> NDArray[np.float64] | None:
        """Return the truth's potential, (n_times,), unless it is hidden or, for an upload, not known."""
        return None if self.trajectory is None or experiment.hidden else self.trajectory[:, 0]

    def noise(self, rho: float, sigma: float) -> Noise:
        """Return the noise of the samples: σ in ms as the slider has it, whose ρ holds for samples 0.2 ms apart."""
        return published_noise(rho, max(sigma, LEAST_SIGMA)).at_interval(
            (self.times[1] - self.times[0]) / SAMPLING_INTERVAL
        )

    def described(self, experiment: Experiment) -> dict[str, Any]:
        """Return what an inverse map is asked about the trace; not what is hidden, nor noise and truth of an upload."""
        parameters = {"zeta": experiment.zeta, "gamma": experiment.gamma}
        trace: dict[str, Any] = {"times": self.times}
        if self.trajectory is not None:
            trace |= {"rho": experiment.rho, "sigma": experiment.sigma}
            parameters |= {"theta0": experiment.theta0, "theta1": experiment.theta1}
        hidden = {"theta0", "theta1", *experiment.axes} if experiment.hidden else set()
        trace["parameters"] = {name: value for name, value in parameters.items() if name not in hidden}
        return trace

    @property
    def note(self) -> str:
        """What looks wrong in an upload, what happened where the truth could not be followed to its end, or ""."""
        if self.trajectory is None or self.usable:
            return self.warning
        lost = divergence_time(self.trajectory, self.times)
        assert lost is not None
        return (
            f"{self.status.sentence} It is lost from t = {fixed(lost, 1)} ms on. "
            "Bring the parameters back towards the sliders’ ranges to have data to fit."
        )


def observe(experiment: Experiment, upload: Trace | None) -> Observation:
    """Return the data that the experiment puts on screen: the upload, if there is one, or truth plus noise."""
    if upload is not None:
        return Observation(upload.times, upload.u, None, warning=upload.warning)
    times = experiment.times
    trajectory, status = simulate_with_status(experiment.parameters, times)
    noise = colour(normals(experiment.seed, times.size), experiment.rho, experiment.marginal_sd)
    return Observation(times, trajectory[:, 0] + noise, trajectory, Status(int(status)))


def normals(seed: int, n_times: int) -> NDArray[np.float64]:
    """Return the base normals of a noise draw, (n_times,): a longer window continues the same realisation."""
    return np.random.default_rng(seed).standard_normal(n_times)
