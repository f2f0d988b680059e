"""Training steps for any network as one CUDA graph: the GPU runs many of them without waiting for Python."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import chain

import torch
from torch import nn

WARM_UPS = 3  # calls before a capture, in which libraries allocate what they need


def captured(step: Callable[[], None]) -> torch.cuda.CUDAGraph:
    """Call a function that works on static buffers, first for real and then to capture it; return the graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UPS):
            step()
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph


class CapturedSteps:
    """Steps of Adam on the mean squared error of a network of torch modules, a number of them as one CUDA graph.

    inputs: (n, n_inputs). targets: (n, p). Both, and the network, are on the GPU.
    half_precision: whether products are in bfloat16 under autocast.
    The network's own weights change.
    """

    def __init__(
        self,
        network: nn.Module,
        inputs: torch.Tensor,
        targets: torch.Tensor,
        batch_size: int,
        n_steps: int,
        half_precision: bool = False,
        betas: tuple[float, float] = (0.9, 0.999),
    ):
        self.network = network.train()
        self.loss = torch.zeros((), device=inputs.device)
        self._data, self._half = (inputs, targets), half_precision
        self._order = torch.zeros((n_steps, batch_size), dtype=torch.int64, device=inputs.device)
        self._rate = torch.zeros((), device=inputs.device)
        self._adam = torch.optim.Adam(network.parameters(), self._rate, betas, capturable=True, fused=True)
        # A learning rate of zero leaves the weights as they are.
        self._graph = captured(self._steps)
        for moment in chain.from_iterable(state.values() for state in self._adam.state.values()):
            moment.zero_()

    def __call__(self, order: torch.Tensor, learning_rate: float) -> None:
        """Do the steps; `loss` becomes the mean of their losses.

        order: (n_steps, batch_size), the samples of each batch, on the GPU.
        """
        self._order.copy_(order)
        self._rate.fill_(learning_rate)
        self._graph.replay()

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast("cuda", torch.bfloat16, enabled=self._half, cache_enabled=False)

    def _steps(self) -> None:
        self.loss.zero_()
        for batch in self._order:
            inputs, targets = (tensor.index_select(0, batch) for tensor in self._data)
            self._adam.zero_grad(set_to_none=True)
            with self._precision():
                output = self.network(inputs)
            loss = nn.functional.mse_loss(output.float(), targets)
            loss.backward()
            self._adam.step()
            self.loss.add_(loss.detach() / len(self._order))
