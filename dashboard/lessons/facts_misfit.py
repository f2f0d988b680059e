"""Data that the model of the lessons cannot make, and what a fit of it says of them, computed by core alone."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from core.estimate import GoodnessOfFit
from core.models.morris_lecar import HOPF, MORRIS_LECAR_HOPF
from core.models.spikes import spike_timing
from core.noise import autocorrelation, sample_ar1, whiten
from core.optimisation.minima import descend_together
from core.problem.problem import Problem
from core.published import published_noise, time_grid
from dashboard.lessons import facts
from dashboard.lessons.facts_noise import DESCENT_STEPS, problem
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene

Array = NDArray[np.float64]
N_DRAWS = 4000  # of the noise
SEED = 5
OTHER_ZETA = -0.3  # of a neuron whose stimulus is taken to be the published one
OUTSIDE = -0.5  # θ₀ below the prior's box
HELD = 0.9  # by a region
LASTS_MS = 1500.0  # of the Morris–Lecar neuron, which the laboratory's window is made to hold


def _noise() -> Array:
    noise = published_noise()
    return sample_ar1(noise.rho, noise.marginal_sd, time_grid().size, np.random.default_rng(SEED))


def _trace(name: str, u: Array) -> Trace:
    return Trace(name, time_grid(), u + _noise(), reading="Simulated for this lesson.")


@lru_cache
def other_stimulus() -> Trace:
    """Return the recording of a neuron with the published θ and another stimulus."""
    return _trace("other-stimulus.csv", facts.potential(*facts.THETA, zeta=OTHER_ZETA))


@lru_cache
def outside_prior() -> Trace:
    """Return the recording of a neuron whose θ₀ the prior excludes."""
    return _trace("outside.csv", facts.potential(OUTSIDE))


@lru_cache
def other_neuron() -> Trace:
    """Return the recording of a Morris–Lecar neuron, scaled to the range of u and to the window."""
    times = np.linspace(0, LASTS_MS, time_grid().size)
    current, calcium, *rest = MORRIS_LECAR_HOPF.defaults
    course = solve_ivp(lambda _, state: HOPF.rates(state, (current, calcium), np), times[[0, -1]], rest, t_eval=times)
    u = course.y[0]
    low, high = facts.potential(facts.THETA[0]).min(), facts.potential(facts.THETA[0]).max()
    return _trace("other-neuron.csv", low + (high - low) * (u - u.min()) / np.ptp(u))


def _problem(trace: Trace) -> Problem:
    return problem(published_noise(), trace.u)


def rate(theta0: float, theta1: float, zeta: float) -> float:
    """Return the spike rate of a neuron in 1/s."""
    u = facts.potential(theta0, theta1, zeta)
    return float(spike_timing(u, time_grid())[0])


@lru_cache
def best_fit(trace: Trace) -> tuple[float, float]:
    """Return θ of the least loss that a descent finds from a grid of starts."""
    task = _problem(trace)
    (low0, high0), (low1, high1) = task.bounds
    grid = np.stack(np.meshgrid(np.linspace(low0, high0, 40), np.linspace(low1, high1, 40)), axis=-1).reshape(-1, 2)
    losses = np.asarray(task.loss(grid))
    ends = descend_together(task, grid[np.argsort(losses)[:8]], DESCENT_STEPS)
    first, second = ends.positions[int(np.argmin(ends.losses))].tolist()
    return first, second


@lru_cache
def fit_of(trace: Trace) -> GoodnessOfFit:
    """Return how well the best fit explains a recording."""
    return _problem(trace).goodness_of_fit(np.array(best_fit(trace)))


def excess(trace: Trace) -> float:
    """Return how many times the least misfit is half the number of samples."""
    return float(_problem(trace).misfit(np.array(best_fit(trace)))) / (trace.u.size / 2)


def sds_off() -> float:
    """Return how many sds the estimate of θ₀ lies off the truth where the stimulus is assumed wrong."""
    found = np.array(best_fit(other_stimulus()))
    covariance = np.linalg.inv(_problem(other_stimulus()).hessian(found, exact=False))
    return float(abs(found[0] - facts.THETA[0]) / np.sqrt(covariance[0, 0]))


def whitened(scene: Scene, assumed_white: bool) -> Array:
    """Return the residual of the truth on screen, as the noise model whitens it."""
    clean, noise = scene.observation.clean(scene.experiment), published_noise()
    assert clean is not None
    return whiten(scene.observation.data - clean, noise.white if assumed_white else noise)


def neighbours(scene: Scene, assumed_white: bool) -> float:
    """Return the correlation of neighbours in the whitened residual of the truth on screen."""
    return float(autocorrelation(whitened(scene, assumed_white), 1)[-1])


@lru_cache
def coverage(assumed_white: bool) -> float:
    """Return how often, in per cent, the 90 % region of θ holds the truth under new AR(1) noise.

    For small noise the estimate is off by (JᵀJ)⁻¹Jᵀη with J and η whitened as assumed; the region holds the truth where
    (JᵀJ) of that error is below the 90 % quantile of χ² with two degrees of freedom.
    """
    noise = published_noise()
    assumed = noise.white if assumed_white else noise
    jacobian = problem(assumed).jacobian(np.array(facts.THETA))[: time_grid().size]  # without the rows of the prior
    eta = sample_ar1(np.full(N_DRAWS, noise.rho), noise.marginal_sd, time_grid().size, np.random.default_rng(SEED))
    pulls = whiten(eta, assumed) @ jacobian
    squares = np.sum(pulls * np.linalg.solve(jacobian.T @ jacobian, pulls.T).T, axis=1)
    return 100 * float(np.mean(squares <= -2 * np.log(1 - HELD)))
