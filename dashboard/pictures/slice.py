"""The slice of the Landscape page, and what it says: which ridges lie between the candidate and the best fit."""

import numpy as np
from numpy.typing import ArrayLike

from core.models.model import Status
from core.models.spikes import spike_count, spike_timing
from core.problem.slice import Slice
from dashboard.figures.slice import along, slice_plot
from dashboard.pictures.look import Look
from dashboard.pictures.shown import Plot
from dashboard.wording.numbers import count, fixed

LOSS = (
    "On the map dark means low. A shade is the rank of a loss: between two ticks of the colour bar lies a quarter of "
    "the map."
)
GRADIENT = (
    "A shade is the rank of |∇J|, the length of the gradient, with each parameter in units of the map’s width: dark is "
    "flat. An arrow points straight downhill: a method that follows the arrows crosses no ridge."
)
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
    if np.array_equal(look.candidate, look.target[1]):
        if look.target[0] == "truth":
            return f"Your candidate is the truth, with {spikes(own)}. Noise and prior move the MAP away from it."
        return f"Your candidate is the MAP, with {spikes(own)}: no point on the map has a lower loss."
    ridges = look.slice.ridges_between(0.0, 1.0)
    if own == best and own and ridges:
        mine, theirs = _durations(look, [look.candidate, look.target[1]])
        if np.isfinite(mine + theirs) and mine != theirs:
            said = f"Your spikes are {'shorter' if mine < theirs else 'longer'} than {whose}’s: "
    if ridges == 0:
        return f"{said}no ridge lies between them. Along this line, downhill leads to the best fit."
    many = "1 ridge" if ridges == 1 else f"{ridges} ridges"
    verb = "lies" if ridges == 1 else "lie"
    return f"{said}{many} {verb} between them. A method that only goes downhill stops in the wrong valley."


def _durations(look: Look, points: ArrayLike) -> list[float]:
    """Return how long a spike lasts, in ms to the digit that is shown, at points, (n, 2); NaN where none ends."""
    return np.round(spike_timing(look.problem.observed(points), look.problem.times)[1], 1).tolist()


def _twins(look: Look, found: Slice) -> str:
    """Say how two valleys of one number of spikes differ, "" where none are next to each other on the line."""
    pairs = np.flatnonzero(np.diff(found.spikes[found.valleys]) == 0)
    if not pairs.size:
        return ""
    two = found.valleys[pairs[0] : pairs[0] + 2]
    number = int(found.spikes[two[0]])
    if number == 0:
        return ""
    said = f"Two valleys have {spikes(number)}, with a high ridge between them: the neuron fires as often in both"
    if look.scene.dragging:  # how long a spike lasts takes two more simulations
        return f"{said}."
    first, second = _durations(look, found.points[two])
    if not np.isfinite(first + second) or first == second:
        return f"{said}."
    return f"{said}, but a spike lasts {fixed(first, 1)} ms in one and {fixed(second, 1)} ms in the other."


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
        _twins(look, look.slice),
        "The cross is the MAP (maximum a posteriori): the m of least loss, the most probable one given data and prior. "
        "It is searched for between the map’s points too.",
        GRADIENT if look.scene.experiment.map_shows == "gradient" else LOSS,
        "The misfit ½‖W(d − u(m))‖² measures the residual in units of the noise. In the prior’s part m̄ is its mean, s "
        "its published sd and w its width (Options); the dashed line is one sd from the mean.",
    ]
