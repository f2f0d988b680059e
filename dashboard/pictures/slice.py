"""The slice of the Landscape page, and what it says: which ridges lie between the candidate and the best fit."""

import numpy as np

from core.models.model import Status
from core.models.spikes import spike_count
from dashboard.figures.slice import along, slice_plot
from dashboard.pictures.look import Look
from dashboard.pictures.shown import Plot
from dashboard.wording.numbers import count

NOTHING = "No point of this grid can be simulated: bring the known parameters back towards the sliders’ ranges."


def plot(look: Look) -> Plot:
    """Return the slice."""
    if look.slice is None or look.target is None:
        return Plot("slice", None, stale=True)
    problem, (name, target) = look.problem, look.target
    begun = np.subtract(target, look.scene.released.candidate)
    before = along(begun, problem.bounds) if look.scene.dragging and np.any(begun) else None
    k = along(look.slice.points[-1] - look.slice.points[0], problem.bounds, before)
    # That of the map, which stays while the candidate moves.
    highest = float(np.max(look.grid.loss, where=np.isfinite(look.grid.loss), initial=1.0))
    return Plot("slice", slice_plot(look.slice, problem.unknown, problem.bounds, name, k, highest))


def spikes(number: int) -> str:
    """Return a number of spikes in words."""
    return "1 spike" if number == 1 else f"{number or 'no'} spikes"


def answer(look: Look) -> str:
    """Say how many ridges part the candidate from the best fit on the line, and what that means downhill."""
    if look.slice is None or look.target is None:
        return "Let go to see where the lowest loss lies." if look.sought else NOTHING
    potential, ended = look.states
    if ended != Status.FINITE:
        return "The candidate cannot be simulated here: bring it back."
    own, best = spike_count(potential), look.slice.spikes_at(1.0)
    whose = "the data" if look.target[0] == "truth" else "the best fit"
    said = f"Your candidate fires {spikes(own)}, {whose} {count(best) if best else 'none'}: "
    ridges = look.slice.ridges_between(0.0, 1.0)
    if ridges == 0:
        return f"{said}no ridge lies between them. Along this line, downhill leads to the best fit."
    many = "1 ridge" if ridges == 1 else f"{ridges} ridges"
    verb = "lies" if ridges == 1 else "lie"
    return f"{said}{many} {verb} between them. A method that only goes downhill stops in the wrong valley."


def reasons(look: Look) -> list[str]:
    """Say how the slice and the map are read, and why there are ridges."""
    if look.slice is None or look.target is None:
        return []
    said = (
        "The slice is the loss along the orange line on the map. Each number counts the spikes that the neuron fires "
        "at the bottom of a valley: to get from one valley to the next, one spike must appear or vanish."
    )
    numbers = np.unique(look.slice.spikes[look.slice.valleys])
    if numbers.size <= 1:
        said = "The slice is the loss along the orange line on the map: here it has no valleys of other spike counts."
    return [
        said,
        "On a ridge the candidate’s spikes fall between those of the data; on both sides of it they meet more of them. "
        "So a method that only goes downhill cannot cross it.",
        "On the map dark means low: the colour of a point says which share of the box has a lower loss.",
        "The misfit ½‖W(d − u(m))‖² measures the residual in units of the noise. In the prior’s part m̄ is its mean, s "
        "its published sd and w its width (Options); the dashed line is one sd from the mean.",
    ]
