import numpy as np
from scipy.stats import f, kstest, multivariate_t

from core.posterior import student_mixture
from core.posterior.student_mixture import StudentMixture, _fitted, proposal_for

SCALES = np.array([[[0.5, 0.2], [0.2, 0.3]], [[2.0, -0.5], [-0.5, 1.0]]])
MEANS = np.array([[0.0, 1.0], [30.0, -20.0]])
MIXTURE = StudentMixture(np.array([0.3, 0.7]), MEANS, np.linalg.cholesky(SCALES))


def test_density_against_scipy():
    points = np.random.default_rng(0).normal(0, 10, (50, 2))
    laws = [multivariate_t(mean, scale, 4) for mean, scale in zip(MEANS, SCALES, strict=True)]
    expected = np.log(0.3 * laws[0].pdf(points) + 0.7 * laws[1].pdf(points))
    assert np.allclose(MIXTURE.log_density(points), expected)


def test_draws_have_the_distribution():
    """Squared distances over p have the F distribution with p and 4 degrees of freedom; far apart, none is confused."""
    draws = MIXTURE.draws(4000, np.random.default_rng(1))
    of_first = np.linalg.norm(draws - MEANS[0], axis=1) < np.linalg.norm(draws - MEANS[1], axis=1)
    assert abs(of_first.mean() - 0.3) < 4 * np.sqrt(0.21 / 4000)
    apart = draws[~of_first] - MEANS[1]
    distances = np.sum(apart * np.linalg.solve(SCALES[1], apart.T).T, axis=1)
    assert kstest(distances / 2, f(2, 4).cdf).pvalue > 1e-4


def test_the_fit_finds_the_mixture_that_points_are_drawn_from(monkeypatch):
    """Shares and means within four standard errors: an sd of about √(2 scale/n) of a mean, of 10 % of a scale."""
    monkeypatch.setattr(student_mixture, "FIT_STEPS", 100)
    points = MIXTURE.draws(4000, np.random.default_rng(2))
    found = _fitted(points, 2, np.random.default_rng(3))
    order = np.argsort(found.means[:, 0])
    assert np.allclose(found.shares[order], [0.3, 0.7], atol=4 * np.sqrt(0.21 / 4000))
    assert np.allclose(found.means[order], MEANS, atol=4 * np.sqrt(2 * 2.0 / 1200))
    scales = found.factors[order] @ np.swapaxes(found.factors[order], 1, 2)
    assert np.allclose(np.einsum("kii->ki", scales) / np.einsum("kii->ki", SCALES), 1, atol=0.2)


def test_a_proposal_is_wider_than_the_points():
    points = np.random.default_rng(4).standard_normal((2000, 3))
    proposal = proposal_for(points, 5, np.random.default_rng(5))
    assert np.isclose(proposal.shares.sum(), 1)
    # Far outside, the wide component alone holds the density up: it is 2.5 sds wide, and has a tenth of the draws.
    alone = multivariate_t(np.zeros(3), 6.25 * np.eye(3), 4).logpdf([12.0, 0, 0]) + np.log(0.1)
    assert proposal.log_density(np.array([[12.0, 0, 0]]))[0] > alone - 0.2


def test_repeated_points_are_fitted_too():
    points = np.repeat(np.random.default_rng(6).standard_normal((10, 2)), 50, axis=0)
    proposal = proposal_for(points, 24, np.random.default_rng(7))
    assert np.all(np.isfinite(proposal.log_density(points)))
