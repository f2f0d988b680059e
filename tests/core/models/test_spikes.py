import numpy as np
import pytest
from scipy.integrate import solve_ivp

from core.models.fitzhugh_nagumo.model import FITZHUGH_NAGUMO
from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.morris_lecar import MORRIS_LECAR_HOPF
from core.models.spikes import regime, regimes, spike_count, spike_statistics, spike_timing
from core.published import published_prior, time_grid, with_constants
from tests.reference import right_hand_side

TIMES = np.arange(101) * 0.5  # 50 ms


def trace(*segments):
    """Build a potential from (value, number of samples)."""
    return np.concatenate([np.full(count, value) for value, count in segments])


SILENT = trace((0.0, 1), (-1.2, 100))
EXCITED_ABOVE = trace((0.0, 10), (1.8, 91))
EXCITED_BELOW = trace((0.0, 10), (2.0, 6), (1.1, 85))
SPIKING = trace((0.0, 11), *[(1.9, 4), (-1.8, 11)] * 6)
ONE_SPIKE = trace((0.0, 10), (1.9, 6), (-1.8, 85))
DIVERGED = trace((0.0, 11), *[(1.9, 4), (-1.8, 11)] * 5, (np.nan, 15))


@pytest.mark.parametrize(
    ("u", "rate", "duration"),
    [
        (SILENT, np.nan, np.nan),
        (EXCITED_ABOVE, np.nan, np.nan),
        (EXCITED_BELOW, np.nan, np.nan),
        (SPIKING, 6 / 0.050, 4 * 0.5),
        (ONE_SPIKE, 1 / 0.050, 6 * 0.5),
        (DIVERGED, np.nan, np.nan),
    ],
)
def test_spike_statistics_by_hand(u, rate, duration):
    for kind in (np.float64, np.float32):
        assert np.allclose(spike_statistics(u.astype(kind), TIMES), (rate, duration), rtol=1e-12, equal_nan=True)


@pytest.mark.parametrize(
    ("u", "times", "sentence"),
    [
        (SILENT, TIMES[:-1], "a sample for each: the shapes are"),
        (SILENT[None], TIMES[:, None], "a sample for each"),
        (SILENT[:1], TIMES[:1], "two times or more"),
        (0.0, TIMES, "a sample for each"),
        (SILENT, TIMES[::-1], "strictly increasing"),
        (SILENT, np.zeros(101), "strictly increasing"),
        (SILENT, np.where(TIMES == 2.0, np.nan, TIMES), "finite, strictly increasing"),
        (SILENT, np.where(TIMES == 50.0, np.inf, TIMES), "finite, strictly increasing"),
    ],
)
def test_potentials_and_times_that_do_not_fit_together_end_in_a_sentence(u, times, sentence):
    with pytest.raises(ValueError, match=sentence):
        spike_statistics(u, times)


def test_the_threshold_is_crossed_not_touched():
    """Only the second rise ends above 1.5."""
    u = trace((-1.0, 10), (1.5, 10), (-1.0, 10), (np.nextafter(1.5, 2), 10), (-1.0, 61))
    assert np.allclose(spike_statistics(u, TIMES), (1 / 0.050, 10 * 0.5))


def test_batches_keep_their_shape():
    rates, durations = spike_statistics(np.array([[SILENT, SPIKING], [ONE_SPIKE, SPIKING]]), TIMES)
    assert np.allclose(rates, [[np.nan, 120], [20, 120]], equal_nan=True)
    assert np.allclose(durations, [[np.nan, 2], [3, 2]], equal_nan=True)


@pytest.mark.parametrize(
    ("u", "rate", "duration"),
    [
        (SILENT, np.nan, np.nan),
        (EXCITED_ABOVE, np.nan, np.nan),
        # From 0 to 2 the level is crossed after three quarters of a step, from 2 to 1.1 after 5/9.
        (EXCITED_BELOW, np.nan, 0.5 * (6 - 0.75 + 5 / 9)),
        # From −1.8 to 1.9 after 33/37 of a step, and after 4/37 on the way back; the first rise is from 0.
        (SPIKING[11:], 1000 / 7.5, 0.5 * (4 - 33 / 37 + 4 / 37)),
        (ONE_SPIKE, np.nan, 0.5 * (6 - 15 / 19 + 4 / 37)),
        (DIVERGED, np.nan, np.nan),
    ],
)
def test_spike_timing_by_hand(u, rate, duration):
    for kind in (np.float64, np.float32):
        found = spike_timing(u.astype(kind), np.arange(u.size) * 0.5)
        assert np.allclose(found, (rate, duration), rtol=1e-6, equal_nan=True)


def test_a_neuron_that_has_stopped_spiking_has_no_rate():
    """Three spikes in the first half of the window, and none in the second."""
    u = trace((0.0, 11), *[(1.9, 4), (-1.8, 8)] * 3, (-1.2, 54))
    assert np.isnan(spike_timing(u, TIMES)[0])
    assert np.isfinite(spike_statistics(u, TIMES)[0])


def period(theta, t_end):
    """Return the period of the limit cycle, between the last two up-crossings of u = 1.5, by SciPy at 1e-11."""

    def crossing(_, state):
        return state[0] - 1.5

    crossing.direction = 1
    solution = solve_ivp(
        lambda _, state: right_hand_side(state, (*theta, -0.4, 3.0)), (0, t_end), (0, 0), "DOP853", events=crossing,
        rtol=1e-11, atol=1e-12,
    )  # fmt: skip
    return np.diff(solution.t_events[0])[-1]


@pytest.mark.parametrize("t_end", [200.0, 100.0, 61.0])
@pytest.mark.parametrize("theta", [(0.4, 0.4), (0.865, 0.4), (0.0, 0.1), (0.3, 1.1)])
def test_the_rate_is_that_of_the_limit_cycle_in_any_window(theta, t_end):
    """Each crossing lies between its two samples, so that their span is off by less than two steps of 0.2 ms.

    The first interval, from the start at rest, differs from the period by 0.1 % of it at most.
    """
    times = np.arange(round(t_end / 0.2)) * 0.2
    rate, _ = spike_timing(simulate_potential(np.array([*theta, -0.4, 3.0]), times), times)
    exact = period(theta, 200.0)
    intervals = np.floor(times[-1] / exact) - 1
    assert float(rate) == pytest.approx(1000 / exact, rel=0.4 / (intervals * exact) + 0.001 / intervals)


def test_spike_timing_keeps_the_shape_of_a_batch():
    rates, durations = spike_timing(np.array([[SILENT, SPIKING], [ONE_SPIKE, SPIKING]]), TIMES)
    assert rates.shape == durations.shape == (2, 2)
    assert np.array_equal(np.isnan(rates), [[True, False], [True, False]])
    assert np.array_equal(np.isnan(durations), [[True, False], [False, False]])


@pytest.mark.parametrize(
    ("u", "name"),
    [
        (SILENT, "silent"),
        (EXCITED_ABOVE, "excited"),
        (EXCITED_BELOW, "excited"),
        (SPIKING, "spiking"),
        (ONE_SPIKE, "silent"),
        (DIVERGED, "diverging"),
    ],
)
def test_regime_by_hand(u, name):
    assert regime(u) == name
    assert np.array_equal(regimes(np.array([[u, SPIKING]])), [[name, "spiking"]])


def test_share_of_published_neurons_without_a_rate():
    """In the authors' 10,000 samples 2 % never cross 1.5 and 5 % cross once and stay excited.

    Each figure is rounded, ±0.005; the standard error of a share of 0.05 is 0.0022 in theirs and 0.0022 in ours; 5 of
    both together are 0.0154 for 5 %, and 0.0099 for 2 %.
    """
    times = time_grid()
    u = simulate_potential(with_constants(published_prior().sample(10_000, np.random.default_rng(0))), times)
    without_rate = np.isnan(spike_statistics(u, times)[0])
    never = u.max(axis=1) <= 1.5
    assert abs(never.mean() - 0.02) <= 0.005 + 0.0099
    assert abs((without_rate & ~never).mean() - 0.05) <= 0.005 + 0.0154
    assert np.all(without_rate[never])
    names = np.array([regime(row) for row in u])
    assert abs(np.mean(names == "silent") - 0.02) <= 0.005 + 0.0099
    assert abs(np.mean(names == "excited") - 0.05) <= 0.005 + 0.0154


@pytest.mark.parametrize("u", [SILENT, EXCITED_ABOVE, EXCITED_BELOW, SPIKING, ONE_SPIKE, DIVERGED])
def test_features_follow_the_levels_of_the_model(u):
    """In another unit, with levels in that unit, a trace has the same features; the default is FitzHugh–Nagumo."""
    levels = {"spike_level": FITZHUGH_NAGUMO.spike_level, "excited_floor": FITZHUGH_NAGUMO.excited_floor}
    scaled = {name: 20 * level - 30 for name, level in levels.items()}
    for features in (spike_statistics, spike_timing):
        expected = features(u, TIMES)
        assert np.array_equal(features(u, TIMES, **levels), expected, equal_nan=True)
        assert np.allclose(features(20 * u - 30, TIMES, **scaled), expected, rtol=1e-12, equal_nan=True)
    assert regime(20 * u - 30, **scaled) == regime(u) == regime(u, **levels)
    assert spike_count(20 * u - 30, spike_level=scaled["spike_level"]) == spike_count(u)


@pytest.mark.parametrize(("current", "name"), [(60.0, "silent"), (150.0, "spiking"), (240.0, "excited")])
def test_morris_lecar_has_its_regimes_by_its_own_levels(current, name):
    """Of the Hopf set at 4.4 mS/cm², which rests below 93.9 µA/cm² and above 212.0, and spikes between."""
    model = MORRIS_LECAR_HOPF
    v = model.simulate([current, 4.4], np.linspace(0, 600, 1201))[:, model.observed_column]
    assert regime(v, spike_level=model.spike_level, excited_floor=model.excited_floor) == name
