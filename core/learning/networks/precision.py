"""The precision that sums and exponentials of a network need."""

import torch


def at_least_single(values: torch.Tensor) -> torch.Tensor:
    """Return half-precision values in single precision, and others as they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
