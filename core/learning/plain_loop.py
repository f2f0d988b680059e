"""A training loop as tutorials of PyTorch write it, which other training steps are compared with."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class PlainLoop:
    """Adam on the mean squared error with batches of a DataLoader, which drops the samples that fill no batch."""

    def __init__(
        self,
        network: nn.Module,
        inputs: torch.Tensor,
        targets: torch.Tensor,
        batch_size: int,
        learning_rate: float,
    ):
        self.network = network.train()
        self._loader = DataLoader(TensorDataset(inputs, targets), batch_size, shuffle=True, drop_last=True)
        self._adam = torch.optim.Adam(network.parameters(), learning_rate)
        self._loss = nn.MSELoss()

    def epoch(self) -> None:
        """Train on each batch once."""
        for inputs, targets in self._loader:
            self._adam.zero_grad()
            loss = self._loss(self.network(inputs), targets)
            loss.backward()
            self._adam.step()
