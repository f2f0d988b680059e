"""The list of the maps that were trained here, in which the few that are shown are ticked."""

from dashboard.maps import chosen, own_maps
from dashboard.pictures.controls import Control
from dashboard.scene.scene import Scene
from dashboard.scene.settings import MOST_OWN_MAPS, SETTINGS


def chooser(scene: Scene) -> list[Control]:
    """Return the list, [] where no map was trained here; while a control is dragged, without the names.

    The newest maps stand first, after the trainings that are ticked and have not ended.
    """
    trained, ticked = own_maps(), chosen(scene.experiment.own_maps)
    if not trained and not ticked:
        return []
    row = SETTINGS["own_maps"]
    control = {"kind": "chooser", "field": row.name, "label": row.label, "value": ticked, "most": MOST_OWN_MAPS}
    names = {} if scene.dragging else {"names": list(dict.fromkeys((*sorted({*ticked} - {*trained}), *trained)))}
    return [{**control, **names}]
