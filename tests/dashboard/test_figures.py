import json
import re
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from scipy.stats import chi2, norm

from core.estimate import GoodnessOfFit, Outcome
from core.jobs.epochs import Epoch
from core.jobs.progress import Progress, State
from core.models.fitzhugh_nagumo.equations import fixed_points
from core.optimisation.basins import Basins, Minimum
from core.optimisation.path import Ending, OptimiserPath
from core.posterior.profile import Profile
from core.problem.landscape import Landscape, Slopes
from core.problem.slice import Slice
from core.published import published_prior
from dashboard import maps
from dashboard.background.optimisers import KINDS
from dashboard.figures import (
    accuracy,
    basins,
    firing,
    fit,
    gradient,
    inverse_map,
    joint,
    landscape,
    network,
    neuron,
    palette,
    race,
    regions,
    slice,
    spread,
    start,
    surface,
    test_samples,
    training,
    uncertainty,
)
from dashboard.figures import style as plain
from dashboard.figures.density import Raster
from dashboard.scene.lowest import Place
from dashboard.wording.numbers import short
from tests.dashboard.conftest import arrays, decoded, shows

RNG = np.random.default_rng(1)
TIMES = np.arange(200) * 0.2
WINDOW = float(TIMES[0]), float(TIMES[-1])
TRUTH = (0.317_283_9, 0.582_914_6)  # digits that come up nowhere else
PARAMETERS = (*TRUTH, -0.4, 3.0)
TRAJECTORY = np.column_stack([2 * np.sin(TIMES), np.cos(TIMES)])
CLEAN = TRAJECTORY[:, 0]
COURSE = neuron.Course(TIMES, TRAJECTORY)
NOISY = CLEAN + 0.3 * RNG.standard_normal(200)
X, Y = np.linspace(-0.2, 1, 40), np.linspace(-0.4, 1.2, 30)
BOWL = 900 * ((X[None, :] - 0.5) ** 2 + (Y[:, None] - 0.7) ** 2)
LOSS = np.where(Y[:, None] > 1.1, np.inf, BOWL)
GRID = Landscape(("theta0", "theta1"), X, Y, LOSS, np.zeros_like(LOSS))
SLOPES = Slopes(X, Y, np.stack(np.meshgrid(1800 * (X - 0.5), 1800 * (Y - 0.7)), axis=-1))
LOWEST_LOSS = float(BOWL.min())
LOWEST = Place(GRID.lowest(), LOWEST_LOSS)
PATHS = [
    OptimiserPath(
        method,
        RNG.uniform(0, 1, (5, 2)),
        LOWEST_LOSS + losses,
        np.ones(5),
        np.array([1, 3, 4, 9, 9]),
        Ending.CONVERGED,
        on_edge=False,
    )
    for method, losses in (("L-BFGS-B", np.arange(5.0)[::-1]), ("Nelder–Mead", np.array([np.inf, 99, 9, 9, 9])))
]
PRIOR = published_prior()
SLICE = Slice(
    np.column_stack([[0.9, 0.6, 0.5, 0.3, 0.1], np.full(5, 0.4)]),
    np.array([-1.0, 0.0, 0.5, 1.0, 2.0]),
    np.array([60.0, 30.0, 90.0, 5.0, 70.0]),
    np.array([20, 21, 21, 22, 22]),
    np.array([1, 3]),
)
STARTS = np.stack(np.meshgrid([0.1, 0.4, 0.7], [0.0, 0.4, 0.8]), axis=-1).reshape(-1, 2)
# Of nine starts seven have run: four end in one of two minima of equal width, one in a third, two nowhere.
BASINS = Basins(
    "L-BFGS-B",
    STARTS,
    np.array([0, 0, 1, 1, 2, -1, -1, -1, -1]),
    np.array([5.0, 5.0, 14.0, 14.0, 104.0, 30.0, np.inf, np.nan, np.nan]),
    np.array([7, 8, 9, 10, 11, 12, 1, 0, 0]),
    tuple(
        Minimum(np.array(position), loss, np.array([1.0, 2.0]), False, share)
        for position, loss, share in (((0.1, 0.2), 5.0, 2 / 9), ((0.6, 0.1), 14.0, 2 / 9), ((0.2, 0.9), 104.0, 1 / 9))
    ),
)
CLOUD = RNG.normal(0.4, 0.05, (200, 2))
FOUND = {
    "cnn-noisy": (plain.Look(plain.CNN), np.array([0.41, 0.61])),
    "my-map-1": (plain.Look("#44AA99"), np.array([0.2, 0.3])),
}
POTENTIALS = {"cnn-noisy": (plain.Look(plain.CNN), np.cos(TIMES))}
NEAR = np.array([[0.25, 0.45], [0.5, 0.7]])
NORMAL = (np.array([0.35, 0.6]), np.array([[4e-4, -3e-4], [-3e-4, 9e-4]]))
WITH_LAWS = [
    joint.Beside("MAP and Laplace", plain.Look(plain.MAP, "x", dash="dash"), *NORMAL),
    joint.Beside("best", plain.Look(plain.BEST), np.array([0.36, 0.62]), 1.5 * NORMAL[1]),
    joint.Beside("cnn-clean", plain.Look(plain.CNN, hollow=True), np.array([0.41, 0.61]), None),
]
_X, _Y = (low + (np.arange(60) + 0.5) / 60 * (high - low) for low, high in NEAR)
_OFF = np.stack(np.meshgrid(_X, _Y), axis=-1) - NORMAL[0]
_MASSES = np.exp(-0.5 * np.einsum("yxi,ij,yxj->yx", _OFF, np.linalg.inv(NORMAL[1]), _OFF))
DENSITY = Raster(_X, _Y, _MASSES / _MASSES.sum())
EMPTY = Raster(_X, _Y, np.zeros((60, 60)))
BAND = np.stack([np.sin(TIMES) - 0.1, np.sin(TIMES) + 0.1])
PROFILE = Profile(
    "theta0",
    np.linspace(-0.2, 1, 40),
    np.where(X > 0.9, np.inf, 500 * (X - 0.35) ** 2),
    (0.29, None),
    GoodnessOfFit(1.0, Outcome.EXPLAINED),
)
EPOCHS = ((0.3, 0.2, 1), (0.1, 0.1, 2), (0.04, 0.05, 3))
PROGRESS = Progress("mine", State.RUNNING, 60, tuple(Epoch(*each, 1.0, 1e-3, 0.1, 100.0) for each in EPOCHS))
BOX = np.array([[-0.2, 1.0], [-0.4, 1.2]])
LEVELS = np.array([0.0, 0.07, 0.2])
CURVES = [
    accuracy.Curve("best", plain.Look(plain.BEST), np.array([0.011, 0.017, 0.3])),
    accuracy.Curve("dense-clean", plain.Look(plain.DENSE, hollow=True, dash="dash"), np.array([0.0025, 0.11, 0.41])),
    accuracy.Curve("exact posterior mean", plain.Look(plain.LIMIT, dash="dash"), np.array([np.nan, 0.0136, 0.05])),
]
FLOOR = accuracy.Curve("exact posterior mean", plain.Look(plain.LIMIT, dash="dash"), np.array([0.0136]))
ERRORS = RNG.lognormal(-3, 1, 200)
RATES, FINE = np.where(BOWL > 300, np.nan, BOWL), np.full((59, 79), 100.0)
SIDES = np.broadcast_to(np.where(X < 0.4, "silent", "excited"), (30, 40))


def bowl(x, y):
    return 900 * ((x - 0.5) ** 2 + (y - 0.7) ** 2)


def figures(hidden):
    """Return every figure the pages draw, with or without the truth."""
    truth = None if hidden else TRUTH
    clean = None if hidden else CLEAN
    return {
        "potential": neuron.potential(TIMES, None if hidden else COURSE, NOISY, 0.3, WINDOW),
        "rates": firing.with_truth(firing.rate_map(X, Y, RATES, FINE, SIDES), truth),
        "map": landscape.loss_map(GRID, landscape.Marks((0.6, 0.4), LOWEST, truth, PRIOR, paths=PATHS)),
        "surface": surface.surface(
            GRID, Place((0.6, 0.4), bowl(0.6, 0.4)), LOWEST, truth and Place(truth, bowl(*truth))
        ),
        "basins": basins.basin_map(BASINS, ("theta0", "theta1"), BOX, 5.0, truth),
        "fit": fit.fit(TIMES, NOISY, np.cos(TIMES), clean, WINDOW),
        "estimates": inverse_map.estimates(
            ("theta0", "theta1"), BOX, FOUND, {"cnn-noisy": CLOUD}, truth, fences={"published prior": BOX}
        ),
        "resimulated": inverse_map.resimulated(TIMES, NOISY, clean, POTENTIALS),
        "beside the limit": inverse_map.estimates(
            GRID.axes,
            BOX,
            FOUND,
            {"cnn-noisy": CLOUD},
            truth,
            NEAR,
            DENSITY,
            {"exact posterior means": (plain.LIMIT, CLOUD[:24])},
        ),
        "posterior": joint.joint(GRID.axes, NEAR, DENSITY, DENSITY, WITH_LAWS, truth, BOX, np.ones((2, 60)), NEAR),
        "prediction": uncertainty.prediction(TIMES, NOISY, BAND, 2 * BAND, clean, "title"),
        "profile": uncertainty.profile(PROFILE, NEAR[0], None if hidden else TRUTH[0], "title"),
        "regions": uncertainty.both_regions(GRID.axes, NEAR, DENSITY, DENSITY, truth),
    }


TRIALS = [test_samples.Trial(0, 1e-3, 0.015, True, "0"), test_samples.Trial(1, 2e-3, 0.03, False, "1")]
ALL = {
    **figures(hidden=False),
    "uploaded": neuron.potential(TIMES, None, NOISY, 0.3, WINDOW),
    "recovery": neuron.recovery(COURSE, WINDOW),
    "phase": neuron.phase_plane(PARAMETERS, COURSE, fixed_points(PARAMETERS)),
    "direction field": neuron.phase_plane(PARAMETERS, COURSE, fixed_points(PARAMETERS), with_field=True),
    "several potentials": neuron.several_potentials("θ₀", [COURSE] * 5, WINDOW),
    "several phases": neuron.several_phases([PARAMETERS] * 5, [COURSE] * 5),
    "recording": start.recording(TIMES, NOISY, COURSE, 0.3, WINDOW),
    "durations": firing.duration_map(X, Y, RATES / 100, FINE / 100, SIDES),
    "no rates": firing.rate_map(X, Y, np.full((30, 40), np.nan), np.full((59, 79), np.nan), SIDES),
    "truth outside": firing.with_truth(firing.rate_map(X, Y, RATES, FINE, SIDES), (5.0, 0.4)),
    "residual": fit.residual(TIMES, 3 * RNG.standard_normal(200), True, WINDOW),
    "posterior alone": joint.joint(GRID.axes, NEAR, DENSITY, DENSITY, [], None),
    "Laplace refused": joint.joint(
        GRID.axes, NEAR, DENSITY, DENSITY, [replace(WITH_LAWS[0], covariance=None)], (7.0, -7.0)
    ),
    "autocorrelation": uncertainty.autocorrelations(0.1 * RNG.standard_normal(31), 0.9 ** np.arange(31), 1000, 0.2),
    "nothing within": joint.joint(GRID.axes, NEAR, EMPTY, EMPTY, [], None),
    "course": race.course(PATHS, LOWEST_LOSS),
    "no course": race.course([], LOWEST_LOSS),
    "basins of draws": basins.basin_map(replace(BASINS, starts=STARTS + 0.01 * X[:9, None]), GRID.axes, BOX, 5.0, None),
    "no basins": basins.empty(GRID.axes, BOX, "hint"),
    "waterfall": basins.waterfall(BASINS, 5.0),
    "no waterfall": basins.waterfall(None, np.inf),
    "first": test_samples.predicted_against_true("theta0", CLOUD[:, 0], CLOUD[:, 1], plain.Look(plain.CNN), "title"),
    "training samples": test_samples.training_plane(("theta0", "theta1"), CLOUD, CLOUD[:24], BOX),
    "trajectory of an estimate": test_samples.trajectory(
        TIMES, NOISY, np.cos(TIMES), np.sin(TIMES), plain.Look(plain.CNN), "from the estimate", "title"
    ),
    "trials": test_samples.trials(TRIALS),
    "network": network.network("title", np.cos(TIMES), [network.Layer("dense", "32 units", 0, 32, 6432)], plain.DENSE),
    "bias and spread": spread.bias_and_spread([("best", plain.Look(plain.BEST))], {"best": (0.01, 0.02)}),
    "against the noise": accuracy.against_noise(LEVELS, CURVES, 0.07),
    "against N": accuracy.against_samples(np.array([500.0, 1000, 8000]), CURVES[:2], FLOOR, "title"),
    "against N without a limit": accuracy.against_samples(np.array([500.0, 1000, 8000]), CURVES, None, "title"),
    "errors": accuracy.errors(("theta0", "theta1"), CLOUD, ERRORS, BOX, "title"),
    "calibration": accuracy.calibration(np.array([0.05, 0.5, 0.95]), CURVES),
    "losses": training.losses(PROGRESS),
    "losses of nothing": training.losses(Progress("mine", State.STARTING, 60)),
    "diverged": neuron.potential(
        TIMES,
        neuron.Course(TIMES, np.where(TIMES[:, None] > 9, np.nan, TRAJECTORY)),
        np.where(TIMES > 9, np.nan, NOISY),
        0.3,
        WINDOW,
    ),
    "diverged residual": fit.residual(TIMES, np.full(200, np.nan), False, WINDOW),
    "diverged everywhere": landscape.loss_map(
        Landscape(GRID.axes, X, Y, np.full((30, 40), np.inf), np.zeros((30, 40))),
        landscape.Marks((0.6, 0.4), LOWEST, None, PRIOR),
    ),
    "gradient": landscape.loss_map(GRID, landscape.Marks((0.6, 0.4)), gradient.gradient_map(SLOPES), gradient.TITLE),
    "map with basins": landscape.loss_map(GRID, landscape.Marks((0.6, 0.4), basins=BASINS)),
    "slice": slice.slice_plot(SLICE, GRID.axes, BOX, "truth", 0, 30.0),
    "slice of nothing": slice.slice_plot(
        replace(SLICE, loss=np.full(5, np.inf), valleys=np.zeros(0, np.int64)), GRID.axes, BOX, "MAP", 1, 1.0
    ),
}


def themed(part):
    """Return a figure with black in place of the colours that the browser works out."""
    return json.loads(
        re.sub(r'"theme:[a-z0-9-]+(@[0-9.]+)?"', '"#000000"', json.dumps(part)),
    )


def trace(figure, name):
    return next(trace for trace in figure["data"] if trace.get("name") == name)


@pytest.mark.parametrize("name", ALL)
def test_plotly_takes_every_figure(name):
    figure = themed(ALL[name])
    assert "theme:" not in json.dumps(figure)
    for shape in figure["layout"].get("shapes", ()):
        if shape.pop("dots", None):
            shape["path"] = "M0,0H0"  # the browser makes it from the places
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


@pytest.mark.parametrize("name", ALL)
def test_the_legend_names_what_is_drawn_and_hides_it(name):
    """An entry without points stands for shapes or traces of its group; a shape of a group has its entry."""
    data, shapes = ALL[name]["data"], ALL[name]["layout"].get("shapes", [])
    entries = [trace for trace in data if trace.get("showlegend", trace["type"].startswith("scatter"))]
    assert all(trace["name"] for trace in entries)
    on_page = {trace["legendgroup"] for trace in entries if trace.get("legend") != "legend2"}
    drawn = [trace.get("legendgroup") for trace in data if trace.get("x") != [None]]
    drawn += [shape.get("legendgroup") for shape in shapes]
    assert on_page <= set(drawn)
    names = [trace["name"] for trace in entries]
    assert {shape["legendgroup"] for shape in shapes if "legendgroup" in shape} <= set(names)
    # No name stands twice.
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ALL)
def test_every_logarithmic_axis_leaves_its_labels_to_plotly_and_writes_them_out(name):
    axes = [axis for key, axis in ALL[name]["layout"].items() if key.startswith(("xaxis", "yaxis"))]
    for axis in axes:
        if axis.get("type") == "log":
            assert axis["tickformat"] == ",.6~r"
            assert not {"tickvals", "ticktext", "dtick", "exponentformat"} & axis.keys()


def test_the_error_of_a_training_is_a_share_of_the_prior_s_range():
    assert ALL["losses"]["layout"]["yaxis"]["title"]["text"] == "error [share of the prior’s range]"


def test_the_diagonal_runs_where_predictions_are_right():
    shapes = ALL["first"]["layout"]["shapes"]
    (diagonal,) = (shape for shape in shapes if shape["type"] == "line")
    assert (diagonal["x0"], diagonal["x1"]) == (diagonal["y0"], diagonal["y1"])


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
    np.testing.assert_array_equal(decoded(trace(ALL["recovery"], "recovery v")["y"]), TRAJECTORY[:, 1].astype("f4"))
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
    u, v = (decoded(trace(ALL["phase"], "u′ = 0")[axis]).astype(float) for axis in "xy")
    np.testing.assert_allclose(u - u**3 / 3 + v + zeta, 0, atol=1e-5)
    u, v = (decoded(trace(ALL["phase"], "v′ = 0")[axis]).astype(float) for axis in "xy")
    np.testing.assert_allclose(u - theta0 + theta1 * v, 0, atol=1e-6)


def test_the_arrows_of_the_direction_field_point_where_the_state_moves():
    assert not [each for each in ALL["phase"]["data"] if each["name"] == "direction field"]
    theta0, theta1, zeta, gamma = PARAMETERS
    drawn = neuron.phase_plane(PARAMETERS, COURSE, (), with_field=True)
    x, y = (decoded(trace(drawn, "direction field")[axis]).astype(float).reshape(-1, 6) for axis in "xy")
    assert len(x) == 256
    u, v = (x[:, 0] + x[:, 1]) / 2, (y[:, 0] + y[:, 1]) / 2
    speeds = np.array([gamma * (u - u**3 / 3 + v + zeta), -(u - theta0 + theta1 * v) / gamma])
    arrows = np.array([x[:, 1] - x[:, 0], y[:, 1] - y[:, 0]])
    cosines = np.sum(arrows * speeds, axis=0) / np.hypot(*arrows) / np.hypot(*speeds)
    np.testing.assert_allclose(cosines, 1, atol=1e-5)
    spans = np.ptp(drawn["layout"]["xaxis"]["range"]), np.ptp(drawn["layout"]["yaxis"]["range"])
    np.testing.assert_allclose(np.hypot(arrows[0] / spans[0], arrows[1] / spans[1]), 0.6 / 16, rtol=1e-5)
    assert np.all(np.isnan(x[:, 5]))
    np.testing.assert_array_equal(x[:, 1], x[:, 3])  # both lines of the head meet at the tip
    # At the origin nothing moves when ζ and θ₀ are zero; an arrow there would have no direction.
    still = neuron.phase_plane((0.0, 0.4, 0.0, 3.0), COURSE, (), with_field=True)
    assert np.isnan(decoded(trace(still, "direction field")["x"])).sum() == 256


def test_the_data_are_drawn_as_dots_where_they_are():
    dots = ALL["fit"]["layout"]["shapes"][0]["dots"]
    np.testing.assert_allclose(dots["x0"] + dots["dx"] * np.arange(TIMES.size), TIMES, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(decoded(dots["y"]), NOISY.astype("f4"))
    gone = ALL["diverged"]["layout"]["shapes"][0]["dots"]
    np.testing.assert_array_equal(decoded(gone["x"]), TIMES[TIMES <= 9].astype("f4"))


def test_the_map_shows_which_share_of_it_has_a_lower_loss():
    z = decoded(ALL["map"]["data"][0]["z"]).reshape(LOSS.shape)
    finite = np.isfinite(LOSS)
    n = np.count_nonzero(finite)
    for row, column in ((0, 0), (12, 7), (20, 31), *[np.unravel_index(np.argmin(LOSS), LOSS.shape)]):
        assert z[row, column] == pytest.approx(100 * np.sum(LOSS[row, column] > LOSS) / (n - 1), abs=100 / n)
    assert np.all(np.isnan(z[~finite]))
    assert (np.nanmin(z), np.nanmax(z)) == (0, 100)
    bar = ALL["map"]["data"][0]["colorbar"]
    assert bar["title"]["text"] == "loss J, ¼ of the map between ticks"
    assert bar["ticktext"] == [short(np.quantile(LOSS[finite], share)) for share in (0, 0.25, 0.5, 0.75, 1)]


def test_arrows_point_down_the_bowl_and_shades_follow_the_steepness():
    heat, shaft, _ = ALL["gradient"]["data"][:3]
    assert heat["colorbar"]["title"]["text"] == "|∇J|, ¼ of the map between ticks"
    assert heat["colorbar"]["ticktext"][-1] == short(1800 * np.hypot(0.7 * 1.2, 1.1 * 1.6))
    x, y = (decoded(shaft[axis]).reshape(-1, 7) for axis in "xy")
    assert len(x) == gradient.ARROWS**2
    tail, tip = (np.stack([x[:, i] - 0.5, y[:, i] - 0.7], axis=-1) for i in (0, 1))
    middle = 0.5 * (tail + tip)
    # In units of the widths, 1.2 and 1.6, an arrow has the direction of −∇J, and its length.
    across = (tip - tail) / [1.2, 1.6]
    downhill = -middle * [1.2, 1.6]
    far = np.linalg.norm(downhill, axis=1) > 0.1
    cosine = np.sum(across * downhill, axis=1) / np.linalg.norm(across, axis=1) / np.linalg.norm(downhill, axis=1)
    np.testing.assert_allclose(cosine[far], 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(across, axis=1), gradient.LENGTH, rtol=1e-4)


def test_contours_lie_on_the_map_unless_it_is_dragged():
    whole = replace(GRID, misfit=BOWL)
    heat, contours = landscape.heat_map(whole)
    assert (heat["type"], contours["type"], contours["contours"]["coloring"]) == ("heatmap", "contour", "none")
    (dragged,) = landscape.heat_map(whole, dragged=True)
    assert (dragged["z"], dragged["colorscale"]) == (heat["z"], heat["colorscale"])
    assert dragged["colorbar"]["ticktext"][0] == "lowest"


def test_the_prior_is_drawn_one_sd_from_its_mean_or_as_its_box_where_it_is_flat():
    def corners(prior):
        numbers = landscape.prior_outline(prior).strip("MZ").replace("L", " ").split()
        return np.array([[float(value) for value in point.split(",")] for point in numbers])

    scaled = (corners(PRIOR) - [0.4, 0.4]) / [0.3, 0.4]
    np.testing.assert_allclose(np.hypot(*scaled.T), 1, atol=1e-4)
    np.testing.assert_allclose([corners(PRIOR.flat()).min(axis=0), corners(PRIOR.flat()).max(axis=0)], BOX.T)
    half = replace(PRIOR, sd=(0.3, np.inf))
    np.testing.assert_allclose([corners(half).min(axis=0), corners(half).max(axis=0)], [(0.1, -0.4), (0.7, 1.2)])


def test_edges_of_basins_part_cells_that_end_in_different_minima():
    # Labels of the three rows of starts from below: 0 0 1, 1 2 −, − not run not run.
    path = basins.edges(BASINS)
    assert path.count("M") == path.count("L") == len(set(path.split("M")[1:])) == 7
    assert "M0.55,-0.2L0.55,0.2" in path
    assert basins.edges(replace(BASINS, starts=STARTS + 0.01 * X[:9, None])) == ""


def test_the_slice_has_the_spikes_of_each_valley_next_to_it():
    drawn = ALL["slice"]
    texts = trace(drawn, "spikes")
    shown = {text: x for text, x in zip(texts["text"], decoded(texts["x"]), strict=True) if text != "\u200b"}
    assert shown == pytest.approx({"21": 0.6, "22": 0.3}, abs=1e-6)
    np.testing.assert_allclose(decoded(trace(drawn, "loss J")["y"]), SLICE.loss)
    assert marks(drawn) == {(0.6, 30.0), (0.3, 5.0)}
    assert drawn["layout"]["xaxis"]["title"]["text"] == "θ₀ along the line"


def test_heights_are_the_logarithm_above_the_lowest():
    z = surface.heights(LOSS, LOWEST_LOSS)
    finite = np.isfinite(LOSS)
    np.testing.assert_allclose(z[finite], np.log10(BOWL[finite] - BOWL.min() + 1), rtol=1e-12)
    assert np.all(np.isnan(z[~finite]))
    assert np.nanmin(z) == 0
    np.testing.assert_array_equal(decoded(ALL["surface"]["data"][0]["z"]), z.astype("f4"))
    assert ALL["surface"]["data"][0]["surfacecolor"] == ALL["map"]["data"][0]["z"]


def test_heights_of_a_loss_that_is_infinite_everywhere():
    assert np.all(np.isnan(surface.heights(np.full((30, 40), np.inf), np.inf)))


def marks(figure):
    return {(shape["xanchor"], shape["yanchor"]) for shape in figure["layout"]["shapes"] if "xanchor" in shape}


def test_the_loss_map_shows_every_mark_and_names_it():
    names = {trace.get("name") for trace in ALL["map"]["data"]}
    assert {"truth", "candidate", "prior", "MAP", "L-BFGS-B", "Nelder–Mead"} <= names
    ends = {tuple(path.positions[place]) for path in PATHS for place in (0, -1)}
    assert marks(ALL["map"]) == {TRUTH, (0.6, 0.4), LOWEST.position} | ends
    np.testing.assert_array_equal(decoded(trace(ALL["map"], "Nelder–Mead")["y"]), PATHS[1].positions[:, 1].astype("f4"))


def runners(figure):
    """Return, for each line of a race, its clock and the places of its line's end, its head and its cross."""
    shapes = figure["layout"]["shapes"]
    for each in figure["data"]:
        if "meta" in each:
            end = decoded(each["x"])[-1], decoded(each["y"])[-1]
            marked = [shapes[each["meta"][part]] for part in ("head", "end")]
            yield decoded(each["meta"]["clock"]), end, [(mark["xanchor"], mark["yanchor"]) for mark in marked]


@pytest.mark.parametrize("name", ["map", "course"])
def test_a_race_ends_with_each_head_and_cross_at_the_end_of_its_own_line(name):
    found = list(runners(ALL[name]))
    assert len(found) == 2
    for _, end, places in found:
        np.testing.assert_allclose(places, [end, end], rtol=1e-6)
    np.testing.assert_array_equal(found[0][0], [1, 3, 4, 9, 9])
    assert all(len(clock) == len(decoded(trace["x"])) for (clock, _, _), trace in
               zip(found, [each for each in ALL[name]["data"] if "meta" in each], strict=True))  # fmt: skip


def test_the_course_is_the_logarithm_above_the_lowest_against_the_evaluations_on_a_logarithmic_axis():
    line = trace(ALL["course"], "L-BFGS-B")
    np.testing.assert_array_equal(decoded(line["x"]), [1, 3, 4, 9, 9])
    assert ALL["course"]["layout"]["xaxis"]["type"] == "log"
    np.testing.assert_allclose(decoded(line["y"]), np.log10([5, 4, 3, 2, 1]), atol=1e-6)
    # Without the infinite loss at its start.
    np.testing.assert_allclose(
        decoded(trace(ALL["course"], "Nelder–Mead")["y"]), np.log10([100, 10, 10, 10]), rtol=1e-6
    )


def test_methods_are_told_apart_by_line_and_mark():
    assert set(race.LOOKS) == set(KINDS)
    assert len({(dash, colour) for dash, colour, _ in race.LOOKS.values()}) == len(KINDS)
    assert len({symbol for _, _, symbol in race.LOOKS.values()}) == len(KINDS)
    for method in KINDS:
        assert race.sign(method)["path"].startswith("M")


def test_basins_are_coloured_by_the_minimum_that_is_reached():
    cells = trace(ALL["basins"], None)
    z = decoded(cells["z"])
    assert z.shape == (3, 3)
    colours = [colour for _, colour in cells["colorscale"][::2]]
    shown = [None if np.isnan(value) else colours[int(value)] for value in z.ravel()]
    first, second, third = basins.tones(BASINS, 5.0).values()
    assert first == plain.LIMIT
    assert shown == [first, first, second, second, third, basins.NOWHERE, basins.NOWHERE, None, None]
    np.testing.assert_array_equal(decoded(cells["x"]), STARTS[:3, 0].astype("f4"))
    np.testing.assert_array_equal(decoded(cells["y"]), STARTS[::3, 1].astype("f4"))
    dots = trace(ALL["basins of draws"], "")
    assert dots["marker"]["color"] == shown[:7]
    np.testing.assert_array_equal(decoded(dots["y"]), (STARTS + 0.01 * X[:9, None])[:7, 1].astype("f4"))
    assert "ends in minimum 2, 9.0 above the lowest, after 10 evaluations" in cells["text"][1][0]
    assert cells["text"][2][2] == "not yet run"


def test_the_limit_s_colour_is_for_the_global_minimum_alone():
    assert plain.LIMIT not in basins.tones(BASINS, 4.0).values()
    assert len(set(basins.tones(BASINS, 4.0).values())) == 3
    many = replace(BASINS, minima=tuple(replace(BASINS.minima[0], loss=5.0 + i, share=i / 500) for i in range(30)))
    own = basins.tones(many, 5.0)
    # The global one, and of the others those with the widest basins.
    assert list(own) == [0, *range(30 - len(basins.TONES), 30)]
    assert len(set(own.values())) == len(own)


def test_the_waterfall_sorts_what_has_ended():
    dots = trace(ALL["waterfall"], "")
    np.testing.assert_allclose(decoded(dots["y"]), np.log10([1, 1, 10, 10, 26, 100]), rtol=1e-6)
    np.testing.assert_array_equal(decoded(dots["x"]), np.arange(1, 7))
    assert dots["marker"]["color"][0] == plain.LIMIT
    assert dots["marker"]["color"][4] == basins.NOWHERE


def test_the_surface_carries_its_marks_at_their_heights():
    z = {name: trace(ALL["surface"], name)["z"] for name in ("truth", "candidate", "MAP")}
    assert z["MAP"] == pytest.approx([0, 0.05])
    for name, point in (("candidate", (0.6, 0.4)), ("truth", TRUTH)):
        foot, head = z[name]
        assert foot == pytest.approx(np.log10(bowl(*point) - LOWEST_LOSS + 1))
        # A step of the grid, on which the head stands, is worth less than 0.1.
        assert head == pytest.approx(foot, abs=0.15)


def test_a_valley_narrower_than_the_grid_is_marked_and_has_its_pin_below_the_surface():
    valley = Place((0.51, 0.71), LOWEST_LOSS - 98.9)
    assert valley.position in marks(landscape.loss_map(GRID, landscape.Marks((0.6, 0.4), valley, TRUTH)))
    z = decoded(surface.surface(GRID, None, valley, None)["data"][0]["z"])
    assert np.nanmin(z) == pytest.approx(np.log10(99.9))
    beyond = Place(valley.position, float("inf"))
    assert "candidate" not in [trace["name"] for trace in surface.surface(GRID, beyond, valley, None)["data"][1:]]
    foot, head = trace(surface.surface(GRID, None, valley, None), "MAP")["z"]
    assert foot == 0
    assert head > np.log10(99.9)


def test_while_the_lowest_point_is_sought_none_is_marked():
    drawn = landscape.loss_map(GRID, landscape.Marks((0.6, 0.4), None, TRUTH))
    assert marks(drawn) == {TRUTH, (0.6, 0.4)}


def test_basins_and_waterfall_measure_from_the_lowest_loss_known_from_elsewhere():
    cells = trace(basins.basin_map(BASINS, ("theta0", "theta1"), BOX, 2.0, None), None)
    assert "ends in minimum 1, 3.0 above the lowest, after 7 evaluations" in cells["text"][0][0]
    dots = trace(basins.waterfall(BASINS, 2.0), "")
    np.testing.assert_allclose(decoded(dots["y"])[:2], np.log10([4, 4]), rtol=1e-6)
    assert "3.0 above the lowest" in dots["text"][0]


def test_a_truth_beyond_the_box_is_left_out_of_the_loss_map():
    outside = landscape.loss_map(GRID, landscape.Marks((0.6, 0.4), LOWEST, (1.5, 0.4), paths=PATHS))
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
        parameters = (*theta, -0.4, 3.0)
        figure = neuron.phase_plane(parameters, COURSE, fixed_points(parameters))
        words = {(note["x"], note["y"]): note["text"] for note in figure["layout"]["annotations"]}
        assert words.keys() == marks(figure)
        assert words.pop((0, 0)) == "start"
        points = set(words)
        assert set(words.values()) == {name}
        for u, v in points:
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
    looks = maps.looks(maps.inverse_maps("")[0])
    shipped = {look for name, look in looks.items() if name in plain.SHIPPED_MAPS}
    assert len(shipped) == len(looks)
    assert len({(look.colour, look.symbol) for look in plain.SHIPPED_MAPS.values()}) == len(plain.SHIPPED_MAPS) - 2
    colours = [plain.BEST, plain.CNN, plain.DENSE, plain.CANDIDATE, plain.MAP, plain.LIMIT]
    assert {*colours[:3], "theme:narrow"} <= {look.colour for look in shipped}
    assert len(set(colours)) == len(colours)
    assert len({(look.colour, look.symbol) for look in plain.OWN_MAPS}) == len(plain.OWN_MAPS)
    assert not {look.colour for look in plain.OWN_MAPS} & set(colours)
    # What sees no noise has the colour of its network, but only the edge of its mark.
    marks_of = {name: regions.estimated(look, NEAR.mean(axis=1), NEAR) for name, look in looks.items()}
    assert marks_of["cnn-noisy"]["fillcolor"] == marks_of["cnn-clean"]["line"]["color"] == plain.CNN
    assert marks_of["cnn-clean"]["fillcolor"] == marks_of["cnn-noisy"]["line"]["color"] == "theme:background"
    assert palette.translucent(plain.BEST, 0.45) == "theme:best@0.45"


def test_an_ellipse_has_its_mass_s_distance_everywhere():
    for mass in (0.5, 0.9):
        off = regions.ellipse(*NORMAL, mass) - NORMAL[0]
        distances = np.einsum("ni,ij,nj->n", off, np.linalg.inv(NORMAL[1]), off)
        np.testing.assert_allclose(distances, chi2.ppf(mass, 2), rtol=1e-9)


def test_the_edges_of_the_regions_are_drawn_at_their_levels():
    """The density of a normal law falls to 1 − mass of its peak at the edge of the region that holds the mass."""
    trace = regions.contours(DENSITY)
    levels = trace["contours"]
    assert (levels["start"], levels["end"]) == pytest.approx((0.1, 0.5), abs=0.03)
    assert levels["size"] == levels["end"] - levels["start"]
    assert trace["x0"] + 59 * trace["dx"] == pytest.approx(DENSITY.x[-1])
    assert trace["y0"] + 59 * trace["dy"] == pytest.approx(DENSITY.y[-1])
    only = regions.contours(DENSITY, (0.9,))["contours"]
    assert only["start"] == only["end"] == levels["start"]


def test_what_lies_outside_is_pointed_to_from_the_frame():
    inside = regions.placed("diamond", "#0072B2", np.array([0.3, 0.6]), NEAR)
    assert (inside["xanchor"], inside["yanchor"]) == (0.3, 0.6)
    middle = NEAR.mean(axis=1)
    for direction in ((1, 0), (-1, 0), (0, 1), (0.5, -1)):
        far = middle + 3 * np.array(direction) * (NEAR[:, 1] - NEAR[:, 0])
        arrow = regions.placed("diamond", "#0072B2", far, NEAR)
        at = np.array([arrow["xanchor"], arrow["yanchor"]])
        assert not regions.outside(NEAR, at)
        # On the way out, as far as the frame lets it go.
        reach = np.max(np.abs(at - middle) / (0.5 * (NEAR[:, 1] - NEAR[:, 0])))
        assert reach == pytest.approx(0.985)
        np.testing.assert_allclose(np.cross([*(at - middle), 0], [*(far - middle), 0]), 0, atol=1e-12)
        # Its tip is at the anchor, its tail behind it.
        corners = np.array([corner.split(",") for corner in arrow["path"][1:-1].split("L")], dtype=float)
        assert np.all(corners[0] == 0)
        assert np.dot(corners[1:].mean(axis=0), direction) < 0


def test_the_figures_of_the_uncertainty_page_hold_what_was_drawn():
    prediction, profile, lags = ALL["prediction"], ALL["profile"], ALL["autocorrelation"]
    band = decoded(trace(prediction, "90 % of u without noise")["y"])
    np.testing.assert_array_equal(band, np.concatenate([BAND[0], BAND[1][::-1]]).astype("f4"))
    curve = trace(profile, "lowest misfit")
    values, between = decoded(curve["x"]).astype(float), decoded(curve["y"])
    rises = between[np.searchsorted(values, PROFILE.values.astype("f4"))]
    np.testing.assert_allclose(rises[X <= 0.9], PROFILE.rises[X <= 0.9], rtol=1e-6)
    assert np.all(rises[X > 0.9] > 1e5)
    # Between two values it is smooth: within a tenth of the parabola where the lines are off by 0.12.
    near = (values > 0.3) & (values < 0.4)
    np.testing.assert_allclose(between[near], 500 * (values[near] - 0.35) ** 2, atol=0.1)
    lines = [shape for shape in profile["layout"]["shapes"] if shape["type"] == "line"]
    # Wilks: 1.92 is half of the 95 % point of χ²₁. An end that the data leave open has no line.
    assert [shape["y0"] for shape in lines if shape.get("xref") == "paper"] == [pytest.approx(chi2.ppf(0.95, 1) / 2)]
    assert [shape["x0"] for shape in lines if shape.get("yref") == "paper"] == [0.29, TRUTH[0]]
    low, high = (lags["layout"]["shapes"][0][end] for end in ("y0", "y1"))
    assert (low, high) == pytest.approx((-0.06198, 0.06198), abs=1e-5)
    assert trace(lags, "white")["dx"] == 0.2


def test_the_title_of_the_estimates_names_what_is_drawn():
    def title(*arguments, found=FOUND):
        return inverse_map.estimates(("theta0", "theta1"), BOX, found, *arguments)["layout"]["title"]["text"]

    assert title({}, None) == "Estimates of θ"
    assert title({"cnn-noisy": CLOUD}, None) == "Estimates of θ and clouds under new noise"
    assert (
        title({"cnn-noisy": CLOUD}, None, NEAR, DENSITY) == "Estimates of θ, clouds under new noise and exact posterior"
    )
    assert title({}, None, NEAR, DENSITY) == "Estimates of θ and exact posterior"
    assert title({}, None, NEAR, DENSITY, found={}) == "Exact posterior"
    assert title({}, None, found={}) == "The prior’s box of θ"
