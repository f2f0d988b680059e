"""The misfit of any model to any of its states, from simulated states and their sensitivities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.noise import Noise, whiten
from core.problem.known_and_unknown import Values
from core.problem.observation import Observation

TRAJECTORIES_AT_ONCE = 1000  # of those that are stored: a thousand samples each then take 16 MB
DIFFERENCE_SDS = 1e-3  # standard deviations, for second derivatives by differences

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GeneralMisfit:
    """Half the sum of squares of the whitened residuals of the samples; noise: one for each observed state.

    In all methods, unknown: values of the unknowns, (..., p); step: frozen, in ms, or None.
    """

    values: Values
    observation: Observation
    noise: tuple[Noise, ...]

    @property
    def columns(self) -> list[int]:
        """The positions of the observed states among all states."""
        return [self.values.model.state_names.index(state) for state in self.observation.states]

    def states(self, unknown: ArrayLike, step: float | None) -> Array:
        """Return the model's states, (..., n_times, n_states)."""
        values = self.values
        parameters, start = values.parameters(unknown), values.initial_state(unknown)
        return values.model.simulate(parameters, self.observation.times, start, step=step)

    def misfit(self, unknown: ArrayLike, step: float | None) -> Array:
        """Return the misfit, (...), infinite where there is no trajectory."""
        unknown = self.values.checked(unknown)
        flat = unknown.reshape(-1, unknown.shape[-1])
        chunks = np.array_split(flat, max(1, -(-len(flat) // TRAJECTORIES_AT_ONCE)))
        squares = np.concatenate([np.sum(self.residuals(some, step) ** 2, axis=-1) for some in chunks])
        return np.where(np.isnan(squares), np.inf, 0.5 * squares).reshape(unknown.shape[:-1])

    def residuals(self, unknown: ArrayLike, step: float | None) -> Array:
        """Return the whitened residuals of the samples, (..., r), in time order; NaN from a divergence on."""
        return self._whitened(self.observation.data - self.states(unknown, step)[..., self.columns])

    def residuals_and_jacobian(self, unknown: ArrayLike, step: float | None) -> tuple[Array, Array]:
        """Return whitened residuals (..., r), NaN from a divergence on, and their derivatives (..., r, p)."""
        parameters, start = self.values.parameters(unknown), self.values.initial_state(unknown)
        states, derivatives = self.values.model.sensitivities(parameters, self.observation.times, start, step=step)
        slopes = -np.moveaxis(derivatives[..., self.columns, :], -1, 0)[list(self.values.directions)]
        jacobian = np.stack(list(self._whitened(slopes)), axis=-1)
        return self._whitened(self.observation.data - states[..., self.columns]), jacobian

    def expansion(self, unknown: ArrayLike, step: float | None) -> tuple[Array, Array, Array]:
        """Return misfit (...), gradient (..., p) and Gauss–Newton Hessian (..., p, p)."""
        unknown = self.values.checked(unknown)
        p, batch = unknown.shape[-1], unknown.shape[:-1]
        flat = unknown.reshape(-1, p)
        misfit, gradient, hessian = np.empty(len(flat)), np.empty((len(flat), p)), np.empty((len(flat), p, p))
        at_once = max(1, TRAJECTORIES_AT_ONCE // (len(self.values.model.names) + 1))
        for first in range(0, len(flat), at_once):
            some = slice(first, first + at_once)
            residuals, jacobian = self.residuals_and_jacobian(flat[some], step)
            squares = np.sum(residuals**2, axis=-1)
            misfit[some] = np.where(np.isnan(squares), np.inf, 0.5 * squares)
            gradient[some] = np.einsum("nr,nrp->np", residuals, jacobian)
            hessian[some] = np.einsum("nrp,nrq->npq", jacobian, jacobian)
        return misfit.reshape(batch), gradient.reshape(*batch, p), hessian.reshape(*batch, p, p)

    def hessian(self, unknown: ArrayLike, step: float | None, widths: Array) -> Array:
        """Return the exact Hessian, (..., p, p), by central differences of the gradient; widths: (p,), of the box."""
        unknown = np.asarray(unknown, dtype=float)
        _, _, gauss_newton = self.expansion(unknown, step)
        with np.errstate(divide="ignore"):
            sds = np.minimum(1 / np.sqrt(np.einsum("...ii->...i", gauss_newton)), widths)
        moves = (DIFFERENCE_SDS * sds)[..., None] * np.eye(unknown.shape[-1])
        ends = [self.expansion(unknown[..., None, :] + sign * moves, step)[1] for sign in (1, -1)]
        found = (ends[0] - ends[1]) / (2 * DIFFERENCE_SDS * sds)[..., None]
        return 0.5 * (found + np.swapaxes(found, -1, -2))

    def _whitened(self, residuals: Array) -> Array:
        """Return residuals (..., n_times, k), whitened, of the samples alone, (..., r)."""
        white = [whiten(residuals[..., i], noise) for i, noise in enumerate(self.noise)]
        samples = white[0] if self.observation.is_trace else np.stack(white, axis=-1)[..., self.observation.sampled]
        return np.ascontiguousarray(samples)  # so that sums round alike in a batch and alone
