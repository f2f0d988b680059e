"""A step of a training: forward, loss, backward, and the update of the weights; on a GPU all are one captured graph."""

import torch
from torch import nn

from core.learning.losses import absolute_error, loss_of
from core.learning.training_settings import Adam, Loss

WARM_UP_STEPS = 3  # before the capture, as PyTorch asks for


class TrainingStep:
    """Updates a network's weights from a batch, and adds up the absolute errors and the norms of the gradients."""

    def __init__(self, network: nn.Module, loss: Loss, optimiser: Adam, device: str):
        self.network, self.loss, self.optimiser, self.device = network, loss, optimiser, device
        captured = device == "cuda"
        # A captured step reads its learning rate from the GPU's memory.
        rate = torch.tensor(optimiser.learning_rate, device=device) if captured else optimiser.learning_rate
        self.adam = torch.optim.Adam(
            network.parameters(), lr=rate, betas=optimiser.betas, fused=True, capturable=captured
        )
        self.sum_of_errors, self.sum_of_norms = torch.zeros((), device=device), torch.zeros((), device=device)
        self._steps_before_capture = WARM_UP_STEPS if captured else -1
        self._graph: torch.cuda.CUDAGraph | None = None
        self._batch: tuple[torch.Tensor, torch.Tensor] | None = None

    def __call__(self, inputs: torch.Tensor, targets: torch.Tensor, learning_rate: float) -> None:
        """Take a step on a batch of inputs, (b, columns), and scaled parameters, (b, p)."""
        for group in self.adam.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(learning_rate)
            else:
                group["lr"] = learning_rate
        if self._graph is None and self._steps_before_capture == 0:
            self._capture(inputs, targets)
        if self._batch is not None and len(inputs) == len(self._batch[0]) and self._graph is not None:
            for place, values in zip(self._batch, (inputs, targets), strict=True):
                place.copy_(values)
            self._graph.replay()
        else:
            self._steps_before_capture -= 1
            self._step(inputs, targets)

    def _capture(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Record the kernels of a step on batches of this size."""
        self._batch = inputs.clone(), targets.clone()
        self._graph = torch.cuda.CUDAGraph()
        self.adam.zero_grad()
        with torch.cuda.graph(self._graph):
            self._step(*self._batch)

    def _step(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        with torch.autocast(self.device, torch.bfloat16, enabled=self.optimiser.half_precision):
            output = self.network(inputs)
        loss = loss_of(self.loss, output, targets)
        self.adam.zero_grad()
        loss.backward()
        weights, clip = list(self.network.parameters()), self.optimiser.gradient_clip
        if clip is None:
            norm = nn.utils.get_total_norm([each.grad for each in weights if each.grad is not None])
            size = loss.detach()
        else:
            norm = size = nn.utils.clip_grad_norm_(weights, clip)
        # As with PyTorch's gradient scaler, Adam leaves weights and moments as they are where this is one.
        self.adam.found_inf = (~torch.isfinite(size)).float()  # type: ignore[attr-defined]
        self.adam.step()
        self.sum_of_errors += absolute_error(output, targets) * len(inputs)
        self.sum_of_norms += norm * len(inputs)
