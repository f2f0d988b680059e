"""The first layer of a network: it whitens traces, adds their spectrum, and passes further columns on."""

import torch
from torch import nn

from core.learning.networks.precision import at_least_single
from core.learning.training_settings import (
    Inputs,
    Spectrum,
    TimeSeriesAndSpectrum,
    WhitenedTimeSeries,
    WhitenedTimeSeriesAndSpectrum,
)
from core.noise import Noise

LEAST_POWER = 1e-12  # added to powers before the logarithm


def whitened(traces: torch.Tensor, noise: Noise) -> torch.Tensor:
    """Return traces, (n, n_times), through the filter that turns this noise into independent standard normals."""
    scaled = traces * (1 / noise.marginal_sd)
    innovations = (scaled[:, 1:] - noise.rho * scaled[:, :-1]) / (1 - noise.rho**2) ** 0.5
    return torch.cat([scaled[:, :1], innovations], dim=1)


def log_power(traces: torch.Tensor) -> torch.Tensor:
    """Return the logarithms of |Σ x_j e^(−iωj)|² / n_times, (n, n_times // 2 + 1), of traces, (n, n_times)."""
    with torch.autocast(traces.device.type, enabled=False):
        return (torch.fft.rfft(at_least_single(traces)).abs().square() / traces.shape[1] + LEAST_POWER).log()


class InputLayer(nn.Module):
    """Turns columns, (n, n_times + columns), into features, of which there are n_features.

    has_window: whether the last column is the share of the samples that are real; features of the others become zero.
    """

    def __init__(self, inputs: Inputs, n_times: int, n_columns: int, has_window: bool):
        super().__init__()
        self.inputs, self.n_times, self.has_window = inputs, n_times, has_window
        self.shows_series = not isinstance(inputs, Spectrum)
        self.shows_spectrum = isinstance(inputs, Spectrum | TimeSeriesAndSpectrum | WhitenedTimeSeriesAndSpectrum)
        length = self.shows_series * n_times + self.shows_spectrum * (n_times // 2 + 1)
        self.n_features = length + n_columns

    def forward(self, columns: torch.Tensor) -> torch.Tensor:
        """Return the features, (n, n_features)."""
        series, rest = columns[:, : self.n_times], columns[:, self.n_times :]
        if isinstance(self.inputs, WhitenedTimeSeries):
            series = whitened(series, self.inputs.noise)
        if self.has_window:
            places = torch.arange(self.n_times, device=columns.device)
            series = series * (places < (rest[:, -1:] * self.n_times).round())
        features = [series] if self.shows_series else []
        if self.shows_spectrum:
            features.append(log_power(series))
        return torch.cat([*features, rest], dim=1)
