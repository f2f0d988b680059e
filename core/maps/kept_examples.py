"""The examples of a learned step that are computed so far, in a file from which an interrupted training goes on."""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.files import write_bytes

SAVING_INTERVAL_SECONDS = 20.0  # between two writes


class KeptExamples:
    """Inputs, (n, k), and scaled true values, (n, p), in pieces that are computed one after another.

    path: of their file; None to keep them in memory alone. recipe, weights: of the training and of the network that the
    inputs are computed with. A file of another training or network is not used.
    """

    def __init__(self, path: Path | None, recipe: Mapping[str, Any], weights: Mapping[str, torch.Tensor]):
        self.path = path
        digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
        for name, tensor in sorted(weights.items()):
            digest.update(name.encode() + tensor.numpy(force=True).tobytes())
        self.origin = digest.hexdigest()
        self.inputs: list[torch.Tensor] = []
        self.targets: list[torch.Tensor] = []
        self.saved = time.monotonic()
        self._read()

    def __len__(self) -> int:
        return sum(map(len, self.inputs))

    def _read(self) -> None:
        if self.path is None or not self.path.is_file():
            return
        try:
            with safe_open(self.path, "pt") as file:
                if file.metadata()["origin"] == self.origin:
                    self.inputs, self.targets = [file.get_tensor("inputs")], [file.get_tensor("targets")]
        except (SafetensorError, KeyError, TypeError, OSError):
            return

    def add(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Add a piece; write all where the last write is long enough ago."""
        self.inputs.append(inputs)
        self.targets.append(targets)
        if time.monotonic() - self.saved > SAVING_INTERVAL_SECONDS:
            self.save()

    def save(self) -> None:
        """Write all pieces to the file."""
        if self.path is not None and self.inputs:
            inputs, targets = self.all()
            write_bytes(self.path, save({"inputs": inputs, "targets": targets}, {"origin": self.origin}))
            self.saved = time.monotonic()

    def all(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all pieces in one."""
        return torch.cat(self.inputs), torch.cat(self.targets)
