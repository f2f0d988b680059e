import numpy as np
import pytest

from core.maps.dataset import make_dataset
from core.maps.recipes import published_task
from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.noise import residual_sums
from core.posterior import grids
from core.posterior.exact import posterior
from core.problem.problem import Problem
from core.published import GAMMA, ZETA, published_noise, published_noise_prior, published_prior, time_grid

TIMES = time_grid()
POINTS = 160  # a side of the plain grid
HARD = (5, 9)  # their posteriors have the most modes
EXPERIMENTS = make_dataset(published_task(), 40, TIMES, np.random.default_rng(5))


def experiment(i):
    """Return the problem of one trace drawn from the published prior and noise law, with its own noise."""
    noise = published_noise(*EXPERIMENTS.noise_parameters[i])
    trace = EXPERIMENTS.noisy[i].astype(float)
    known = {"zeta": ZETA, "gamma": GAMMA}
    return Problem.of_trace(FITZHUGH_NAGUMO, trace, TIMES, ("theta0", "theta1"), known, noise, published_prior())


def plain(found, slant):
    """Return mean (2,) and covariance (2, 2) over POINTS × POINTS equal points that hold all cells of a posterior.

    The residuals are those of stored trajectories. The points are laid along the columns of a slant, (2, 2).
    """
    z = (found.cells.centres - found.mean) @ np.linalg.inv(slant).T
    low, high = z.min(axis=0) - 0.3, z.max(axis=0) + 0.3
    lines = (low + (high - low) * (np.arange(POINTS)[:, None] + 0.5) / POINTS).T
    values = found.mean + np.stack(np.meshgrid(*lines), axis=-1).reshape(-1, 2) @ slant.T
    problem, logs = found.problem, []
    for part in np.array_split(values, 40):
        residuals = problem.data - problem.states(part)[..., 0]
        likelihood = found.nodes.log_likelihood(residual_sums(residuals), problem.times.size)
        logs.append(likelihood - problem.prior.regularisation(part))
    weights = np.exp(np.concatenate(logs) - np.max(np.concatenate(logs)))
    weights /= weights.sum()
    mean = weights @ values
    return mean, (weights[:, None] * (values - mean)).T @ (values - mean)


@pytest.mark.parametrize("i", [*HARD, *(pytest.param(i, marks=pytest.mark.long) for i in range(40) if i not in HARD)])
@pytest.mark.parametrize("known_noise", [True, False])
def test_experiments_as_they_come_against_a_plain_grid(i, known_noise):
    """Cells that leave out 1e-4 of the probability, 4.5 sds away, move the mean by 4.5e-4 sds and a variance by 0.002.

    Where a posterior is not smooth, the cells of a ridge add some thousandths.
    """
    found = posterior(experiment(i), *(() if known_noise else (published_noise_prior(),)))
    mean, covariance = plain(found, np.linalg.cholesky(found.covariance))
    to_units = np.linalg.inv(np.linalg.cholesky(covariance))
    assert np.linalg.norm(to_units @ (found.mean - mean)) < 0.01
    assert np.allclose(to_units @ found.covariance @ to_units.T, np.eye(2), atol=0.02)


def test_no_cell_is_simulated_twice(monkeypatch):
    """Neither when charts are fitted anew nor when cells are halved; a cell that an edge cuts has moved by then."""
    asked, log_joint = [], grids.log_joint

    def counted(problem, nodes, values):
        asked.append(values)
        return log_joint(problem, nodes, values)

    monkeypatch.setattr(grids, "log_joint", counted)
    found = posterior(experiment(HARD[0]))
    values = np.concatenate(asked)
    assert np.unique(values, axis=0).shape == values.shape
    assert np.unique(found.cells.sides, axis=0).shape[0] > 2
    assert len(asked) < len(values) / 60  # at least about a block of 64 trajectories at once
