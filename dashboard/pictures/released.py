"""What a picture shows of the scene at the last release of a control, computed once."""

from collections.abc import Callable, Hashable
from typing import TypeVar

from dashboard.maps import inverse_maps
from dashboard.pictures.results import kept
from dashboard.scene.scene import Scene

Result = TypeVar("Result")


def at_release(picture: Callable[[Scene], Result], scene: Scene, *held: Hashable) -> Result:
    """Return what a function makes of the scene at the last release, or has made of it before.

    held: what else it shows of the session's holdings, beside the upload.
    """
    maps, _ = inverse_maps(scene.released.own_maps)
    key = (picture, scene.released, scene.holdings.upload, tuple(maps.values()), held)
    return kept("at release", key, lambda: picture(scene.at_release))
