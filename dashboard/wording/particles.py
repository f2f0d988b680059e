"""What the particles show: whether so many found what was sought, and why more of them do."""

from dashboard.wording.numbers import compact, count, percent, power

QUESTION = "How many particles does a training need?"
INVITATION = (
    "A training can be seen as particles that descend a loss together. Few of them get stuck where more do not: open "
    "the spikes on the circle, then the two-layer network."
)
WHY_SPIKES = (
    "The loss is that of a measure: ½ ‖Σ aᵢ φ(θᵢ) − y‖² + λ Σ |aᵢ|, with Fourier modes φ up to order 8. It is convex "
    "in the measure, and not in the places θᵢ: a few particles can come to rest where moving mass elsewhere would "
    "still pay.",
    "Each particle has a weight aᵢ = rᵢ|rᵢ|/m. A step multiplies rᵢ by exp(−2α gᵢ) and moves θᵢ by −β times the "
    "slope of gᵢ (Chizat 2019, arXiv:1907.10300). With particles everywhere, the places where mass would pay have "
    "one that grows.",
    "The green rings have the least loss of all non-negative measures, which a lower bound proves. The penalty λ = 0.3 "
    "takes λ/17 of the weight of a lone spike, and merges spikes that are close together.",
)
WHY_NETWORK = (
    "A student with m ReLU neurons learns from a teacher with five, in 20 dimensions, from 500 fresh points a step. "
    "Each neuron is a particle: a direction on the sphere, and a weight. The loss is ½ E (f − f*)², in closed form "
    "(Cho and Saul 2009); with the teacher’s own neurons it is 0.",
    "In 20 dimensions random directions are nearly at right angles: no neuron of the teacher hides another, and five "
    "neurons of a student share them out. On the circle, neighbours stand in each other’s way.",
)


def about_spikes(m: int, n_found: int, n_spikes: int, excess: float, success: float) -> str:
    """Say whether m particles found the least loss, and what they lack."""
    ends = f"{count(m)} particles end {power(excess)} above the least loss"
    if excess <= success:
        return f"{ends}: they have found it, with mass at {n_found} of {n_spikes} spikes."
    return f"{ends}: they are stuck. {_left_out(n_spikes - n_found)}"


def _left_out(missing: int) -> str:
    if missing == 0:
        return "Mass is shared out wrongly between the spikes."
    return f"{'One spike has' if missing == 1 else f'{missing} spikes have'} no particle near."


def about_network(m: int, n_found: int, n_teachers: int, share: float, success: float) -> str:
    """Say whether m neurons learnt their teacher; share: of the loss of a network without neurons that is left."""
    who = "1 neuron ends" if m == 1 else f"{count(m)} neurons end"
    ends = f"{who} at {power(100 * share)} % of the loss of an empty network"
    if share <= success:
        return f"{ends}: they have learnt the teacher."
    have = "has" if n_found == 1 else "have"
    found = f"{n_found} of the teacher’s {n_teachers} neurons {have} one of the student’s within 10°"
    return f"{ends}: {'too few' if m < n_teachers else 'not there yet'}. {found}."


def about_tracks() -> str:
    """Say what is seen of the ways of the particles."""
    return (
        "Each particle stands at its angle, further out the larger its weight: it grows at a spike, shares it with "
        "those that come too, or shrinks to the centre."
    )


def about_angles(m: int, sought: int) -> str:
    """Say what is seen of the angles of neurons."""
    seen = "Random directions in 20 dimensions begin near 90°, and each neuron turns towards one of the teacher’s"
    if m < sought:
        return f"{seen}; fewer than the teacher’s stand for several each, and stay between them."
    return f"{seen}; of those that share one, the lightest come last."


def about_loss(success: float, is_share: bool) -> str:
    """Say what is seen of the loss."""
    level = f"{percent(success, 1)} of that of an empty network" if is_share else f"{compact(success)} above the least"
    return (
        "The weights grow within tens of steps, and the places take most of the others. Dashed: a run counts as a "
        f"success where its loss is at most {level}."
    )


def about_successes(m: int, share: float, interval: tuple[float, float], runs: int, sought: int) -> str:
    """Say how often so many particles succeed; interval: of the share."""
    ends = f"{percent(0.95)} interval {percent(interval[0])} to {percent(interval[1])}"
    return (
        f"With m = {count(m)}, {percent(share)} of {count(runs)} runs succeed ({ends}). "
        f"Dotted: m = {sought}, as many as are sought; grey: other steps."
    )
