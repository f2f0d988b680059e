"""The sums over residuals and sensitivities, against the stored trajectories and against sums written out."""

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.gradient import misfit_gradient
from core.models.fitzhugh_nagumo.hessian import full_hessian, gauss_newton
from core.models.fitzhugh_nagumo.lag_products import sum_lag_products
from core.models.fitzhugh_nagumo.sensitivities import sensitivities
from core.models.lag_products import lag_products
from core.noise import Noise
from core.published import time_grid

TIMES = time_grid()
RNG = np.random.default_rng(11)
N = 21  # more than a block, and no whole number of blocks
NEURONS = np.column_stack(
    [RNG.uniform(0.0, 0.8, N), RNG.uniform(0.1, 1.2, N), RNG.uniform(-0.6, 0.0, N), RNG.uniform(1.0, 4.0, N)]
)
NEURONS[3] = 0.0, -30.0, -0.4, 3.0  # diverges
NEURONS[7] = 0.4, 0.4, -0.4, 1e5  # no step within the limit resolves it
TRACES = RNG.normal(0.0, 0.5, (N, TIMES.size))
LENGTHS = RNG.integers(100, TIMES.size, N, endpoint=True)


def stored(columns):
    """Return the series of residual and derivatives, zero where a trajectory is not there."""
    states, derivatives = sensitivities(NEURONS, TIMES)
    u, slopes = np.nan_to_num(states[..., :1]), np.nan_to_num(derivatives[..., 0, list(columns)])
    return np.concatenate([TRACES[..., None] - u, slopes], axis=-1)


@pytest.mark.parametrize("columns", [(0, 1), (1,), (0, 1, 2, 3), (3, 0)])
def test_the_sums_are_those_over_the_stored_trajectories(columns):
    series = stored(columns)
    assert np.isnan(sensitivities(NEURONS[[3, 7]], TIMES)[0]).any(axis=(1, 2)).all()
    found = sum_lag_products(NEURONS, TIMES, TRACES, LENGTHS, columns)
    for i, (each, length) in enumerate(zip(series, LENGTHS, strict=True)):
        z = each[:length]
        expected = z.T @ z, z[1:].T @ z[:-1], z[0], z[-1]
        for part, sums in zip(found, expected, strict=True):
            assert part[i] == pytest.approx(sums, rel=1e-9, abs=1e-9 * np.max(np.abs(expected[0])))


def test_sums_give_the_innovations_under_every_correlation_and_of_transformed_series():
    series, rho = RNG.normal(size=(4, 60, 3)).cumsum(axis=1), np.array([-0.5, 0.0, 0.8, 0.99])
    matrices = RNG.normal(size=(4, 3, 2))
    lengths = np.array([60, 17, 2, 59])
    found = lag_products(series, lengths)
    for sums, each in (
        (found, series),
        (found.transformed(matrices), series @ matrices),
        (found.of([2]), series[..., 2:]),
    ):
        innovations = sums.of_innovations(rho)
        for i, length in enumerate(lengths):
            w = each[i, 1:length] - rho[i] * each[i, : length - 1]
            assert innovations[i] == pytest.approx(w.T @ w, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("columns", [(0, 1), (1, 0), (2,), (0, 3)])
@pytest.mark.parametrize("expand", [gauss_newton, full_hessian, misfit_gradient])
def test_an_expansion_in_some_parameters_is_a_part_of_the_whole(expand, columns):
    neurons, noise = NEURONS[8:14], Noise(0.8, 0.35)
    whole, part = expand(neurons, TIMES, TRACES[0], noise), expand(neurons, TIMES, TRACES[0], noise, columns=columns)
    assert part.misfit == pytest.approx(whole.misfit, rel=1e-12)
    scale = np.max(np.abs(whole.gradient))
    assert part.gradient == pytest.approx(whole.gradient[:, list(columns)], rel=1e-9, abs=1e-9 * scale)
    if whole.hessian is not None:
        expected = whole.hessian[:, list(columns)][:, :, list(columns)]
        assert part.hessian == pytest.approx(expected, rel=1e-9, abs=1e-9 * np.max(np.abs(whole.hessian)))
