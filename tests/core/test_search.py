import json

import optuna
import pytest

from core import search


@pytest.fixture
def _small(monkeypatch):
    monkeypatch.setattr(search, "N_SAMPLES", 200)
    monkeypatch.setattr(search, "EPOCHS", 2)
    monkeypatch.setattr(search, "MOST_WEIGHTS", 5_000_000)


def run(monkeypatch, tmp_path, trials):
    monkeypatch.setattr("sys.argv", ["search", "--work", str(tmp_path / "work"), "--trials", str(trials)])
    search.main()
    return json.loads((tmp_path / "work" / "summary.json").read_text())


@pytest.mark.usefixtures("_small")
def test_a_search_goes_on_where_it_was(monkeypatch, tmp_path):
    first = run(monkeypatch, tmp_path, 1)
    assert (first["trials"], first["completed"]) == (1, 1)
    second = run(monkeypatch, tmp_path, 3)
    assert second["trials"] == second["completed"] + second["pruned"] == 3
    assert run(monkeypatch, tmp_path, 3) == second
    errors = [trial["error"] for trial in second["best"]]
    assert errors == sorted(errors)
    assert first["best"][0] in second["best"]
    rates = [trial["learning rate"] for trial in second["best"]]
    assert len(set(rates)) == len(rates)
    assert 0 < errors[0] < 0.18  # the best constant has 0.1807


@pytest.mark.parametrize(("first", "further", "layers", "fits"), [(1024, 640, 5, False), (768, 512, 5, True)])
def test_networks_that_are_too_large_are_pruned(monkeypatch, first, further, layers, fits):
    """1000·1024 + 1024·640 + 3·640² weights and biases are 2.9 million; 1000·768 + 768·512 + 3·512² are 1.9."""
    monkeypatch.setattr(search, "train", lambda recipe: iter(()))
    trial = optuna.trial.FixedTrial(
        {"first width": first, "further widths": further, "layers": layers, "batch size": 128, "learning rate": 1e-3}
    )
    assert search.proposed(trial).body.widths == (first, *[further] * (layers - 1))
    with pytest.raises(AssertionError if fits else optuna.TrialPruned):
        search._objective(trial)
