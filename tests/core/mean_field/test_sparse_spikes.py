import numpy as np
import pytest
from scipy.optimize import minimize

from core.mean_field.cone import Rates, recorded_steps, weights
from core.mean_field.sparse_spikes import (
    ALPHA,
    SUCCESS,
    Particles,
    Spikes,
    descend,
    features,
    gradients,
    init,
    loss,
    random_spikes,
    slopes,
    step,
)
from core.mean_field.spikes_optimum import optimum


def test_the_inner_product_of_features_is_the_dirichlet_kernel():
    first, second = np.random.default_rng(0).uniform(0, 2 * np.pi, (2, 6))
    dirichlet = np.sin(8.5 * (first - second)) / np.sin(0.5 * (first - second))
    assert np.sum(features(first) * features(second), -1) == pytest.approx(dirichlet, abs=1e-12)


def test_the_loss_is_an_integral_over_the_circle_and_the_penalty():
    """By the rectangle rule, exact for polynomials of order 16; with spikes of both signs."""
    problem = random_spikes(np.random.default_rng(1))
    state = Particles(np.array([0.8, -0.5, 1.2]), np.array([0.3, 2.0, 5.0]))
    at, a = np.arange(64) * 2 * np.pi / 64, weights(state.sizes)
    wave = sum(w * features(at - angle).sum(-1) for w, angle in zip(a, state.angles, strict=True))
    seen = sum(w * features(at - angle).sum(-1) for w, angle in zip(problem.weights, problem.angles, strict=True))
    # Σ over all features at one shift is 1 + √2 Σ (cos + sin), whose square has the mean of the kernel's.
    expected = 0.5 * np.mean((wave - seen) ** 2) + 0.3 * np.sum(np.abs(a))
    assert float(loss(problem, state)) == pytest.approx(expected, rel=1e-12)


def test_gradients_are_those_of_finite_differences():
    problem = random_spikes(np.random.default_rng(2))
    state = Particles(np.array([0.7, -0.4, 1.1, 0.2]), np.array([0.1, 1.7, 3.0, 6.0]))
    of_sizes, of_angles = gradients(problem, state)
    h, m = 1e-6, 4
    for i in range(m):
        by = h * np.eye(m)[i]
        rise = loss(problem, Particles(state.sizes + by, state.angles))
        rise = (rise - loss(problem, Particles(state.sizes - by, state.angles))) / (2 * h)
        # Central differences are off by h² F‴ and by round-off of 1e-15 / h.
        assert of_sizes[i] == pytest.approx(m * rise / (2 * state.sizes[i]), rel=1e-6, abs=1e-7)
        slope = loss(problem, Particles(state.sizes, state.angles + by))
        slope = (slope - loss(problem, Particles(state.sizes, state.angles - by))) / (2 * h)
        assert of_angles[i] == pytest.approx(slope / abs(weights(state.sizes)[i]), rel=1e-6, abs=1e-6)


def test_slopes_are_those_of_the_features():
    angles = np.linspace(0, 6, 7)
    by_differences = (features(angles + 1e-6) - features(angles - 1e-6)) / 2e-6
    assert slopes(features(angles)) == pytest.approx(by_differences, abs=1e-7)


def test_a_step_keeps_signs_and_has_the_published_form():
    problem = random_spikes(np.random.default_rng(3))
    state = Particles(np.array([0.7, -0.4]), np.array([0.1, 1.7]))
    of_sizes, of_angles = gradients(problem, state)
    moved = step(problem, state, Rates(ALPHA, 0.25))
    assert moved.sizes == pytest.approx(state.sizes * np.exp(-4e-3 * of_sizes))
    assert moved.angles == pytest.approx(state.angles - 5e-4 * of_angles)


def test_many_runs_at_once_are_each_the_run_alone():
    problem = random_spikes(np.random.default_rng(4), (3,))
    together = descend(problem, init(6, (3,)), Rates(ALPHA), (0, 50))
    alone = descend(Spikes(problem.angles[1], problem.weights[1]), init(6), Rates(ALPHA), (0, 50))
    assert together.angles[:, 1] == pytest.approx(alone.angles, abs=1e-12)
    assert together.losses[:, 1] == pytest.approx(alone.losses, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_least_loss_is_that_of_a_convex_solve_on_a_grid_and_its_bound_is_proven(seed):
    """On a grid of step h a spike is split in two: that costs w h² K² max|p| / 8, with p the certificate, at most 1.

    Five weights of 1 and 180 angles make 0.05.
    """
    problem = random_spikes(np.random.default_rng(seed))
    best = optimum(problem)
    assert 0 <= best.gap < 1e-5
    assert best.loss == pytest.approx(
        float(loss(problem, Particles(np.sqrt(best.weights * best.weights.size), best.angles))), rel=1e-10
    )
    at = features(np.arange(180) * 2 * np.pi / 180)

    def penalised(a):
        residual = a @ at - problem.signal
        return 0.5 * residual @ residual + 0.3 * a.sum(), at @ residual + 0.3

    solved = minimize(penalised, np.full(180, 1e-3), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 180,
                      options={"maxiter": 1000, "ftol": 1e-10})  # fmt: skip
    assert best.loss - 1e-9 <= solved.fun <= best.loss + 0.05
    # The dual certificate: no angle at all at which a little mass would lower the loss.
    residual = best.weights @ features(best.angles) - problem.signal
    certificate = features(np.linspace(0, 2 * np.pi, 5000)) @ residual + 0.3
    assert certificate.min() > -1e-5
    assert certificate.max() < 1
    assert features(best.angles) @ residual + 0.3 == pytest.approx(0, abs=1e-5)


def test_twice_as_many_particles_as_spikes_find_the_least_loss_and_as_many_mostly_do_not():
    """At the measured 96 % and 25 % of 40 runs: Binomial(40, 0.96) is below 34 with 0.3 %, (40, 0.25) above 20 too."""
    runs = 40
    problem = random_spikes(np.random.default_rng(5), (runs,))
    least = [optimum(Spikes(*each)).loss for each in zip(problem.angles, problem.weights, strict=True)]
    found = {m: descend(problem, init(m, (runs,)), Rates(ALPHA)).losses[-1] - least <= SUCCESS for m in (5, 10)}
    assert found[10].sum() >= 34
    assert found[5].sum() <= 20


def test_recorded_steps_begin_at_the_start_and_end_at_the_last():
    steps = recorded_steps(1000, 160)
    assert steps[:4] == (0, 1, 2, 3)
    assert steps[-1] == 1000
    assert list(steps) == sorted(set(steps))
    assert len(steps) <= 160
