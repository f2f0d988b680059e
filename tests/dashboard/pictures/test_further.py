"""The estimates of the noise, and of ζ and γ, beside the true ones."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from core.experiments.estimators import SAMPLED
from core.experiments.records import Key, Measurement, Result
from core.noise import Noise, spectral_density
from dashboard.pictures import further
from dashboard.pictures.clouds import quick_enough
from dashboard.pictures.inverse_map import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene
from tests.dashboard.conftest import decoded
from tests.dashboard.pictures.test_answers import maps, scene

NOISE, NEURON = ("sigma", "rho"), ("zeta", "gamma")


def estimate_of(name, page):
    """Return mean (p,) and covariance (p, p) of a map for the data on screen."""
    found = maps()[name].predict(page.observation.data[None])
    return found.mean[0], found.covariance[0]


def test_the_table_holds_the_estimated_noise_beside_the_true_one():
    page = scene(sigma=0.06, rho=0.75)
    head, truth, joint = further.picture(page, maps(), NOISE).table
    assert head == ["estimate of", "σ noise [ms]", "ρ correlation", "off by [sd]", "trained for it"]
    assert (truth[0]["text"], truth[1:3]) == ("truth", ["0.060", "0.750"])
    mean, covariance = estimate_of("joint", page)
    shown = np.array([cell.split(" ± ") for cell in joint[1:3]], float)
    sds = np.sqrt(np.diag(covariance))[2:]
    np.testing.assert_allclose(shown[:, 1], sds, rtol=0.05)
    np.testing.assert_allclose(shown[:, 0], mean[2:], rtol=0, atol=0.05 * sds.min())
    off = [float(each.replace("−", "-")) for each in joint[3].split(", ")]
    assert off == pytest.approx((mean[2:] - (0.06, 0.75)) / sds, abs=0.051)


def test_the_ellipse_holds_nine_tenths_of_the_estimate_s_gaussian():
    page = scene()
    plane = further.picture(page, maps(), NOISE).plots[0].figure
    mean, covariance = estimate_of("joint", page)
    (path,) = (each["path"] for each in plane["layout"]["shapes"] if each.get("path", "").count("L") == 120)
    off = np.array([pair.split(",") for pair in path.strip("MZ").split("L")], float) - mean[2:]
    distances = np.einsum("ni,ij,nj->n", off, np.linalg.inv(covariance[2:, 2:]), off)
    np.testing.assert_allclose(distances, chi2.ppf(0.9, 2), rtol=0.02)  # the path has five digits
    assert plane["layout"]["xaxis"]["title"]["text"] == "σ [ms]"


def test_the_spectrum_has_the_curve_of_each_estimated_noise():
    page = scene()
    (plot,) = (plot for plot in further.picture(page, maps(), NOISE).plots if plot.id == "spectrum")
    line = next(each for each in plot.figure["data"] if each["name"] == "joint")
    sigma, rho = estimate_of("joint", page)[0][2:]
    frequencies = decoded(line["x"]).astype(float)
    expected = spectral_density(Noise(rho, sigma / 0.2), frequencies, 2e-4)
    np.testing.assert_allclose(decoded(line["y"]), expected, rtol=1e-5)
    assert {"data", "noise", "AR(1)"} <= {each["name"] for each in plot.figure["data"]}


def test_the_unknown_stimulus_and_damping_stand_beside_the_true_ones():
    page = scene(zeta=-0.3, gamma=4.0)
    shown = further.picture(page, maps(), NEURON)
    assert shown.table[0][1:3] == ["ζ stimulus", "γ damping"]
    assert shown.table[1][1:3] == ["−0.300", "4.000"]
    assert [plot.id for plot in shown.plots] == ["estimates", "resimulated"]
    assert shown.answer.startswith("‘four’ reads ζ = ")
    assert further.truth_of(scene(hidden=True), NEURON) is None
    assert further.truth_of(scene(hidden=True), NOISE) == (0.07, 0.8)


def test_what_the_data_identify_of_four_unknowns_is_said_where_it_was_measured(monkeypatch):
    figures = {"theta0": 0.1, "theta1": 0.18, "zeta": 0.12, "gamma": 0.046}
    measurements = (Measurement(Key(SAMPLED, "sd_over_prior", name, "four"), each) for name, each in figures.items())
    found = Result("By hand.", {"n_test": 300}, tuple(measurements))
    said = (
        "Where all four are unknown, the posterior’s sd is 10\u00a0% of the prior’s for θ₀, 18\u00a0% for θ₁, "
        "12\u00a0% for ζ and 5\u00a0% for γ. These are medians over 300 traces, by importance sampling."
    )
    for result, planes in ((found, [NEURON]), (None, [])):
        monkeypatch.setattr(further, "stored", lambda name, result=result: result)
        assert [names for names in (NOISE, NEURON) if said in further.picture(scene(), maps(), names).why] == planes


def test_of_an_upload_no_noise_is_said_to_be_the_true_one():
    experiment = Experiment(upload="mine.csv", plane="noise")
    upload = Trace("mine.csv", experiment.times, scene().observation.data)
    page = Scene(experiment, experiment, holdings=Holdings(upload=upload))
    shown = further.picture(page, maps(), NOISE)
    assert [row[0] if isinstance(row[0], str) else row[0]["text"] for row in shown.table] == ["estimate of", "joint"]
    assert shown.answer.endswith("What the truth is, is not known here.")
    spectrum = next(plot.figure for plot in shown.plots if plot.id == "spectrum")
    assert [each["name"] for each in spectrum["data"]] == ["data", "joint"]


def test_a_plane_is_offered_where_a_map_estimates_its_parameters(monkeypatch):
    def offered(names, plane="theta"):
        there = {name: maps()[name] for name in names}
        monkeypatch.setattr("dashboard.pictures.inverse_map.all_inverse_maps", lambda _: (there, ()))
        shown = picture(scene(plane=plane))
        controls = {item["field"]: item for item in shown.options[0]["items"]}
        planes = [value for value, _ in controls["plane"]["options"]] if "plane" in controls else []
        return planes, [plot.id for plot in shown.plots]

    assert offered(["best"]) == ([], ["estimates", "spread", "resimulated"])
    assert offered(["best", "joint"]) == (["theta", "noise"], ["estimates", "spread", "resimulated"])
    assert offered(["best", "joint"], "noise") == (["theta", "noise"], ["estimates", "spectrum"])
    assert offered(["best", "joint", "four"], "neuron")[0] == ["theta", "noise", "neuron"]
    assert offered(["best"], "noise") == (
        [],
        ["estimates", "spread", "resimulated"],
    )  # a link to maps that are not here


def test_the_plane_of_theta_shows_every_map_but_the_shipped_one_of_all_four(monkeypatch):
    """It is less exact in θ than those that know ζ and γ; one that was trained here is shown."""
    there = {**maps(), "mine": maps()["four"]}
    monkeypatch.setattr("dashboard.pictures.inverse_map.all_inverse_maps", lambda _: (there, ()))
    page = scene(gamma=4.0)
    shown = picture(page)
    rows = {row[0]["text"]: row for row in shown.table[1:]}
    assert list(rows) == ["truth", "best", "conditional", "joint", "window", "mine"]
    four = estimate_of("four", page)[0]
    assert [float(cell) for cell in rows["mine"][1:3]] == pytest.approx(four[:2], abs=5e-4)
    assert {rows["conditional"][-1], rows["mine"][-1]} == {"yes"}
    assert {rows["best"][-1], rows["joint"][-1], rows["window"][-1]} == {"no"}
    assert "‘conditional’ answers here: it is told ζ and γ" in shown.answer


def test_of_a_long_window_it_is_said_once_who_reads_what(monkeypatch):
    monkeypatch.setattr("dashboard.pictures.inverse_map.all_inverse_maps", lambda _: (maps(), ()))
    monkeypatch.setattr("dashboard.pictures.first_window.inverse_maps", lambda _: (maps(), ()))
    said = "‘window’ answers here: it reads windows of any length, the other maps the first 200 ms."
    shown = picture(scene(t_end=400.0))
    assert shown.answer.endswith(said)
    assert shown.answer.count("200 ms") == 1
    assert "window" in shown.plots[1].figure["layout"]["yaxis"]["ticktext"]
    assert picture(scene(t_end=300.0, gamma=4.0)).answer.endswith(
        "for granted. ‘window’ reads all of it, the other maps the first 200 ms."
    )
    # A window beyond that of every map.
    assert picture(scene(t_end=500.0)).answer.endswith(
        "‘window’ reads the first 400 ms, the other maps the first 200 ms."
    )


def test_a_map_that_takes_a_wrong_damping_for_granted_has_no_cloud_where_it_would_search_for_each_draw():
    refined = {name: replace(each, card={"training": {"learned_steps": 1}}) for name, each in maps().items()}
    assert list(quick_enough(scene(), refined, "best")) == list(maps())
    assert list(quick_enough(scene(gamma=4.0), refined, "conditional")) == ["conditional", "four"]
    assert list(quick_enough(scene(gamma=4.0), maps(), "conditional")) == list(maps())


def test_while_a_control_is_dragged_maps_that_simulate_have_no_cloud_but_the_best_one():
    there = {name: each for name, each in maps().items() if name in ("best", "joint")}
    refined = {name: replace(each, card={"training": {"learned_steps": 1}}) for name, each in there.items()}
    still, moving = scene(), Scene(Experiment(theta0=0.5), Experiment(), True)
    assert list(quick_enough(still, refined, "best")) == ["best", "joint"]
    assert list(quick_enough(moving, refined, "best")) == ["best"]
    assert list(quick_enough(moving, there, "best")) == ["best", "joint"]
