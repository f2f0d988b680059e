"""Functions that use the FitzHugh–Nagumo neuron and the published set-up unless told otherwise."""

from collections.abc import Mapping

from numpy.typing import ArrayLike

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import Noise
from core.posterior.exact import Posterior, posterior
from core.priors import TruncatedGaussian
from core.problem.landscape import Landscape, computed_landscape
from core.problem.problem import Problem
from core.published import RHO, SAMPLING_INTERVAL, SIGMA, full_prior, published_noise_prior, time_grid

AXES = ("theta0", "theta1")


def _problem(
    data: ArrayLike,
    noise: Noise,
    times: ArrayLike | None,
    axes: tuple[str, str],
    known: Mapping[str, float] | None,
    prior: TruncatedGaussian | None,
) -> Problem:
    """Return the problem with two unknowns; parameters that are not given have their published values."""
    if len(set(axes)) != 2 or not set(axes) <= set(FITZHUGH_NAGUMO.parameter_names):
        names = ", ".join(FITZHUGH_NAGUMO.parameter_names)
        raise ValueError(f"The axes must be two different ones of {names}; they are {axes}.")
    published = {each.name: each.default for each in FITZHUGH_NAGUMO.parameters if each.name not in axes}
    grid = time_grid() if times is None else times
    values, prior = {**published, **(known or {})}, full_prior() if prior is None else prior
    return Problem.of_trace(FITZHUGH_NAGUMO, data, grid, axes, values, noise, prior)


def loss_landscape(
    data: ArrayLike,
    times: ArrayLike | None = None,
    axes: tuple[str, str] = AXES,
    known: Mapping[str, float] | None = None,
    marginal_sd: float = SIGMA / SAMPLING_INTERVAL,
    rho: float = 0.0,
    prior: TruncatedGaussian | None = None,
    n: int = 100,
) -> Landscape:
    """Return the loss of one trace on an n × n grid over the prior's box of any two of the four parameters.

    data: (n_times,).
    times: (n_times,) in ms, by default the published grid.
    known: values of the other two parameters, by default the published ones.
    rho: 0 for the white misfit.
    prior: of both axes at least, by default the published one.
    Raises ValueError as `Problem` does.
    """
    return computed_landscape(_problem(data, Noise(rho, marginal_sd), times, axes, known, prior), n)


def exact_posterior(
    data: ArrayLike,
    rho: float | None = None,
    marginal_sd: float | None = None,
    times: ArrayLike | None = None,
    axes: tuple[str, str] = AXES,
    known: Mapping[str, float] | None = None,
    prior: TruncatedGaussian | None = None,
    noise_prior: TruncatedGaussian | None = None,
) -> Posterior:
    """Return the exact posterior of any two of the four parameters for one trace, (n_times,).

    rho, marginal_sd: of the noise. rho is the correlation of neighbouring samples, 0 for white noise. Leave both out to
    integrate the noise out over its prior.
    noise_prior: of (rho, sigma [ms]), by default the published one; marginal_sd is sigma / 0.2 ms on every time grid.
    times, known, prior: as in `loss_landscape`.
    Raises ValueError where only one of rho and marginal_sd is given, and as `Problem` does.
    """
    if (rho is None) != (marginal_sd is None):
        raise ValueError("Give both rho and marginal_sd, or neither to integrate the noise out.")
    if rho is not None and noise_prior is not None:
        raise ValueError("A known noise has no prior: leave out noise_prior, or leave out rho and marginal_sd.")
    if rho is None or marginal_sd is None:
        start = Noise(RHO, SIGMA / SAMPLING_INTERVAL)
        over = published_noise_prior() if noise_prior is None else noise_prior
        return posterior(_problem(data, start, times, axes, known, prior), over)
    return posterior(_problem(data, Noise(rho, marginal_sd), times, axes, known, prior))
