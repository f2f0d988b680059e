from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.signal import lfilter

from core.models.fitzhugh_nagumo.simulate import simulate
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Observation, Trace, observe
from tests.reference import reference_solution, right_hand_side

# u = v = 0 is a fixed point where θ₀ = ζ = 0, so these data are the noise and nothing else.
STILL = Experiment(theta0=0.0, zeta=0.0)
UPLOAD = Trace("mine.csv", np.arange(50) * 0.4, np.linspace(-1, 1, 50))


def ar1(experiment):
    """Return the noise of the experiment by SciPy's recursive filter, from the law and NumPy's normals of the seed."""
    normals = np.random.default_rng(experiment.seed).standard_normal(experiment.n_times)
    sd, rho = experiment.sigma / 0.2, experiment.rho
    innovations = sd * normals * np.where(np.arange(normals.size) == 0, 1, np.sqrt(1 - rho**2))
    return lfilter([1], [1, -rho], innovations)


@pytest.mark.parametrize(
    "experiment",
    [
        Experiment(),
        Experiment(theta0=0.1, gamma=2.5, sigma=0.2, rho=0.98, seed=2**31 - 1, t_end=60),
        Experiment(rho=-0.5),
    ],
)
def test_data_are_the_trajectory_plus_ar1_noise(experiment):
    observed = observe(experiment, None)
    np.testing.assert_allclose(observed.times, 0.2 * np.arange(experiment.n_times), rtol=1e-15)
    u = reference_solution(experiment.parameters, observed.times)[:, 0]
    # The solver aims at 1e-4; a spike's flank, 100 times as steep, can be off by a time of 1e-5 ms more.
    np.testing.assert_allclose(observed.data, u + ar1(experiment), rtol=0, atol=2e-3)
    np.testing.assert_allclose(observed.data - observed.trajectory[:, 0], ar1(experiment), rtol=0, atol=1e-12)
    assert observed.usable
    assert observed.note == ""


def test_a_longer_window_continues_the_same_realisation():
    short, long = (observe(replace(STILL, t_end=t_end), None).data for t_end in (20, 400))
    assert (short.size, long.size) == (100, 2000)
    np.testing.assert_array_equal(long[:100], short)


def test_doubling_sigma_doubles_the_noise_exactly():
    noise, doubled = (observe(replace(STILL, sigma=sigma), None).data for sigma in (0.07, 0.14))
    assert noise.std() > 0.1
    np.testing.assert_array_equal(doubled, 2 * noise)


def test_another_seed_draws_other_noise_and_no_sigma_none():
    noise, other = (observe(replace(STILL, seed=seed), None).data for seed in (7, 8))
    assert not np.any(noise == other)
    assert not np.any(observe(replace(STILL, sigma=0.0), None).data)


def test_a_diverging_truth_says_when_it_is_lost():
    experiment = Experiment(theta1=-3.0, t_end=60)
    observed = observe(experiment, None)

    def escape(_, state):
        return abs(state[0]) - 20

    escape.terminal = True
    solution = solve_ivp(
        lambda _, state: right_hand_side(state, experiment.parameters), (0, 60), (0, 0), events=escape, rtol=1e-9
    )
    lost_at = np.ceil(solution.t_events[0][0] / 0.2) * 0.2
    assert f"t = {lost_at:.1f} ms" in observed.note
    assert not observed.usable
    lost = round(lost_at / 0.2)
    assert np.all(np.isfinite(observed.data[:lost]))
    assert np.all(np.isnan(observed.data[lost:]))


def test_an_upload_takes_the_place_of_the_data():
    observed = observe(Experiment(theta1=-3.0), UPLOAD)
    np.testing.assert_array_equal(observed.times, UPLOAD.times)
    np.testing.assert_array_equal(observed.data, UPLOAD.u)
    assert observed.trajectory is None
    assert observed.usable
    assert observed.note == ""


def test_the_clean_potential_is_not_given_out_where_it_is_hidden_or_unknown():
    observed = observe(STILL, None)
    np.testing.assert_array_equal(observed.clean(STILL), np.zeros(1000))
    assert observed.clean(replace(STILL, hidden=True)) is None
    assert observe(STILL, UPLOAD).clean(STILL) is None


def test_what_a_map_is_told_leaves_out_what_is_not_known_of_an_upload():
    experiment = Experiment(zeta=-0.3, sigma=0.1)
    trace = observe(experiment, None).described(experiment)
    assert trace.keys() == {"times", "parameters", "rho", "sigma"}
    assert trace["parameters"].keys() == {"zeta", "gamma", "theta0", "theta1"}
    upload = observe(experiment, UPLOAD).described(experiment)
    assert upload.keys() == {"times", "parameters"}
    assert upload["parameters"] == {"zeta": -0.3, "gamma": 3.0}


def sampled_every(interval):
    times = np.arange(10) * interval
    return Observation(times, np.zeros(10), None, None)


@pytest.mark.parametrize("every", [1, 2, 5])
def test_the_correlation_of_samples_further_apart(every):
    """Every kth sample of AR(1) noise is AR(1) noise again; its correlation is estimated from a long draw."""
    noise = observe(replace(STILL, t_end=1000, seed=3), None).data[::every]
    estimate = np.corrcoef(noise[:-1], noise[1:])[0, 1]
    correlation = sampled_every(0.2 * every).noise(0.8, 0.07).rho
    assert correlation == pytest.approx(0.8**every, rel=1e-12)
    # Bartlett: the estimate of an AR(1) correlation has the variance (1 − ρ²)/n.
    assert abs(estimate - correlation) < 4 * np.sqrt((1 - correlation**2) / noise.size)


def test_the_correlation_of_samples_closer_together():
    # Two steps of 0.1 ms make one of 0.2 ms.
    assert sampled_every(0.1).noise(0.81, 0.07).rho ** 2 == pytest.approx(0.81, rel=1e-12)
    assert sampled_every(0.4).noise(0.0, 0.07).rho == 0
    assert sampled_every(0.2).noise(-0.6, 0.07).rho == pytest.approx(-0.6, rel=1e-12)


def test_the_correlation_over_two_steps_of_alternating_noise_is_positive():
    assert sampled_every(0.4).noise(-0.8, 0.07).rho == pytest.approx(0.64)


def test_the_truth_on_screen_is_the_engine_s():
    experiment = Experiment(theta0=0.25, theta1=0.75)
    observed = observe(experiment, None)
    np.testing.assert_array_equal(observed.trajectory, simulate(experiment.parameters, observed.times))
