"""What surrogates show, in words: what is a network worth in the place of the solver?"""

from dashboard.wording.numbers import percent_to_digits, significant

QUESTION = "What is a network worth in the place of the solver?"
WHY = (
    "The flow map is a small network for one step of 0.2 ms: from u, v and θ to u and v a step later. It is applied a "
    "thousand times. What a step is off across the cycle, the cycle damps; what it is off along the cycle adds up: the "
    "error of the phase.",
    "The regression is a network from θ to the whole trace, as coefficients of 120 orthogonal curves. Spikes that "
    "move with θ need many such curves, so that it is off from the first spikes on.",
    "In the plane, a mark is as large as the delay that one step from there leaves. At the knees, where the slow "
    "branches end, a small error decides how early the neuron leaves them.",
    "MAP and divergence are medians over noisy traces, on which all was done with the surrogate and with the solver: "
    "a distance in the exact posterior’s standard deviations, and nats from the exact posterior. The solver is faster "
    "than both: a surrogate pays where a solver is slow.",
)
OUTSIDE = "The networks were trained on θ in the prior’s box: bring θ₀ and θ₁ back into it."
HIDDEN = "The truth is hidden, and the traces here are its own: show it first."
CONSTANTS = "ζ and γ are the published ones here: the networks know no others."
SILENT = "The neuron does not keep spiking, so that there is no phase to lose."


def answer(error: float, other: float, late: float | None, knees: float | None) -> str:
    """Say how far flow map and regression are off for the θ on screen.

    error, other: relative errors of flow map and regression. late: by how many ms the flow map's last spike is. knees:
    the share of the delays of all steps that arises near the knees.
    """
    said = f"For this θ the flow map is off by {percent_to_digits(error)}, the regression by {percent_to_digits(other)}"
    if late is not None:
        said += f"; the flow map’s last spike is off by {significant(abs(late), 2)} ms"
    said += "."
    if knees is None:
        return f"{said} {SILENT}"
    return f"{said} Of its steps’ delays, {percent_to_digits(knees)} arise at the knees."
