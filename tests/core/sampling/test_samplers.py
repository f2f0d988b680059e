import numpy as np
import pytest
from scipy.stats import norm, t

from core.sampling.effective_size import BATCHES, standard_error
from core.sampling.hamiltonian import Hamiltonian
from core.sampling.langevin import AdjustedLangevin, UnadjustedLangevin
from core.sampling.random_walk import RandomWalk
from core.sampling.samplers import SAMPLERS, sample, walk
from core.sampling.state import Info
from core.sampling.stretch import AffineInvariantEnsemble
from core.sampling.target import Target
from core.sampling.tempering import ParallelTempering
from tests.core.optimisation.objectives import quadratic
from tests.core.sampling.gaussians import COVARIANCE, MEAN, gaussian, run, z_scores

EXACT = {
    "random walk": RandomWalk(),
    "MALA": AdjustedLangevin(),
    "Hamiltonian": Hamiltonian(),
    "ensemble": AffineInvariantEnsemble(),
    "tempering": ParallelTempering(n_rungs=3),
}
# Batch means over B batches make the z-scores Student's t with B − 1 degrees of freedom. Over 5 moments of 5 samplers,
# a two-sided family level of 1e-3.
BOUND = float(t.isf(0.5e-3 / 25, BATCHES - 1))


@pytest.mark.parametrize("name", EXACT)
def test_moments_of_a_gaussian_are_within_monte_carlo_error(name):
    found = run(EXACT[name], gaussian(), n=24, burn_in=100, kept=600)
    assert np.max(np.abs(z_scores(found, MEAN, COVARIANCE))) < BOUND


@pytest.mark.parametrize("name", EXACT)
def test_a_temperature_multiplies_the_covariance(name):
    found = run(EXACT[name], gaussian(temperature=4.0), n=24, burn_in=100, kept=600, seed=1)
    assert np.max(np.abs(z_scores(found, MEAN, 4 * COVARIANCE))) < BOUND


@pytest.mark.parametrize("name", EXACT)
def test_a_wall_cuts_the_gaussian_in_half(name):
    """Below its mean, a Gaussian of sd s has the mean −s √(2/π) from there: that of the half-normal distribution."""
    bounds = [[-5, float(MEAN[0])], [-5, 5]]
    found = run(EXACT[name], gaussian(bounds=bounds), n=24, burn_in=100, kept=900, seed=2)
    assert np.all(found[..., 0] <= MEAN[0])
    sd = np.sqrt(COVARIANCE[0, 0])
    half = np.array([[sd**2 * (1 - 2 / np.pi), 0], [0, 0]])
    scores = z_scores(found, MEAN - [sd * np.sqrt(2 / np.pi), 0], half)
    assert np.max(np.abs(scores[[0, 2]])) < BOUND


@pytest.mark.parametrize("h", [0.2, 0.5])
def test_unadjusted_langevin_has_the_bias_of_its_closed_form(h):
    """z′ = (1 − h) z + √(2h) ξ on a unit Gaussian: stationary variance v = (1 − h)² v + 2 h, so v = 1 / (1 − h/2).

    For N(0, s²) and x′ = x − η x/s² + √(2η) ξ with η = h s², the same reads s² / (1 − η/(2 s²)).
    The drift is cut beyond |z| = 2 / h, at 3.5 standard deviations for h = 0.5: in 2e-3 of the steps, by a little.
    """
    found = run(UnadjustedLangevin(h), gaussian(), n=48, burn_in=100, kept=1200, seed=3)
    assert np.max(np.abs(z_scores(found, MEAN, COVARIANCE / (1 - h / 2)))) < BOUND
    assert np.max(np.abs(z_scores(found, MEAN, COVARIANCE)[2:4])) > BOUND  # the bias is there to be seen


def test_without_temperature_unadjusted_langevin_is_gradient_descent():
    """x′ = x − η ∇L + √(2 η T) ξ with η = h s², where S = s √T: for T → 0 the noise goes and the descent stays."""
    temperature, h, s = 1e-16, 0.3, 0.1
    target = gaussian(s * np.sqrt(temperature) * np.eye(2), temperature=temperature)
    start = MEAN + np.array([[0.3, 0.1]])
    states = walk(UnadjustedLangevin(h), target, target.coordinates(start), np.random.default_rng(0))
    next(states)
    moved = target.positions(next(states)[0].positions) - start
    descent = -h * s**2 * np.linalg.solve(COVARIANCE, (start - MEAN)[0])
    # Six sds of the noise, at most.
    np.testing.assert_allclose(moved[0], descent, rtol=0, atol=6 * s * np.sqrt(2 * h * temperature))
    assert np.linalg.norm(descent) > 100 * s * np.sqrt(2 * h * temperature)


@pytest.mark.parametrize("name", ["random walk", "MALA", "Hamiltonian"])
def test_a_sampler_at_rest_flows_there_as_often_as_back(name):
    """Detailed balance: from a strip in the middle to the far side as often as from there to the strip.

    Both counts are about Poisson's, so that their difference has the sum as its variance at most.
    """
    found = run(EXACT[name], gaussian(), n=200, burn_in=100, kept=300, seed=4)
    far = found[..., 0] > MEAN[0] + 0.2
    strip = np.abs(found[..., 0] - MEAN[0]) < 0.08
    there, back = (int(np.count_nonzero(a[:-1] & b[1:])) for a, b in ((strip, far), (far, strip)))
    assert there > 500
    assert abs(there - back) < norm.isf(0.5e-3 / 3) * np.sqrt(there + back)


def test_the_ensemble_is_emcee_with_the_same_random_numbers():
    emcee = pytest.importorskip("emcee")
    target, rng = gaussian(), np.random.default_rng(5)
    z = target.coordinates(MEAN + 0.3 * rng.standard_normal((16, 2)))

    class Shim:
        """NumPy's old random state, which emcee asks, on a new generator."""

        def __init__(self, seed):
            self.rng = np.random.default_rng(seed)
            self.shuffle = self.rng.shuffle

        def rand(self, *shape):
            return self.rng.random(*shape)

        def randint(self, high, size):
            return self.rng.integers(high, size=size)

    class Model:
        random = Shim(6)

        @staticmethod
        def compute_log_prob_fn(points):
            return -target.loss(points), None

    move, theirs = emcee.moves.StretchMove(), emcee.State(z.copy(), log_prob=-target.loss(z))
    ours = walk(AffineInvariantEnsemble(), target, z, np.random.default_rng(6))
    next(ours)
    for _ in range(50):
        theirs, moved = move.propose(Model, theirs)
        state, info = next(ours)
        np.testing.assert_allclose(state.positions, theirs.coords, rtol=0, atol=1e-12)
        assert info.acceptance == pytest.approx(np.mean(moved))


def test_the_ensemble_does_not_see_a_linear_map():
    """The same random numbers move a stretched Gaussian's walkers to the stretched places."""
    stretched = np.array([[30.0, 0.0], [7.0, 0.1]])
    found = [
        run(AffineInvariantEnsemble(), gaussian(scale), n=12, burn_in=0, kept=60) for scale in (np.eye(2), stretched)
    ]
    np.testing.assert_allclose(found[0], found[1], atol=1e-9)


def two_wells():
    """Return two Gaussians' worth of loss, with minima at ±1 and a barrier of 72 between them."""

    class Wells:
        bounds, step = np.array([[-3.0, 3.0], [-3.0, 3.0]]), None

        @staticmethod
        def loss(x, step=None):
            """Return 72 (x² − 1)² + 72 y²."""
            return 72 * (x[..., 0] ** 2 - 1) ** 2 + 72 * x[..., 1] ** 2

    return Target(Wells(), np.eye(2) / 24)


def test_tempering_crosses_a_barrier_that_holds_a_random_walk():
    """At a barrier of 72 a walk crosses in e⁻⁷² of its steps. Half of the mass is on each side."""
    target, rng = two_wells(), np.random.default_rng(7)
    z = target.coordinates(np.array([1.0, 0.0]) + 0.01 * rng.standard_normal((40, 2)))
    held = run_from(RandomWalk(), target, z, 800)
    assert np.all(held[..., 0] > 0)
    crossed = run_from(ParallelTempering(n_rungs=6), target, z, 800)[300:]
    sides = (crossed[..., 0] < 0).mean(axis=1, keepdims=True)
    assert abs(sides.mean() - 0.5) < BOUND * standard_error(sides)[0]


def run_from(steps, target, z, kept):
    states = walk(steps, target, z, np.random.default_rng(8))
    return target.positions(np.array([next(states)[0].positions for _ in range(kept)]))


@pytest.mark.parametrize("method", SAMPLERS)
def test_a_path_stays_in_the_box_counts_what_it_asks_and_leaves_its_start_alone(method):
    problem = quadratic(MEAN, [[-1, 1], [-1, 1]], np.linalg.inv(np.linalg.cholesky(COVARIANCE)))
    target = Target(problem, np.linalg.cholesky(COVARIANCE))
    start = np.array([0.95, -0.99])
    path = sample(target, start, method, seed=1, budget=2000, n=8)
    again = sample(target, start, method, seed=1, budget=2000, n=8)
    assert np.array_equal(path.positions, again.positions)
    assert start.tolist() == [0.95, -0.99]
    k = len(path.evaluations)
    assert (path.positions.shape, path.losses.shape) == ((k, 8, 2), (k, 8))
    assert np.all(np.abs(path.positions) <= 1)
    assert np.all(np.diff(path.evaluations) > 0)
    np.testing.assert_allclose(path.losses, problem.loss(path.positions, problem.step), rtol=1e-9)
    # Twice the same run, and the losses of the check. Points outside the box are not asked for, but count.
    names = ("loss", "gradient", "residuals")
    asked = sum(len(problem.points[name]) for name in names) - path.losses.size
    assert asked <= 2 * path.evaluations[-1]
    assert path.evaluations[-1] >= 2000


def test_a_sampler_that_is_none_is_named():
    with pytest.raises(ValueError, match="Random walk"):
        sample(gaussian(), MEAN, "Gibbs")


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
def test_a_temperature_is_above_zero(temperature):
    with pytest.raises(ValueError, match="temperature"):
        gaussian(temperature=temperature)


def test_what_leaves_the_box_is_folded_back_as_often_as_it_takes():
    target = Target(quadratic(MEAN, [[0, 1], [0, 2]], np.eye(2)), np.diag([0.5, 0.1]))
    points = np.array([[1.25, 0.5], [-0.25, -0.5], [2.25, 4.5], [0.3, 5.0]])
    folded = target.positions(target.reflected(target.coordinates(points)))
    np.testing.assert_allclose(folded, [[0.75, 0.5], [0.25, 0.5], [0.25, 0.5], [0.3, 1.0]], atol=1e-12)


def test_where_no_trajectory_is_nothing_moves_and_nothing_fails():
    class Nowhere:
        bounds, step = np.array([[0.0, 1.0], [0.0, 1.0]]), None

        @staticmethod
        def loss(x, step=None):
            """Return an infinite loss."""
            return np.full(len(x), np.inf)

        @staticmethod
        def gradient(x):
            """Return an infinite loss without a slope."""
            return np.full(len(x), np.inf), np.full_like(x, np.nan)

        @staticmethod
        def residuals(x):
            """Return no residuals."""
            return np.full((len(x), 3), np.nan)

    for method, sampler in SAMPLERS.items():
        path = sample(Target(Nowhere(), np.eye(2) / 10), (0.5, 0.5), method, budget=200, n=6)
        assert np.all(np.isinf(path.losses)), method
        assert isinstance(sampler.steps.init(gaussian(), np.zeros((6, 2)))[1], Info)
