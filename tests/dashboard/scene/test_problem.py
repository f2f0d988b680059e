from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import solve_toeplitz

from core.optimisation.minima import map_estimate
from core.posterior.exact import posterior
from core.published import published_prior
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import Trace, observe
from dashboard.scene.problem import coarse_points, landscape_of, problem_of, store, theta_problem
from tests.reference import reference_solutions

EXPERIMENT = Experiment(theta0=0.3, theta1=0.5, t_end=40)
# Prior of the published set-up: mean, sd, lower, upper. ζ and γ are uniform, so they add nothing.
PRIOR = {
    "theta0": (0.4, 0.3, -0.2, 1.0),
    "theta1": (0.4, 0.4, -0.4, 1.2),
    "zeta": (-0.4, np.inf, -0.8, 0.0),
    "gamma": (3.0, np.inf, 2.0, 5.0),
}
NODES = [(0, 0), (17, 80), (50, 50), (63, 21), (99, 40), (30, 99)]


def grid_of(experiment):
    problem = problem_of(experiment, observe(experiment, None))
    return landscape_of(problem, 100, released=True)


def loss_at(experiment, nodes, regularised=True):
    """Return the loss at nodes (row, column), from the dense covariance of the noise and SciPy's trajectories."""
    observed = observe(experiment, None)
    names, axes = list(PRIOR), experiment.axes
    laws = [PRIOR[name] for name in axes]
    x, y = (np.linspace(lower, upper, 100) for _, _, lower, upper in laws)
    points = np.array([(x[column], y[row]) for row, column in nodes])
    parameters = np.tile(experiment.parameters, (len(nodes), 1))
    parameters[:, [names.index(name) for name in axes]] = points
    residuals = observed.data - reference_solutions(parameters, observed.times)[..., 0]
    rho = experiment.rho if experiment.misfit == "ar1" else 0.0
    covariance = (experiment.sigma / 0.2) ** 2 * rho ** np.arange(observed.times.size)
    misfit = 0.5 * np.sum(residuals * solve_toeplitz(covariance, residuals.T).T, axis=1)
    penalty = sum(0.5 * ((points[:, k] - law[0]) / law[1]) ** 2 for k, law in enumerate(laws))
    return misfit + (penalty if regularised else 0)


@pytest.mark.parametrize(
    "experiment",
    [
        EXPERIMENT,
        replace(EXPERIMENT, misfit="white"),
        replace(EXPERIMENT, regularised=False),
        replace(EXPERIMENT, axis_x="gamma", axis_y="theta0"),
        replace(EXPERIMENT, axis_x="zeta", axis_y="gamma"),
    ],
    ids=["ar1", "white", "without prior", "gamma over theta0", "zeta over gamma"],
)
def test_the_landscape_is_the_loss_point_by_point(experiment):
    loss = grid_of(experiment).loss
    expected = loss_at(experiment, NODES, experiment.regularised)
    # Potentials are right to 1e-4 in single precision; with residuals of a few tenths that moves J by a thousandth.
    np.testing.assert_allclose([loss[node] for node in NODES], expected, rtol=1e-3)
    assert np.ptp(expected) > 10


def test_the_store_is_kept_while_only_the_data_move():
    kept = store_of(EXPERIMENT)
    for change in (
        {"sigma": 0.2}, {"rho": 0.1}, {"seed": 8}, {"misfit": "white"}, {"regularised": False}, {"hidden": True},
        {"theta0": 0.9}, {"theta1": -0.1}, {"candidate_theta0": 0.1}, {"starts": ((0.1, 0.1),)},
    ):  # fmt: skip
        assert store_of(replace(EXPERIMENT, **change)) is kept, change


@pytest.mark.parametrize(
    "change", [{"zeta": -0.3}, {"gamma": 3.5}, {"t_end": 42}, {"axis_x": "theta1", "axis_y": "theta0"}]
)
def test_the_store_is_simulated_anew_when_its_trajectories_change(change):
    before, after = store_of(EXPERIMENT), store_of(replace(EXPERIMENT, **change))
    assert after is not before
    assert not np.array_equal(after.potentials, before.potentials)


def test_which_parameters_are_known_follows_the_axes():
    on_neuron = replace(EXPERIMENT, axis_x="zeta", axis_y="gamma")
    kept = store_of(on_neuron)
    assert store_of(replace(on_neuron, zeta=-0.1, gamma=4.0)) is kept
    assert store_of(replace(on_neuron, theta0=0.31)) is not kept


def store_of(experiment):
    return store(problem_of(experiment, observe(experiment, None)), 100)


def test_the_problem_is_the_experiment_s():
    experiment = replace(EXPERIMENT, axis_x="gamma", axis_y="theta1", sigma=0.1, rho=0.5)
    problem = problem_of(experiment, observe(experiment, None))
    assert problem.unknown == ("gamma", "theta1")
    assert problem.known == {"theta0": 0.3, "zeta": -0.4}
    assert problem.noise[0].marginal_sd == pytest.approx(0.5, rel=1e-15)
    assert problem.noise[0].rho == 0.5
    assert problem_of(replace(experiment, misfit="white"), observe(experiment, None)).noise[0].rho == 0


def test_no_noise_leaves_a_loss_to_look_at():
    experiment = replace(EXPERIMENT, sigma=0.0)
    problem = problem_of(experiment, observe(experiment, None))
    assert problem.noise[0].marginal_sd == pytest.approx(0.001 / 0.2)
    assert np.all(np.isfinite(grid_of(experiment).loss))


def test_an_upload_at_another_step_has_its_own_correlation():
    upload = Trace("mine", np.arange(40) * 0.4, np.zeros(40))
    problem = problem_of(EXPERIMENT, observe(EXPERIMENT, upload))
    assert problem.noise[0].rho == pytest.approx(0.8**2, rel=1e-12)
    assert store(problem, 100).potentials.shape == (100, 100, 40)


@pytest.mark.parametrize("axes", [("theta0", "theta1"), ("zeta", "gamma")])
def test_a_dragged_landscape_is_the_released_one(axes):
    """It is not read from kept trajectories, whose rounding to single precision moves J by far less than 1e-5 of it."""
    moved = replace(EXPERIMENT, axis_x=axes[0], axis_y=axes[1], theta0=0.123, zeta=-0.321)
    problem = problem_of(moved, observe(moved, None))
    dragged = landscape_of(problem, 200, released=False)
    assert dragged.loss.shape == (60, 60)
    np.testing.assert_allclose(dragged.loss, landscape_of(problem, 60, released=True).loss, rtol=1e-5)


def test_a_finer_grid_is_drawn_once_released():
    problem = problem_of(EXPERIMENT, observe(EXPERIMENT, None))
    fine = landscape_of(problem, 200, released=True)
    assert fine.loss.shape == (200, 200)
    coarse = landscape_of(problem, 100, released=True)
    # Both grids reach from edge to edge: of 199 and 99 intervals only the corners coincide.
    np.testing.assert_array_equal(fine.loss[::199, ::199], coarse.loss[::99, ::99])
    assert fine.lowest() != coarse.lowest()


def test_a_long_window_has_a_coarser_grid_that_is_not_kept():
    long = replace(EXPERIMENT, t_end=1000, gamma=20)
    problem = problem_of(long, observe(long, None))
    result = landscape_of(problem, 200, released=True)
    # 12 steps for each of 4,999 intervals: √(2e8 / 59988) = 57.7 points a side.
    assert result.loss.shape == (57, 57)
    assert np.all(np.isfinite(result.loss))


def test_the_prior_s_width_scales_its_sd_on_every_page_but_not_for_the_maps():
    experiment = replace(EXPERIMENT, prior_width=0.1)
    observation = observe(experiment, None)
    prior = problem_of(experiment, observation).prior
    np.testing.assert_allclose(prior.sd, [0.03, 0.04])
    assert (prior.mean, prior.lower, prior.upper) == ((0.4, 0.4), published_prior().lower, published_prior().upper)
    assert theta_problem(experiment, observation).prior == published_prior()
    assert problem_of(replace(experiment, regularised=False), observation).prior == published_prior().flat()


def test_a_narrow_prior_draws_the_map_estimate_to_its_mean():
    experiment = replace(EXPERIMENT, theta0=0.3, sigma=0.3)
    observation = observe(experiment, None)
    distances = [
        abs(map_estimate(problem_of(replace(experiment, prior_width=width), observation)).mean[0][0] - 0.4)
        for width in (1.0, 0.1, 0.01)
    ]
    assert distances[0] > distances[1] > distances[2]
    assert distances[2] < 0.01


@pytest.mark.parametrize("theta0", [0.4, -0.1, 0.865], ids=["spiking", "silent", "bifurcation"])
def test_a_posterior_whose_search_begins_on_kept_trajectories_is_the_same(theta0):
    experiment = Experiment(theta0=theta0, t_end=100)
    problem = problem_of(experiment, observe(experiment, None))
    points = coarse_points(problem)
    np.testing.assert_allclose(points.losses[::397], problem.loss(points.positions[::397]), rtol=1e-3)
    anew, kept = posterior(problem), posterior(problem, coarse=points)
    np.testing.assert_allclose(kept.mean, anew.mean, rtol=0, atol=0.02 * np.sqrt(np.diag(anew.covariance)).min())
    np.testing.assert_allclose(kept.covariance, anew.covariance, rtol=0.02)
