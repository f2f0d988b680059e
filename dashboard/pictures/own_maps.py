"""The list of the maps that were trained here, in which the few that are shown are ticked."""

from dashboard.maps import chosen
from dashboard.pictures.controls import Control
from dashboard.scene.scene import Scene
from dashboard.scene.settings import MOST_OWN_MAPS, SETTINGS
from dashboard.trainings import listed_maps


def chooser(scene: Scene) -> list[Control]:
    """Return the list, [] where no map was trained here; while a control is dragged, without the names.

    The newest maps stand first, after the trainings that are ticked and have not ended.
    """
    ticked, row = chosen(scene.experiment.own_maps), SETTINGS["own_maps"]
    control = {"kind": "chooser", "field": row.name, "label": row.label, "value": ticked, "most": MOST_OWN_MAPS}
    if scene.dragging and ticked:
        return [control]
    trained = listed_maps(scene.holdings.owner)
    names = list(dict.fromkeys((*sorted({*ticked} - {*trained}), *trained)))
    if scene.dragging or not names:
        return [control] if names else []
    return [{**control, "names": names}]
