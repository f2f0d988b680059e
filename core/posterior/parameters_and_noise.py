"""The joint MAP estimate of the parameters and the noise; its loss includes the log-determinant of the noise.

J(m, ρ, σ) = Q(ρ) / (2 s²) + n log s + ½ (n − 1) log(1 − ρ²) − log p(m) − log p(ρ, σ), with s = σ/Δt. Parameters and
noise are nearly independent, so the loss is minimised over each in turn until it no longer falls.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from core.estimate import Estimate, Finding, Remark, remark
from core.noise import Noise, ResidualSums
from core.optimisation.minima import check_found, coarse_grid, descend_together, find_minima
from core.priors import TruncatedGaussian
from core.problem.likelihood import HIGHEST_CORRELATION, check_noise_prior, known_noise, noise_nodes
from core.problem.problem import Problem
from core.published import SAMPLING_INTERVAL, published_noise

ROUNDS = 30  # at most
CONVERGED_GAIN = 1e-9  # the iteration ends with a round that lowers the loss by less than this
RIVAL_RISE = 12.0  # minima this far above the lowest one may become the lowest under another noise
LEAST_SIGMA_MS = 1e-9  # the loss divides by σ
DIFFERENCE_SDS = 1e-5  # step of finite differences by the noise, in standard deviations of its prior


def estimate_with_noise(problem: Problem, noise_prior: TruncatedGaussian) -> Estimate:
    """Return the joint MAP of a problem's unknown parameters with rho and sigma [ms], and its Laplace covariance.

    noise_prior: of (rho, sigma [ms]). The search begins with the problem's own noise. The covariance is None where the
    estimate lies on an edge of one of the priors; the status says so. The status also says where the residuals are
    larger than any noise within its prior explains. Raises ValueError where no point can be simulated.
    """
    check_noise_prior(noise_prior)
    problem.observation.check_trace()
    minima = find_minima(problem, coarse_grid(problem))
    check_found(minima)
    found = [_minimised(problem, noise_prior, position) for position in minima.within(RIVAL_RISE).positions]
    values = min(found, key=lambda pair: pair[0])[1]
    names = (*problem.unknown, *noise_prior.names)
    lower = np.concatenate([problem.bounds[:, 0], noise_prior.lower])
    upper = np.concatenate([problem.bounds[:, 1], noise_prior.upper])
    position, noise = np.split(values, [len(problem.unknown)])
    fit = _with(problem, noise).goodness_of_fit(position)
    remarks: tuple[Remark, ...] = (remark(Finding.EDGE_HAS_NO_CURVATURE),)
    covariance = None
    if not np.any((values <= lower) | (values >= upper)):
        hessian, remarks = _hessian(problem, noise_prior, values), ()
        if np.linalg.eigvalsh(hessian)[0] > 0:
            covariance = np.asarray(np.linalg.inv(hessian), dtype=np.float64)[None]
        else:
            remarks = (remark(Finding.NO_CURVATURE),)
    return Estimate(values[None], covariance, names, remarks, fit=fit)


def _with(problem: Problem, noise: NDArray[np.float64]) -> Problem:
    return problem.with_noise(published_noise(float(noise[0]), float(noise[1])))


def _sums(problem: Problem, position: NDArray[np.float64]) -> ResidualSums:
    return problem.residual_sums(position, problem.step)


def _noise_loss(
    noise: NDArray[np.float64], sums: ResidualSums, n_times: int, noise_prior: TruncatedGaussian
) -> tuple[float, NDArray[np.float64]]:
    """Return the part of the loss that depends on the noise, and its gradient by (rho, sigma)."""
    rho, s = float(noise[0]), float(noise[1]) / SAMPLING_INTERVAL
    loss = -known_noise(Noise(rho, s)).log_likelihood(sums, n_times) - noise_prior.log_density(noise)
    before = sums.first + sums.squares - sums.last
    determinant = 1 - rho**2
    innovations = sums.squares - 2 * rho * sums.products + rho**2 * before
    slope = (2 * rho * before - 2 * sums.products) / determinant + 2 * rho * innovations / determinant**2
    by_rho = 0.5 * slope / s**2 - (n_times - 1) * rho / determinant
    by_s = n_times / s - sums.quadratic_form(rho) / s**3
    return float(loss), np.array([by_rho, by_s / SAMPLING_INTERVAL]) - noise_prior.gradient(noise)


def _minimised(
    problem: Problem, noise_prior: TruncatedGaussian, position: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Minimise the joint loss from a position; return the loss, and the parameters and noise in one array."""
    n_times, sd = problem.times.size, _scale(noise_prior)
    lower, upper = np.array(noise_prior.lower), np.array(noise_prior.upper)
    lower[0], upper[0] = np.clip([lower[0], upper[0]], -HIGHEST_CORRELATION, HIGHEST_CORRELATION)
    lower[1] = max(lower[1], LEAST_SIGMA_MS)
    bounds = np.column_stack([lower, upper]) / sd[:, None]
    sums = _sums(problem, position)
    noise = np.array([np.mean(part) for part in _middle(noise_prior, sums, n_times)])
    loss = np.inf
    for _ in range(ROUNDS):
        result = minimize(
            lambda scaled, sums: _scaled(*_noise_loss(scaled * sd, sums, n_times, noise_prior), sd),
            noise / sd, args=(sums,), jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-8},
        )  # fmt: skip
        noise = np.clip(result.x * sd, lower, upper)
        position = descend_together(_with(problem, noise), position[None]).positions[0]
        sums = _sums(problem, position)
        before, loss = (
            loss,
            _noise_loss(noise, sums, n_times, noise_prior)[0] - float(problem.prior.log_density(position)),
        )
        if before - loss < CONVERGED_GAIN:
            break
    return loss, np.concatenate([position, noise])


def _scale(noise_prior: TruncatedGaussian) -> NDArray[np.float64]:
    """Return the scales of ρ and σ, (2,): the prior's standard deviations, but at most the widths of its bounds."""
    return np.minimum(noise_prior.sd, np.subtract(noise_prior.upper, noise_prior.lower))


def _middle(noise_prior: TruncatedGaussian, sums: ResidualSums, n_times: int) -> tuple[float, float]:
    """Return the posterior mean of (rho, sigma) given one residual series, to start the search from."""
    noise = noise_nodes(noise_prior, sums, n_times).mean(sums, n_times)
    return noise.rho, noise.marginal_sd * SAMPLING_INTERVAL


def _scaled(loss: float, gradient: NDArray[np.float64], sd: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    return loss, gradient * sd


def _hessian(problem: Problem, noise_prior: TruncatedGaussian, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the joint Hessian. The parameters' part is exact, the noise's part differences exact gradients."""
    p = len(problem.unknown)
    position, noise = values[:p], values[p:]
    hessian = np.zeros((p + 2, p + 2))
    hessian[:p, :p] = _with(problem, noise).hessian(position)
    sums = _sums(problem, position)
    for k, sd in enumerate(_scale(noise_prior)):
        change = np.zeros(2)
        change[k] = DIFFERENCE_SDS * sd
        ends = []
        for sign in (1, -1):
            moved = noise + sign * change
            by_noise = _noise_loss(moved, sums, problem.times.size, noise_prior)[1]
            ends.append(np.concatenate([_with(problem, moved).gradient(position)[1], by_noise]))
        hessian[p + k] = hessian[:, p + k] = (ends[0] - ends[1]) / (2 * change[k])
    return hessian
