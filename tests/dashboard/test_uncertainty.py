import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2, norm, truncnorm

from core.estimate import Estimate
from core.maps.recipes import published_task
from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.noise import colour
from core.posterior import exact
from core.problem.problem import Problem
from dashboard import maps as registry
from dashboard.figures.style import LIMIT, Look
from dashboard.pictures import limit, posterior, results, support, uncertainty
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene
from tests.dashboard.conftest import checked, decoded, drag, release, told

SHORT = {"t_end": 60}  # a posterior of a short window takes half the time


def shown(app):
    """Return what the live components of a page receive, by the first of their plots, or by their kind."""
    parts = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return {part["plots"][0]["id"] if part.get("plots") else part["kind"]: part for part in parts}


def figure(part, identity):
    return next(plot["figure"] for plot in part["plots"] if plot["id"] == identity)


def trace(drawn, name):
    return next(each for each in drawn["data"] if each.get("name") == name)


def rows(part):
    return {(row[0] if isinstance(row[0], str) else row[0]["text"]): row[1:] for row in part["table"]}


def text(part):
    return " ".join(told(part))


def test_the_posterior_is_drawn_with_its_marginals_and_read(visit):
    parts = shown(visit("uncertainty", **SHORT, compared="MAP and Laplace,prior"))
    main = parts["posterior"]
    joint = figure(main, "posterior")
    assert {trace["name"] for trace in joint["data"]} == {"exact", "MAP and Laplace", "prior", "truth"}
    for i, (along, across, name) in enumerate((("x", "y", "θ₀"), ("y", "x", "θ₁"))):
        areas = {}
        for law in ("exact", "MAP and Laplace"):
            line = curves(joint, law)[i]
            areas[law] = np.trapezoid(decoded(line[across]), decoded(line[along]).astype(float))
        # The window holds 99.8 %, a normal law of about the same width a little less.
        assert areas["MAP and Laplace"] == pytest.approx(areas["exact"], rel=0.015)
        assert joint["layout"][f"{along}axis"]["title"]["text"] == name
    assert re.fullmatch(r"θ₀ = 0\.\d+ ± 0\.00\d+, θ₁ = 0\.\d+ ± 0\.0\d+\. The truth lies .*", main["answer"])
    assert parts["prediction"]["answers"] == 0


def curves(drawn, name):
    """Return the marginals with this name, of either parameter."""
    named = [each for each in drawn["data"] if each["name"] == name]
    return [each for each in named if "2" in each.get("xaxis", "") + each.get("yaxis", "")]


def ticks(part):
    (row,) = part["options"]
    (item,) = row["items"]
    return item


def test_everything_but_exact_and_truth_waits_to_be_ticked(visit):
    main = shown(visit("uncertainty", compared="-"))["posterior"]
    drawn = figure(main, "posterior")
    assert {each["name"] for each in drawn["data"]} == {"exact", "truth"}
    assert {shape.get("legendgroup") for shape in drawn["layout"]["shapes"]} == {None, "exact", "truth"}
    # The square of the exact posterior stands at its mean, which the answer gives.
    mean = next(each for each in drawn["layout"]["shapes"] if each.get("legendgroup") == "exact")
    assert main["answer"].startswith(f"θ₀ = {mean['xanchor']:.4f} ± ")
    item = ticks(main)
    assert (item["field"], item["value"]) == ("compared", [])
    options = {each["value"]: each for each in item["options"]}
    assert list(options) == ["exact", "truth", *registry.inverse_maps("")[0], "MAP and Laplace", "prior"]
    assert [name for name, each in options.items() if each.get("fixed")] == ["exact", "truth"]
    # Each is drawn as its estimate is.
    assert options["cnn-clean"]["hollow"]
    assert options["best"]["colour"] == "theme:best"
    assert options["best"]["dash"] == "none"
    assert options["cnn-noisy"]["dash"] == ""  # it has no ellipse
    hidden = shown(visit("uncertainty", hidden=1))["posterior"]
    assert "truth" not in [each["value"] for each in ticks(hidden)["options"]]
    short = shown(visit("uncertainty", **SHORT))["posterior"]
    # A window that only the map of windows reads.
    reading = [name for name, each in registry.inverse_maps("")[0].items() if each.recipe.task.has_window]
    assert [each["value"] for each in ticks(short)["options"]] == [
        "exact", "truth", *reading, "MAP and Laplace", "prior",
    ]  # fmt: skip


def test_the_covariances_stand_beside_each_other(visit):
    experiment = Experiment()
    table = rows(shown(visit("uncertainty"))["posterior"])
    assert list(table) == ["covariance of", "exact", "MAP and Laplace", "best"]
    assert table["covariance of"] == ["sd θ₀", "sd θ₁", "corr(θ₀, θ₁)"]
    covariance = registry.inverse_maps("")[0]["best"].predict(observe(experiment, None).data[None]).covariance[0]
    first, second = np.sqrt(np.diag(covariance))
    assert [float(cell.replace("−", "-")) for cell in table["best"]] == [
        pytest.approx(first, abs=5.1e-5), pytest.approx(second, abs=5.1e-4),
        pytest.approx(covariance[0, 1] / first / second, abs=5.1e-4),
    ]  # fmt: skip


def test_the_equations_hold_the_noise_and_the_prior_on_screen(visit):
    posterior, likelihood, prior = shown(visit("uncertainty", sigma=0.1, **SHORT))["posterior"]["equations"]
    assert posterior["parts"] == ["p(θ₀, θ₁ | d) ∝ p(d | θ₀, θ₁) p(θ₀, θ₁)"]
    symbols = [part for part in likelihood["parts"] if isinstance(part, dict)]
    assert [(each["symbol"], each["value"], each["field"]) for each in symbols] == [
        ("σ", "0.100", "sigma"), ("ρ", "0.80", "rho"),
    ]  # fmt: skip
    assert prior["parts"] == ["θ₀ ~ N(0.4, 0.3²), θ₁ ~ N(0.4, 0.4²)"]
    flat = shown(visit("uncertainty", regularised=0, noise_known=0, **SHORT))["posterior"]["equations"]
    assert flat[2]["parts"] == ["θ₀ ~ U(−0.2, 1), θ₁ ~ U(−0.4, 1.2)"]
    assert {part["value"] for part in flat[1]["parts"] if isinstance(part, dict)} == {"?"}


def test_the_ellipse_of_the_map_is_that_of_its_covariance(visit):
    parts = shown(visit("uncertainty"))
    experiment = Experiment()
    estimate = registry.inverse_maps("")[0]["best"].predict(observe(experiment, None).data[None])
    plane = figure(parts["posterior"], "posterior")
    (each,) = [
        each for each in plane["data"] if (each["name"], each.get("xaxis"), each.get("yaxis")) == ("best", "x", "y")
    ]
    off = np.column_stack([decoded(each["x"]), decoded(each["y"])]).astype(float) - estimate.mean[0]
    distances = np.einsum("ni,ij,nj->n", off, np.linalg.inv(estimate.covariance[0]), off)
    np.testing.assert_allclose(distances, chi2.ppf(0.9, 2), rtol=1e-2)  # it travels in single precision
    assert each["line"]["color"] == "theme:best"
    value, sd = (float(part) for part in rows(parts["prediction"])["best"][0].split(" ± "))
    assert value == pytest.approx(estimate.mean[0, 0], abs=1e-3)
    assert sd == pytest.approx(np.sqrt(estimate.covariance[0, 0, 0]), rel=0.06)
    assert rows(parts["prediction"])["best"][5] in ("yes", "no")
    assert rows(parts["prediction"])["cnn-noisy"][5] == "–"
    assert "The estimate of ‘best’ lies 0.000" in text(parts["posterior"])
    assert "trained" not in text(parts["posterior"])


def test_a_map_that_was_not_trained_for_the_trace_says_so_beside_its_ellipses(visit):
    said = text(shown(visit("uncertainty", gamma=4, compared="best,prior"))["posterior"])
    assert "‘best’ was not trained for γ = 4 (trained at 3). Its estimate answers for a neuron with γ = 3." in said
    # It takes one time grid only.
    assert "‘best’" not in text(shown(visit("uncertainty", **SHORT))["posterior"])


def test_the_table_has_every_estimator_with_its_error(visit):
    table = rows(shown(visit("uncertainty", **SHORT, below="noise"))["regions"])
    assert table["truth"][:2] == ["0.4000", "0.400"]
    for column in range(4):
        cells = [number for row in table.values() for number in re.findall(r"\d+\.(\d+)", row[column])]
        assert len({len(decimals) for decimals in cells}) == 1, column
    for name in ("exact posterior mean", "MAP and Laplace", "MAP together with σ and ρ"):
        value, sd = (float(part) for part in table[name][0].split(" ± "))
        assert float(table[name][2].replace("−", "-")) == pytest.approx(value - 0.4, abs=1e-4)
        assert 1e-3 < sd < 0.02
        assert table[name][4] == "yes"
    # In six draws of ten thousand a truth from the prior lies three sd off: here it does not.
    assert table["exact posterior mean"][5] == "yes"


def test_each_view_below_has_its_plots_and_its_sentence(visit):
    views = {
        "prediction": (["prediction"], "Dark: where the true potential is"),
        "profiles": (["profile-first", "profile-second"], "θ₁ is identifiable"),
        "noise": (["regions", "autocorrelation"], "Taken as white"),
    }
    for below, (plots, sentence) in views.items():
        part = shown(visit("uncertainty", **SHORT, below=below))[plots[0]]
        assert [plot["id"] for plot in part["plots"]] == plots
        assert part["layout"] == f"uncertainty-{below}"
        assert sentence in text(part)
        assert part["options"][0]["items"][0]["value"] == below
        assert part["question"].endswith("?")
        assert part["answer"]
        assert not part["said"]


def test_the_profiles_of_all_four_are_wider_than_those_of_two(visit):
    """Every other parameter that is free can only lower the misfit at a value, and both have the truth within."""
    ends = {}
    for unknown in (0, 1):
        part = shown(visit("uncertainty", below="profiles", all_unknown=unknown))["profile-first"]
        assert [item["field"] for item in part["options"][0]["items"]] == ["below", "all_unknown"]
        assert "θ₀ is identifiable: " in part["answer"]
        assert ("the other three" in text(part)) == bool(unknown)
        bounds = re.findall(r"θ[₀₁] is identifiable: (.*?) to (.*?) at 95 %", part["answer"])
        ends[unknown] = np.array(bounds, float)
        for (low, high), plot in zip(ends[unknown], part["plots"], strict=True):
            assert low < 0.4 < high
            left, right = plot["figure"]["layout"]["xaxis"]["range"]
            assert left < low < high < right
    assert np.all(ends[1][:, 0] < ends[0][:, 0])
    assert np.all(ends[1][:, 1] > ends[0][:, 1])
    fields = [item["field"] for item in shown(visit("uncertainty", **SHORT))["prediction"]["options"][0]["items"]]
    assert fields == ["below"]


def test_noise_that_is_not_known_leaves_the_sidebar_s_alone(visit):
    """σ and ρ of the sidebar make the data; what is assumed of them is another thing."""
    known, unknown = (shown(visit("uncertainty", **SHORT, noise_known=given)) for given in (1, 0))
    assert "are integrated out" in text(unknown["posterior"])
    assert "are integrated out" not in text(known["posterior"])
    fields = [[item["field"] for item in part["posterior"]["tools"]] for part in (known, unknown)]
    assert "misfit" in fields[0]
    assert "misfit" not in fields[1]
    assert "MAP together with σ and ρ" in rows(unknown["prediction"])


def test_other_axes_have_no_inverse_maps_and_say_so(visit):
    parts = shown(visit("uncertainty", axis_x="gamma", axis_y="zeta"))
    assert "none is drawn on these axes" in text(parts["posterior"])
    assert figure(parts["posterior"], "posterior")["layout"]["xaxis"]["title"]["text"] == "γ"
    assert [name for name in rows(parts["prediction"]) if "noisy" in name] == []


def test_the_edge_of_the_prior_refuses_laplace_and_says_why(visit):
    main = shown(visit("uncertainty", theta0=1.2, compared="MAP and Laplace", **SHORT))["posterior"]
    assert "The Laplace approximation is refused: the lowest loss lies on the edge" in text(main)
    assert "The truth lies beyond the prior’s box" in text(main)
    assert np.all(np.isnan(decoded(trace(figure(main, "posterior"), "MAP and Laplace")["x"])))
    assert rows(main)["MAP and Laplace"] == ["–", "–", "–"]


def test_no_noise_and_a_lost_trace_end_in_sentences(visit):
    assert "drawn for σ = 0.001 ms" in shown(visit("uncertainty", sigma=0, **SHORT))["posterior"]["notes"][0]
    lost = shown(visit("uncertainty", theta1=-3, t_end=60))
    assert "The trajectory diverged" in lost["plots"]["notes"][0]


def test_a_posterior_that_cannot_be_had_ends_in_its_sentence(visit, monkeypatch):
    def refuse(*_):
        raise ValueError("No point of the prior’s box can be simulated.")

    monkeypatch.setattr(results.exact, "posterior", refuse)
    for page, query in (("uncertainty", {}), ("inverse-map", {"limit": 1})):
        parts = shown(visit(page, **query, **SHORT))
        notes = [note for part in parts.values() for note in part.get("notes", [])]
        assert "No point of the prior’s box can be simulated." in notes


def test_all_of_the_prior_is_shown_with_a_frame_around_the_posterior(visit):
    plane = figure(shown(visit("uncertainty", whole_prior=1, compared="prior", **SHORT))["posterior"], "posterior")
    box, zoom = [shape for shape in plane["layout"]["shapes"] if shape["type"] == "rect"]
    assert (box["x0"], box["x1"], box["y0"], box["y1"]) == (-0.2, 1.0, -0.4, 1.2)
    assert -0.2 < zoom["x0"] < 0.4 < zoom["x1"] < 1
    low, high = plane["layout"]["xaxis"]["range"]
    assert low < -0.2 < 1 < high


def test_a_rerun_without_a_change_computes_nothing(visit, monkeypatch):
    app = visit("uncertainty", below="profiles", **SHORT)
    before = shown(app)

    def never(*_):
        raise AssertionError("computed again")

    for module, name in ((results.exact, "posterior"), (results.laplace_approximation, "laplace"),
                         (results.profiles, "profile_likelihood")):  # fmt: skip
        monkeypatch.setattr(module, name, never)
    after = shown(checked(app.run()))
    assert [part["plots"] for part in after.values() if "plots" in part] == [
        part["plots"] for part in before.values() if "plots" in part
    ]


def test_what_a_drag_cannot_follow_stays_until_it_is_let_go(visit, monkeypatch):
    app = visit("uncertainty", compared="MAP and Laplace", **SHORT)
    monkeypatch.setattr(posterior, "FOLLOWS", 0.0)
    drag(app, theta0=0.3)
    parts = [json.loads(part.proto.json) for part in checked(app.run()).get("bidi_component")]
    pictures = [part for part in parts if part["kind"] == "plots"]
    assert [part["stale"] for part in pictures] == [True, True]
    assert all(plot["kept"] and plot["stale"] for part in pictures for plot in part["plots"])
    monkeypatch.setattr(posterior, "FOLLOWS", 1e3)
    followed = shown(checked(app.run()))["posterior"]
    assert not followed["stale"]
    assert not any(plot["stale"] for plot in followed["plots"])
    # Laplace takes as long again, and waits.
    assert "MAP and Laplace" not in json.dumps(followed["plots"])
    assert rows(followed)["MAP and Laplace"] == ["–", "–", "–"]
    release(app)
    settled = shown(checked(app.run()))
    assert not any(settled[part]["stale"] for part in ("posterior", "prediction"))
    told = text(settled["posterior"])
    # The posterior's sd is 0.007.
    assert float(told.split("θ₀ = ")[1].split(" ")[0]) == pytest.approx(0.3, abs=0.03)


def test_a_drag_that_begins_without_a_posterior_ends_in_no_traceback(visit):
    app = visit("uncertainty", theta1=-3, t_end=60)
    drag(app, theta1=0.4)
    assert "figure" in shown(checked(app.run()))["posterior"]["plots"][0]


# ---------------------------------------------------------------------------------------------------- the inverse map


def test_the_limit_stands_beside_the_clouds(visit, monkeypatch):
    monkeypatch.setattr(limit, "N_MEANS", 3)
    plain = shown(visit("inverse-map"))["estimates"]
    assert "Tick “zoom in, with MAP and exact posterior”" in text(plain)
    beside = shown(visit("inverse-map", limit=1))["estimates"]
    drawn = figure(beside, "estimates")
    assert drawn["data"][0]["type"] == "contour"
    low, high = drawn["layout"]["xaxis"]["range"]
    assert -0.2 < low < 0.4 < high < 1
    means = [shape for shape in drawn["layout"]["shapes"] if shape["line"]["color"] == LIMIT and "dots" in shape]
    assert [decoded(shape["dots"]["y"]).size for shape in means] == [3]
    assert "Redraw the noise 3 times, and the exact posterior’s mean moves by" in text(beside)
    assert (
        "Green: everything this trace can tell. θ₀ is known to ±0.0015, θ₁ to ±0.010; an estimator that claims less is "
        "overconfident." in text(beside)
    )
    assert drawn["layout"]["title"]["text"] == "Estimates of θ, clouds under new noise and exact posterior"
    # The estimate of the default's θ₀ has an sd of 0.0015.
    assert float(rows(beside)["exact posterior mean"][0]) == pytest.approx(0.4, abs=0.006)


def test_the_means_of_fresh_noise_are_those_of_the_clouds_draws(visit, monkeypatch):
    monkeypatch.setattr(limit, "N_MEANS", 2)
    visit("inverse-map", limit=1, t_end=60, seed=5)
    experiment = Experiment(t_end=60, seed=5, limit=True)
    known = np.array(limit.fresh_noise(Scene(experiment, experiment)).known)
    assert known.shape == (2, 2, 2)
    means = known[:, 0]
    trajectory = observe(experiment, None).trajectory[:, 0]
    normals = np.random.default_rng([5, 1]).standard_normal((200, 300))
    for mean, draw in zip(means, normals, strict=False):
        data = trajectory + colour(draw, experiment.rho, experiment.marginal_sd)
        again = exact.posterior(problem_of(experiment, observe(experiment, None)).with_data(data)).mean
        np.testing.assert_allclose(mean, again, atol=1e-12)


def test_the_limit_without_noise_is_drawn_for_a_little_and_has_no_fresh_means(visit, monkeypatch):
    monkeypatch.setattr(limit, "N_MEANS", 2)
    part = shown(visit("inverse-map", limit=1, sigma=0))["estimates"]
    assert part["notes"] == ["Without noise the exact posterior is a point: it is drawn for σ = 0.001 ms."]
    assert "Redraw the noise" not in text(part)
    assert "σ = 0: there is no noise to move the estimates." in told(part)
    assert "Green: everything this trace can tell." in text(part)


def test_the_limit_is_left_out_of_a_drag_within_the_same_window(visit, monkeypatch):
    monkeypatch.setattr(limit, "N_MEANS", 2)
    app = visit("inverse-map", limit=1)
    before = figure(shown(app)["estimates"], "estimates")["layout"]["xaxis"]["range"]
    drag(app, sigma=0.2)
    dragged = figure(shown(checked(app.run()))["estimates"], "estimates")
    assert dragged["data"][0]["type"] != "contour"
    assert dragged["layout"]["xaxis"]["range"] == before


def test_a_truth_beyond_the_box_is_not_said_to_be_known(visit, monkeypatch):
    monkeypatch.setattr(limit, "N_MEANS", 1)
    said = text(shown(visit("inverse-map", limit=1, theta0=1.3, t_end=60))["estimates"])
    assert said.endswith("The truth lies beyond the prior’s box, where no posterior can find it.")
    assert "beyond" not in text(shown(visit("inverse-map", limit=1, theta0=0.9, t_end=60))["estimates"])


def test_a_scatter_below_the_posterior_s_is_explained_and_nothing_is_said_to_be_surer():
    """The silent neuron's posterior has sds of 0.044, and its mean, which the prior's edge holds, scatters by 0.020."""
    found = SimpleNamespace(covariance=np.diag([0.044, 0.044]) ** 2)
    normals = np.random.default_rng(0).standard_normal((24, 2))
    normals /= normals.std(axis=0)
    held = "A small scatter is no small error: what the prior or the training holds in place does not scatter."

    def sentence(exact, lowest, best, uploaded):
        fresh = np.stack([exact * normals, lowest * normals], axis=1)
        return limit._sentence(found, fresh, ("best", best * normals), uploaded)

    said = sentence(0.020, 0.040, 0.021, uploaded=False)
    assert said == (
        "Green: everything this trace can tell. θ₀ is known to ±0.044, θ₁ to ±0.044; an estimator that claims less is "
        "overconfident. Redraw the noise 24 times, and the exact posterior’s mean moves by 0.020 in θ₀ and 0.020 in "
        f"θ₁. The MAP moves 2 and 2 times as far. The map ‘best’ moves about as far. {held}"
    )
    said = sentence(0.044, 0.044, 0.022, uploaded=True)
    assert said.startswith("Green: everything this trace can tell, if ζ, γ, σ and ρ of the sidebar are right. ")
    assert said.endswith(f"The MAP moves about as far. The map ‘best’ moves 0.5 and 0.5 times as far. {held}")
    said = sentence(0.040, 0.040, 0.08, uploaded=False)
    assert said.endswith("The map ‘best’ moves 2 and 2 times as far.")


# ---------------------------------------------------------------------------------------------------------- functions


def problem_on(**changes):
    experiment = Experiment(**{**SHORT, **changes})
    return problem_of(experiment, observe(experiment, None))


@pytest.fixture(scope="module")
def short_posterior():
    """The posterior of the published default in a short window."""
    return exact.posterior(problem_on())


def test_the_key_of_a_problem_changes_with_all_that_its_results_depend_on():
    base = problem_on()
    changed = [
        problem_on(seed=8), problem_on(t_end=62), problem_on(zeta=-0.3), problem_on(sigma=0.1), problem_on(rho=0.5),
        problem_on(misfit="white"), problem_on(regularised=False), problem_on(axis_x="gamma"),
        problem_on(axis_x="theta1", axis_y="theta0"),
    ]  # fmt: skip
    keys = {each.identity for each in (base, *changed)}
    assert len(keys) == 1 + len(changed)
    # What is unknown does not count where only the data know of it.
    observation = observe(Experiment(**SHORT), None)
    assert problem_of(Experiment(**SHORT, theta0=0.9, theta1=0.9), observation).identity == base.identity


def test_the_law_of_an_unknown_noise_prefers_next_to_nothing():
    for experiment in (Experiment(), Experiment(sigma=50.0)):
        law = results.noise_prior(experiment)
        assert law.lower[1] < experiment.sigma < law.upper[1]
        corners = np.array([[rho, sigma] for rho in (-0.99, 0.0, 0.99) for sigma in (law.lower[1], law.upper[1])])
        # A Gaussian ten times as wide as its interval falls by ½ (1/20)² from its middle to its ends, for each of both.
        assert np.ptp(law.log_density(corners)) < 0.0026


def test_the_prior_of_a_parameter_is_a_density():
    problem = problem_on(axis_x="zeta")
    values = np.linspace(-0.5, 1.5, 401)
    theta1 = uncertainty.prior_density(problem, 1, values)
    np.testing.assert_allclose(theta1, truncnorm(-2, 2, 0.4, 0.4).pdf(values), rtol=1e-12)
    zeta = uncertainty.prior_density(problem, 0, np.array([-0.9, -0.4, -0.1, 0.1]))
    np.testing.assert_allclose(zeta, [0, 1.25, 1.25, 0], rtol=1e-12)
    flat = uncertainty.prior_density(problem.with_flat_prior(), 1, np.array([0.0, 1.0]))
    np.testing.assert_allclose(flat, 1 / 1.6, rtol=1e-12)


def test_the_window_is_widened_to_a_truth_that_is_near(short_posterior):
    plain = posterior.window_of(short_posterior, None)
    near = plain[:, 1] + 0.5 * (plain[:, 1] - plain[:, 0])
    wider = posterior.window_of(short_posterior, tuple(near))
    assert np.all((wider[:, 0] <= plain[:, 0] + 1e-12) & (wider[:, 1] > near))
    far = plain[:, 1] + 5 * (plain[:, 1] - plain[:, 0])
    np.testing.assert_array_equal(posterior.window_of(short_posterior, tuple(far)), plain)


def test_the_predictive_bands_hold_what_they_say(short_posterior):
    potential, noisy = results.predicted(short_posterior)
    s = short_posterior.problem.noise[0].marginal_sd
    assert np.all(noisy[0] < potential[0])
    assert np.all(noisy[1] > potential[1])
    # Where u is known far better than a measurement, the band of the data is ±1.645 s: of 1,000 draws a quantile has an
    # sd of 0.067 s, and the mean over 300 samples, of which neighbours are alike, about 0.02 s.
    quiet = np.ptp(potential, axis=0) < 0.05
    half = 0.5 * np.ptp(noisy, axis=0)[quiet]
    assert quiet.sum() > 100
    assert half.mean() == pytest.approx(norm.ppf(0.95) * s, abs=0.04 * s)


def test_own_regions_of_estimators_are_those_of_their_normal_law(short_posterior):
    """The row says whether the truth has a Mahalanobis distance below that of 90 %."""
    covariance = np.diag([1e-4, 4e-4])
    limit = np.sqrt(chi2.ppf(0.9, 2))
    for distance, answer in ((0.99 * limit, "yes"), (1.01 * limit, "no")):
        mean = short_posterior.mean
        estimate = Estimate(mean[None], covariance[None], short_posterior.names)
        truth = (mean[0] + 0.01 * distance, mean[1])
        row = support._row("any", Look("#000000"), estimate, short_posterior, truth, [3, 3])
        assert row[-1] == answer
        assert row[-2] == "yes"


@pytest.mark.parametrize(
    "wrong", [np.full((2, 2), np.nan), np.diag([np.inf, 1.0]), np.zeros((2, 2)), [[1.0, 2.0], [2.0, 1.0]]]
)
def test_what_is_no_covariance_is_dropped(monkeypatch, wrong):
    experiment = Experiment()
    wild = Estimate(np.zeros((1, 2)), np.array([wrong]), ("theta0", "theta1"))
    scene = Scene(experiment, experiment)
    recipe = SimpleNamespace(task=published_task())
    times = {"times": scene.observation.times, "takes": lambda _: True}
    every = {"wild": SimpleNamespace(**times, recipe=recipe, parameter_names=wild.names, predict=lambda *_: wild)}
    monkeypatch.setattr(posterior, "looks", lambda _: {"wild": Look("#000000")})
    estimates = posterior.estimates_of(scene, problem_of(experiment, scene.observation), every)
    assert estimates["wild"][1].covariance is None


def test_inverse_maps_are_turned_to_the_axes():
    experiment = Experiment(axis_x="theta1", axis_y="theta0")
    scene = Scene(experiment, experiment)
    observation = scene.observation
    maps, _ = registry.inverse_maps("")
    swapped = posterior.estimates_of(scene, problem_of(experiment, observation), maps)
    usual = posterior.estimates_of(scene, problem_of(Experiment(), observation), maps)
    assert list(swapped) == list(usual) != []
    for name in usual:
        np.testing.assert_array_equal(swapped[name][1].mean[0], usual[name][1].mean[0][::-1])
    laws = [maps["best"][1].covariance[0] for maps in (swapped, usual)]
    np.testing.assert_array_equal(laws[0], laws[1][::-1, ::-1])
    assert laws[1][0, 0] != laws[1][1, 1]
    assert isinstance(problem_of(experiment, observation), Problem)
    assert set(PARAMETER_NAMES) > set(experiment.axes)
