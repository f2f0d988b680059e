import numpy as np
import pytest
import torch
from scipy.signal import periodogram

from core.learning.networks.input_layer import LEAST_POWER, InputLayer, log_power
from core.learning.networks.network import build
from core.learning.training_settings import (
    Cnn,
    Dense,
    GaussianEstimate,
    InitialWeights,
    PointEstimate,
    Residual,
    Spectrum,
    TimeSeries,
    TimeSeriesAndSpectrum,
    WhitenedTimeSeries,
    WhitenedTimeSeriesAndSpectrum,
)
from core.noise import Noise, whiten

NOISE = Noise(0.8, 0.35)
ALL_INPUTS = (
    TimeSeries(),
    WhitenedTimeSeries(NOISE),
    Spectrum(),
    TimeSeriesAndSpectrum(),
    WhitenedTimeSeriesAndSpectrum(NOISE),
)


@pytest.fixture(scope="module")
def traces():
    return np.random.default_rng(0).normal(size=(5, 200)).astype(np.float32)


def features(inputs, columns, n_times=200, n_columns=0, has_window=False):
    layer = InputLayer(inputs, n_times, n_columns, has_window)
    found = layer(torch.from_numpy(columns)).numpy()
    assert found.shape == (len(columns), layer.n_features)
    return found


def expected_spectrum(series):
    return np.log(np.abs(np.fft.rfft(series)) ** 2 / series.shape[1] + LEAST_POWER)


@pytest.mark.parametrize("n_times", [200, 201])
def test_log_power_is_that_of_numpy_and_scipy(n_times):
    """Of single precision, powers of order 1 are known to some 1e-6; but the smallest lose digits to cancellation."""
    series = np.random.default_rng(1).normal(size=(4, n_times)).astype(np.float32)
    found = log_power(torch.from_numpy(series)).numpy()
    assert np.allclose(np.exp(found), np.exp(expected_spectrum(series.astype(float))), rtol=1e-4, atol=1e-6)
    # SciPy's density counts each frequency twice that stands for two.
    density = periodogram(series.astype(float), window="boxcar", detrend=False, scaling="density")[1]
    single = np.r_[1.0, np.full(n_times // 2, 2.0)]
    if n_times % 2 == 0:
        single[-1] = 1.0
    assert np.allclose(np.exp(found), density / single, rtol=1e-4, atol=1e-6)


def test_the_spectrum_of_a_cosine_is_one_line():
    """A cosine of k whole periods has |Σ|² / n = n/4 at k, and a trace of zeros the least power everywhere."""
    times = np.arange(200)
    cosine = np.cos(2 * np.pi * 7 * times / 200).astype(np.float32)
    found = np.exp(features(Spectrum(), np.stack([cosine, np.zeros(200, np.float32)])))
    assert np.isclose(found[0, 7], 50, rtol=1e-4)
    assert np.delete(found[0], 7).max() <= 1e-6
    assert np.allclose(found[1], LEAST_POWER, rtol=1e-4)


def test_each_kind_of_input_shows_what_its_name_says(traces):
    white = whiten(traces, NOISE)
    assert np.array_equal(features(TimeSeries(), traces), traces)
    assert np.allclose(features(WhitenedTimeSeries(NOISE), traces), white, rtol=0, atol=1e-5)
    assert np.allclose(features(Spectrum(), traces), expected_spectrum(traces), rtol=0, atol=1e-3)
    both = features(TimeSeriesAndSpectrum(), traces)
    assert np.array_equal(both[:, :200], traces)
    assert np.allclose(both[:, 200:], expected_spectrum(traces), rtol=0, atol=1e-3)
    both = features(WhitenedTimeSeriesAndSpectrum(NOISE), traces)
    assert np.allclose(both[:, :200], white, rtol=0, atol=1e-5)
    assert np.allclose(both[:, 200:], expected_spectrum(white), rtol=0, atol=1e-3)


@pytest.mark.parametrize("inputs", ALL_INPUTS[:2], ids=["time series", "whitened"])
def test_features_of_a_window_are_those_of_the_shorter_trace_then_zeros(inputs, traces):
    """Whatever stands where the trace has ended."""
    lengths = np.array([50, 77, 120, 199, 200])
    given = np.random.default_rng(2).normal(size=(5, 2)).astype(np.float32)
    columns = np.column_stack([traces, given, lengths / 200]).astype(np.float32)
    found = features(inputs, columns, n_columns=3, has_window=True)
    for row, trace, length in zip(found, traces, lengths, strict=True):
        alone = features(inputs, trace[None, :length], n_times=length)[0]
        assert np.array_equal(row[:length], alone)
        assert np.all(row[length:200] == 0)
    assert np.array_equal(found[:, 200:], columns[:, 200:])


def test_every_number_of_samples_is_read_from_its_share():
    """Shares in single precision, of windows up to the longest that a task can have."""
    n_times, lengths = 5000, np.arange(50, 5001)
    columns = np.ones((len(lengths), n_times + 1), np.float32)
    columns[:, -1] = lengths / n_times
    assert np.array_equal(features(TimeSeries(), columns, n_times, 1, True)[:, :-1].sum(axis=1), lengths)


@pytest.mark.parametrize("body", [Cnn(), Dense((16,)), Residual((16,))], ids=["cnn", "dense", "residual"])
@pytest.mark.parametrize("inputs", ALL_INPUTS, ids=lambda inputs: type(inputs).__name__)
def test_every_body_takes_every_input(inputs, body, traces):
    network = build(inputs, body, GaussianEstimate(), InitialWeights.FLAT, 200, 4, 0)
    found = network(torch.from_numpy(traces))
    assert found.mean.shape == (5, 4)
    assert torch.all(torch.isfinite(found.factor))


def test_the_published_cnn_has_more_weights_for_more_inputs():
    """1,000 samples leave 30 features of each filter, 501 frequencies 15, both together 46 (Rudi and others 2021)."""
    for inputs, length in ((TimeSeries(), 30), (Spectrum(), 15), (TimeSeriesAndSpectrum(), 46)):
        network = build(inputs, Cnn(), PointEstimate(), InitialWeights.GLOROT, 1000, 4, 0)
        convolutions = 8 * 4 + 16 * (8 * 3 + 1) + 32 * (16 * 3 + 1)
        dense = 32 * (32 * length + 1) + 32 * 33 + 4 * 33
        assert sum(weights.numel() for weights in network.parameters()) == convolutions + dense


def test_dropout_acts_in_training_alone():
    """A share p of the outputs is zero and the others are 1/(1 − p) times as large: binomial sd of n = 20,000."""
    network = build(TimeSeries(), Dense((400,), 0.2), PointEstimate(), InitialWeights.GLOROT, 200, 2, 0)
    first, drop = network[:2], network[2]
    outputs = first(torch.randn(50, 200, generator=torch.Generator().manual_seed(0)))
    torch.manual_seed(0)
    dropped = drop(outputs)
    assert abs(torch.mean((dropped == 0).float()) - 0.2) <= 5 * np.sqrt(0.2 * 0.8 / outputs.numel())
    kept = dropped != 0
    assert torch.allclose(dropped[kept], outputs[kept] / 0.8, rtol=1e-5)
    assert torch.equal(network.eval()[2](outputs), outputs)
