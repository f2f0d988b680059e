"""The limit beside the clouds of the Inverse map page: the exact posterior, and its means for fresh noise."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.estimate import Outcome
from core.maps.differences_from_training import quoted
from core.noise import colour as colour_noise
from core.posterior.exact import Posterior, posterior
from core.problem.problem import Problem
from dashboard.figures.density import Raster, raster, widened, window
from dashboard.figures.regions import outside
from dashboard.pictures import results
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import LEAST_SIGMA, Observation
from dashboard.scene.problem import theta_problem
from dashboard.wording.numbers import decimals_for, fixed, sds, times
from dashboard.wording.posterior import BEYOND

N_MEANS = 24  # of the clouds' noise draws: each takes a posterior of its own

ALIKE = 1.4  # ratio of two sds that count as alike, where that of 24 draws is uncertain by 15 %
HELD = 1.6  # times smaller than an sd: a scatter that something holds back

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Beside:
    """What stands beside the maps: a box, (2, 2), to zoom in on, the posterior there, and its means for fresh noise.

    verdict: where the noise does not explain the best fit; problem and trajectory, (n_times,): what the means, as far
    as they are known, are computed from.
    """

    sentence: str
    note: str = ""
    verdict: str = ""
    box: Array | None = None
    found: Posterior | None = None
    density: Raster | None = None
    means: list[Array] | None = None
    problem: Problem | None = None
    trajectory: Array | None = None


def beside(
    experiment: Experiment,
    observation: Observation,
    normals: Array,
    best: tuple[str, Array] | None,
    truth: tuple[float, float] | None,
) -> Beside:
    """Return what stands beside the maps; normals: (n, n_times), of the fresh noise; best: a map and its cloud (n, 2).

    While a slider is dragged, the window stays, and the exact posterior is left out.
    """
    if not observation.usable:
        return Beside("")
    if not experiment.limit:
        return Beside("Tick “zoom on the limit” to see how much the trace tells: the exact posterior.")
    if not st.session_state.settled:
        return Beside("Let go to see the exact posterior.", box=st.session_state.get("limit_box"))
    problem = theta_problem(experiment, observation)
    try:
        found = results.posterior(problem)
    except ValueError as error:
        return Beside("", note=str(error))
    box = _zoom(found, best, truth)
    st.session_state.limit_box = box
    means: list[Array] | None = None
    trajectory = None
    note = ""
    if experiment.sigma < LEAST_SIGMA:
        note = f"Without noise the exact posterior is a point: it is drawn for σ = {LEAST_SIGMA} ms."
    elif observation.trajectory is not None:
        trajectory = observation.trajectory[:, 0]
        key = (problem.identity, normals[0].tobytes(), trajectory.tobytes())
        means = results.kept("fresh means", key, list)
    said = ""
    if found.fit.outcome == Outcome.EXPLAINED:
        said = _sentence(found, means, best, uploaded=observation.trajectory is None)
    if truth is not None and outside(problem.bounds, np.array(truth)):
        said = f"{said} {BEYOND}".strip()
    return Beside(said, note, found.fit.sentence, box, found, raster(found, box), means, problem, trajectory)


def complete(shown: Beside, normals: Array) -> None:
    """Compute the means that are missing, with progress, and show the page again; who goes on meanwhile stops it."""
    if shown.problem is None or shown.trajectory is None or shown.means is None or len(shown.means) == N_MEANS:
        return
    problem, means = shown.problem, shown.means
    noise = colour_noise(normals[:N_MEANS], problem.noise[0].rho, problem.noise[0].marginal_sd)
    with st.container(key="lab_waiting_limit"):
        bar = st.progress(0.0)
    while len(means) < N_MEANS:
        done = len(means)
        bar.progress(done / N_MEANS, text=f"Exact posterior of fresh noise, draw {done + 1} of {N_MEANS} …")
        means.append(posterior(problem.with_data(shown.trajectory + noise[done])).mean)
    st.rerun()


def _zoom(found: Posterior, best: tuple[str, Array] | None, truth: tuple[float, float] | None) -> Array:
    """Return the box, (2, 2), that holds the posterior, most of the best map's cloud, and the truth."""
    parts = [window(found).T]
    if best is not None:
        parts.append(np.quantile(best[1], [0.02, 0.98], axis=0))
    if truth is not None:
        parts.append(np.array([truth]))
    points = np.concatenate(parts)
    return widened(np.column_stack([points.min(axis=0), points.max(axis=0)]), 0.05)


def _sentence(found: Posterior, means: list[Array] | None, best: tuple[str, Array] | None, uploaded: bool) -> str:
    """Say what the exact posterior tells, and compare the scatter of its mean with that of the best map."""
    widths = sds(found.covariance)
    first, second = _digits(widths)
    given = ", if ζ, γ, σ and ρ of the rail are right" if uploaded else ""
    text = (
        f"Green: everything this trace can tell{given}. θ₀ is known to ±{first}, θ₁ to ±{second}; an estimator that "
        "claims less is overconfident."
    )
    if means is None:
        return text
    text += f" Green dots: the exact posterior’s mean for {N_MEANS} of the noise draws"
    scatter = np.std(means, axis=0) if means else np.zeros(2)
    if len(means) < N_MEANS or np.min(scatter) == 0:
        return f"{text}."
    first, second = _digits(scatter)
    text += f"; they scatter by {first} in θ₀ and {second} in θ₁"
    ratios = np.ones(2) if best is None else best[1].std(axis=0) / scatter
    if best is not None and np.all((ratios > 1 / ALIKE) & (ratios < ALIKE)):
        text += f", the estimates of {quoted([best[0]])} about as far"
    elif best is not None:
        shown = [times(ratio) for ratio in ratios]
        text += f", the estimates of {quoted([best[0]])} {shown[0]} and {shown[1]} times as far"
    text += "."
    if np.any(scatter < widths / HELD) or np.any(ratios < 1 / HELD):
        text += " A small scatter is no small error: what the prior or the training holds in place does not scatter."
    return text


def _digits(deviations: Array) -> list[str]:
    return [fixed(sd, decimals_for(sd)) for sd in deviations]
