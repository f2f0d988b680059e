import numpy as np
import pytest

from core.mean_field.cone import Rates, weights
from core.mean_field.two_layer import (
    ALPHA,
    DIMENSION,
    SUCCESS,
    Neurons,
    empty_loss,
    gradients,
    init,
    inputs,
    loss,
    random_teacher,
    train,
)


def outputs(state: Neurons, x):
    """Return f(x), as its definition has it."""
    return np.maximum(x @ state.directions.T, 0) @ weights(state.sizes)


def case(seed, m=4):
    rng = np.random.default_rng(seed)
    teacher = random_teacher(rng)
    return rng, teacher, Neurons(rng.uniform(0.5, 2, m), init(rng, m).directions)


def test_the_closed_form_is_the_mean_over_many_inputs():
    """Within four standard errors of the Monte Carlo mean."""
    rng, teacher, state = case(0)
    x = inputs(rng, (), 400_000)
    assert np.linalg.norm(x, axis=1) == pytest.approx(np.sqrt(DIMENSION))
    target = np.maximum(x @ teacher.T, 0).sum(1)
    for closed, sampled in (
        (loss(teacher, state), 0.5 * (outputs(state, x) - target) ** 2),
        (empty_loss(teacher), 0.5 * target**2),
    ):
        assert abs(float(closed) - sampled.mean()) < 4 * sampled.std() / np.sqrt(len(x))


def test_the_teacher_has_no_loss():
    teacher = random_teacher(np.random.default_rng(1))
    copied = Neurons(np.full(5, np.sqrt(5.0)), teacher)
    assert float(loss(teacher, copied)) == pytest.approx(0, abs=1e-12)


def test_gradients_over_a_batch_are_those_of_finite_differences():
    """Along the sphere: of directions, turned by a small angle towards a tangent."""
    rng, teacher, state = case(2)
    x = inputs(rng, (), 200)
    target, m = np.maximum(x @ teacher.T, 0).sum(1), state.sizes.size

    def batch_loss(sizes, directions):
        return 0.5 * np.mean((outputs(Neurons(sizes, directions), x) - target) ** 2)

    of_sizes, of_directions = gradients(teacher, state, x)
    h = 1e-6
    for i in range(m):
        by = h * np.eye(m)[i]
        rise = (batch_loss(state.sizes + by, state.directions) - batch_loss(state.sizes - by, state.directions)) / 2 / h
        assert of_sizes[i] == pytest.approx(m * rise / (2 * state.sizes[i]), rel=1e-6, abs=1e-8)
        tangent = rng.standard_normal(DIMENSION)
        tangent -= (tangent @ state.directions[i]) * state.directions[i]
        turned = [state.directions.copy() for _ in range(2)]
        for sign, directions in zip((1, -1), turned, strict=True):
            directions[i] += sign * h * tangent
        slope = (batch_loss(state.sizes, turned[0]) - batch_loss(state.sizes, turned[1])) / 2 / h
        # A kink within h of a point would show as a jump of at most h ‖x‖² of the slope.
        assert of_directions[i] @ tangent == pytest.approx(slope / weights(state.sizes)[i], rel=1e-4, abs=1e-5)
        assert of_directions[i] @ state.directions[i] == pytest.approx(0, abs=1e-12)


def test_seven_neurons_learn_five_and_three_do_not():
    """Fast steps of the directions: the paths are those of the page, at a quarter of its length."""
    for m, learns in ((7, True), (3, False)):
        rng = np.random.default_rng(3)
        teacher = random_teacher(rng)
        path = train(teacher, init(rng, m), Rates(ALPHA, 4.0), rng, (0, 1000))
        assert (path.losses[-1] <= SUCCESS * empty_loss(teacher)) == learns
        assert np.linalg.norm(path.directions[-1], axis=-1) == pytest.approx(1)
