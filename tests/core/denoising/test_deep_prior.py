"""The deep prior: what its stops choose, what it refuses, and that it denoises a curve that is known."""

import numpy as np
import pytest
import torch

from core.denoising.deep_prior import JITTER, discrepancy_stop, held_out_stop, iterates
from core.denoising.network import N_INPUT, Hourglass

torch.set_num_threads(1)
NOISE_SD = 0.3


def noisy_sine(seed):
    """Return a sine of 512 samples with white noise, and the sine."""
    clean = np.sin(np.linspace(0, 6 * np.pi, 512))
    return clean + NOISE_SD * np.random.default_rng(seed).standard_normal(clean.size), clean


def test_a_curve_comes_out_of_the_noise_and_the_misfit_of_the_iterates_is_that_of_the_definition():
    data, clean = noisy_sine(0)
    found = list(iterates(data, n=150))
    stop = found[held_out_stop([each.held_out for each in found])]
    # A filter that averages over ten samples would leave 0.3 / √10 of the noise alone.
    assert np.sqrt(np.mean((stop.curve - clean) ** 2)) < 0.4 * NOISE_SD
    assert stop.misfit == pytest.approx(NOISE_SD, rel=0.15)
    assert [each.number for each in found] == list(range(1, 151))


def test_the_noise_is_fitted_in_the_end():
    data, clean = noisy_sine(1)
    curves = [each.curve for each in iterates(data, n=500)]
    errors = np.sqrt(np.mean((np.array(curves) - clean) ** 2, axis=1))
    assert errors[-1] > 1.5 * errors.min()


def test_a_run_is_repeated_by_its_seed_and_leaves_torch_s_own_numbers_alone():
    data, _ = noisy_sine(2)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first, again, other = ([each.curve for each in iterates(data, seed=seed, n=3)][-1] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_whitened_misfit_is_that_of_white_residuals():
    data, _ = noisy_sine(3)
    (plain,), (white,) = (list(iterates(data, rho, n=1)) for rho in (0.0, 0.8))
    assert np.array_equal(plain.curve, white.curve)  # both begin with the same network
    left = data - plain.curve
    # Five of a hundred samples are left out, and of whitened ones each pair with one of them.
    assert plain.misfit == pytest.approx(np.sqrt(np.mean(left**2)), rel=0.05)
    assert white.misfit == pytest.approx(np.sqrt(np.mean((left[1:] - 0.8 * left[:-1]) ** 2)), rel=0.05)


@pytest.mark.parametrize("n", [64, 65, 127, 1000])
def test_a_curve_is_as_long_as_its_trace(n):
    network = Hourglass()
    assert network(JITTER * torch.randn(1, N_INPUT, n)).shape == (n,)


def test_the_stops_are_where_they_say():
    assert held_out_stop([3.0, 1.0, 2.0]) == 1
    assert discrepancy_stop([3.0, 1.0, 0.9], 1.0) == 1
    assert discrepancy_stop([3.0, 2.0], 1.0) == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(np.zeros(10), "64 samples"), (np.zeros(100), "the same"), (np.full(100, np.nan), "without gaps")],
)
def test_what_it_cannot_take_gets_a_sentence(data, sentence):
    with pytest.raises(ValueError, match=sentence):
        next(iterates(data))
