import json

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import norm

from core.jobs import Progress
from core.objective import Landscape
from core.optimizers import OptimiserPath
from dashboard.figures import inverse_map, landscape, neuron, plain, training
from tests.dashboard.conftest import arrays, decoded, shows

RNG = np.random.default_rng(1)
TIMES = np.arange(200) * 0.2
TRUTH = (0.317_283_9, 0.582_914_6)  # digits that come up nowhere else
PARAMETERS = (*TRUTH, -0.4, 3.0)
TRAJECTORY = np.column_stack([2 * np.sin(TIMES), np.cos(TIMES)])
CLEAN = TRAJECTORY[:, 0]
NOISY = CLEAN + 0.3 * RNG.standard_normal(200)
X, Y = np.linspace(-0.2, 1, 40), np.linspace(-0.4, 1.2, 30)
BOWL = 900 * ((X[None, :] - 0.5) ** 2 + (Y[:, None] - 0.7) ** 2)
LOSS = np.where(Y[:, None] > 1.1, np.inf, BOWL)
GRID = Landscape(("theta0", "theta1"), X, Y, LOSS, np.zeros_like(LOSS))
LOWEST = GRID.lowest()
PATHS = [
    OptimiserPath(method, RNG.uniform(0, 1, (5, 2)), np.arange(5.0)[::-1], 9, "Converged.")
    for method in ("L-BFGS-B", "Nelder-Mead")
]
CLOUD = RNG.normal(0.4, 0.05, (200, 2))
FOUND = {"cnn-noisy": ("#0072B2", np.array([0.41, 0.61])), "my-map-1": ("#44AA99", np.array([0.2, 0.3]))}
POTENTIALS = {"cnn-noisy": ("#0072B2", np.cos(TIMES))}
PROGRESS = Progress("mine", "running", 60, (0.3, 0.1, 0.04), (0.2, 0.1, 0.05), best_epoch=3)
BOX = np.array([[-0.2, 1.0], [-0.4, 1.2]])


def figures(hidden):
    """Return every figure the pages draw, with or without the truth."""
    truth = None if hidden else TRUTH
    clean = None if hidden else CLEAN
    return {
        "potential": neuron.potential(TIMES, None if hidden else TRAJECTORY, NOISY),
        "rates": neuron.rate_map(X, Y, np.where(BOWL > 300, np.nan, BOWL), truth),
        "map": landscape.loss_map(GRID, (0.6, 0.4), LOWEST, (0.4, 0.4), truth, PATHS),
        "surface": landscape.surface(GRID, (0.6, 0.4), LOWEST, truth),
        "fit": landscape.fit(TIMES, NOISY, np.cos(TIMES), clean),
        "estimates": inverse_map.estimates(("theta0", "theta1"), BOX, FOUND, {"cnn-noisy": CLOUD}, truth),
        "resimulated": inverse_map.resimulated(TIMES, NOISY, clean, POTENTIALS),
    }


ALL = {
    **figures(hidden=False),
    "uploaded": neuron.potential(TIMES, None, NOISY),
    "phase": neuron.phase_plane(PARAMETERS, TRAJECTORY),
    "no rates": neuron.rate_map(X, Y, np.full((30, 40), np.nan), None),
    "residual": landscape.residual(TIMES, 3 * RNG.standard_normal(200), True),
    "first": inverse_map.predicted_against_true(
        "theta0", CLOUD[:, 0], [("cnn-noisy", "#0072B2", CLOUD[:, 1])], "title"
    ),
    "losses": training.losses(PROGRESS),
    "losses of nothing": training.losses(Progress("mine", "starting", 60)),
    "diverged": neuron.potential(
        TIMES, np.where(TIMES[:, None] > 9, np.nan, TRAJECTORY), np.where(TIMES > 9, np.nan, NOISY)
    ),
    "diverged residual": landscape.residual(TIMES, np.full(200, np.nan), False),
    "diverged everywhere": landscape.loss_map(
        Landscape(GRID.axes, X, Y, np.full((30, 40), np.inf), np.zeros((30, 40))),
        (0.6, 0.4),
        LOWEST,
        (0.4, 0.4),
        None,
        [],
    ),
}


def themed(part):
    """Return a figure with black in place of the colours that the browser works out."""
    return json.loads(
        json.dumps(part).replace('"theme:', '"@theme:'),
        object_hook=lambda node: {
            key: "#000000" if isinstance(value, str) and value.startswith("@theme:") else value
            for key, value in node.items()
        },
    )


def trace(figure, name):
    return next(trace for trace in figure["data"] if trace.get("name") == name)


@pytest.mark.parametrize("name", ALL)
def test_plotly_takes_every_figure(name):
    figure = themed(ALL[name])
    assert "theme:" not in json.dumps(figure)
    drawn = go.Figure(figure["data"], figure["layout"])
    assert len(drawn.data) == len(figure["data"]) > 0
    assert drawn.layout.title.text
    assert drawn.layout.uirevision


@pytest.mark.parametrize("name", ALL)
def test_every_figure_is_json_that_browsers_read(name):
    # Browsers refuse the NaN and Infinity that Python's JSON writes; within typed arrays they are bytes.
    assert json.loads(json.dumps(ALL[name], allow_nan=False)) == json.loads(json.dumps(ALL[name]))


@pytest.mark.parametrize("name", sorted(ALL.keys() - {"surface"}))
def test_every_axis_says_what_it_is(name):
    layout = ALL[name]["layout"]
    assert [bool(layout[axis]["title"]["text"]) for axis in layout if axis.startswith(("xaxis", "yaxis"))].count(
        False
    ) == 0


def test_typed_arrays_hold_the_numbers_they_were_made_of():
    values = np.array([[1.5, np.nan, -2.0], [np.inf, 1e-30, 7.0]])
    typed = plain.array(values)
    assert typed["dtype"] == "f4"
    assert typed["shape"] == "2,3"
    np.testing.assert_array_equal(decoded(typed), values.astype(np.float32))
    # plotly.py decodes on its own.
    np.testing.assert_array_equal(go.Heatmap(z=typed).z["bdata"], typed["bdata"])
    np.testing.assert_array_equal(decoded(plain.array([1, 2, 3])), [1, 2, 3])


def test_the_traces_hold_what_was_drawn():
    potential, phase, fit = ALL["potential"], ALL["phase"], ALL["fit"]
    np.testing.assert_array_equal(decoded(trace(potential, "truth")["y"]), CLEAN.astype("f4"))
    np.testing.assert_array_equal(decoded(trace(potential, "recovery v")["y"]), TRAJECTORY[:, 1].astype("f4"))
    assert trace(potential, "truth")["x0"] == 0
    assert trace(potential, "truth")["dx"] == pytest.approx(0.2)
    np.testing.assert_array_equal(decoded(trace(phase, "trajectory")["x"]), CLEAN.astype("f4"))
    np.testing.assert_array_equal(decoded(trace(fit, "candidate")["y"]), np.cos(TIMES).astype("f4"))
    np.testing.assert_array_equal(decoded(ALL["map"]["data"][0]["x"]), X.astype("f4"))
    np.testing.assert_array_equal(decoded(ALL["surface"]["data"][0]["y"]), Y.astype("f4"))
    np.testing.assert_array_equal(decoded(trace(ALL["losses"], "validation")["y"]), np.float32([0.2, 0.1, 0.05]))
    np.testing.assert_array_equal(decoded(trace(ALL["losses"], "training")["x"]), [1, 2, 3])


def test_the_nullclines_are_where_a_derivative_vanishes():
    theta0, theta1, zeta, _ = PARAMETERS
    u, v = (decoded(trace(ALL["phase"], "du/dt = 0")[axis]).astype(float) for axis in "xy")
    np.testing.assert_allclose(u - u**3 / 3 + v + zeta, 0, atol=1e-5)
    u, v = (decoded(trace(ALL["phase"], "dv/dt = 0")[axis]).astype(float) for axis in "xy")
    np.testing.assert_allclose(u - theta0 + theta1 * v, 0, atol=1e-6)


def test_the_data_are_drawn_as_dots_where_they_are():
    path = ALL["fit"]["layout"]["shapes"][0]["path"]
    points = np.array([[float(number) for number in dot.split("H")[0].split(",")] for dot in path.split("M")[1:]])
    np.testing.assert_allclose(points, np.column_stack([TIMES, NOISY]), rtol=1e-3, atol=1e-4)
    gone = ALL["diverged"]["layout"]["shapes"][0]["path"]
    assert gone.count("M") == np.sum(TIMES <= 9)


def test_heights_are_the_logarithm_above_the_lowest():
    z = landscape.heights(GRID)
    finite = np.isfinite(LOSS)
    np.testing.assert_allclose(z[finite], np.log10(BOWL[finite] - BOWL.min() + 1), rtol=1e-12)
    assert np.all(np.isnan(z[~finite]))
    assert np.nanmin(z) == 0
    np.testing.assert_array_equal(decoded(ALL["map"]["data"][0]["z"]), z.astype("f4"))
    assert ALL["map"]["data"][0]["zmax"] >= np.nanmax(z)


def test_heights_of_a_loss_that_is_infinite_everywhere():
    nothing = Landscape(GRID.axes, X, Y, np.full((30, 40), np.inf), np.zeros((30, 40)))
    assert np.all(np.isnan(landscape.heights(nothing)))


def marks(figure):
    return {(shape["xanchor"], shape["yanchor"]) for shape in figure["layout"]["shapes"] if "xanchor" in shape}


def test_the_loss_map_shows_every_mark_and_names_it():
    names = {trace.get("name") for trace in ALL["map"]["data"]}
    assert {"truth", "candidate", "prior mean", "lowest", "L-BFGS-B", "Nelder-Mead"} <= names
    ends = {tuple(path.positions[-1]) for path in PATHS} | {tuple(PATHS[0].positions[0])}
    assert marks(ALL["map"]) == {TRUTH, (0.6, 0.4), (0.4, 0.4), LOWEST} | ends
    np.testing.assert_array_equal(decoded(trace(ALL["map"], "Nelder-Mead")["y"]), PATHS[1].positions[:, 1].astype("f4"))


def test_the_surface_carries_its_marks_at_their_heights():
    z = {name: trace(ALL["surface"], name)["z"][0] for name in ("truth", "candidate", "lowest")}
    assert z["lowest"] == pytest.approx(0, abs=0.1)
    # The bowl in closed form; a mark stands on the node beside it, a grid step of which is worth less than 0.1.
    assert z["candidate"] == pytest.approx(np.log10(900 * (0.1**2 + 0.3**2) - BOWL.min() + 1), abs=0.15)
    assert z["truth"] > z["lowest"]


def test_a_truth_beyond_the_box_is_left_out_of_the_loss_map():
    outside = landscape.loss_map(GRID, (0.6, 0.4), LOWEST, (0.4, 0.4), (1.5, 0.4), PATHS)
    assert (1.5, 0.4) not in marks(outside)
    assert "truth" not in {trace.get("name") for trace in outside["data"]}


def test_the_estimates_and_the_truth_are_marked():
    assert marks(ALL["estimates"]) == {TRUTH, (0.41, 0.61), (0.2, 0.3)}
    assert marks(ALL["rates"]) == {TRUTH}
    box = next(shape for shape in ALL["estimates"]["layout"]["shapes"] if shape["type"] == "rect")
    assert (box["x0"], box["x1"], box["y0"], box["y1"]) == (-0.2, 1.0, -0.4, 1.2)


def test_the_residual_s_band_holds_95_percent_of_pure_noise():
    band = ALL["residual"]["layout"]["shapes"][0]
    assert (band["y0"], band["y1"]) == pytest.approx((norm.ppf(0.025), norm.ppf(0.975)), abs=0.001)


def test_fixed_points_are_marked_as_stable_or_not():
    # θ = (0.4, 0.4) spikes: its one fixed point is unstable; at (−0.1, 1.1) the neuron rests.
    for theta, name in (((0.4, 0.4), "unstable"), ((-0.1, 1.1), "stable")):
        figure = neuron.phase_plane((*theta, -0.4, 3.0), TRAJECTORY)
        assert name in {trace["name"] for trace in figure["data"]}
        for u, v in marks(figure):
            assert u - u**3 / 3 + v - 0.4 == pytest.approx(0, abs=1e-9)
            assert u - theta[0] + theta[1] * v == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", figures(hidden=True))
def test_a_hidden_truth_leaves_no_trace(name):
    shown, hidden = figures(hidden=False)[name], figures(hidden=True)[name]
    secrets = [*TRUTH, *CLEAN[[7, 50, 123]]]
    assert any(shows(shown, secret) for secret in secrets)
    assert not any(shows(hidden, secret) for secret in secrets)
    assert "truth" not in json.dumps(hidden)
    assert not any(array.shape == CLEAN.shape and np.allclose(array, CLEAN, atol=1e-3) for array in arrays(hidden))


def test_the_range_of_an_axis_widens_by_whole_numbers():
    assert plain.reach([0.5, np.nan, -0.5], (-3, 3)) == [-3, 3]
    assert plain.reach([3.2, -1.0], (-3, 3)) == [-3, 4]
    assert plain.reach([-7.5, np.inf], (-3, 3)) == [-8, 3]
    assert plain.reach([np.nan], (-3, 3)) == [-3, 3]


def test_colours_of_the_maps_are_told_apart():
    colours = [*plain.SHIPPED_MAPS.values(), *plain.OWN_MAPS, plain.CANDIDATE, plain.OPTIMISER]
    assert len(set(colours)) == len(colours)
    assert plain.translucent("#0072B2", 0.45) == "rgba(0, 114, 178, 0.45)"
