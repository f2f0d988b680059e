"""A small training of a learned posterior."""

import numpy as np
import torch

from core.maps.dataset import TEST_STREAM
from core.maps.learned_posterior import training
from core.maps.learned_posterior.recipe import PosteriorRecipe
from core.maps.learned_posterior.training import examples, train_posterior
from core.parallel import workers


def test_a_training_learns_and_goes_on_from_kept_examples(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "N_VALIDATION", 100)
    recipe, lines = PosteriorRecipe("best", (1000, 1000), components=4, width=32, epochs=8, batch_size=64), []
    with workers(None, 1):
        network, record = train_posterior(recipe, tmp_path, lines.append)
        files = sorted(tmp_path.rglob("*.npz"))
        before = [path.stat().st_mtime_ns for path in files]
        again, _ = train_posterior(recipe, tmp_path, lines.append)
    assert len(files) == 4  # of two stages, examples and validation
    assert [path.stat().st_mtime_ns for path in files] == before
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    losses = [float(line.rpartition(" ")[2]) for line in lines if line.startswith("stage 1, epoch")]
    assert losses[7] < losses[0] - 0.1
    assert len(record["validation_loss"]) == 2


def test_examples_are_fixed_by_stream_and_number():
    recipe = PosteriorRecipe("best", (1000,))
    one, same, other = (examples(recipe, [], TEST_STREAM, number, 20) for number in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one.features, other.features)
