"""The part of a trace that the inverse maps read, where it is longer than those of their training."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.published import SAMPLING_INTERVAL, time_grid
from dashboard.maps import inverse_maps
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene


@lru_cache(maxsize=16)
def _cut(trace: Trace, n_times: int) -> Trace:
    """Return the first samples of an upload, if it goes on longer than a map reads, in the steps that a map reads."""
    times, grid = trace.times[:n_times], time_grid(n_times * SAMPLING_INTERVAL, n_times)
    if trace.times.size <= n_times or not np.allclose(times, grid, rtol=0, atol=1e-6):
        return trace
    return replace(trace, times=times, u=trace.u[:n_times], v=None if trace.v is None else trace.v[:n_times])


def first_window(scene: Scene) -> Scene:
    """Return the scene with as much of the trace as the map of the longest traces reads.

    A shorter window has the same noise as the beginning of a longer one.
    """
    maps, _ = inverse_maps(scene.experiment.own_maps)
    n_times = max((len(each.times) for each in maps.values()), default=0)
    if not n_times:
        return scene
    upload = scene.holdings.upload
    if upload is not None:
        shorter = _cut(upload, n_times)
        return scene if shorter is upload else replace(scene, holdings=replace(scene.holdings, upload=shorter))
    end = n_times * SAMPLING_INTERVAL
    experiment, released = (replace(each, t_end=min(each.t_end, end)) for each in (scene.experiment, scene.released))
    return replace(scene, experiment=experiment, released=released)
