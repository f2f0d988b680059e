"""The Train page: its form, what the hand on the prior does, and what is said of a training."""

import errno
import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock
from safetensors.numpy import load_file, save

from core.files import write_json
from core.jobs import queue
from core.jobs.folder import PREDICTIONS
from core.jobs.progress import read_progress
from core.learning.training_settings import (
    Adam,
    Cnn,
    Spectrum,
    TimeSeries,
    TimeSeriesAndSpectrum,
    WhitenedTimeSeries,
)
from core.maps.dataset import TRAINING_STREAM, dataset
from core.maps.inverse_map import inverse_map, load_inverse_map
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import fitzhugh_nagumo_task, narrow_prior, narrow_recipe, point_recipe, published_task
from core.maps.test_sets import published_test_set
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior
from dashboard import live_route, trainings
from dashboard.allowance import Allowance
from dashboard.pictures import training as pictures
from dashboard.scene.address import to_address
from dashboard.scene.experiment import Experiment
from dashboard.scene.holdings import Holdings, keep
from dashboard.scene.scene import Scene
from dashboard.scene.training import Form
from dashboard.views import training as view
from dashboard.wording.training import about_prior, about_recipe, covered
from tests.dashboard.conftest import checked, decoded, finish, shows, write_map

METRICS = {kind: {"r2": {"theta0": 0.9876, "theta1": 0.5}, "median_ape": {"theta0": 0.01, "theta1": 0.02}}
           for kind in ("clean", "noisy")}  # fmt: skip


@pytest.fixture
def started(monkeypatch):
    """Let trainings be started without a process, and return the command lines of those that were."""
    commands = []

    def popen(command, **_):
        commands.append(command)
        return SimpleNamespace(pid=0, poll=lambda: None)

    monkeypatch.setattr(queue, "subprocess", SimpleNamespace(Popen=popen, DEVNULL=None))
    monkeypatch.setattr(queue, "_started", [])
    return commands


def parts(app):
    """Return what the live components of the page receive, by name."""
    received = [json.loads(part.proto.json) for part in app.get("bidi_component")]
    return {part["name"]: part for part in received}


def run_of(app):
    return parts(app)["training_run_stage"]


def form_of(app):
    """Return the controls of the form by field."""
    return {item["field"]: item for group in parts(app)["training_form"]["groups"] for item in group["items"]}


def fill(app, **fields):
    holdings = app.session_state["scene"].holdings
    holdings.training, rest = holdings.training.taking(fields)
    assert rest == {}
    return checked(app.run())


def ask(app, name, value=True):
    app.session_state[name] = value
    return checked(app.run())


def refusal(app):
    return parts(app)["training_form"]["groups"][-1]["items"][-1]["label"]


# ------------------------------------------------------------------------------------------------- the prior by hand


def moved(changes, form=None):
    form, rest = (form or Form()).taking(changes)
    assert rest == {}
    return form


def test_the_middle_moves_the_whole_prior():
    prior = moved({"train_centre_theta0": 0.5, "train_centre_theta1": 0.1}).prior
    assert (prior.mean, prior.sd) == ((0.5, 0.1), (0.3, 0.4))
    np.testing.assert_allclose([prior.lower, prior.upper], [[-0.1, -0.7], [1.1, 0.9]], rtol=0, atol=1e-12)


def test_the_prior_stays_on_the_plane():
    prior = moved({"train_centre_theta0": 5.0, "train_centre_theta1": -5.0}).prior
    assert (prior.upper[0], prior.lower[1]) == (1.4, -0.9)
    assert (prior.mean[0], prior.lower[0]) == (0.8, 0.2)  # of its own width, 1.2


def test_a_corner_moves_two_bounds_and_takes_the_mean_along():
    prior = moved({"train_theta0_upper": 0.3, "train_theta1_lower": 0.2}).prior
    assert (prior.lower, prior.upper, prior.mean) == ((-0.2, 0.2), (0.3, 1.2), (0.3, 0.4))
    crossed = moved({"train_theta0_upper": -3.0, "train_theta1_upper": 1.0}).prior
    assert (crossed.lower[0], crossed.upper[0]) == (-0.2, -0.18)


def test_an_end_of_the_ellipse_sets_the_sd():
    assert moved({"train_end_theta0": 0.9}).prior.sd == (0.5, 0.4)
    assert moved({"train_end_theta1": 0.4}).prior.sd == (0.3, 0.02)


def test_the_boxes_follow_the_hand_and_the_hand_the_boxes():
    form = moved({"train_centre_theta0": 0.45, "train_centre_theta1": 0.4})
    assert [form.text(f"train_theta0_{column}") for column in ("mean", "sd", "lower", "upper")] == [
        "0.45", "0.3", "−0.15", "1.05",
    ]  # fmt: skip
    assert moved({"train_theta0_mean": "0,25", "train_theta0_lower": "−0.3"}).prior.mean == (0.25, 0.4)


def test_what_cannot_be_read_stays_and_the_prior_is_the_last_that_could():
    form = moved({"train_theta0_mean": "a"}, moved({"train_theta0_mean": "0.2"}))
    assert (form.text("train_theta0_mean"), form.prior.mean) == ("a", (0.2, 0.4))
    assert form.problems == {"train_theta0_mean": "θ₀ mean must be a number; “a” is none."}


def test_other_changes_are_left_for_the_experiment():
    _, rest = Form().taking({"theta0": 0.5, "train_samples": "500"})
    assert rest == {"theta0": 0.5}


def test_the_live_route_moves_the_prior_and_its_boxes_and_keeps_nothing():
    holdings = Holdings()
    asked = {"page": "training", "key": keep(holdings), "address": to_address(Experiment()), "drawn": {},
             "changes": {"train_centre_theta0": 0.2, "train_centre_theta1": 0.4}}  # fmt: skip
    answer = live_route.answer(live_route.read(json.dumps(asked).encode()))
    assert list(answer["stages"]) == ["training_head", "training_stage"]
    assert answer["values"] | {"train_theta0_mean": "0.2", "train_theta0_lower": "−0.4"} == answer["values"]
    form = moved(asked["changes"])
    assert answer["stages"]["training_head"]["answer"] == (
        f"{about_prior(form.prior)} Let go to see how the map ‘best’ does there."
    )
    (plot,) = answer["stages"]["training_stage"]["plots"]
    assert plot["handles"][0] == {"at": (0.2, 0.4), "x": "train_centre_theta0", "y": "train_centre_theta1"}
    assert len(plot["handles"]) == 7
    assert holdings.training.prior == published_prior()


def scene_of(form):
    return Scene(Experiment(), Experiment(), holdings=replace(Holdings(), training=form))


def test_the_black_dots_are_the_samples_of_the_training_and_the_blue_ones_those_of_the_test():
    form = moved({"train_samples": "300", "train_centre_theta0": 0.2, "train_centre_theta1": 0.4})
    (plot,) = pictures.picture(scene_of(form)).plots
    dots = {shape["legendgroup"]: shape["dots"] for shape in plot.figure["layout"]["shapes"] if "dots" in shape}
    task = replace(published_task(), prior=form.prior)
    for name, theta in (
        ("training samples", dataset(task, 300, TRAINING_STREAM, 0, 0).theta),
        ("test samples", published_test_set().theta[:500]),
    ):
        np.testing.assert_allclose(decoded(dots[name]["x"]), theta[:, 0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(decoded(dots[name]["y"]), theta[:, 1], rtol=0, atol=1e-6)


def test_at_most_five_hundred_of_the_samples_are_drawn():
    (plot,) = pictures.picture(scene_of(Form())).plots
    black = next(each for each in plot.figure["layout"]["shapes"] if each.get("legendgroup") == "training samples")
    assert decoded(black["dots"]["x"]).size == 500


def test_the_answer_says_how_much_of_the_published_prior_is_covered():
    """By tables of Φ: (Φ(0) − Φ(−4/3)) (2 Φ(1/2) − 1) / (2 Φ(2) − 1)² = 0.4088 · 0.3829 / 0.9545² = 0.1718."""
    assert covered(narrow_prior()) == pytest.approx(0.1718, abs=2e-4)
    assert covered(published_prior()) == pytest.approx(1.0)
    said = about_prior(narrow_prior())
    assert "It holds 17\u00a0% of the published prior; for the rest no estimate can be right." in said
    far = TruncatedGaussian(("theta0", "theta1"), (3.0, 3.0), (0.1, 0.1), (2.0, 2.0), (4.0, 4.0))
    assert "It holds nothing of the published prior" in about_prior(far)
    wide = TruncatedGaussian(("theta0", "theta1"), (0.4, 0.4), (1.0, 1.0), (-0.5, -0.8), (1.3, 1.6))
    assert "It holds all of the published prior" in about_prior(wide)


def test_the_answer_invites_to_drag_the_prior_while_it_is_the_published_one():
    assert about_prior(published_prior()).endswith("Yours is still the published one: drag the violet box, then press "
                                                   "Train.")  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ the form


def test_the_form_begins_with_the_first_preset_and_says_what_it_takes_from_elsewhere(visit, runs):
    app = visit("train", zeta=-0.3, gamma=2.5)
    form = form_of(app)
    assert [form[name]["value"] for name in ("train_name", "train_samples", "train_epochs", "train_preset")] == [
        "my-map-1", "20000", "12", "usual",
    ]  # fmt: skip
    known = parts(app)["training_form"]["groups"][-1]["items"][0]["label"]
    assert known == "ζ = −0.3 and γ = 2.5 are those of the sidebar. A trace lasts 200 ms, with 1,000 time points."
    assert form_of(fill(app, train_preset="quick"))["train_samples"]["value"] == "5000"
    assert form_of(fill(app, train_epochs="7"))["train_preset"]["value"] == "own"


def test_what_does_nothing_here_has_no_control(visit):
    fields = {item["field"] for group in parts(visit("train"))["training_sidebar"]["groups"] for item in group["items"]}
    assert fields == {"zeta", "gamma", "share", "desk", "undo", "lecture"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # The shipped maps of these networks took 59.8 s and 11.2 s, with 8,000 samples and 60 epochs.
        ({"train_network": "cnn", "train_samples": "8000", "train_epochs": "600"}, "Takes about 10 min"),
        ({"train_network": "dense", "train_samples": "8000", "train_epochs": "60"}, "Takes less than a minute"),
    ],
)
def test_the_form_says_how_long_the_training_takes(visit, fields, expected):
    items = parts(fill(visit("train"), **fields))["training_form"]["groups"][-1]["items"]
    assert items[1]["label"].startswith(f"{expected} on the machine that trained the shipped maps.")


@pytest.mark.parametrize(
    "fields",
    [
        {"train_samples": "many", "train_network": "cnn"},
        # The shipped map of this network was trained on a GPU, whose time says nothing of a processor's.
        {"train_network": "wide"},
    ],
)
def test_no_time_is_said_where_it_cannot_be_known(visit, fields):
    items = parts(fill(visit("train"), **fields))["training_form"]["groups"][-1]["items"]
    assert items[1]["label"] == ""


def test_every_control_has_a_name_of_its_own(visit):
    """A screen reader says the label."""
    app = fill(visit("train"), train_noise="own")
    for group in parts(app)["training_form"]["groups"]:
        for item in group["items"]:
            assert item["kind"] == "text" or item["label"] != ""


@pytest.mark.parametrize(
    ("fields", "fragment"),
    [
        ({"train_samples": "many"}, "N must be a number; “many” is none."),
        ({"train_samples": ""}, "N must be a number; the box is empty."),
        ({"train_samples": "999999999"}, "N must lie between 100 and 100,000; 999999999 does not."),
        ({"train_samples": "1000.5"}, "N must be a whole number; 1000.5 is none."),
        ({"train_epochs": "0"}, "The number of epochs must lie between 1 and 1,000; 0 does not."),
        ({"train_theta1_mean": "a"}, "θ₁ mean must be a number; “a” is none."),
        ({"train_noise_sigma_upper": ""}, "σ upper must be a number; the box is empty."),
        ({"train_theta0_lower": "2.0"}, "lower bound of θ₀ must be below the upper one; they are 2 and 1"),
        ({"train_theta1_upper": "-0.4"}, "lower bound of θ₁ must be below the upper one; they are −0.4 and −0.4"),
        ({"train_theta0_sd": "0.0"}, "standard deviation above zero"),
        ({"train_theta1_sd": "-1.0"}, "θ₁ sd must lie between 0 and 1,000; -1.0 does not"),
        ({"train_theta0_mean": "50.0"}, "8 standard deviations"),
        ({"train_noise_rho_upper": "1.5"}, "ρ strictly between"),
        ({"train_noise_sigma_lower": "-0.1"}, "σ at zero"),
        ({"train_noise_rho_sd": "0.0"}, "standard deviation above zero"),
        ({"train_name": "../elsewhere"}, "letters, digits"),
        ({"train_name": " "}, "letters, digits"),
        ({"train_name": "taken"}, "already a training called 'taken'"),
        ({"train_name": " Best "}, "There is already a map called 'best'. Choose another name."),
        (
            {"train_name": "map and LAPLACE"},
            "'map and LAPLACE' is what a row of the tables or a curve beside the maps is",
        ),
        ({"train_name": "truth"}, "'truth' is what a row of the tables or a curve beside the maps is called. Choose"),
    ],
)
def test_an_impossible_training_is_refused_and_not_started(visit, new_run, runs, started, fields, fragment):
    new_run("taken")
    app = visit("train")
    if any(key.startswith("train_noise") for key in fields):
        app = fill(app, train_noise="own")
    fields = {key.replace("train_noise_", "train_"): value for key, value in fields.items()}
    app = ask(fill(app, **fields), "train_start")
    assert fragment in refusal(app)
    assert refusal(app).endswith("Nothing was started.")
    assert started == []
    for key, value in fields.items():
        assert form_of(app)[key]["value"].strip() == value.strip() or key == "train_name"
    assert [folder.name for folder in runs.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("train_samples", "letters", "N must be a number; “letters” is none."),
        ("train_samples", "", "N must be a number; the box is empty."),
        ("train_samples", "999999999", "N must lie between 100 and 100,000; 999999999 does not."),
        ("train_theta0_sd", "0", "The distribution of θ₀ needs a standard deviation above zero."),
        ("train_name", "../../etc/passwd", "Name a map with at most 40 letters, digits, spaces, dots, hyphens or"),
        ("train_name", "MAP", "'MAP' is what a row of the tables or a curve beside the maps is called."),
    ],
)
def test_what_is_typed_stays_with_the_reason_at_its_box(visit, field, typed, sentence):
    app = fill(visit("train"), **{field: typed})
    item = form_of(app)[field]
    row = [each for each in form_of(app).values() if each.get("problem")]
    assert item["value"] == typed
    assert len(row) == 1
    assert row[0]["problem"].startswith(sentence)
    assert row[0]["field"].rsplit("_", 1)[0] == field.rsplit("_", 1)[0]
    app._page_hash = ""
    checked(app.run())
    assert app.session_state["scene"].holdings.training.text(field) == typed  # when the page was left


def test_a_training_is_started_as_the_form_has_it_and_can_be_stopped(visit, runs, started):
    app = visit("train", zeta=-0.3, gamma=2.5)
    app = fill(app, train_theta0_mean="0,25", train_theta0_lower="−0.3", train_samples="1234", train_name="mine")
    app = ask(app, "train_start")
    assert len(started) == 1
    assert started[0][1:] == ["-m", "core.jobs", str(runs), "2"]
    recipe = json.loads((runs / "mine" / "request.json").read_text())["recipe"]
    task = recipe["task"]
    assert task["known"] == {"zeta": -0.3, "gamma": 2.5}
    assert recipe["data"]["n"] == 1234
    assert task["prior"]["mean"] == [0.25, 0.4]
    assert task["prior"]["lower"] == [-0.3, -0.4]
    assert task["noise"] == json.loads(json.dumps(asdict(published_noise_prior())))
    assert form_of(app)["train_name"]["value"] == "my-map-1"
    assert app.session_state["scene"].experiment.own_maps == "mine"  # which stands beside the shipped ones in the end
    assert status(app) == "The training waits for its turn. It is the next one, and starts in about 0 s."
    with FileLock(runs / "mine" / "lock"):
        app = ask(app, "train_stop", "mine")
        assert (runs / "mine" / "stop").exists()
        assert status(app) == "Stopping. Nothing is kept before the first epoch ends."
        assert "train_stop" not in asked_of(app)


def asked_of(app):
    """Return what can be asked of the training that is watched."""
    return {tool["field"] for tool in run_of(app)["tools"]}


def test_a_training_pauses_and_goes_on(visit, runs, started):
    app = ask(fill(visit("train"), train_name="mine"), "train_start")
    assert {"train_stop", "train_pause"} <= asked_of(app)
    app = ask(app, "train_pause", "mine")
    assert status(app) == "The training pauses after 0 epochs."
    assert {"train_stop", "train_continue"} <= asked_of(app)
    app = ask(app, "train_continue", "mine")
    assert status(app).startswith("The training waits for its turn.")


def test_nobody_else_stops_a_training_or_looks_at_it_before_it_ends(visit, runs, started):
    ask(fill(visit("train"), train_name="mine"), "train_start")
    other = visit("train")
    assert "training_run_stage" not in parts(other)
    ask(other, "train_stop", "mine")
    assert not (runs / "mine" / "stop").exists()
    assert read_progress(runs / "mine").state == "waiting"
    finish(runs / "mine", state="failed")
    other = visit("train")
    assert status(other).startswith("The training failed")
    assert not asked_of(other) & {"train_stop", "train_pause", "train_continue"}


def test_nobody_looks_at_trainings_that_are_private(visit, new_run, monkeypatch):
    finish(new_run("mine"))
    assert "training_run_stage" in parts(visit("train"))
    monkeypatch.setattr(trainings, "_rules", [trainings.Rules(private=True)])
    assert "training_run_stage" not in parts(visit("train"))


def test_the_maps_of_others_are_not_listed_where_they_are_private(runs, monkeypatch):
    for name, owner in (("mine", "me"), ("yours", "you")):
        (runs / name).mkdir()
        write_json(runs / name / "request.json", {"name": name, "epochs": 3, "recipe": {}, "owner": owner})
        write_map(runs / name, name)
    assert set(trainings.listed_maps("me")) == {"mine", "yours"}
    monkeypatch.setattr(trainings, "_rules", [trainings.Rules(private=True)])
    assert trainings.listed_maps("me") == ("mine",)
    assert (trainings.newest_maps("me"), trainings.newest_maps("nobody")) == ("mine", "-")


def test_a_visitor_starts_a_limited_number_of_trainings_within_an_hour(visit, runs, started, monkeypatch):
    monkeypatch.setattr(view, "STARTED_TRAININGS", Allowance(1, "That was enough: wait {minutes}."))
    monkeypatch.setattr(view, "DOUBLE_CLICK_SECONDS", 0.0)
    app = ask(visit("train"), "train_start")
    app = ask(app, "train_start")
    assert refusal(app) == "That was enough: wait 60 minutes. Nothing was started."
    assert len(started) == len(list(runs.glob("[!.]*"))) == 1


def test_two_clicks_start_one_training(visit, runs, started, monkeypatch):
    """The second within two seconds; a later one starts another."""
    app = ask(visit("train"), "train_start")
    app = ask(app, "train_start")
    assert refusal(app) == ""
    assert [folder.name for folder in runs.glob("[!.]*")] == ["my-map-1"]
    monkeypatch.setattr(view, "DOUBLE_CLICK_SECONDS", 0.0)
    ask(app, "train_start")
    assert sorted(folder.name for folder in runs.glob("[!.]*")) == ["my-map-1", "my-map-2"]


def test_the_truth_is_taken_across_the_fence_of_the_narrow_map(visit):
    app = ask(visit("train", hidden=1), "fence")
    experiment = app.session_state["scene"].experiment
    assert (experiment.theta0, experiment.theta1, experiment.hidden) == (0.8, 0.6, False)
    stage = parts(app)["inverse_map_stage"]
    row = next(row for row in stage["table"][1:] if row[0]["text"] == "narrow")
    theta = [float(text.replace("−", "-")) for text in row[1:3]]
    assert 0 <= theta[0] <= 0.4
    assert 0.2 <= theta[1] <= 0.6
    estimates = stage["plots"][0]["figure"]["layout"]["shapes"]
    fence = {"x0": 0.0, "x1": 0.4, "y0": 0.2, "y1": 0.6}
    (drawn,) = [each for each in estimates if each["type"] == "rect" and fence.items() <= each.items()]
    assert (drawn["line"]["color"], drawn["line"]["dash"]) == ("theme:prior", "dash")


# -------------------------------------------------------------------------------------------------------- the training


def status(app):
    """Return the sentence of the training that is watched."""
    return next(tool for tool in run_of(app)["tools"] if tool["field"] == "train_progress")["text"]


def test_the_bar_holds_all_stages(visit, runs, started, monkeypatch):
    app = ask(fill(visit("train"), train_name="mine"), "train_start")
    for stage, state, share, text in (
        ("learn", "running", 0.2, "Learning, 2 of 12 epochs done, 46 min left. 20\u00a0% done."),
        ("step", "finishing", 0.7, "Learning the Gauss–Newton step, 46 min left. 70\u00a0% done."),
    ):
        finish(runs / "mine", state=state, stage=stage, share=share, seconds_left=2789.0)
        with FileLock(runs / "mine" / "lock"):
            app = checked(app.run())
        bar = next(tool for tool in run_of(app)["tools"] if tool["field"] == "train_progress")
        assert bar["value"] == share
        assert bar["text"] == f"{text} If you stop now, the weights of epoch 2 are kept."


def test_a_finished_training_shows_its_curve_and_its_card(visit, new_run):
    folder = new_run("mine")
    finish(folder)
    write_map(folder, "mine", metrics={"own": METRICS, "published": METRICS})
    stage = run_of(visit("train"))
    assert [plot["id"] for plot in stage["plots"]] == ["losses"]
    assert stage["table"][1:] == [["published prior: noisy traces", "0.988", "0.500", "1\u00a0%", "2\u00a0%"]]
    assert stage["said"][-1].startswith("The map stands beside the shipped ones")
    assert run_of(visit("train", own_maps="-"))["said"][-1].startswith("Tick the map under “maps trained here”")


def test_a_finished_training_whose_map_is_broken_says_so(visit, new_run):
    folder = new_run("mine")
    finish(folder)
    write_map(folder, "mine").write_bytes(b"")
    assert run_of(visit("train"))["said"][-1] == (
        "A map was left out. mine.safetensors is truncated or not a safetensors file: copy or train it again."
    )


def test_a_finished_training_shows_what_its_map_does_inside_and_outside_its_box(visit, new_run):
    """With the estimates of the shipped narrow map, whose R² and Median-APE are computed here from plain formulas."""
    folder, recipe = new_run("mine"), narrow_recipe()
    (folder / "request.json").write_text(json.dumps({"name": "mine", "epochs": 150, "recipe": recipe_as_json(recipe)}))
    finish(folder)
    narrow, data = load_inverse_map("narrow"), published_test_set()
    inverse_map("mine", recipe, narrow.network.state_dict(), {"metrics": narrow.card["metrics"]}).save(folder)
    estimates = narrow.predict(data.noisy).mean
    np.save(folder / PREDICTIONS, estimates)
    stage = run_of(visit("train"))
    assert [plot["id"] for plot in stage["plots"]] == ["losses", "first", "second"]
    inside = np.all((data.theta >= [0.0, 0.2]) & (data.theta <= [0.4, 0.6]), axis=1)
    for row, chosen in zip(stage["table"][1:3], (inside, ~inside), strict=True):
        truth, error = data.theta[chosen], estimates[chosen] - data.theta[chosen]
        r2 = 1 - np.mean(error**2, axis=0) / np.var(truth, axis=0)
        ape = 100 * np.median(np.abs(error / truth), axis=0)
        assert str(int(chosen.sum())) in row[0].replace(",", "")
        np.testing.assert_allclose([float(text.replace("−", "-")) for text in row[1:3]], r2, rtol=0, atol=5.1e-4)
        np.testing.assert_allclose([float(text.split()[0]) for text in row[3:]], ape, rtol=0.06)
    dots = [each for each in stage["plots"][1]["figure"]["layout"]["shapes"] if "dots" in each]
    assert sorted(decoded(each["dots"]["x"]).size for each in dots) == sorted([inside.sum(), (~inside).sum()])
    assert stage["said"][0] == (
        "“mine” learns from N = 20,000 training samples: θ₀ of 0.2 ± 0.1 from 0 to 0.4 and θ₁ of 0.4 ± 0.1 from 0.2 to "
        "0.6, with the published noise, at ζ = −0.4 and γ = 3."
    )
    assert stage["said"][1].startswith("Median-APE 1.1\u00a0% inside its box and ")


@pytest.mark.parametrize("content", [b"", b"no numbers", b"\x93NUMPY" + 100 * b"x"])
def test_estimates_that_cannot_be_read_are_not_shown(visit, new_run, content):
    folder = new_run("mine")
    finish(folder)
    write_map(folder, "mine")
    (folder / PREDICTIONS).write_bytes(content)
    assert [plot["id"] for plot in run_of(visit("train"))["plots"]] == ["losses"]


def test_settings_are_said_as_they_are():
    recipe = point_recipe(published_task(noisy=False), Cnn(), 500, Adam(3))
    assert about_recipe("mine", recipe) == (
        "“mine” learns from N = 500 training samples: the published prior, with no noise, at ζ = −0.4 and γ = 3."
    )


def test_a_failed_training_says_why_and_what_is_left_of_it(visit, new_run):
    folder = new_run("mine")
    finish(folder, state="failed", message="The prior diverges.")
    app = visit("train")
    assert status(app) == "The training failed after 2 epochs. The prior diverges. No weights are kept."
    assert [plot["id"] for plot in run_of(app)["plots"]] == ["losses"]
    write_map(folder, "mine")
    weights = load_file(folder / "mine.safetensors")
    (folder / "mine.safetensors").unlink()
    (folder / "weights.safetensors").write_bytes(save(weights, {"epoch": "1"}))
    assert status(visit("train")) == (
        "The training failed after 2 epochs. The prior diverges. The weights of epoch 1 are kept on the server’s disk: "
        "runs/mine/weights.safetensors."
    )


def test_a_training_that_was_killed_keeps_its_curve_and_waits_to_go_on(visit, runs, started):
    app = ask(fill(visit("train"), train_name="mine"), "train_start")
    finish(runs / "mine", state="running")
    app = checked(app.run())
    assert status(app).startswith(
        "Its process ended before its time; the training waits to go on from its last checkpoint."
    )
    assert shows(run_of(app)["plots"][0], 0.15)


def test_weights_are_said_to_be_kept_where_they_are(visit, new_run):
    folder = new_run("mine")
    finish(folder)
    assert status(visit("train")).endswith(" No weights are kept.")
    write_map(folder, "mine")
    assert status(visit("train")) == "The training is done after 2 epochs and 7 s. The weights of epoch 2 are kept."


def test_a_training_that_cannot_be_stopped_says_so(visit, runs, started, monkeypatch):
    app = ask(fill(visit("train"), train_name="mine"), "train_start")

    def touch(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.touch", touch)
    app = ask(app, "train_stop", "mine")
    sentence = "The training goes on. The disk that holds the folder mine is full: free some space."
    assert sentence in run_of(app)["notes"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        pytest.param("request.json", "{", id="request cut off"),
        pytest.param("request.json", "{}", id="request empty"),
        pytest.param("progress.json", "{}", id="progress empty"),
        pytest.param("epochs.jsonl", '{"training_loss": 1e400}', id="a loss beyond all numbers"),
        pytest.param("outcome.json", '{"state": "running"}', id="outcome without a message"),
        pytest.param("request.json", '{"name": "broken", "epochs": 1e9, "recipe": []}', id="epochs no whole number"),
    ],
)
def test_a_broken_run_ends_in_no_traceback(visit, new_run, file, content):
    (new_run("broken") / file).write_text(content)
    visit("train")


def test_a_card_without_metrics_ends_in_no_traceback(visit, new_run):
    folder = new_run("mine")
    finish(folder)
    write_map(folder, "mine")
    visit("train")


# ------------------------------------------------------------------------------------------------------------- choices


def recipe_of(**fields):
    form, rest = Form().taking(fields)
    assert rest == {}
    return form.recipe(-0.3, 2.5)


def test_the_choices_make_the_task():
    """ζ and γ range over [−0.8, 0] and [2, 5]."""
    assert recipe_of().task == fitzhugh_nagumo_task(published_prior(), published_noise_prior(), -0.3, 2.5)
    joint = recipe_of(train_estimates="with-noise").task
    assert joint.names == ("theta0", "theta1", "sigma", "rho")
    assert joint.known == (("zeta", -0.3), ("gamma", 2.5))
    four = recipe_of(train_estimates="four").task
    assert (four.names, four.known, four.given) == (("theta0", "theta1", "zeta", "gamma"), (), None)
    assert (four.prior.lower[2:], four.prior.upper[2:]) == ((-0.8, 2.0), (0.0, 5.0))
    told = recipe_of(train_constants="given").task
    assert (told.names, told.known) == (("theta0", "theta1"), ())
    assert told.given.bounds.tolist() == [[-0.8, 0.0], [2.0, 5.0]]


def test_the_choices_make_the_network():
    usual = recipe_of()
    assert (type(usual.inputs), usual.gives_covariance, usual.learned_steps) == (WhitenedTimeSeries, True, 1)
    alone = recipe_of(train_head="point", train_inputs="spectrum")
    assert (type(alone.inputs), alone.gives_covariance, alone.learned_steps) == (Spectrum, False, 0)
    published = recipe_of(train_network="cnn")
    assert (type(published.inputs), published.gives_covariance) == (TimeSeries, False)
    both = recipe_of(train_network="dense", train_inputs="both", train_head="gaussian")
    assert (type(both.inputs), both.gives_covariance) == (TimeSeriesAndSpectrum, True)
    assert both.body == recipe_of(train_network="dense").body


def test_clean_traces_are_not_whitened_by_themselves():
    assert type(recipe_of(train_noise="clean").inputs) is TimeSeries
    assert type(recipe_of(train_noise="clean", train_inputs="whitened").inputs) is WhitenedTimeSeries


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"train_network": "cnn", "train_constants": "given"},
            "Only dense layers take known parameters or the length of a trace beside it: choose a dense body.",
        ),
        (
            {"train_noise": "clean", "train_estimates": "with-noise"},
            "Clean traces have no noise to estimate: choose noisy traces, or the parameters alone.",
        ),
    ],
)
def test_choices_that_do_not_agree_show_the_recipe_s_sentence_and_start_nothing(visit, started, fields, sentence):
    app = fill(visit("train"), **fields)
    texts = [
        item["label"] for group in parts(app)["training_form"]["groups"] for item in group["items"]
        if item["kind"] == "text"
    ]  # fmt: skip
    assert sentence in texts
    assert refusal(ask(app, "train_start")) == f"{sentence} Nothing was started."
    assert started == []


def test_the_form_says_what_is_told_and_what_is_unknown(visit):
    drawn = "ζ from −0.8 to 0 and γ from 2 to 5 are drawn anew for each trace."
    app = fill(visit("train"), train_constants="given")
    assert parts(app)["training_form"]["groups"][-1]["items"][0]["label"].startswith(drawn)
    app = fill(visit("train"), train_estimates="four")
    assert parts(app)["training_form"]["groups"][-1]["items"][0]["label"].startswith(drawn)
    assert "train_constants" not in form_of(app)


def test_what_a_training_estimates_and_is_told_is_said():
    assert about_recipe("mine", recipe_of(train_constants="given")) == (
        "“mine” learns from N = 20,000 training samples: the published prior, with the published noise, ζ from −0.8 to "
        "0 and γ from 2 to 5, which it is told."
    )
    assert about_recipe("mine", recipe_of(train_estimates="four")).endswith(
        "ζ from −0.8 to 0 and γ from 2 to 5, which it estimates too."
    )
    assert about_recipe("mine", recipe_of(train_estimates="with-noise")).endswith(
        "at ζ = −0.3 and γ = 2.5. It estimates σ and ρ too."
    )
