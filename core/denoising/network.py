"""The network of the deep prior: a convolutional hourglass with skips, as long as the trace at both ends.

After Ulyanov, Vedaldi and Lempitsky, "Deep image prior", CVPR 2018, in one dimension.
"""

from typing import cast

import torch
from torch import nn
from torch.nn.functional import interpolate

N_INPUT = 8  # channels of the fixed random input
WIDTHS = (16, 32, 64, 64)  # channels of each scale; a scale is half as long as the one before
N_SKIP = 4  # channels that pass by all deeper scales
KERNEL = 5
SLOPE = 0.2  # of LeakyReLU below zero


class Hourglass(nn.Module):
    """A network from a fixed input, (1, N_INPUT, n), to a curve, (n,)."""

    def __init__(self) -> None:
        super().__init__()
        inputs, deeper = (N_INPUT, *WIDTHS[:-1]), (*WIDTHS[1:], WIDTHS[-1])
        self.down = nn.ModuleList(
            nn.Sequential(_block(before, width, KERNEL, 2), _block(width, width, KERNEL))
            for before, width in zip(inputs, WIDTHS, strict=True)
        )
        self.skips = nn.ModuleList(_block(before, N_SKIP, 1) for before in inputs)
        self.up = nn.ModuleList(
            nn.Sequential(nn.BatchNorm1d(deep + N_SKIP), _block(deep + N_SKIP, width, KERNEL), _block(width, width, 1))
            for deep, width in zip(deeper, WIDTHS, strict=True)
        )
        self.out = nn.Conv1d(WIDTHS[0], 1, 1)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the curve."""
        passed = []
        for down, skip in zip(self.down, self.skips, strict=True):
            passed.append(skip(values))
            values = down(values)
        for up, skipped in zip(reversed(self.up), reversed(passed), strict=True):
            stretched = interpolate(values, size=skipped.shape[-1], mode="linear", align_corners=False)
            values = up(torch.cat([stretched, skipped], dim=1))
        return cast(torch.Tensor, self.out(values)[0, 0])


def _block(before: int, after: int, kernel: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv1d(before, after, kernel, stride, padding=kernel // 2, padding_mode="reflect")
    return nn.Sequential(convolution, nn.BatchNorm1d(after), nn.LeakyReLU(SLOPE))
