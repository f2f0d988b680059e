import dataclasses
import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save
from scipy.special import expit

from core.learning.networks.network import predict
from core.learning.training_settings import Adam, Cnn
from core.maps.card import N_SUMMARY
from core.maps.inverse_map import MAX_FILE_BYTES, PRETRAINED, available_inverse_maps, inverse_map, load_inverse_map
from core.maps.out_of_distribution import can_score
from core.maps.recipe import NewNoise
from core.maps.recipes import (
    PUBLISHED_DENSE,
    fitzhugh_nagumo_task,
    gaussian_recipe,
    point_recipe,
    published_task,
)
from core.maps.task import Task
from core.maps.untrained_network import untrained_network
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior, time_grid

TRACES = np.random.default_rng(0).normal(size=(7, 1000))


def make_map(body=PUBLISHED_DENSE, noisy=True):
    recipe = point_recipe(published_task(noisy), body, 8000, Adam())
    weights = untrained_network(dataclasses.replace(recipe, seed=3)).state_dict()
    return inverse_map("a-map", recipe, weights, {"about": "a test"})


@pytest.fixture
def saved(tmp_path):
    """Return the path of a saved map's weights."""
    make_map().save(tmp_path)
    return tmp_path / "a-map.safetensors"


@pytest.mark.parametrize("body", [Cnn(), PUBLISHED_DENSE], ids=["cnn", "dense"])
def test_save_and_load_give_the_same_predictions(body, tmp_path):
    original = make_map(body)
    original.save(tmp_path)
    loaded = load_inverse_map(tmp_path / "a-map.safetensors")
    assert np.array_equal(loaded.predict(TRACES).mean, original.predict(TRACES).mean)
    assert loaded.recipe == original.recipe
    assert loaded.card["about"] == "a test"
    assert available_inverse_maps(tmp_path) == ("a-map",)


def test_prediction_is_the_file_in_plain_numpy(saved):
    """The weights on disk, applied in double precision; single precision is off by some 1e-6 of the box."""
    weights = list(load_file(saved).items())
    layers = sorted({int(name.split(".")[0]) for name, _ in weights})
    weights, x = dict(weights), TRACES.T
    for layer in layers:
        x = weights[f"{layer}.weight"].astype(float) @ x + weights[f"{layer}.bias"][:, None]
        x = x * expit(x) if layer != layers[-1] else expit(x)
    expected = np.array([-0.2, -0.4]) + x.T * [1.2, 1.6]
    estimate = load_inverse_map(saved).predict(TRACES)
    assert np.abs(estimate.mean - expected).max() <= 1e-5
    assert estimate.names == ("theta0", "theta1")
    assert estimate.covariance is None
    assert estimate.status == ""


def test_single_and_double_precision_agree():
    """Both are rounded to single precision on the way in, once."""
    model = make_map(Cnn())
    assert np.array_equal(model.predict(TRACES.astype(np.float32)).mean, model.predict(TRACES).mean)


def test_a_trace_does_not_depend_on_its_batch():
    """Matrix products of other sizes round differently, by some 1e-7."""
    model = make_map(Cnn())
    alone = np.concatenate([model.predict(trace[None]).mean for trace in TRACES])
    assert np.abs(model.predict(TRACES).mean - alone).max() <= 1e-5


@pytest.mark.parametrize("shape", [(1000,), (3, 999), (3, 1001), (2, 3, 1000), (1000, 3)])
def test_traces_of_other_lengths_are_refused(shape):
    with pytest.raises(ValueError, match="takes traces of 1000 samples"):
        make_map().predict(np.zeros(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_gaps_are_refused(value):
    traces = TRACES.copy()
    traces[3, 500] = value
    with pytest.raises(ValueError, match="finite numbers only"):
        make_map().predict(traces)
    with pytest.raises(ValueError, match="finite numbers only"):
        make_map().predict(np.ma.masked_invalid(traces))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def cut_header(path):
    path.write_bytes(path.read_bytes()[:5])


def replace_by_text(path):
    path.write_text("time,u\n0,0\n0.2,-0.1\n")


def empty(path):
    path.write_bytes(b"")


def remove(path):
    path.unlink()


def remove_card(path):
    path.with_suffix(".json").unlink()


def spoil_card(path):
    path.with_suffix(".json").write_text("{")


def card_without_recipe(path):
    path.with_suffix(".json").write_text("{}")


def card_of_an_earlier_version(path):
    path.with_suffix(".json").write_text('{"settings": {"architecture": "cnn"}}')


def card_as_list(path):
    path.with_suffix(".json").write_text("[]")


def name_another_body(path):
    card = json.loads(path.with_suffix(".json").read_text())
    card["recipe"]["body"] = {"kind": "cnn"}
    path.with_suffix(".json").write_text(json.dumps(card))


def name_an_unknown_body(path):
    card = json.loads(path.with_suffix(".json").read_text())
    card["recipe"]["body"] = {"kind": "transformer"}
    path.with_suffix(".json").write_text(json.dumps(card))


def rewrite_card(path, change):
    card = json.loads(path.with_suffix(".json").read_text())
    change(card)
    path.with_suffix(".json").write_text(json.dumps(card))


def rewrite_weights(path, change):
    weights = {name: change(tensor) for name, tensor in load_file(path).items()}
    path.write_bytes(save(weights))


def enlarge_card(path):
    rewrite_card(path, lambda card: card.update(about="a" * 2**20))


def enlarge(path):
    with open(path, "ab") as file:
        file.truncate(MAX_FILE_BYTES + 1)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (truncate, "truncated"),
        (cut_header, "truncated"),
        (replace_by_text, "not a safetensors file"),
        (empty, "not a safetensors file"),
        (remove, "no model file"),
        (remove_card, "have no card"),
        (spoil_card, "not valid JSON"),
        (card_without_recipe, "no recipe"),
        (card_of_an_earlier_version, "rewrite it by `python -m core.migrate_cards FOLDER`"),
        (card_as_list, "JSON object"),
        (name_another_body, "do not fit the network of its recipe"),
        (name_an_unknown_body, "one of the kinds dense, cnn, residual"),
        (enlarge, "larger than 10 MB"),
        (enlarge_card, "larger than 1 MB"),
        (lambda path: rewrite_weights(path, lambda w: w * np.float32(np.nan)), "a-map.safetensors holds weights that"),
        (lambda path: rewrite_weights(path, lambda w: w + np.float32(np.inf)), "a-map.safetensors holds weights that"),
        (
            lambda path: rewrite_weights(path, lambda w: w * np.float32(1e20)),
            "a-map.safetensors holds weights as no training",
        ),
        (lambda path: rewrite_weights(path, lambda w: w.astype(np.float64)), "a-map.safetensors are not numbers in"),
        (lambda path: rewrite_weights(path, lambda w: w.astype(np.int32)), "a-map.safetensors are not numbers in"),
        (
            lambda path: rewrite_card(path, lambda card: card.update(metrics={"own": {}})),
            "a-map.json is not valid. Its",
        ),
        (
            lambda path: rewrite_card(path, lambda card: card.update(metrics=[1])),
            "a-map.json is not valid. Its metrics",
        ),
        (
            lambda path: rewrite_card(path, lambda card: card.update(training={"learned_steps": 1})),
            "a-map.json is not valid. Its training must have kept some of the learned steps of its recipe, or none, 0",
        ),
        (lambda path: rewrite_card(path, lambda card: card.update(training=[])), "Its training must be an object"),
        (lambda path: rewrite_card(path, lambda card: card.update(novelty="x")), "a-map.json is not valid. The out-of"),
        (lambda path: rewrite_card(path, lambda card: card.update(accuracy=float("nan"))), "a-map.json is not valid J"),
    ],
)
def test_spoilt_files_end_in_a_sentence(saved, spoil, sentence):
    spoil(saved)
    with pytest.raises(ValueError, match=sentence) as raised:
        load_inverse_map(saved)
    assert str(raised.value).endswith(".")


def test_an_unknown_name_ends_in_a_sentence():
    with pytest.raises(ValueError, match="no inverse map 'nothing'"):
        load_inverse_map("nothing")


def test_nothing_is_outside_what_the_map_was_trained_for():
    model = make_map()
    assert model.outside(times=time_grid(), parameters={"zeta": -0.4, "gamma": 3.0}, rho=0.8, sigma=0.07) == ""
    # Three sd from the means: 0.8 ± 0.171 and 0.07 ± 0.0291.
    assert model.outside(rho=0.63, sigma=0.041) == model.outside(rho=0.97, sigma=0.099) == ""


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        (
            {"parameters": {"zeta": -0.39}},
            "ζ = −0.39 (trained at −0.4). Its estimate answers for a neuron with ζ = −0.4.",
        ),
        ({"parameters": {"gamma": 3.1}}, "γ = 3.1 (trained at 3). Its estimate answers for a neuron with γ = 3."),
        ({"times": time_grid(100, 500)}, "this time grid (trained on 1,000 samples 0.2 ms apart)."),
        ({"times": time_grid(100, 1000)}, "this time grid (trained on 1,000 samples 0.2 ms apart)."),
        ({"rho": 0.8, "sigma": 0.1}, "σ = 0.1 ms (trained on 0.0409 to 0.0991 ms)."),
        ({"rho": 0.5, "sigma": 0.07}, "ρ = 0.5 (trained on 0.629 to 0.971)."),
        ({"rho": 0.8, "sigma": 0.0}, "σ = 0 ms (trained on 0.0409 to 0.0991 ms)."),
        ({"parameters": {"theta0": 0.4, "theta1": 1.3}}, "θ₁ = 1.3 (trained on −0.4 to 1.2)."),
        (
            {"parameters": {"zeta": 0.0, "gamma": 2.0}},
            "ζ = 0 (trained at −0.4) and γ = 2 (trained at 3). Its estimate answers for a neuron with ζ = −0.4 and "
            "γ = 3.",
        ),
    ],
)
def test_outside_names_every_difference_and_what_the_map_answers_for(trace, said):
    assert make_map().outside(**trace) == f"‘a-map’ was not trained for {said}"


def test_a_clean_map_takes_clean_traces_only():
    model = make_map(noisy=False)
    assert model.outside(rho=0.8, sigma=0.0) == ""
    assert model.outside(rho=0.8, sigma=0.07) == "‘a-map’ was not trained for noise (trained on clean traces)."


def test_a_map_says_what_it_expects_of_a_trace_as_far_as_that_is_not_known():
    """The published noise: σ from 0.0409 to 0.0991 ms is an sd σ/Δt from 0.2 to 0.5."""
    known = {"times": time_grid(), "parameters": {"zeta": -0.4, "gamma": 3.0}}
    noise, all_known = {"rho": 0.8, "sigma": 0.07}, {"zeta": -0.4, "gamma": 3.0, "theta0": 0.4, "theta1": 0.4}
    theta = {"times": time_grid(), "parameters": all_known}
    sd, boxes = "noise of sd 0.2 to 0.5 with ρ from 0.63 to 0.97", ("θ₀ from −0.2 to 1", "θ₁ from −0.4 to 1.2")
    constants = ("ζ = −0.4", "γ = 3")
    assert make_map().expected(**theta, **noise) == ()
    assert make_map().expected(**known) == (sd, *boxes, *constants)
    assert make_map().expected(**known, **noise) == (*boxes, *constants)
    assert make_map(noisy=False).expected(**theta) == ("no noise", *constants)


def test_predict_says_where_the_known_parameters_differ():
    model = make_map()
    assert model.predict(TRACES[:2], known=[[-0.4, 3.0], [-0.4, 3.0]]).status == ""
    status = model.predict(TRACES[:2], known=[[-0.4, 3.0], [-0.4, 4.0]]).status
    assert status == ("‘a-map’ was not trained for γ = 4 (trained at 3). Its estimate answers for a neuron with γ = 3.")


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="do not fit the network of its recipe"):
        inverse_map("a-map", make_map(Cnn()).recipe, make_map().network.state_dict(), {})


def test_a_map_keeps_its_own_recipe():
    task = fitzhugh_nagumo_task(published_prior(), published_noise_prior(), zeta=-0.2)
    recipe = point_recipe(task, Cnn(), 8000, Adam())
    model = inverse_map("a-map", recipe, untrained_network(recipe).state_dict(), {})
    assert model.outside(parameters={"zeta": -0.2}) == ""
    assert "trained at −0.2" in model.outside(parameters={"zeta": -0.4})


@pytest.mark.parametrize("seed", range(6))
def test_traces_unlike_any_leave_a_covariance_to_draw_from(seed):
    """Of the box's size at most, positive definite, and a mean inside the box to the last digit."""
    best, rng = load_inverse_map("best"), np.random.default_rng(seed)
    traces = [rng.choice([-1000.0, 1000.0], 1000), rng.uniform(-1000, 1000, 1000), np.zeros(1000), np.full(1000, 1e38)]
    traces.append(np.where(np.arange(1000) == 500, 1e300, 0.0))
    estimate = best.predict(traces)
    prior = best.recipe.task.prior
    assert np.all((estimate.mean >= prior.lower) & (estimate.mean <= prior.upper))
    assert np.all(np.linalg.eigvalsh(estimate.covariance) <= 1.6**2 * (1 + 1e-9))
    assert np.all(np.linalg.cholesky(estimate.covariance).diagonal(axis1=1, axis2=2) > 0)


def test_the_covariance_of_a_box_with_unequal_widths_is_that_of_the_network():
    """Widths of 240 and of 0.0001: what is small in the unit of one is a quarter of the box in that of the other."""
    prior = TruncatedGaussian(("current", "calcium"), (120.0, 4.40005), (30.0, 1.0), (0.0, 4.4), (240.0, 4.4001))
    task = Task("morris-lecar-hopf", prior, (), published_noise_prior())
    recipe = gaussian_recipe(task, PUBLISHED_DENSE, NewNoise(100), 5)
    model = inverse_map("a-map", recipe, untrained_network(recipe).state_dict(), {})
    _, scaled = predict(model.network, TRACES)
    expected = scaled * np.outer(task.widths, task.widths)
    assert np.allclose(model.predict(TRACES).covariance, expected, rtol=1e-12, atol=0)


FORKED = """
import multiprocessing
import numpy as np
import torch
from core.maps.inverse_map import load_inverse_map

torch.set_num_threads(2)
traces = np.random.default_rng(0).normal(size=(10, 1000))  # unlike any: each estimate is mended
maps = [load_inverse_map(name) for name in ("best", "cnn-clean")]

def work(_):
    return [each.predict(traces).mean for each in maps]

here = work(0)
with multiprocessing.get_context("fork").Pool(1) as pool:
    np.testing.assert_allclose(pool.map_async(work, [0]).get(timeout=400)[0], here, rtol=1e-5, atol=1e-6)
print("equal")
"""


def test_a_process_that_was_forked_after_a_prediction_predicts_the_same():
    """In single precision, on one thread instead of two."""
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-c", FORKED], cwd=root, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "equal\n"), ended.stderr


def test_only_a_map_with_covariance_can_have_an_out_of_distribution_reference(saved):
    reference = load_inverse_map("best").card["novelty"]
    rewrite_card(saved, lambda card: card.update(novelty=reference))
    with pytest.raises(ValueError, match="Only a map of noisy traces with a covariance can have an out-of-dist"):
        load_inverse_map(saved)


@pytest.mark.parametrize("name", ["conditional", "joint", "window"])
def test_only_a_map_of_one_problem_can_have_an_out_of_distribution_reference(tmp_path, name):
    for end in ("safetensors", "json"):
        shutil.copy(PRETRAINED / f"{name}.{end}", tmp_path / f"a-map.{end}")
    assert not can_score(load_inverse_map(name).recipe)
    reference = {"mean": [0.0] * N_SUMMARY, "precision": np.eye(N_SUMMARY).tolist(), "threshold": 1.0}
    rewrite_card(tmp_path / "a-map.safetensors", lambda card: card.update(novelty=reference))
    with pytest.raises(ValueError, match="is told parameters or takes windows has no out-of-distribution reference"):
        load_inverse_map(tmp_path / "a-map.safetensors")


@pytest.mark.parametrize(
    "change",
    [
        lambda reference: reference.pop("mean"),
        lambda reference: reference.update(mean=3),
        lambda reference: reference.update(mean=[0.0] * 10),
        lambda reference: reference["mean"].__setitem__(0, None),
        lambda reference: reference["precision"].pop(),
        lambda reference: reference["precision"].__setitem__(0, [1.0]),
        lambda reference: reference["precision"][0].__setitem__(0, 1e200),
        lambda reference: reference.update(precision=5),
        lambda reference: reference.update(threshold="high"),
        lambda reference: reference.update(threshold=0.0),
    ],
)
def test_an_out_of_distribution_reference_is_checked(tmp_path, change):
    for end in ("safetensors", "json"):
        shutil.copy(PRETRAINED / f"best.{end}", tmp_path / f"a-map.{end}")
    rewrite_card(tmp_path / "a-map.safetensors", lambda card: change(card["novelty"]))
    with pytest.raises(ValueError, match=r"^The card a-map.json is not valid. The .*out-of-distribution reference"):
        load_inverse_map(tmp_path / "a-map.safetensors")


def test_a_recipe_costs_no_memory_that_the_weights_do_not_fill(saved):
    """Sixteen layers of 4,096 units have a gigabyte of weights, of which the file holds none."""
    change = {"body": {"kind": "dense", "widths": [4096] * 16}}
    rewrite_card(saved, lambda card: card["recipe"].update(change))
    limits = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 200 * 2**20, limits[1]))
    try:
        with pytest.raises(ValueError, match="do not fit the network of its recipe"):
            load_inverse_map(saved)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def test_a_map_is_saved_card_first(tmp_path, monkeypatch):
    """So that weights never lie without their card, whatever happens in between."""
    written = []
    monkeypatch.setattr("core.files.write_bytes", lambda path, _: written.append(path.name))
    monkeypatch.setattr("core.files.write_json", lambda path, _: written.append(path.name))
    make_map().save(tmp_path)
    assert written == ["a-map.json", "a-map.safetensors"]
