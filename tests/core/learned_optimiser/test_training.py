"""The training of learned steps: it learns, it goes on where it was stopped, and its files load."""

import json
from dataclasses import replace

import pytest
import torch

from core.learned_optimiser import training
from core.learned_optimiser.recipe import RECIPES, StepsRecipe
from core.learned_optimiser.store import OPTIMISER, load_steps, save_steps
from core.learned_optimiser.training import train_steps
from core.maps.inverse_map import MAX_FILE_BYTES

ANYWHERE = StepsRecipe("", 2, 32, 1000, 8)
FROM_MAP = StepsRecipe("best", 1, 8, 200, 2, reads_series=False, labels="theta")


SIZES = {"N_VALIDATION": 100, "PIECE": 100, "BATCH_SIZE": 32}


def small(patch):
    torch.set_num_threads(1)
    for name, size in SIZES.items():
        patch.setattr(training, name, size)


@pytest.fixture(autouse=True)
def small_trainings(monkeypatch):
    small(monkeypatch)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder, patch = tmp_path_factory.mktemp("steps"), pytest.MonkeyPatch()
    small(patch)
    steps, record = train_steps(ANYWHERE, folder, lambda _line: None)
    patch.undo()
    return folder, steps, record


def test_each_step_comes_closer_to_the_truth_than_the_last(trained):
    """A start misses it by √2 times the prior's sd, 0.31 widths of the box; the mean of the prior by 0.22."""
    _, _, record = trained
    first, second = record["validation_rmse"]
    assert first < 0.22
    assert second < 0.9 * first


def test_a_training_that_was_stopped_goes_on_to_the_same_steps(trained):
    folder, steps, record = trained
    next(folder.glob("*-1")).unlink()
    again, more = train_steps(ANYWHERE, folder, lambda _line: None)
    for name, tensor in steps.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
    assert more["validation_loss"] == record["validation_loss"]


def test_the_labels_of_a_learned_posterior_are_kept(tmp_path, monkeypatch):
    first, record = train_steps(FROM_MAP, tmp_path, lambda _line: None)
    next(tmp_path.glob("*-0")).unlink()
    monkeypatch.setattr(training, "_labels", lambda *_: pytest.fail("they were not kept"))
    again, _ = train_steps(FROM_MAP, tmp_path, lambda _line: None)
    assert all(torch.equal(one, other) for one, other in zip(first.parameters(), again.parameters(), strict=True))
    assert record["validation_rmse"][0] < 0.03  # the map's own is 0.014


def test_saved_steps_load_as_they_were(trained, tmp_path):
    _, steps, _ = trained
    save_steps("some", steps, ANYWHERE, {"name": "some"}, tmp_path)
    loaded = load_steps("some", tmp_path)
    assert all(torch.equal(one, other) for one, other in zip(steps.parameters(), loaded.parameters(), strict=True))


@pytest.mark.parametrize("change", [{"n_steps": 0}, {"width": "wide"}, {"n_steps": 3}, {"width": 100_000}])
def test_a_card_that_does_not_fit_its_weights_ends_in_a_sentence(trained, tmp_path, change):
    _, steps, _ = trained
    save_steps("bad", steps, replace(ANYWHERE, **change), {}, tmp_path)
    with pytest.raises(ValueError, match=r"bad.*\.$"):
        load_steps("bad", tmp_path)


def test_files_that_are_not_there_end_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"cannot be read\.$"):
        load_steps("none", tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_the_shipped_steps_are_those_of_their_recipe(name):
    steps, card = load_steps(name), json.loads((OPTIMISER / f"{name}.json").read_text())
    assert len(steps.steps) == RECIPES[name].n_steps == card["recipe"]["n_steps"]
    assert sum(each.numel() for each in steps.parameters()) == card["n_weights"]
    assert sum(path.stat().st_size for path in OPTIMISER.glob("*.safetensors")) <= MAX_FILE_BYTES
