"""The part of the page Trust about cures."""

import pytest

from core.experiments.estimators import BEST, CURES, DENSE_MAP, KNOWN
from core.experiments.labels import ESTIMATOR_LABELS
from core.experiments.records import Key, stored
from dashboard.pictures import trust_cures
from dashboard.pictures.trust import picture
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.wording import cures, entries
from dashboard.wording.numbers import significant

PART = Experiment(trust="cures")


def at_rest():
    return picture(Scene(PART, PART))


def test_the_table_has_what_was_measured():
    head, *rows = at_rest().table
    found = {row[0]["text"]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}
    result = stored("cures")
    sizes = result.settings["sizes"]
    moved = [result.value(Key(BEST, "worst_movement", "", "fresh", at=size)) for size in sizes]
    assert found["best"]["moved at 3 / 10 / 31.6 [sd]"] == " / ".join(significant(each, 2) for each in moved)
    error = result.value(Key(CURES[0], "rmse", "mean", "fresh-clean"))
    assert found[ESTIMATOR_LABELS[CURES[0]]]["RMSE, clean"] == significant(error, 2)
    assert found["best, mended"]["amplification (90 %)"] == "–"
    flagged = found[entries.EXACT_MEAN]["score above 1 at 0 / 3 / 10 / 31.6 [%]"].split(" / ")
    measured = [result.value(Key(KNOWN, "score_alarms", "", "fresh", at=size)) for size in (0.0, *sizes)]
    assert [float(each) for each in flagged] == pytest.approx([100 * each for each in measured], rel=1e-2)


def test_the_plots_have_a_curve_for_each_estimator():
    worst, alarms = (plot.figure["data"] for plot in at_rest().plots)
    sizes = stored("cures").settings["sizes"]
    assert len(worst) == len(CURES) + 5
    assert len(alarms) == 2 + 2 * (len(worst) - 1)  # alarms judge traces: those of best and of best, mended, are one
    dense = next(each for each in worst if each["name"] == DENSE_MAP)
    measured = [stored("cures").value(Key(DENSE_MAP, "worst_movement", "", "fresh", at=size)) for size in sizes]
    assert (dense["x"], dense["y"]) == (sizes, measured)


def test_the_answer_tells_of_the_cure_that_is_moved_least_and_of_its_price():
    found = stored("cures")
    moved = {code: found.value(Key(code, "worst_movement", "", "fresh", at=10.0)) for code in CURES}
    cure = min(moved, key=moved.get)
    errors = [found.value(Key(code, "rmse", "mean", "fresh")) for code in (cure, DENSE_MAP)]
    said = f"by {significant(moved[cure], 2)} sd at {errors[0] / errors[1]:.2g} times the error"
    assert said in at_rest().answer


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "flags 0\N{NO-BREAK SPACE}%"), (0.174, "flags 17\N{NO-BREAK SPACE}%")]
)
def test_it_says_how_often_an_alarm_notices(share, text):
    assert text in cures.noticed(10.0, share, 0.5, 0.01, 100)


def test_before_the_experiment_it_says_what_to_run(monkeypatch):
    monkeypatch.setattr(trust_cures, "stored", lambda _: None)
    assert at_rest().answer == cures.RUN
