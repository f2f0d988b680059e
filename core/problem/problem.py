"""The inverse problem for given data: the MAP loss, which is misfit plus regularisation, and its derivatives.

J(m) = misfit(d − u_m) + ½ Σ ((m − m̄)/sd)²

The misfit is the negative log-likelihood up to a constant in m: half the sum of squares of the whitened residuals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.checks import as_float, as_names
from core.estimate import GoodnessOfFit, goodness_of_fit
from core.models.model import ExpandMisfit, FusedTrace, Model
from core.noise import Noise, ResidualSums, residual_sums
from core.priors import TruncatedGaussian
from core.problem.general_misfit import GeneralMisfit
from core.problem.known_and_unknown import Box, Values, box_of, frozen_step
from core.problem.observation import Observation

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Problem:
    """Model, data, unknowns, noise and prior of an inverse problem. Raises ValueError where they do not fit together.

    unknown: p names of the model's parameters and initial states.
    known: values of all other parameters, and of initial states that differ from the model's defaults.
    noise: one for each observed state.
    prior: of the unknowns at least; other names are dropped.
    fused: the model's own faster functions, for a trace of its observed state and default initial states; or None.
    """

    model: Model
    observation: Observation
    unknown: tuple[str, ...]
    known: Mapping[str, float]
    noise: tuple[Noise, ...]
    prior: TruncatedGaussian
    _values: Values = field(init=False, repr=False)
    _general: GeneralMisfit = field(init=False, repr=False)
    fused: FusedTrace | None = field(init=False, repr=False)
    _box: Box = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "unknown", as_names(self.unknown, "unknown"))
        object.__setattr__(self, "known", MappingProxyType({name: as_float(self.known[name]) for name in self.known}))
        noise = () if isinstance(self.noise, Noise) else tuple(self.noise)
        if not all(isinstance(each, Noise) for each in noise) or not noise:
            raise ValueError("Give a tuple of noises, `(Noise(…),)`: one for each observed state.")
        object.__setattr__(self, "noise", noise)
        object.__setattr__(self, "_values", Values(self.model, self.unknown, self.known))
        if self.prior.names != self.unknown:
            object.__setattr__(self, "prior", self.prior.select(self.unknown))
        object.__setattr__(self, "_general", GeneralMisfit(self._values, self.observation, self.noise))
        self._check_data()
        object.__setattr__(self, "fused", self._own_functions())
        smallest_sd = min(noise.marginal_sd for noise in self.noise)
        object.__setattr__(self, "_box", box_of(self._values, self.prior, self.times, smallest_sd))

    def _check_data(self) -> None:
        states = self.observation.states
        if not set(states) <= set(self.model.state_names) or len(self.noise) != len(states):
            raise ValueError(
                f"The data are of states among {', '.join(self.model.state_names)}, with a noise for each; they are of "
                f"{', '.join(states)}, with {len(self.noise)}."
            )
        sampled = self.observation.sampled
        if any(noise.rho for noise in self.noise) and not (np.all(sampled) and self.observation.equally_spaced):
            raise ValueError("Correlated noise needs equal steps without gaps: take it as white, or fill the gaps.")
        n = int(np.count_nonzero(sampled))
        if n < len(self.unknown):
            raise ValueError(
                f"The data hold {n} observed values for {len(self.unknown)} unknowns: observe more, or fix some."
            )

    @classmethod
    def of_trace(
        cls,
        model: Model,
        data: ArrayLike,
        times: ArrayLike,
        unknown: tuple[str, ...],
        known: Mapping[str, float],
        noise: Noise,
        prior: TruncatedGaussian,
    ) -> "Problem":
        """Return the problem for one trace of the model's observed state: data and times (n_times,)."""
        return cls(model, Observation.of_trace(data, times, model.observed), unknown, known, (noise,), prior)

    @property
    def times(self) -> Array:
        """The times of the data, (n_times,) in ms."""
        return self.observation.times

    @property
    def data(self) -> Array:
        """The data: (n_times,) for one trace, else (n_times, k)."""
        return self.observation.data[:, 0] if self.observation.is_trace else self.observation.data

    @property
    def bounds(self) -> Array:
        """The prior's lower and upper bounds of the unknowns, (p, 2)."""
        return self.prior.bounds

    def __reduce__(self) -> tuple[Any, ...]:
        """Let workers have it: a view of a mapping cannot be pickled."""
        return Problem, (self.model, self.observation, self.unknown, dict(self.known), self.noise, self.prior)

    @property
    def identity(self) -> str:
        """A hash that two problems share only if all of their parts are equal."""
        known = sorted(self.known.items())
        names = (self.model.name, self.observation.states, self.unknown, [name for name, _ in known])
        noise = [(each.rho, each.marginal_sd) for each in self.noise]
        prior = (self.prior.mean, self.prior.sd, self.prior.lower, self.prior.upper)
        rest = ([value for _, value in known], np.ravel(noise), np.ravel(prior))
        numbers = np.concatenate([self.times, self.observation.data.ravel(), *rest])
        return sha256(repr(names).encode() + (numbers + 0.0).tobytes()).hexdigest()  # + 0.0 turns −0 into 0

    def with_noise(self, noise: Noise) -> "Problem":
        """Return the same problem for a trace under another noise."""
        return replace(self, noise=(noise,))

    def with_data(self, data: ArrayLike) -> "Problem":
        """Return the same problem for another trace, (n_times,), of the same state at the same times."""
        return replace(self, observation=Observation.of_trace(data, self.times, *self.observation.states))

    def with_flat_prior(self) -> "Problem":
        """Return the same problem with a uniform prior within the same bounds."""
        return replace(self, prior=self.prior.flat())

    def parameters(self, unknown: ArrayLike) -> Array:
        """Return all parameters of the model, (..., n_parameters), for values of the unknowns, (..., p)."""
        return self._values.parameters(unknown)

    def initial_state(self, unknown: ArrayLike) -> Array:
        """Return the states at the first sample, (..., n_states), for values of the unknowns, (..., p)."""
        return self._values.initial_state(unknown)

    def states(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return the model's states, (..., n_times, n_states), for values of the unknowns, (..., p).

        step: frozen, in ms, or chosen for each trajectory.
        """
        return self._general.states(unknown, step)

    def observed(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return the state that a trace records, (..., n_times), for values of the unknowns, (..., p)."""
        self.observation.check_trace()
        return self.states(unknown, step)[..., self._general.columns[0]]

    @property
    def step(self) -> float | None:
        """The frozen step in ms, which makes the loss smooth and resolves points all over the box, corners included.

        The error stays below a hundredth of the noise. None where the model needs no frozen step.
        """
        return frozen_step(self._box)

    def misfit(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return the misfit, (...), for values (..., p); infinite where the trajectory diverges or is given up.

        step: frozen, in ms, or chosen for each trajectory.
        """
        if self.fused:
            return self.residual_sums(unknown, step).misfit(self.noise[0])
        return self._general.misfit(unknown, step)

    def residual_sums(self, unknown: ArrayLike, step: float | None = None) -> ResidualSums:
        """Return the sums, each (...), over the residuals of a trace at values (..., p); step as in `misfit`.

        Raises ValueError for data that are not one trace without gaps.
        """
        if fused := self.fused:
            return fused.residual_sums(self.parameters(unknown), self.times, self.data, step=step)
        return residual_sums(self.data - self.observed(unknown, step))

    def loss(self, unknown: ArrayLike, step: float | None = None) -> Array:
        """Return misfit + regularisation, (...), for values (..., p); step as in `misfit`."""
        return self.misfit(unknown, step) + self.prior.regularisation(unknown)

    def goodness_of_fit(self, unknown: ArrayLike) -> GoodnessOfFit:
        """Compare the residuals at values (p,) with the noise, at the frozen step.

        Raises ValueError where the trajectory diverges.
        """
        if self.observation.is_trace:
            sums, noise = self.residual_sums(unknown, self.step), self.noise[0]
            whitened, plain = (2 * float(sums.misfit(each)) for each in (noise, noise.white))
        else:
            white = replace(self, noise=tuple(noise.white for noise in self.noise))
            whitened, plain = (2 * float(each.misfit(unknown, self.step)) for each in (self, white))
        return goodness_of_fit(whitened, plain, int(np.count_nonzero(self.observation.sampled)), len(self.unknown))

    def gradient(self, unknown: ArrayLike) -> tuple[Array, Array]:
        """Return the loss (...) and its gradient (..., p) for values (..., p) inside the bounds, at the frozen step."""
        if fused := self.fused:
            misfit, gradient, _ = self._expanded(fused.gradient, unknown)
        else:
            misfit, gradient, _ = self._general.expansion(unknown, self.step)
        return misfit + self.prior.regularisation(unknown), gradient - self.prior.gradient(unknown)

    def hessian(self, unknown: ArrayLike, exact: bool = True) -> Array:
        """Return the Hessian of the loss, (..., p, p), for values (..., p) inside the bounds, at the frozen step.

        exact: the exact Hessian; else the Gauss–Newton Hessian, without second derivatives of the trajectory.
        """
        if fused := self.fused:
            hessian = self._expanded(fused.hessian if exact else fused.gauss_newton, unknown)[2]
        else:
            general, widths = self._general, np.ptp(self.bounds, axis=1)
            hessian = general.hessian(unknown, self.step, widths) if exact else general.expansion(unknown, self.step)[2]
        return hessian + self.prior.precision

    def expansion(self, unknown: ArrayLike) -> tuple[Array, Array, Array]:
        """Return loss (...), gradient (..., p) and Gauss–Newton Hessian (..., p, p) for values (..., p).

        The step is frozen. Outside the bounds the loss is infinite.
        """
        if fused := self.fused:
            misfit, gradient, hessian = self._expanded(fused.gauss_newton, unknown)
        else:
            misfit, gradient, hessian = self._general.expansion(unknown, self.step)
        loss = misfit + self.prior.regularisation(unknown)
        return loss, gradient - self.prior.gradient(unknown), hessian + self.prior.precision

    def residuals(self, unknown: ArrayLike) -> Array:
        """Return the whitened residuals, (..., r), for values (..., p) inside the bounds, at the frozen step.

        First the residuals of the data, in time order, then one for each unknown with a Gaussian prior. Half the sum of
        their squares is the loss. NaN from the divergence of the trajectory on.
        """
        white, prior, gaussian = self._general.residuals(unknown, self.step), self.prior, self._gaussian
        penalties = ((np.asarray(unknown) - prior.mean) / prior.sd)[..., gaussian]
        return np.concatenate([white, penalties], axis=-1)

    def jacobian(self, unknown: ArrayLike) -> Array:
        """Return the derivatives of the residuals, (r, p), for values (p,) inside the bounds, at the frozen step."""
        _, jacobian = self._general.residuals_and_jacobian(unknown, self.step)
        return np.vstack([jacobian, np.diag(1 / np.asarray(self.prior.sd))[self._gaussian]])

    @property
    def _gaussian(self) -> NDArray[np.bool_]:
        """Whether each unknown has a Gaussian prior, not a uniform one, (p,)."""
        return np.isfinite(self.prior.sd)

    def _own_functions(self) -> FusedTrace | None:
        """Return the model's own functions, which need a trace of its observed state and default initial states."""
        names = set(self.model.parameter_names)
        own = self.observation.is_trace and self.observation.states == (self.model.observed,)
        return self.model.fused if own and set(self.unknown) <= names and self.known.keys() <= names else None

    def _expanded(self, expand: ExpandMisfit, unknown: ArrayLike) -> tuple[Array, Array, Array]:
        """Return misfit (...), gradient (..., p) and, if computed, Hessian (..., p, p) by a model's own function."""
        parameters, columns = self.parameters(unknown), self._values.directions
        found = expand(parameters, self.times, self.data, self.noise[0], step=self.step, columns=columns)
        return found.misfit, found.gradient, np.empty(0) if found.hessian is None else found.hessian
