"""The posterior predictive check, against replicated data."""

import numpy as np
import pytest

from core.experiments.limit import problem_of
from core.maps.test_sets import published_test_set
from core.noise import sample_ar1, whiten
from core.posterior.exact import posterior
from core.posterior.predictive_check import predictive_p

N_DRAWS = 2000


@pytest.mark.parametrize("i", [0, 3])
def test_it_is_the_share_of_replicated_traces_that_lie_further_off(i):
    """At a draw of the posterior, data of the model against the trace: p to within four standard errors, 2/√n."""
    problem, rng = problem_of(published_test_set(), i), np.random.default_rng(i)
    found, noise = posterior(problem), problem.noise[0]
    expected = problem.observed(found.draws(N_DRAWS, rng))
    replicated = sample_ar1(noise.rho, np.full(N_DRAWS, noise.marginal_sd), problem.times.size, rng)
    squares = [np.sum(whiten(residuals, noise) ** 2, axis=1) for residuals in (replicated, problem.data - expected)]
    assert predictive_p(found) == pytest.approx(np.mean(squares[0] >= squares[1]), abs=2 / np.sqrt(N_DRAWS))


def test_larger_noise_than_the_model_has_is_rejected():
    """Noise 1.2 times as large has 1.44 times the squares: ten standard deviations of χ² with 1,000 degrees."""
    problem = problem_of(published_test_set(), 0)
    noise, truth = problem.noise[0], problem.observed(published_test_set().theta[:1])[0]
    larger = sample_ar1(noise.rho, [1.2 * noise.marginal_sd], problem.times.size, np.random.default_rng(0))[0]
    assert predictive_p(posterior(problem.with_data(truth + larger))) < 1e-6
