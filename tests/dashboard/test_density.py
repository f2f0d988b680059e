from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2, multivariate_normal

from core.estimate import GoodnessOfFit, Outcome
from core.posterior.exact import Posterior, posterior
from core.posterior.quadrature import LARGEST_SQUARED_CHANGE, Cells
from dashboard.figures import density
from dashboard.figures.density import raster, widened, window
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of

FITS = GoodnessOfFit(1.0, Outcome.EXPLAINED)
WIDTH = 0.4  # of a cell, in standard deviations: what the quadrature begins with
FAR = [[-100.0, 100.0], [-100.0, 100.0]]


def covariance_of(sd_x, sd_y, correlation):
    both = correlation * sd_x * sd_y
    return np.array([[sd_x**2, both], [both, sd_y**2]])


def cells_of_normal(mean, covariance, share=1.0):
    """Return a normal law as cells and their masses, cut off where the quadrature cuts it off."""
    slant = np.linalg.cholesky(covariance)
    line = np.arange(-13, 14)
    z = WIDTH * np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    z = z[np.sum(z**2, axis=1) < 24]
    densities = -0.5 * np.sum(z**2, axis=1) - np.log(2 * np.pi * np.linalg.det(slant)) + np.log(share)
    areas = np.full(len(z), np.log(np.linalg.det(WIDTH * slant)))
    cells = Cells(mean + z @ slant.T, np.broadcast_to(WIDTH * slant, (len(z), 2, 2)), densities, areas)
    masses = np.exp(densities + areas)
    return cells, share * masses / masses.sum()


def posterior_of(*parts, bounds=FAR):
    """Return a posterior that is a mixture of normal laws, each (mean, covariance, share)."""
    made = [cells_of_normal(*part) for part in parts]
    cells = Cells(*(np.concatenate([getattr(each, name) for each, _ in made]) for name in Cells.__dataclass_fields__))
    masses = np.concatenate([each for _, each in made])
    return Posterior(("a", "b"), cells, masses, 0.0, True, FITS, SimpleNamespace(bounds=np.array(bounds)), None)


@pytest.fixture
def from_cells(monkeypatch):
    """Never interpolate the density itself: what is under test is what cells are drawn as."""
    monkeypatch.setattr(density, "RESOLVED", np.inf)


@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.9])
def test_a_normal_law_is_drawn_pixel_by_pixel(from_cells, correlation):
    mean, covariance = np.array([0.3, -2.0]), covariance_of(0.01, 0.3, correlation)
    found = posterior_of((mean, covariance))
    drawn = raster(found, window(found))
    law = multivariate_normal(mean, covariance)
    pixel = (drawn.x[1] - drawn.x[0]) * (drawn.y[1] - drawn.y[0])
    exact = law.pdf(np.stack(np.meshgrid(drawn.x, drawn.y), axis=-1)) * pixel
    # A tent over cells of width h sd adds h²/6 to the variance and interpolates within h²/8; blurring by 0.7 pixels, up
    # to 0.12 sd across the ridge, adds 0.014: at the peak 0.03 to 0.06 of it in all.
    np.testing.assert_allclose(drawn.masses, exact, atol=0.07 * exact.max())
    assert drawn.masses.sum() == pytest.approx(0.998, abs=0.002)
    for mass in (0.5, 0.9):
        area = np.sum(drawn.masses >= drawn.level(mass)) * pixel
        assert area == pytest.approx(np.pi * chi2.ppf(mass, 2) * np.sqrt(np.linalg.det(covariance)), rel=0.07)


@pytest.mark.parametrize("correlation", [0.99, -0.9999, 0.999999])
def test_a_ridge_narrower_than_a_pixel_stays_in_one_piece(from_cells, correlation):
    found = posterior_of((np.zeros(2), covariance_of(1.0, 2.0, correlation)))
    drawn = raster(found, window(found))
    assert drawn.pieces(0.5) == drawn.pieces(0.9) == 1
    assert drawn.masses.sum() == pytest.approx(0.998, abs=0.002)
    # Along the ridge the shade is that of a normal law: no beads. Columns are 0.05 sd apart.
    along = drawn.masses.sum(axis=0)
    exact = np.exp(-0.5 * drawn.x**2)
    np.testing.assert_allclose(along / along.max(), exact, atol=0.03)


def test_pieces_are_counted_and_a_speck_is_none(from_cells):
    narrow = covariance_of(0.1, 0.1, 0.0)
    places = [np.array([0.0, 0.0]), np.array([3.0, 0.0]), np.array([0.0, 3.0])]
    found = posterior_of((places[0], narrow, 0.6), (places[1], narrow, 0.395), (places[2], narrow, 0.005))
    drawn = raster(found, np.array([[-1.0, 4.0], [-1.0, 4.0]]))
    assert drawn.pieces(0.9) == 2
    assert drawn.pieces(0.999) == 2
    # Up to the height of the lower peak, two thirds of the higher one, there is one piece.
    assert drawn.pieces(0.15) == 1


def test_nothing_is_drawn_or_lost_beyond_the_prior(from_cells):
    """Half of the law lies beyond an edge; its other half counts twice, as that of a density that ends there."""
    mean, covariance = np.array([0.0, 0.0]), covariance_of(1.0, 1.0, 0.0)
    found = posterior_of((mean, covariance), bounds=[[0.0, 50.0], [-50.0, 50.0]])
    inside = found.cells.centres[:, 0] >= 0
    cells = Cells(*(getattr(found.cells, name)[inside] for name in Cells.__dataclass_fields__))
    masses = found.masses[inside] / found.masses[inside].sum()
    half = Posterior(("a", "b"), cells, masses, 0.0, True, FITS, found.problem, None)
    drawn = raster(half, np.array([[-1.0, 4.0], [-4.0, 4.0]]))
    assert drawn.x[0] == pytest.approx(0.5 * (drawn.x[1] - drawn.x[0]))
    assert drawn.masses.sum() == pytest.approx(1, abs=0.003)


EXPERIMENTS = {
    "silent, on the edge": Experiment(theta0=-0.1, theta1=1.1),
    "spiking": Experiment(),
    "noise and another pair": Experiment(axis_x="theta1", axis_y="zeta", sigma=0.2, t_end=60),
}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_raster_of_a_posterior_is_its_density(name):
    experiment = EXPERIMENTS[name]
    found = posterior(problem_of(experiment, observe(experiment, None)))
    drawn = raster(found, window(found))
    pixel = (drawn.x[1] - drawn.x[0]) * (drawn.y[1] - drawn.y[0])
    some = np.s_[3::16]
    exact = np.exp(found.log_density(np.stack(np.meshgrid(drawn.x[some], drawn.y[some]), axis=-1))) * pixel
    # Tents of width h flatten a peak by h²/6 each way; the quadrature halves cells from this h² on.
    atol = 2 * LARGEST_SQUARED_CHANGE / 6 * drawn.masses.max()
    np.testing.assert_allclose(drawn.masses[some, some], exact, atol=atol)
    # The mean of a density that is seen whole is the posterior's, to a part of its sd.
    sds = np.sqrt(np.diag(found.covariance))
    means = [drawn.masses.sum(axis=axis) @ line / drawn.masses.sum() for axis, line in ((0, drawn.x), (1, drawn.y))]
    np.testing.assert_allclose((means - found.mean) / sds, 0, atol=0.05)


def test_the_window_holds_what_it_should():
    mean, covariance = np.array([0.3, -2.0]), covariance_of(0.01, 0.3, 0.5)
    box = window(posterior_of((mean, covariance)), mass=0.998, margin=0.0)
    # A normal law has 0.998 of its mass within ±3.09 sd; the points lie a tenth of an sd apart.
    np.testing.assert_allclose((box - mean[:, None]) / [[0.01], [0.3]], [[-3.09, 3.09]] * 2, atol=0.1)
    np.testing.assert_allclose(widened(np.array([[0.0, 2.0], [1.0, 2.0]]), 0.1), [[-0.2, 2.2], [0.9, 2.1]])


def test_the_long_ridge_of_a_neuron_that_comes_to_rest_is_drawn_whole():
    """A neuron with one spike: the ridge is about as narrow as a pixel, and a grid would miss it between its nodes."""
    experiment = replace(Experiment(), theta0=0.8, zeta=0.0, seed=2)
    found = posterior(problem_of(experiment, observe(experiment, None)))
    drawn = raster(found, window(found))
    assert drawn.masses.sum() == pytest.approx(1, abs=0.01)
    assert drawn.pieces(0.9) == 1
    for axis, line in ((0, drawn.x), (1, drawn.y)):
        shares = np.cumsum(drawn.masses.sum(axis=axis))
        ends = line + (line[1] - line[0]) / 2
        exact = [found.distribution(axis, end) for end in ends[::10]]
        np.testing.assert_allclose(shares[::10], exact, atol=0.02)
