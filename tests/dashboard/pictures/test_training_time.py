"""The times of trainings against the width: published ones, and those that the experiment has stored."""

import numpy as np
import pytest

from core.experiments.records import Key
from dashboard.figures import style
from dashboard.pictures import training_time
from tests.dashboard.conftest import decoded

WIDTHS = (32, 128, 512, 2048)
# As the talk has them, in seconds.
PUBLISHED = {
    "published, CPU": (21.0, 47.9, 221.6, 2576.2),
    "published, CS-2, total": (178.6, 177.6, 191.1, 810.4),
    "published, CS-2, training alone": (4.9, 4.6, 5.7, 8.9),
}
PLAIN, OURS, FACTORS = (60.0, 90.0, 400.0, 10_000.0), (12.0, 30.0, 200.0, 2500.0), (5.0, 3.0, 2.0, 4.0)
GPU, MIXED = (2.0, 3.0, 4.0, 20.0), 15.5  # that in mixed precision at the largest width alone


def measurements(metric, estimator, values, precision="single-precision"):
    """Return the figures of an estimator by key."""
    return {Key(estimator, metric, "", precision, at=width): value for width, value in zip(WIDTHS, values, strict=True)}


@pytest.fixture
def on_cpu(results):
    """Store the times of a CPU, and return a function that adds those of a GPU."""
    settings = {"widths": WIDTHS, "n_weights": (1, 2, 3, 40_000), "machines": {"cuda": {"name": "a card"}}}
    found = measurements("training_seconds", "plain-loop", PLAIN)
    found |= measurements("training_seconds", "fused-step", OURS) | measurements("speed_up", "fused-step", FACTORS)

    def add_gpu():
        gpu = measurements("training_seconds", "gpu-by-hand", GPU)
        mixed = measurements("training_seconds", "gpu-by-hand", (None, None, None, MIXED), "mixed-precision")
        results("width", settings, {**found, **gpu, **mixed})

    results("width", settings, found)
    return add_gpu


def drawn():
    """Return the traces of the chart by name."""
    return {trace["name"]: trace for trace in training_time.picture().plots[0].figure["data"]}


def test_the_published_times_and_ours_are_drawn_on_logarithmic_axes(on_cpu):
    curves = drawn()
    expected = {**PUBLISHED, "plain PyTorch loop, CPU": PLAIN, "ours, CPU": OURS}
    assert list(curves) == list(expected)
    for name, seconds in expected.items():
        np.testing.assert_array_equal(decoded(curves[name]["x"]), np.float32(WIDTHS))
        np.testing.assert_array_equal(decoded(curves[name]["y"]), np.float32(seconds))
    layout = training_time.picture().plots[0].figure["layout"]
    assert (layout["xaxis"]["type"], layout["yaxis"]["type"]) == ("log", "log")
    assert decoded(layout["xaxis"]["tickvals"]).tolist() == list(WIDTHS)
    low, high = layout["yaxis"]["range"]
    assert 10**low < 4.6 < 10_000 < 10**high
    on_cpu()
    assert list(drawn())[5:] == ["ours, GPU", "ours, GPU, mixed precision"]
    mixed = drawn()["ours, GPU, mixed precision"]
    np.testing.assert_array_equal(decoded(mixed["y"]), np.float32([np.nan, np.nan, np.nan, MIXED]))


def test_each_curve_has_a_look_of_its_own(on_cpu):
    on_cpu()
    looks = {(trace["line"]["color"], trace["line"]["dash"], trace["marker"]["symbol"]) for trace in drawn().values()}
    assert len(looks) == 7
    assert drawn()["published, CPU"]["line"]["color"] == style.TRUTH
    assert drawn()["ours, GPU, mixed precision"]["marker"]["symbol"] == "circle-open"


def test_the_table_holds_every_time_with_a_dash_where_none_was_measured(on_cpu):
    on_cpu()
    head, weights, *rows = training_time.picture().table
    assert head[1:] == ["width 32", "width 128", "width 512", "width 2,048"]
    assert weights[1:] == ["1", "2", "3", "40,000"]
    cells = {row[0]["text"]: row[1:] for row in rows}
    assert cells["published, CPU"] == ["21", "47.9", "222", "2,576"]
    assert cells["plain PyTorch loop, CPU"] == ["60", "90", "400", "10,000"]
    assert cells["ours, GPU, mixed precision"] == ["–", "–", "–", "15.5"]


def test_the_answer_compares_the_loops_and_the_gpu_with_the_published_machine(on_cpu):
    cpu = (
        "On one thread of a CPU our loop is 5, 3, 2 and 4 times as fast as a plain PyTorch loop at widths 32, 128, 512 "
        "and 2,048."
    )
    assert training_time.picture().said[0] == cpu
    assert not any("On a GPU" in sentence for sentence in training_time.picture().said)
    on_cpu()
    assert training_time.picture().said[:2] == [
        cpu,
        "On a GPU (a card) our training takes 2, 3, 4 and 16 s. The CS-2 trained for 4.9, 4.6, 5.7 and 8.9 s, and took "
        "179, 178, 191 and 810 s in all.",
    ]


def test_times_that_were_not_measured_leave_their_command(results):
    assert training_time.picture().said == [
        "Run “python -m core.experiments width” to see how the time of a training grows with the width of the network."
    ]
