"""What a training has computed after its network, in files beside its checkpoint, from which it goes on when killed."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.files import write_bytes
from core.learning.checkpoint import SAVING_INTERVAL_SECONDS

Tensors = dict[str, torch.Tensor]


def origin_of(recipe: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> str:
    """Return a hash of a training's recipe and of the weights of the network that it computes something with."""
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
    for name, tensor in sorted(weights.items()):
        digest.update(name.encode() + tensor.numpy(force=True).tobytes())
    return digest.hexdigest()


class KeptFile:
    """A file of tensors at path, or none where path is None. origin: a file of another one is not used."""

    def __init__(self, path: Path | None, origin: str):
        self.path, self.origin = path, origin
        self.saved = time.monotonic()

    @property
    def is_due(self) -> bool:
        """Whether the last write is so long ago that the next is due."""
        return time.monotonic() - self.saved > SAVING_INTERVAL_SECONDS

    def read(self) -> Tensors | None:
        """Return the tensors, or None without a whole file of this origin."""
        if self.path is None or not self.path.is_file():
            return None
        try:
            with safe_open(self.path, "pt") as file:
                if file.metadata()["origin"] != self.origin:
                    return None
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 – the file is no mapping
        except (SafetensorError, KeyError, TypeError, OSError):
            return None

    def write(self, tensors: Tensors) -> None:
        """Write the tensors in one step."""
        if self.path is not None:
            write_bytes(self.path, save(tensors, {"origin": self.origin}))
        self.saved = time.monotonic()


def file_beside(checkpoint: Path | None, name: str, origin: str) -> KeptFile:
    """Return the file of a name that stands beside a checkpoint; without a checkpoint nothing is kept."""
    return KeptFile(None if checkpoint is None else checkpoint.with_name(f"{checkpoint.name}-{name}"), origin)


class KeptRows:
    """Rows of tensors that are computed in pieces, one after another.

    As a context manager it writes the last pieces at its end too, also where that is an error, as of a pause.
    """

    def __init__(self, file: KeptFile):
        self.file = file
        found = file.read() or {}
        self.pieces = [found] if found else []
        self.n_read = self.n_known = min(map(len, found.values()), default=0)
        self.n_taken = 0
        self.n_saved = self.n_read

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.save()

    def has_next(self, n: int) -> bool:
        """Return whether the file has the next n rows."""
        return self.n_taken + n <= self.n_read

    def take(self, n: int, compute: Callable[[], Tensors]) -> Tensors:
        """Return the next n rows: those of the file, or else computed ones, which are kept."""
        first, is_read = self.n_taken, self.has_next(n)
        self.n_taken += n
        if is_read:
            return {name: tensor[first : self.n_taken] for name, tensor in self.pieces[0].items()}
        if self.n_read > first:  # the file ends within this piece, as that of a version with other pieces may
            self.pieces[0] = {name: tensor[:first] for name, tensor in self.pieces[0].items()}
            self.n_read = self.n_saved = first
        piece = compute()
        self.pieces.append(piece)
        self.n_known = self.n_taken
        if self.file.is_due:
            self.save()
        return piece

    def save(self) -> None:
        """Write all rows that are known, unless they are in the file."""
        if self.n_known > self.n_saved:
            self.file.write({name: torch.cat([piece[name] for piece in self.pieces]) for name in self.pieces[0]})
            self.n_saved = self.n_known
