"""Losses with known minima, and what holds for the path of any method on any problem."""

import numpy as np

from core.optimisation.methods import BUDGET, GENERATIONS, POPULATION

BY_GRADIENTS = ("L-BFGS-B", "Newton", "Levenberg–Marquardt")


class LeastSquares:
    """½ Σ r² of residuals whose derivatives are given, on a box: a problem with a known answer."""

    step = 0.1

    def __init__(self, bounds, residuals, jacobian, curvatures):
        self.bounds = np.array(bounds, dtype=float)
        self._functions = residuals, jacobian, curvatures
        self.points = {"loss": [], "gradient": [], "hessian": [], "residuals": [], "jacobian": []}

    def _values(self, name, unknown):
        unknown = np.asarray(unknown, dtype=float)
        self.points[name].extend(unknown.reshape(-1, unknown.shape[-1]).tolist())
        return [function(unknown) for function in self._functions]

    def loss(self, unknown, step=None):
        """Return the loss, (...), of values (..., p)."""
        assert step == self.step
        inside = np.all((unknown >= self.bounds[:, 0]) & (unknown <= self.bounds[:, 1]), axis=-1)
        return np.where(inside, 0.5 * np.sum(self._values("loss", unknown)[0] ** 2, axis=-1), np.inf)

    def gradient(self, unknown):
        """Return the loss and its gradient, (..., p)."""
        residuals, jacobian, _ = self._values("gradient", unknown)
        return 0.5 * np.sum(residuals**2, axis=-1), np.einsum("...r,...rp->...p", residuals, jacobian)

    def hessian(self, unknown):
        """Return the Hessian, (..., p, p)."""
        residuals, jacobian, curvatures = self._values("hessian", unknown)
        products = np.einsum("...rp,...rq->...pq", jacobian, jacobian)
        return products + np.einsum("...r,...rpq->...pq", residuals, curvatures)

    def residuals(self, unknown):
        """Return the residuals, (..., r)."""
        return self._values("residuals", unknown)[0]

    def jacobian(self, unknown):
        """Return their derivatives, (..., r, p)."""
        return self._values("jacobian", unknown)[1]


def quadratic(centre, bounds, matrix):
    """Return ½ ‖A (x − c)‖², (p,)."""
    p = len(centre)
    return LeastSquares(
        bounds,
        lambda x: (x - centre) @ matrix.T,
        lambda x: np.broadcast_to(matrix, (*x.shape[:-1], p, p)),
        lambda x: np.zeros((*x.shape[:-1], p, p, p)),
    )


def rosenbrock(bounds):
    """Return ½ (10 (y − x²))² + ½ (1 − x)², lowest at (1, 1)."""

    def jacobian(x):
        result = np.zeros((*x.shape[:-1], 2, 2))
        result[..., 0, 0], result[..., 0, 1], result[..., 1, 0] = -20 * x[..., 0], 10, -1
        return result

    def curvatures(x):
        result = np.zeros((*x.shape[:-1], 2, 2, 2))
        result[..., 0, 0, 0] = -20
        return result

    return LeastSquares(
        bounds, lambda x: np.stack([10 * (x[..., 1] - x[..., 0] ** 2), 1 - x[..., 0]], axis=-1), jacobian, curvatures
    )


def is_sound(task, path, method, start):
    """Check what holds for the path of any method on any problem."""
    lower, upper = task.bounds.T
    assert path.method == method
    assert path.positions[0].tolist() == np.clip(start, lower, upper).tolist()
    assert np.all((path.positions >= lower) & (path.positions <= upper))
    assert len(path.positions) == len(path.losses) == len(path.gradient_norms) == len(path.evaluations)
    assert path.evaluations[0] == 1
    assert np.all(np.diff(path.evaluations) > 0)
    # SciPy counts between iterations: one of them may go beyond the budget, and an end may be moved onto an edge.
    most = POPULATION * len(lower) * (GENERATIONS + 1) + 2 if method == "Differential evolution" else BUDGET + 25
    assert path.evaluations[-1] <= most
    # The same sums of a thousand squares in two kernels.
    assert np.allclose(path.losses, task.loss(path.positions, task.step), rtol=1e-11)
    assert path.on_edge == np.any((path.positions[-1] == lower) | (path.positions[-1] == upper))
    assert path.sentence.startswith(("Converged", "Stopped: "))
    assert path.sentence.endswith(", on the edge of the prior." if path.on_edge else ".")
