"""What the Neuron page says and draws: the neuron's rate and not the window's, smooth lines, no rest not reached."""

import json

import numpy as np
import pytest
from scipy.signal import lfilter, periodogram

from dashboard.figures import firing as figures
from dashboard.figures.regions import outside
from dashboard.pictures import firing, neuron
from dashboard.pictures.courses import CLOSED, on_plane, over_time
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.wording import neuron as wording
from tests.dashboard.conftest import decoded
from tests.reference import reference_solution

FINE = np.arange(30_000) * 0.002  # ms
EXCITED = {"theta0": 0.95, "theta1": 0.9}
SILENT = {"theta0": -0.1, "theta1": 1.1}


def shown(**fields):
    """Return what the page shows of an experiment."""
    experiment = Experiment(**fields)
    return neuron.picture(Scene(experiment, experiment))


def figure(page, name):
    return next(plot.figure for plot in page.plots if plot.id == name)


def trace(drawn, name):
    return next(each for each in drawn["data"] if each["name"] == name)


def stage(app):
    """Return what the stage of the page receives."""
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return next(part for part in parts if part["kind"] == "plots")


def rises(u):
    """Return when u at the fine times rises through 1.5, in ms."""
    before = np.flatnonzero((u[1:] > 1.5) & (u[:-1] <= 1.5))
    return FINE[before] + 0.002 * (1.5 - u[before]) / (u[before + 1] - u[before])


def limit_cycle(theta):
    """Return the period of the limit cycle and how long a spike lasts, in ms, from steps of 0.002 ms."""
    u = reference_solution((*theta, -0.4, 3.0), FINE)[:, 0]
    falls = rises(3 - u)
    return np.diff(rises(u))[-1], (falls - rises(u)[: len(falls)])[-1]


@pytest.mark.parametrize("t_end", [200, 100, 64])
@pytest.mark.parametrize("theta", [(0.4, 0.4), (0.865, 0.4)])
def test_the_answer_has_the_rate_and_the_duration_of_the_limit_cycle(theta, t_end):
    """Three digits are shown, and the ends of the mean interval lie between samples 0.2 ms apart."""
    words = shown(theta0=theta[0], theta1=theta[1], t_end=t_end).answer.split()
    assert words[0] == "Spikes"
    rate, duration = float(words[1]), float(words[words.index("lasts") + 1])
    period, lasts = limit_cycle(theta)
    exact = 1000 / period
    assert rate == pytest.approx(exact, abs=(0.5 if exact >= 100 else 0.05) + exact * 0.2 / (t_end - 30))
    assert duration == pytest.approx(lasts, abs=0.05 + 0.2 / 6)


def test_the_answer_to_the_default_is_one_of_two_lines():
    assert shown().answer == (
        "Spikes 109 times a second; each spike lasts 2.6 ms. No fixed point is stable, so it runs round a limit cycle."
    )


def test_a_silent_trace_is_said_to_tell_one_combination():
    rest = reference_solution((-0.1, 1.1, -0.4, 3.0), np.arange(2000) * 0.2)[-1, 0]
    answer = shown(**SILENT).answer
    assert answer.startswith(f"Silent: it settles at a stable fixed point, u = −{-rest:.2f}. Only one combination of ")
    assert answer.endswith("can be read from it, and the prior’s edge does the rest.")


def test_a_neuron_that_has_not_come_to_rest_is_not_said_to_settle():
    """In 9 ms the excited neuron is still on its way to the fixed point near u = 1."""
    assert "at a stable fixed point" in shown(**EXCITED).answer
    end = reference_solution((0.95, 0.9, -0.4, 3.0), np.arange(45) * 0.2)[-1]
    rest = reference_solution((0.95, 0.9, -0.4, 3.0), np.arange(2000) * 0.2)[-1]
    assert np.hypot(*(end - rest)) > 1.5 * wording.AT_REST
    assert shown(**EXCITED, t_end=9).answer == (
        "Stays up in the second half of this window. A longer one may show that it falls."
    )


# --------------------------------------------------------------------------------------------------------- smooth lines


@pytest.mark.parametrize("theta", [(0.4, 0.4), (0.865, 0.4), (-0.1, 1.1), (0.95, 0.9)])
def test_the_trajectory_has_no_corners_and_leaves_nothing_out(theta):
    """The drawn polyline and SciPy's trajectory of all the window lie within 1 % of the plane's sides of each other."""
    parameters = (*theta, -0.4, 3.0)
    times = Experiment().times
    drawn = on_plane(parameters, over_time(parameters, times)).states / (5.0, 3.0)
    exact = reference_solution(parameters, np.arange(0, 200, 0.02)) / (5.0, 3.0)
    for points, line in ((exact[::7], drawn), (drawn[::3], exact)):
        start, along = line[:-1], np.diff(line, axis=0)
        length = np.maximum((along**2).sum(axis=1), 1e-18)
        for few in np.array_split(points, 40):
            share = np.clip(((few[:, None] - start) * along).sum(axis=2) / length, 0, 1)
            off = np.linalg.norm(few[:, None] - start - share[..., None] * along, axis=2).min(axis=1)
            assert off.max() < 0.003 + CLOSED
    steps = np.diff(drawn, axis=0)
    turns = np.abs(np.angle(np.exp(1j * np.diff(np.arctan2(steps[:, 1], steps[:, 0])))))
    visible = np.hypot(*steps.T) > 0.004  # 1.5 pixels of 370
    assert np.all(turns[visible[:-1] & visible[1:]] < np.radians(30))


@pytest.mark.parametrize("t_end", [20, 100, 200])
def test_the_potential_is_drawn_finer_than_the_samples_where_these_are_few(t_end):
    page = shown(t_end=t_end)
    line = trace(figure(page, "potential"), "truth")
    u = decoded(line["y"])
    assert len(u) >= 1980
    exact = reference_solution((0.4, 0.4, -0.4, 3.0), np.arange(len(u)) * line["dx"])[:, 0]
    np.testing.assert_allclose(u, exact, rtol=0, atol=2e-3)


@pytest.mark.parametrize("sigma", [0.07, 0.2, 0.3])
def test_the_potential_s_axis_rests_while_a_parameter_is_dragged(sigma):
    """Another range would have Plotly draw the plot anew at each step."""
    ranges = {
        tuple(figure(shown(sigma=sigma, **{name: value}), "potential")["layout"]["yaxis"]["range"])
        for name, values in {"theta0": (0.2, 0.4, 0.6), "zeta": (-0.6, -0.2), "gamma": (2.5, 3.5)}.items()
        for value in values
    }
    assert len(ranges) == 1


# ------------------------------------------------------------------------------------------------------------ several θ


@pytest.mark.parametrize(("choice", "name"), [("offsets", "theta0"), ("slopes", "theta1")])
def test_several_values_lie_round_the_truth_and_follow_it(choice, name):
    for middle in (0.4, 0.45):
        page = shown(several=choice, **{name: middle})
        values = [float(row[0]["text"].replace("−", "-")) for row in page.table[1:]]
        assert values == pytest.approx([middle - 0.4, middle - 0.2, middle, middle + 0.2, middle + 0.4])
        for i, value in enumerate(values):
            parameters = {"theta0": 0.4, "theta1": 0.4, name: value}
            line = trace(figure(page, "potential"), f"value {i}")
            u = decoded(line["y"])
            times = np.arange(len(u)) * line["dx"]
            assert times[-1] == pytest.approx(50)
            exact = reference_solution((*parameters.values(), -0.4, 3.0), times)
            np.testing.assert_allclose(u, exact[:, 0], rtol=0, atol=2e-3)
            phase = trace(figure(page, "phase"), f"value {i}")
            np.testing.assert_allclose(decoded(phase["y"]), exact[:, 1], rtol=0, atol=2e-3)
            assert page.table[1 + i][0]["colour"] == line["line"]["color"] == phase["line"]["color"]


def test_the_table_of_several_values_holds_the_rates_of_the_limit_cycles():
    page = shown(several="offsets")
    for row in page.table[1:]:
        period, lasts = limit_cycle((float(row[0]["text"]), 0.4))
        assert float(row[1].removesuffix(" per s")) == pytest.approx(1000 / period, abs=0.7)
        assert float(row[2].removesuffix(" ms")) == pytest.approx(lasts, abs=0.1)


def test_values_without_a_rate_are_said_to_stop():
    page = shown(several="offsets", theta0=0.8)
    assert [row[1] for row in page.table[1:]][-1] == "none"
    assert page.answer.endswith("With the others it stops.")


# ------------------------------------------------------------------------------------------------------------- the maps


def test_the_map_of_the_rate_has_no_terraces():
    """At θ = (0.4, 0.4), which is on its grid, the rate is the limit cycle's; hardly two points have the same one."""
    found = firing.firing_map(-0.4, 3.0, 1000)
    at = np.abs(found.y - 0.4).argmin(), np.abs(found.x - 0.4).argmin()
    period, lasts = limit_cycle((0.4, 0.4))
    assert found.rates[at] == pytest.approx(1000 / period, rel=0.002)
    assert found.durations[at] == pytest.approx(lasts, rel=0.02)
    rates = np.round(found.rates[np.isfinite(found.rates)], 3)
    assert len(np.unique(rates)) > 0.5 * rates.size


def test_the_fine_map_ends_where_the_spiking_does():
    """Along θ₁ = 0.4 the neuron spikes at θ₀ = 0.865 and not at 0.870; the fine grid has steps of 0.005."""
    found = firing.firing_map(-0.4, 3.0, 1000)
    x, y = (
        np.linspace(axis[0], axis[-1], n) for axis, n in zip((found.x, found.y), found.fine_rates.T.shape, strict=True)
    )
    assert x[1] - x[0] == pytest.approx(0.005)
    row = found.fine_rates[np.abs(y - 0.4).argmin()]
    last = x[np.flatnonzero(np.isfinite(row))[-1]]
    assert 0.86 <= last <= 0.87
    assert np.array_equal(np.isfinite(found.fine_rates), np.isfinite(found.fine_durations))


def test_the_fine_map_is_the_coarse_one_between_its_points():
    found = firing.firing_map(-0.4, 3.0, 1000)
    for fine, coarse in ((found.fine_rates, found.rates), (found.fine_durations, found.durations)):
        np.testing.assert_allclose(fine[:: firing.FINENESS, :: firing.FINENESS], coarse, rtol=1e-6)


def test_the_regions_of_the_map_are_named_where_they_lie():
    notes = figure(shown(), "rates")["layout"]["annotations"]
    places = {note["text"]: (note["x"], note["y"]) for note in notes if "x" in note and note.get("xref") != "paper"}
    assert places.keys() == {"silent", "spiking", "excited"}
    for kind, theta in places.items():
        second_half = reference_solution((*theta, -0.4, 3.0), np.arange(1000) * 0.2)[500:, 0]
        assert (second_half.max() > 1.5, second_half.min() > 0) == {
            "silent": (False, False), "spiking": (True, False), "excited": (False, True),
        }[kind]  # fmt: skip


@pytest.mark.parametrize("theta", [(5.0, 0.4), (0.4, -1.0), (0.4, 0.4)])
def test_a_truth_outside_of_the_map_has_an_arrow_that_points_to_it_and_a_sentence(theta):
    page = shown(theta0=theta[0], theta1=theta[1])
    layout = figure(page, "rates")["layout"]
    (mark,) = layout["shapes"]
    box = np.array([layout["xaxis"]["range"], layout["yaxis"]["range"]])
    assert not outside(box, np.array([mark["xanchor"], mark["yanchor"]]))
    assert bool(page.said) == outside(box, np.array(theta))
    if page.said:
        assert page.said[0].endswith("lies outside of the map; the arrow at its edge points there.")
    else:
        assert (mark["xanchor"], mark["yanchor"]) == theta


@pytest.mark.parametrize("choice", ["rate", "duration"])
def test_a_bar_over_the_map_tells_its_colours(choice):
    """The numbers over the bar stand where the scale, linear in the rate, logarithmic in the duration, has them."""
    layout = figure(shown(firing=choice), "rates")["layout"]
    (bar,) = (image for image in layout["images"] if image["xref"] == "paper")
    numbers = [note for note in layout["annotations"] if note.get("xref") == "paper"]
    values = np.array([float(note["text"]) for note in numbers])
    found = firing.firing_map(-0.4, 3.0, 1000)
    drawn, step, scale = {
        "rate": (found.rates, 10, np.asarray), "duration": (found.durations, 0.5, np.log),
    }[choice]  # fmt: skip
    low, high = np.floor(np.nanmin(drawn) / step) * step, np.ceil(np.nanmax(drawn) / step) * step
    shares = (scale(values) - scale(low)) / (scale(high) - scale(low))
    assert [note["x"] for note in numbers] == pytest.approx(bar["x"] - bar["sizex"] * (1 - shares))
    assert len(values) >= 3


def test_the_regions_without_a_rate_have_a_tone_each():
    """The tones end where the colours begin, to a point of the fine grid; a region has one."""
    page = Experiment()
    found = firing.firing_map(page.zeta, page.gamma, page.n_times)
    tones = figures._tones(found.rates, found.fine_rates, found.regimes)
    assert np.array_equal(np.isfinite(tones), ~np.isfinite(found.fine_rates))
    x, y = (np.linspace(axis[0], axis[-1], n) for axis, n in zip((found.x, found.y), tones.T.shape, strict=True))
    for theta, tone in (((-0.1, 1.1), figures.TONES["silent"]), ((0.95, 0.9), figures.TONES["excited"])):
        assert tones[np.abs(y - theta[1]).argmin(), np.abs(x - theta[0]).argmin()] == tone


def test_the_map_of_the_durations_is_one_choice_away():
    rate, duration = (figure(shown(firing=choice), "rates") for choice in ("rate", "duration"))
    assert rate["layout"]["title"]["text"] == "Spikes per second (click to set θ)"
    assert duration["layout"]["title"]["text"] == "Duration of a spike [ms] (click to set θ)"
    assert rate["layout"]["images"] != duration["layout"]["images"]


# ---------------------------------------------------------------------------------------------------- page and controls


def test_the_direction_field_is_drawn_when_it_is_chosen():
    for choice, drawn in (("trajectory", False), ("field", True)):
        names = {each["name"] for each in figure(shown(phase_plane=choice), "phase")["data"]}
        assert ("direction field" in names) == drawn


@pytest.mark.parametrize(
    ("fields", "controls", "plots"),
    [
        ({}, ["several", "firing", "under_potential", "phase_plane"], ["potential", "phase", "recovery", "rates"]),
        ({"several": "slopes"}, ["several", "firing"], ["potential", "phase", "rates"]),
        ({"hidden": True}, ["firing", "under_potential"], ["potential", "rates"]),
        (
            {"under_potential": "spectrum"},
            ["several", "firing", "under_potential", "phase_plane"],
            ["potential", "phase", "spectrum", "rates"],
        ),
        (
            {"under_potential": "spectrum", "hidden": True},
            ["firing", "under_potential"],
            ["potential", "spectrum", "rates"],
        ),
    ],
)
def test_the_page_offers_what_there_is_to_choose(fields, controls, plots):
    page = shown(**fields)
    assert [item["field"] for item in page.options[0]["items"]] == controls
    assert [plot.id for plot in page.plots] == plots


def test_the_equations_hold_the_values_on_screen_and_light_their_sliders():
    equations = shown(theta0=0.405).equations
    symbols = {part.field: part.value for each in equations for part in each.parts if not isinstance(part, str)}
    assert symbols == {
        "gamma": "3.00", "zeta": "−0.400", "theta0": "0.405", "theta1": "0.400", "rho": "0.80", "sigma": "0.35",
        "": "fresh",  # above εₖ, which has no slider
    }  # fmt: skip
    written = ["".join(part if isinstance(part, str) else part.symbol for part in each.parts) for each in equations]
    assert written == [
        "u′ = γ (u − u³/3 + v + ζ)", "v′ = −(u − θ₀ + θ₁ v) / γ", "d = u + η,  ηₖ = ρ ηₖ₋₁ + εₖ,  sd(η) = σ/Δt",
    ]  # fmt: skip


def test_the_dot_runs_where_there_is_a_truth(visit):
    assert stage(visit("neuron"))["clock"] == {"tempo": 10.0, "begins": False}
    for query in ({"hidden": 1}, {"theta1": -1}, {"several": "offsets"}):
        assert stage(visit("neuron", **query))["clock"] is None


# ------------------------------------------------------------------------------------------------------------- spectrum


def spectrum(**fields):
    page = shown(under_potential="spectrum", **fields)
    return page, figure(page, "spectrum")


def course(drawn, name):
    each = trace(drawn, name)
    return decoded(each["x"]).astype(float), decoded(each["y"]).astype(float)


def test_the_spectrum_is_the_periodogram_of_what_the_sliders_make():
    """The noise is that of SciPy's recursive filter on the draws of the seed; frequencies are in Hz."""
    _, drawn = spectrum(sigma=0.1, rho=0.6, seed=5)
    normals = np.random.default_rng(5).standard_normal(1000)
    fresh = normals * np.append(1, np.full(999, np.sqrt(1 - 0.6**2)))
    noise = 0.5 * lfilter([1], [1, -0.6], fresh)
    data = reference_solution((0.4, 0.4, -0.4, 3.0), np.arange(1000) * 0.2)[:, 0] + noise
    for name, values, tolerance in (("noise", noise, 1e-4), ("data", data, 0.02)):
        frequencies, expected = periodogram(values, 5000.0)
        its_frequencies, density = course(drawn, name)
        np.testing.assert_allclose(its_frequencies, frequencies[1:-1], rtol=1e-6)
        np.testing.assert_allclose(density, expected[1:-1], rtol=tolerance, atol=1e-4 * expected.max() * tolerance)


@pytest.mark.parametrize("fields", [{}, {"sigma": 0.2}, {"rho": 0.0}, {"rho": 0.97, "hidden": True}])
def test_the_curve_holds_the_variance_of_the_sliders_noise(fields):
    """The trapezoid over 100 frequencies from 5 to 2500 Hz leaves out 5 Hz of S(0) at the low end."""
    _, drawn = spectrum(**fields)
    page = Experiment(**fields)
    frequencies, density = course(drawn, "AR(1)")
    held = np.trapezoid(density, frequencies) + 5 * density[0]
    assert held == pytest.approx(page.marginal_sd**2, rel=0.01)
    assert ("noise" in {each["name"] for each in drawn["data"]}) == (not page.hidden)


def test_nine_of_ten_values_of_the_noise_lie_in_the_band():
    """Of 499 independent values of a seed 90 % ± 1.3 % lie inside; the mean of 20 seeds has an sd of 0.3 %."""
    held = []
    for seed in range(20):
        _, drawn = spectrum(seed=seed)
        frequencies, density = course(drawn, "noise")
        (band,) = drawn["layout"]["shapes"]
        corners = np.array([pair.split(",") for pair in band["path"].strip("MZ").split("L")], float)
        lower, upper = corners[:100], corners[:99:-1]
        low, high = (np.exp(np.interp(np.log(frequencies), *np.log(edge).T)) for edge in (lower, upper))
        held.append(np.mean((density > low) & (density < high)))
    assert np.mean(held) == pytest.approx(0.9, abs=4 * 0.003)


def test_without_noise_the_spectrum_is_that_of_the_data_alone():
    _, drawn = spectrum(sigma=0.0)
    assert [each["name"] for each in drawn["data"]] == ["data"]
    assert drawn["layout"]["shapes"] == []


def test_the_axes_of_the_spectrum_rest_while_the_noise_is_dragged():
    ranges = {
        tuple(spectrum(**fields)[1]["layout"]["yaxis"]["range"])
        for fields in ({}, {"sigma": 0.03}, {"sigma": 0.4}, {"rho": 0.98}, {"theta0": 0.9})
    }
    assert ranges == {(-7, 0)}


@pytest.mark.parametrize(
    ("rho", "said"),
    [(0.8, "81 times as much at the lowest"), (-0.5, "9 times as much at the highest"), (0.0, "as much at all")],
)
def test_the_spectrum_s_sentence_says_how_uneven_the_noise_is(rho, said):
    """S at f = 0 over S at Nyquist is ((1 + ρ) / (1 − ρ))²."""
    page, _ = spectrum(rho=rho)
    assert sum(said in sentence for sentence in page.why) == 1
    assert not any("spectrum" in sentence for sentence in shown(rho=rho).why)


def test_a_trajectory_that_diverges_leaves_the_curve_alone():
    _, drawn = spectrum(theta1=-50.0)
    assert "AR(1)" in {each["name"] for each in drawn["data"]}
