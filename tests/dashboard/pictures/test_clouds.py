from dataclasses import replace

from dashboard.pictures import clouds
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene


def test_sessions_that_look_at_one_experiment_share_its_clouds(monkeypatch):
    counts, maps, names = [], {"mine": object()}, ("theta0", "theta1")
    monkeypatch.setattr(clouds, "answers", lambda maps, traces, scene: counts.append(traces.shape) or {})
    scenes = [Scene(each, each) for each in (Experiment(), Experiment(), replace(Experiment(), sigma=0.1))]
    for scene in scenes:
        clouds.clouds(scene, maps, names)
    assert counts == [(200, 1000)] * 2
    for _ in range(2):
        clouds.clouds(Scene(Experiment(), Experiment(), dragging=True), maps, names)
    assert counts[2:] == [(32, 1000)] * 2  # what a drag passes drives nothing out
