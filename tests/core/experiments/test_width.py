import pytest

from core.experiments import records, width
from core.experiments.context import Context
from core.experiments.estimators import FUSED_STEP, GPU_AUTOMATIC, GPU_BY_HAND, PLAIN_LOOP, SINGLE_PRECISION
from core.experiments.published_figures import WIDTHS
from core.experiments.records import Key, stored
from core.learning.wide_networks import BATCH_SIZE, N_STEPS, STEPS_AT_ONCE, n_weights, wide_network

PUBLISHED_WEIGHTS = (39_490, 243_970, 2_352_130, 31_428_610)


@pytest.mark.parametrize(("units", "expected"), tuple(zip(WIDTHS, PUBLISHED_WEIGHTS, strict=True)))
def test_networks_have_the_published_numbers_of_weights(units, expected):
    assert n_weights(units) == expected
    if units <= 512:
        assert sum(tensor.numel() for tensor in wide_network(units).parameters()) == expected


def test_the_steps_are_those_of_a_thousand_epochs_and_fill_the_graphs():
    assert N_STEPS * BATCH_SIZE == 1_000 * 1_000
    assert not any(training.n_steps % STEPS_AT_ONCE for training in width.GPU_TRAININGS)
    assert width.QUICK_STEPS % STEPS_AT_ONCE == 0


@pytest.fixture
def clock(tmp_path, monkeypatch):
    """Results are stored in tmp_path; a step of a plain loop takes 4 s, of a fused one 1 s, and of the GPU 0.5 s."""
    now = [0.0]

    def training(seconds):
        def train(n_steps):
            now[0] += seconds * n_steps

        return train

    def captured(units, by_hand, half_precision):
        if by_hand and units == 128:
            raise RuntimeError("The kernels do not compile.")
        return training(0.5)

    monkeypatch.setattr(records, "RESULTS", tmp_path)
    for clock in ("perf_counter", "process_time"):
        monkeypatch.setattr(width.time, clock, lambda: now[0])
    monkeypatch.setattr(width, "plain_training", lambda units: training(4.0))
    monkeypatch.setattr(width, "fused_training", lambda units: training(1.0))
    monkeypatch.setattr(width, "captured_training", captured)
    monkeypatch.setattr(width, "gpu_name", lambda: "a GPU")


def test_each_device_replaces_its_own_figures_and_keeps_the_others(clock, tmp_path):
    lines = []
    width.run(Context(lines.append, tmp_path, device="cuda"))
    assert "gpu-by-hand, single-precision, width 128 failed: The kernels do not compile." in lines
    found = width.run(Context(lines.append, tmp_path))
    assert found == stored("width") == width.run(Context(lines.append, tmp_path))
    assert set(found.settings["machines"]) == {"cpu", "cuda"}
    of = {"metric": "training_seconds", "regime": SINGLE_PRECISION}
    for units in WIDTHS:
        assert found.value(Key(PLAIN_LOOP, at=units, **of)) == pytest.approx(4 * N_STEPS)
        assert found.value(Key(GPU_AUTOMATIC, at=units, **of)) == pytest.approx(0.5 * N_STEPS)
        speed_up = Key(FUSED_STEP, "speed_up", "", SINGLE_PRECISION, at=units)
        assert found.value(speed_up) == pytest.approx(4)
    with pytest.raises(LookupError):
        found.value(Key(GPU_BY_HAND, at=128, **of))
    # All four ratios are met. Of the four times on the GPU one is missing, and three are above those of the CS-2.
    assert (len(found.targets), len(found.missed)) == (7, 3)


def test_a_quick_run_stores_nothing(clock, tmp_path):
    found = width.run(Context(lambda line: None, tmp_path, quick=True))
    assert len(found.targets) == 4
    assert stored("width") is None
