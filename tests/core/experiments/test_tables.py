import pytest

from core.experiments import records
from core.experiments.catalogue import EXPERIMENTS
from core.experiments.labels import key_label, shown, with_spread
from core.experiments.records import RESULTS, Key, Measurement, Result, Target, stored
from core.experiments.reports import markdown, tables, text
from core.experiments.tables import Figures, estimators, metrics

OURS = Key("ours", "r2", "mean", "noisy-noisy", 8000)
MAPS = Result(
    "Two maps.",
    {"n_samples": 8000},
    (
        Measurement(OURS, 0.99175, 0.00026),
        Measurement(Key("ours", "rmse", "theta0", "noisy-noisy", 8000), 0.0231271),
        Measurement(Key("best", "r2", "mean", "noisy-noisy"), 0.9937982),
    ),
    (Target(OURS, at_least=0.994), Target(Key("best", "r2", "mean", "noisy-noisy"), at_least=0.99)),
)


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """No other experiment has been run."""
    monkeypatch.setattr(records, "RESULTS", tmp_path)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.99175, "0.992"), (1, "1"), (-0.02, "−0.02"), (2.8e-6, "2.8e−06"), (821.0, "821"), (10188.3, "10,188"),
        (48.72, "48.7"), (0.0, "0"), (0.9989, "0.999"), (0.999, "0.99900"), (0.999958, "0.99996"),
        (0.9999973, "0.999997"), (0.99999999, "1"),
    ],
)  # fmt: skip
def test_a_figure_has_three_digits_and_more_just_below_one(value, expected):
    assert shown(value) == expected


def test_a_figure_stands_with_its_spread_and_is_called_what_it_is():
    assert with_spread(Measurement(OURS, 0.99175, 0.000264)) == "0.992 ± 0.00026"
    assert key_label(OURS) == "ours, trained noisy, tested noisy, N = 8,000: R²"
    bound = Key("least-squares", "rmse_over_bound", "gamma", "magi")
    assert key_label(bound) == "least squares, MAGI: both states, start unknown: RMSE γ / Cramér–Rao sd"
    assert key_label(Key("best", "coverage", "", "noisy", at=0.9)) == "best, noisy test traces: coverage of 90%"


def test_measurements_are_laid_out_to_these_texts(alone):
    rows = estimators("ours", "cnn-published", n=8000) + estimators("best")
    columns = metrics(("r2", "mean"), ("rmse", "theta0"))
    table = Figures("accuracy", MAPS).table("Accuracy", "estimator", rows, columns, {"regime": "noisy-noisy"})
    assert str(table) == (
        "Accuracy\n"
        "estimator  R²                 RMSE θ₀\n"
        "ours       0.992 ± 0.00026 !  0.0231\n"
        "best       0.994              –"
    )
    assert table.markdown() == (
        "Accuracy:\n\n"
        "| estimator | R² | RMSE θ₀ |\n"
        "| --- | --- | --- |\n"
        "| ours | **0.992 ± 0.00026** | 0.0231 |\n"
        "| best | 0.994 | – |"
    )


def test_a_result_names_its_targets_in_the_terminal_and_the_missed_ones_in_markdown(alone):
    lines = text("accuracy", MAPS).splitlines()
    assert lines[0] == "Two maps."
    assert lines[-2:] == [
        "ours, trained noisy, tested noisy, N = 8,000: R²: 0.992 (at least 0.994: missed)",
        "best, trained noisy, tested noisy: R²: 0.994 (at least 0.99: met)",
    ]
    lines = markdown("accuracy", MAPS).splitlines()
    assert lines[0] == "`python -m core.experiments accuracy`. Two maps."
    assert "Targets met: 1 of 2." in lines
    assert lines[-1] == "* ours, trained noisy, tested noisy, N = 8,000: R²: 0.992 (at least 0.994: missed)"


def test_every_experiment_is_stored():
    assert {path.stem for path in RESULTS.glob("*.json")} == set(EXPERIMENTS)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_stored_figure_stands_in_a_table_on_a_curve_or_beside_a_target(name):
    """The coverage at other masses than 50 and 90 % is drawn on the page Uncertainty."""
    result = stored(name)
    cells = {cell.text for table in tables(name, result) for _, row in table.rows for cell in row}
    targets = {target.key for target in result.targets}
    for each in result.measurements:
        drawn = each.key.metric == "coverage" and each.key.at not in (0.5, 0.9)
        assert with_spread(each) in cells or each.key in targets or drawn, each.key
    assert all(table.rows for table in tables(name, result))


def test_a_missed_target_is_bold_in_the_tables_of_its_experiment():
    missed = {name: stored(name).missed for name in EXPERIMENTS}
    assert sum(map(len, missed.values())) >= 1
    for name, targets in missed.items():
        assert markdown(name, stored(name)).count("**") == 2 * len(targets)
