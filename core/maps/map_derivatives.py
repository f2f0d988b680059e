"""Estimates of a learned map with their derivatives by the trace, and products with the Jacobian of a hidden layer.

All is computed in double precision by automatic differentiation, learned Gauss–Newton steps included. What `mended`
does to the few traces that a map with learned steps leaves unexplained is left out.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from core.learning.networks.heads import Gaussian
from core.learning.networks.network import Layers
from core.learning.networks.residual import ResidualBlock
from core.maps.differentiable_step import differentiable_step_inputs
from core.maps.gauss_newton_step import Refined
from core.maps.inverse_map import InverseMap
from core.maps.task import Task

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DifferentiableMap:
    """A map as a function of traces.

    task: of the map.
    network: in double precision.
    given: (g,), the parameters that the map is told, the same for all traces.
    """

    task: Task
    network: Layers | Refined
    given: Array

    def __call__(self, traces: ArrayLike) -> Array:
        """Return the estimates, (n, p), of traces (n, n_times)."""
        with torch.no_grad():
            return self._estimates(_tensor(traces)).numpy()

    def jacobian(self, traces: ArrayLike) -> tuple[Array, Array]:
        """Return the estimates, (n, p), of traces (n, n_times), and their derivatives, (n, p, n_times)."""
        inputs = _tensor(traces).requires_grad_()
        estimates = self._estimates(inputs)
        rows = [torch.autograd.grad(each.sum(), inputs, retain_graph=True)[0] for each in estimates.unbind(1)]
        return estimates.detach().numpy(), torch.stack(rows, dim=1).numpy()

    def hidden_products(
        self, traces: ArrayLike, layer: int
    ) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
        """Return products with the Jacobians J_i of a hidden layer at traces, (n, n_times), stacked.

        layer: 0 for the first activation of the network, −1 for its last; learned steps are left out.
        The first function maps v, (n_times,), to all J_i v, (n, width); the second maps w, (n, width), to Σ J_i' w_i.
        Raises IndexError where there is no such layer.
        """
        inputs = _tensor(traces)
        network = self.network.first if isinstance(self.network, Refined) else self.network
        activations = [i for i, each in enumerate(network) if isinstance(each, nn.SiLU | ResidualBlock)]
        part = network[: activations[layer] + 1]

        def features(at: torch.Tensor) -> torch.Tensor:
            return part(self._columns(at)[0]).flatten(1)

        def forward(direction: Array) -> Array:
            moved = _tensor(direction).expand_as(inputs)
            return torch.autograd.functional.jvp(features, inputs, moved)[1].numpy()

        def adjoint(weights: Array) -> Array:
            at = inputs.clone().requires_grad_()
            return torch.autograd.grad((features(at) * _tensor(weights)).sum(), at)[0].sum(0).numpy()

        return forward, adjoint

    def _estimates(self, traces: torch.Tensor) -> torch.Tensor:
        task, network = self.task, self.network
        columns, given = self._columns(traces)
        if isinstance(network, Refined):
            found, lengths = network.first(columns), np.full(len(traces), traces.shape[1])
            for step in network.steps:
                found = step(differentiable_step_inputs(task, traces, given, lengths, found))
        else:
            found = network(columns)
        mean = found.mean if isinstance(found, Gaussian) else found[:, : len(task.names)]
        lower, upper = (torch.from_numpy(each.copy()) for each in task.law.bounds.T)
        return lower + mean.clamp(0, 1) * (upper - lower)

    def _columns(self, traces: torch.Tensor) -> tuple[torch.Tensor, Array]:
        """Return a network's inputs, (n, columns), as `as_columns` does, and the given parameters, (n, g)."""
        task, n, longest = self.task, len(traces), self.task.n_times[1]
        given, further = np.tile(self.given, (n, 1)), []
        if task.given is not None:
            low, high = task.given.bounds.T
            further.append(torch.from_numpy((2 * given - low - high) / (high - low)))
        if task.has_window:
            further.append(torch.full((n, 1), traces.shape[1] / longest, dtype=torch.float64))
        filled = nn.functional.pad(traces, (0, longest - traces.shape[1]))
        return torch.cat([filled, *further], dim=1), given


def differentiable(learned: InverseMap, known: dict[str, float]) -> DifferentiableMap:
    """Return a map as a function with derivatives; known: values of the parameters that it may have to be told."""
    task, network = learned.recipe.task, deepcopy(learned.network).double()
    assert isinstance(network, Layers | Refined)
    given = np.array([known[name] for name in (() if task.given is None else task.given.names)])
    return DifferentiableMap(task, network, given)


def first_network(learned: InverseMap) -> InverseMap:
    """Return a map without its learned steps."""
    network = learned.network
    return replace(learned, network=network.first) if isinstance(network, Refined) else learned


def _tensor(values: ArrayLike) -> torch.Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float64))
