"""The part of a trace that the inverse maps read, where it is longer than those of their training."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from core.published import N_TIMES, T_END, time_grid
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene
from dashboard.wording.numbers import fixed

CUT = f"The maps read the first {fixed(T_END, 0)} ms."


@lru_cache(maxsize=16)
def _cut(trace: Trace) -> Trace:
    """Return the first samples of an upload, if it goes on longer than a map reads, in the steps that a map reads."""
    times = trace.times[:N_TIMES]
    if trace.times.size <= N_TIMES or not np.allclose(times, time_grid(), rtol=0, atol=1e-6):
        return trace
    return replace(trace, times=times, u=trace.u[:N_TIMES], v=None if trace.v is None else trace.v[:N_TIMES])


def first_window(scene: Scene) -> tuple[Scene, str]:
    """Return the scene with as much of the trace as a map reads, and a sentence where that is not all.

    A shorter window has the same noise as the beginning of a longer one.
    """
    upload = scene.holdings.upload
    if upload is not None:
        shorter = _cut(upload)
        if shorter is upload:
            return scene, ""
        return replace(scene, holdings=replace(scene.holdings, upload=shorter)), CUT
    experiment, released = (replace(each, t_end=min(each.t_end, T_END)) for each in (scene.experiment, scene.released))
    cut = CUT if scene.experiment.t_end > T_END else ""
    return replace(scene, experiment=experiment, released=released), cut
