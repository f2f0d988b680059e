"""The learned posterior beside the exact one, and the particles that a flow carries to it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.background.sampling import Sampled
from dashboard.figures.density import Raster
from dashboard.figures.joint import Beside
from dashboard.figures.regions import MASSES, contours, ellipse, on_plane
from dashboard.figures.style import LIMIT, Look, array, legend_entry, line, line_entry, saved
from dashboard.figures.swarm import particles_of, places, swarm
from dashboard.wording.entries import EXACT, FLOW, LEARNED

DOT, HALO = 3.6, 5.0  # pixels of a particle and of the ring around it
TOP = 64  # pixels above the plane, for the title and two rows of the legend

Array = NDArray[np.float64]
Point = tuple[float, float]


def beside_exact(
    names: Sequence[str],
    box: Array,
    exact: Raster,
    learned: Raster | None,
    look: Look,
    beside: Sequence[Beside],
    truth: Point | None,
    found: Sequence[Sampled] = (),
) -> dict[str, Any]:
    """Draw the 50 and 90 % regions of both in a box, (2, 2), and the 90 % ellipses of Gaussians beside them.

    found: samplers, whose particles lie above.
    """
    traces = [contours(exact, name=EXACT), line_entry(EXACT, LIMIT)]
    if learned is not None:
        traces += [
            contours(learned, shaded=False, dash="dot", name=LEARNED, colour=look.colour),
            line_entry(LEARNED, look.colour, "dot"),
        ]
    for each in beside:
        assert each.covariance is not None
        outline = ellipse(each.mean, each.covariance, MASSES[-1])
        rest = {"line": {"dash": "dash"}, "hoverinfo": "skip", "showlegend": False}
        traces.append(line(each.name, each.look.colour, 1.4, x=array(outline[:, 0]), y=array(outline[:, 1]), **rest))
        traces.append(line_entry(each.name, each.look.colour, "dash"))
    entries, particles = particles_of(found)
    traces += map(saved, entries)
    figure = on_plane("Lines hold 50 % and 90 %; of Gaussians 90 %", names, box, traces, particles, truth, TOP)
    figure["layout"]["meta"] = {"swarms": places(found)}
    return figure


def carried(
    names: Sequence[str], box: Array, exact: Raster, paths: Array, look: Look, truth: Point | None
) -> dict[str, Any]:
    """Draw particles, (k, n, 2), which move with the clock of the player, over the regions of the exact posterior."""
    k, n, _ = paths.shape
    shapes = [swarm(0, 0, "theme:background", HALO), swarm(0, 0, look.colour, DOT)]
    traces = [contours(exact, name=EXACT), line_entry(EXACT, LIMIT), legend_entry(FLOW, "circle", look.colour)]
    figure = on_plane("A flow carries a Gaussian to the posterior", names, box, traces, shapes, truth, TOP)
    places = {"x": array(paths[..., 0].ravel()), "y": array(paths[..., 1].ravel()), "n": n}
    figure["layout"]["meta"] = {"swarms": [{"clock": array(np.arange(1, k + 1)), **places}]}
    return figure
