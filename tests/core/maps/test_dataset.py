import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import kstest, loguniform, truncnorm, uniform

from core.maps.dataset import epoch_dataset, lengths_of, make_dataset
from core.maps.recipe import Fixed, NewNoise, NewSimulations
from core.maps.recipes import conditional_task, fitzhugh_nagumo_task, published_task
from core.maps.test_sets import published_test_set
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior, time_grid
from tests.reference import escape_time, reference_solution

TIMES = time_grid(40, 200)
N = 2000
TASK = fitzhugh_nagumo_task(published_prior(), published_noise_prior(), -0.3, 2.5)
TOLD = dataclasses.replace(conditional_task(), n_times=(100, 200))


@pytest.fixture(scope="module")
def dataset():
    return make_dataset(TASK, N, TIMES, np.random.default_rng(0))


def test_clean_rows_solve_the_equations(dataset):
    for i in range(0, N, 100):
        expected = reference_solution((*dataset.theta[i], -0.3, 2.5), TIMES)[:, 0]
        assert np.abs(dataset.clean[i] - expected).max() <= 1e-4
    assert dataset.clean.shape == dataset.noisy.shape == (N, len(TIMES))
    assert dataset.clean.dtype == dataset.noisy.dtype == np.float32


def test_parameters_follow_their_laws(dataset):
    """Kolmogorov: P(√n D > 2.4) ≈ 2 exp(−2 · 2.4²) = 2e-5."""
    laws = [(0.4, 0.3, 2), (0.4, 0.4, 2), (0.80, 0.057, 3), (0.070, 0.0097, 3)]
    columns = np.column_stack([dataset.theta, dataset.noise_parameters])
    for values, (mean, sd, cut) in zip(columns.T, laws, strict=True):
        assert np.abs(values - mean).max() <= cut * sd + 1e-12
        assert kstest(values, truncnorm(-cut, cut, loc=mean, scale=sd).cdf).statistic <= 2.4 / np.sqrt(N)
    assert len(np.unique(columns)) == columns.size


def test_noise_has_the_variance_and_correlation_of_its_row(dataset):
    """For a Gaussian AR(1) of unit variance the mean of n squares has the variance 2/n (1 + ρ²)/(1 − ρ²)."""
    rho, sd = dataset.noise_parameters[:, :1], dataset.noise_parameters[:, 1:] / 0.2
    noise = (dataset.noisy.astype(float) - dataset.clean) / sd
    n_times = noise.shape[1]
    standard_error = np.sqrt(np.sum(2 / n_times * (1 + rho**2) / (1 - rho**2))) / N
    assert abs(np.mean(noise**2) - 1) <= 5 * standard_error
    assert abs(np.mean(noise[:, 0] ** 2) - 1) <= 5 * np.sqrt(2 / N)
    innovations = (noise[:, 1:] - rho * noise[:, :-1]) / np.sqrt(1 - rho**2)
    assert abs(np.mean(innovations**2) - 1) <= 5 * np.sqrt(2 / innovations.size)
    assert abs(np.mean(innovations * noise[:, :-1])) <= 5 / np.sqrt(innovations.size)


def test_the_seed_fixes_the_samples(dataset):
    again = make_dataset(TASK, N, TIMES, np.random.default_rng(0))
    assert np.array_equal(again.noisy, dataset.noisy)
    other = make_dataset(TASK, N, TIMES, np.random.default_rng(1))
    assert np.abs(other.theta - dataset.theta).min() > 0


def test_diverging_parameters_are_drawn_again():
    """They are those that leave for infinity in SciPy's solution, and no others."""
    wide = TruncatedGaussian(("theta0", "theta1"), (0.4, -1.0), (0.3, 1000.0), (-0.2, -2.0), (1.0, 0.0))
    times = time_grid()
    drawn = wide.sample(500, np.random.default_rng(0))
    data = make_dataset(fitzhugh_nagumo_task(wide, published_noise_prior()), 500, times, np.random.default_rng(0))
    assert np.all(np.isfinite(data.noisy))
    again = np.flatnonzero(np.any(data.theta != drawn, axis=1))
    for i in range(0, 500, 50):
        assert (i in again) == (escape_time((*drawn[i], -0.4, 3.0), times[-1]) < np.inf)
        assert escape_time((*data.theta[i], -0.4, 3.0), times[-1]) == np.inf
    assert 0 < len(again) < 500


def test_a_prior_that_only_diverges_ends_in_a_sentence():
    hopeless = TruncatedGaussian(("theta0", "theta1"), (0.4, -5.0), (0.3, 0.1), (-0.2, -6.0), (1.0, -4.0))
    with pytest.raises(
        ValueError,
        match="narrow the bounds, or bring ζ and γ back into range",
    ):
        make_dataset(fitzhugh_nagumo_task(hopeless, published_noise_prior()), 50, time_grid(), np.random.default_rng(0))


def drawn(data, epochs, noisy=True):
    """Return the training set of each epoch."""
    given, task = [None], published_task(noisy)
    for epoch in range(1, epochs + 1):
        given.append(epoch_dataset(task, data, 0, epoch, given[-1]))
    return given[1:]


def test_what_an_epoch_draws_anew():
    """Nothing; the noise in every epoch; and the simulations too, in every fourth."""
    same = drawn(Fixed(1000), 3)
    assert same[0] is same[1] is same[2]
    noise = drawn(NewNoise(1000), 6)
    assert all(np.array_equal(each.theta, noise[0].theta) for each in noise)
    differences = noise[1].noisy - noise[0].noisy
    # Two draws of noise: twice the variance 0.35² (1 + (0.0097/0.07)²), known to about 2 %.
    assert abs(np.var(differences) / (2 * 0.35**2 * 1.019) - 1) <= 0.1
    everything = drawn(NewSimulations(1000), 9)
    kept = [np.array_equal(a.theta, b.theta) for a, b in pairwise(everything)]
    assert kept == [True, True, True, False, True, True, True, False]
    assert all(not np.array_equal(a.noisy, b.noisy) for a, b in pairwise(everything))
    each = drawn(NewSimulations(100, epochs_each=1), 3)
    assert not any(np.array_equal(a.theta, b.theta) for a, b in pairwise(each))


def test_an_epoch_is_the_same_wherever_a_training_begins():
    for data in (Fixed(100), NewNoise(100), NewSimulations(100)):
        there = epoch_dataset(published_task(), data, 0, 6, None)
        assert np.array_equal(there.noisy, drawn(data, 6)[-1].noisy)


def test_clean_traces_draw_no_noise():
    clean = drawn(NewSimulations(100), 2, noisy=False)
    assert clean[0] is clean[1]
    assert clean[0].noisy is clean[0].clean


def test_nobody_can_change_the_test_set_that_all_share():
    data = published_test_set()
    for field in dataclasses.fields(data):
        with pytest.raises(ValueError, match="read-only"):
            getattr(data, field.name)[0] = 0


@pytest.fixture(scope="module")
def told():
    """Return samples of a task with given ζ and γ, and windows of 100 to 200 of 200 samples."""
    return make_dataset(TOLD, 400, TIMES, np.random.default_rng(2))


def test_given_parameters_are_those_of_the_simulations(told):
    """Of SciPy's solutions at these θ, ζ and γ, and of no others."""
    assert told.given.shape == (400, 2)
    for i in range(0, 400, 20):
        parameters = (*told.theta[i], *told.given[i])
        assert np.abs(told.clean[i] - reference_solution(parameters, TIMES)[:, 0]).max() <= 1e-4
        assert np.abs(told.clean[i] - reference_solution((*told.theta[i], -0.4, 3.0), TIMES)[:, 0]).max() > 1e-3


def test_given_parameters_follow_their_law_and_stay_in_range(told):
    """Kolmogorov, as above."""
    for values, low, high in zip(told.given.T, (-0.8, 2.0), (0.0, 5.0), strict=True):
        assert np.all((values >= low) & (values <= high))
        assert kstest(values, uniform(low, high - low).cdf).statistic <= 2.4 / np.sqrt(400)


def test_given_parameters_that_diverge_are_drawn_again():
    """Together with θ: those that leave for infinity in SciPy's solution, and no others."""
    wide = TruncatedGaussian(("theta0", "theta1"), (0.4, -1.0), (0.3, 1000.0), (-0.2, -2.0), (1.0, 0.0))
    task, rng = dataclasses.replace(TOLD, prior=wide, n_times=(1000, 1000)), np.random.default_rng(0)
    drawn = np.column_stack([wide.sample(200, rng), task.given.sample(200, rng)])
    data = make_dataset(task, 200, task.times, np.random.default_rng(0))
    parameters = np.column_stack([data.theta, data.given])
    again = np.any(parameters != drawn, axis=1)
    assert np.array_equal(again, np.all(parameters != drawn, axis=1))
    for i in range(0, 200, 20):
        assert again[i] == (escape_time(drawn[i], task.times[-1]) < np.inf)
        assert escape_time(parameters[i], task.times[-1]) == np.inf
    assert 0 < again.sum() < 200


def test_numbers_of_samples_are_log_uniform():
    """Kolmogorov, as above, and rounding to whole numbers: half a sample of 100 is 0.5/100/log(20) = 0.0017.

    So the mean of their logarithms is log √(100 · 2000), known to log(20)/√(12 n).
    """
    n, task = 20_000, dataclasses.replace(published_task(), n_times=(100, 2000))
    lengths = lengths_of(task, n, np.random.default_rng(3))
    assert (lengths.min(), lengths.max()) == (100, 2000)
    assert kstest(lengths, loguniform(100, 2000).cdf).statistic <= 2.4 / np.sqrt(n) + 0.0017
    assert abs(np.mean(np.log(lengths)) - np.log(np.sqrt(100 * 2000))) <= 5 * np.log(20) / np.sqrt(12 * n)


def test_traces_of_one_length_have_it_all(told, dataset):
    assert np.all(dataset.lengths == 1000)
    assert dataset.given.shape == (N, 0)
    assert np.all((told.lengths >= 100) & (told.lengths <= 200))


def test_the_truth_is_all_that_a_map_estimates(dataset):
    """θ alone, or θ with σ, then ρ, which is the order of a map's names."""
    assert np.array_equal(dataset.truth(TASK), dataset.theta)
    joint = dataclasses.replace(TASK, estimates_noise=True)
    assert joint.names == ("theta0", "theta1", "sigma", "rho")
    rho, sigma = dataset.noise_parameters.T
    assert np.array_equal(dataset.truth(joint), np.column_stack([dataset.theta, sigma, rho]))
    assert np.all((dataset.truth(joint) >= joint.law.lower) & (dataset.truth(joint) <= joint.law.upper))


def test_new_noise_brings_new_windows_and_keeps_what_was_simulated():
    task = dataclasses.replace(conditional_task(), n_times=(100, 200))
    first = epoch_dataset(task, NewNoise(100), 0, 1, None)
    second = epoch_dataset(task, NewNoise(100), 0, 2, first)
    assert first.clean.shape == (100, 200)
    for same in ("theta", "given", "clean"):
        assert np.array_equal(getattr(first, same), getattr(second, same))
    for new in ("noise_parameters", "noisy", "lengths"):
        assert not np.array_equal(getattr(first, new), getattr(second, new))
