from dashboard.pictures.controls import button, control, drop_down
from dashboard.pictures.restricted import restricted, restricted_groups
from dashboard.pictures.shown import Plot, Race, Shown
from dashboard.scene.exercise import Exercise, Sitting
from dashboard.scene.experiment import Experiment

SITTING = Sitting(
    Exercise("", ("Start", "Landscape"), ("sigma", "candidate_theta1"), ("seed", "starts"), sealed=True), "token"
)


def fields(items):
    return {item["field"]: item.get("locked", False) for item in items}


def test_without_an_exercise_everything_stays():
    shown = Shown("one", plots=[Plot("map", None, click="start")])
    assert restricted(shown, None) is shown
    assert restricted_groups([{"title": "", "items": []}], None) == [{"title": "", "items": []}]


def test_what_is_locked_is_seen_and_what_is_taken_away_or_opens_the_truth_is_not():
    names = ("theta0", "sigma", "t_end", "seed", "hidden")
    items = [control(name, Experiment()) for name in names]
    items += [drop_down("preset", "preset", "", {}), button("seed", "New noise", 5), button("desk", "For a class …")]
    (group,) = restricted_groups([{"title": "", "items": items}], SITTING)
    assert fields(group["items"]) == {"theta0": True, "sigma": True, "t_end": False, "preset": True}
    assert restricted_groups([{"title": "Noise", "items": [control("seed", Experiment())]}], SITTING) == []


def test_a_way_in_leads_to_pages_that_are_there_alone_and_changes_nothing_that_is_pinned():
    tools = [button("door", page, f"{page}|") for page in ("Landscape", "Train")]
    assert [item["label"] for item in restricted(Shown("one", tools=tools), SITTING).tools] == ["Landscape"]


def test_no_hand_in_a_plot_changes_what_is_pinned():
    handles = [((0.1, 0.2), ("candidate_theta0", "candidate_theta1")), ((0.1, 0.2), ("theta0", "theta1"))]
    plots = [
        Plot("map", None, click="start", handles=handles),
        Plot("rates", None, click=("theta0", "theta1")),
        Plot("slice", None, click=("candidate_theta0", "")),
        Plot("estimates", None, pick="sigma"),
    ]
    cells = [[{"text": "0.2", "change": {"sigma": 0.2}}, {"text": "0.9", "change": {"t_end": 90}}, "plain"]]
    race = Race("1", "begin", "hint", [button("starts", "Clear", "")])
    left = restricted(Shown("one", plots=plots, table=cells, race=race), SITTING)
    assert [plot.click for plot in left.plots] == [None, None, ("candidate_theta0", ""), None]
    assert left.plots[0].handles == [((0.1, 0.2), ("candidate_theta0", ""))]
    assert left.plots[3].pick == ""
    assert left.table == [[{"text": "0.2"}, {"text": "0.9", "change": {"t_end": 90}}, "plain"]]
    assert list(left.race.tools) == []
