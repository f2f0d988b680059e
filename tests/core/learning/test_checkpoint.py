import dataclasses
from itertools import islice

import pytest
import torch

from core.learning.checkpoint import load_checkpoint
from core.learning.training_settings import Adam, Dense
from core.maps.recipe import NewSimulations
from core.maps.recipe_file import recipe_as_json
from core.maps.recipes import PUBLISHED_DENSE, gaussian_recipe, point_recipe, published_task
from core.maps.train import train

PUBLISHED = point_recipe(published_task(), PUBLISHED_DENSE, 200, Adam(6))
OURS = gaussian_recipe(published_task(), Dense((16,)), NewSimulations(200), 6, batch_size=64, learning_rate=1e-3)
DROPOUT = point_recipe(published_task(), Dense((16,), 0.3), 200, Adam(6))


@pytest.mark.parametrize("recipe", [PUBLISHED, OURS, DROPOUT], ids=["published", "ours", "dropout"])
def test_a_training_goes_on_as_if_it_had_not_been_stopped(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    path = tmp_path / "state"
    whole = list(train(recipe))
    list(islice(train(recipe, path), 3))
    rest = list(train(recipe, path))
    assert [report.epoch for report in rest] == [4, 5, 6]
    assert [report.validation_losses for report in rest] == [report.validation_losses for report in whole[3:]]
    assert [report.training_losses for report in rest] == [report.training_losses for report in whole[3:]]
    best, again = whole[-1].best_weights, rest[-1].best_weights
    assert best.keys() == again.keys()
    assert all(torch.equal(best[name], again[name]) for name in best)


def test_a_training_that_is_complete_gives_its_last_report_again(tmp_path, monkeypatch):
    """However short it was, and without another epoch."""
    last = list(train(PUBLISHED, tmp_path / "state"))[-1]
    monkeypatch.setattr("core.learning.loop._train_epoch", None)
    (again,) = train(PUBLISHED, tmp_path / "state")
    one, other = map(dataclasses.asdict, (last, again))
    weights, found = (each.pop("best_weights") for each in (one, other))
    assert all(torch.equal(weights[name], found[name]) for name in weights)
    assert one == other


def test_time_spent_before_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    path = tmp_path / "state"
    first = list(islice(train(PUBLISHED, path), 2))[-1]
    assert next(train(PUBLISHED, path)).seconds > first.seconds


def test_a_checkpoint_of_other_recipe_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    path = tmp_path / "state"
    next(train(PUBLISHED, path))
    assert load_checkpoint(path, recipe_as_json(PUBLISHED)).epoch == 1
    assert load_checkpoint(path, recipe_as_json(dataclasses.replace(PUBLISHED, seed=1))) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"\x10" + bytes(40)])
def test_what_is_no_checkpoint_counts_as_none(content, tmp_path):
    path = tmp_path / "state"
    path.write_bytes(content)
    assert load_checkpoint(path, recipe_as_json(PUBLISHED)) is None


def test_a_cut_off_checkpoint_counts_as_none(tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    path = tmp_path / "state"
    next(train(PUBLISHED, path))
    path.write_bytes(path.read_bytes()[:-50])
    assert load_checkpoint(path, recipe_as_json(PUBLISHED)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"training_losses": (0.1, None)}, {"training_losses": ()}, {"best_epoch": 7}, {"best_epoch": "1"},
        {"seconds": -1.0}, {"best_validation_loss": 10**400}, {"weights": {}}, {"best_weights": {}}, {"moments": {}},
        {"validation_losses": (0.1,) * 7, "training_losses": (0.1,) * 7},
        {"gradient_norm": -1.0}, {"gradient_norm": "1"},
    ],
)  # fmt: skip
def test_a_training_begins_anew_where_no_training_like_it_wrote_the_checkpoint(change, tmp_path, monkeypatch):
    monkeypatch.setattr("core.learning.loop.SAVING_INTERVAL_SECONDS", 0.0)
    path, recipe = tmp_path / "state", recipe_as_json(OURS)
    first = list(islice(train(OURS, path), 2))[-1]
    dataclasses.replace(load_checkpoint(path, recipe), **change).save(path, recipe)
    report = next(train(OURS, path))
    assert report.epoch == 1
    assert report.training_losses == first.training_losses[:1]
