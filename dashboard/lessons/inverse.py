"""Lesson: from parameters to data and back."""

import numpy as np

from core.published import published_noise
from dashboard.lessons import facts, facts_noise
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Move, Option
from dashboard.scene.scene import Scene

SILENT, AS_SILENT = (-0.1, 1.1), (0.0, 1.2)  # θ of two silent neurons
SPIKING_AS_FAR = (facts.THETA[0] + 0.1, facts.THETA[1] + 0.1)  # from the published truth
SEARCHED = 0.25  # θ₀ of the step that searches it
DISTINCT_MISFIT = 2.0  # half the squared distance, in noise sds, of two curves that data can tell apart: two sds


def _repeats(scene: Scene) -> int:
    """Return which option is right, by simulating one θ twice."""
    first, second = (facts.potential(scene.experiment.theta0) for _ in range(2))
    return 0 if not np.array_equal(first, second) else 1


def _way_to_follow(scene: Scene) -> int:
    """Return which way θ₀ has to go where θ₁ is increased: the errors of both are correlated accordingly."""
    return 1 if facts_noise.correlation() < 0 else 0


def _gain_when_told() -> float:
    """Return how many times as narrow θ₀ is known where θ₁ is told."""
    return facts_noise.smallest_sd() / facts_noise.smallest_sd(unknown=("theta0",))


def _told(scene: Scene) -> int:
    return 2 if _gain_when_told() > 2 else 1 if _gain_when_told() > 1.1 else 0


def _furthest_apart() -> float:
    """Return the largest distance between the potentials of the two silent neurons."""
    return float(np.max(np.abs(facts.potential(*SILENT) - facts.potential(*AS_SILENT))))


def _told_apart(scene: Scene) -> int:
    return 0 if facts_noise.misfit_between(SILENT, AS_SILENT) > DISTINCT_MISFIT else 1


INVERSE = Lesson(
    "inverse",
    "From parameters to data and back",
    "You can say why data follow from parameters at once, while the way back is a search that can have many answers.",
    (
        Step(
            title="Forward: one answer",
            text=(
                "Forward means: choose the parameters θ₀ and θ₁, solve the equations, and get the potential u. The "
                "curve on screen was made in this way; the dots are the same curve with noise.",
            ),
            page="Neuron",
            sets={"t_end": 60.0},
            shows=("potential",),
            question=Choice(
                ask="You solve the equations twice with the same θ. How do the two curves u differ?",
                hint="Look for chance: the equations of u and v contain none. The noise is added afterwards.",
                options=(
                    Option("as the noise differs", "Noise moves the dots. The curve u is computed before it is added."),
                    Option(
                        "not at all", "Forward has one answer: the same θ gives the same curve. Only the dots change."
                    ),
                    Option(
                        "the spikes are shifted",
                        "Spikes shift when a parameter or the start changes. Here both are the same.",
                    ),
                ),
                truth=_repeats,
            ),
        ),
        Step(
            title="Backward: a search",
            text=(
                "Backward means: the dots are given, and θ is looked for. No formula leads from the dots to θ, so one "
                "tries a value, solves forward, and compares. The curve is your trial: the candidate.",
            ),
            page="Start",
            sets={"theta0": SEARCHED, "candidate_theta0": 0.7, "hidden": True},
            free=("candidate_theta0",),
            question=Move(
                ask="Which θ₀ made these dots? Move the slider until the curve runs through them.",
                hint="Make the last spikes meet as well: an error in θ₀ adds up from spike to spike. θ₀ is below 0.4.",
                right="You searched: each move was one solution of the equations.",
                near="The first spikes meet, the last do not yet. Move in the smallest steps now.",
                far="Compare how long a spike lasts: where the curve stays up too long, θ₀ is too large.",
                fields=("candidate_theta0",),
                truth=lambda scene: (scene.experiment.theta0,),
                close=0.016,
                rough=0.06,
            ),
            claims=(Claim("below 0.4", lambda: facts.THETA[0]),),
            holds=(lambda: facts.THETA[0] > SEARCHED,),
        ),
        Step(
            title="Two unknowns",
            text=(
                "Now both parameters are unknown, and the window is short. Again the orange curve is the candidate and "
                "the dots are the data.",
                "After your answer a map shows the loss J for each pair of θ₀ and θ₁: how far the curve lies from the "
                "dots, with dark for near. Its cross marks the least J (MAP). The dashed line is the prior: where θ is "
                "likely before any data.",
            ),
            page="Landscape",
            sets={
                "theta0": 0.3,
                "theta1": 0.6,
                "t_end": 60.0,
                "candidate_theta0": 0.55,
                "candidate_theta1": 0.2,
                "hidden": True,
            },
            free=("candidate_theta0", "candidate_theta1"),
            shows=("fit", "map"),
            covers=("map",),
            question=Move(
                ask="Move both sliders until the curve runs through the dots.",
                hint="A larger θ₁ makes each spike shorter. Match the length of the spikes first, then their number.",
                right="The map shows what you did not see: low loss lies along a slanted valley, not at one point.",
                near="Nearby pairs of θ₀ and θ₁ give similar spikes. Compare the length of one spike, then the last.",
                far="Where the spikes of the curve last too long, increase θ₁ and then correct θ₀.",
                fields=("candidate_theta0", "candidate_theta1"),
                truth=lambda scene: (scene.experiment.theta0, scene.experiment.theta1),
                close=0.1,
                rough=0.25,
            ),
        ),
        Step(
            title="One parameter stands in for the other",
            text=(
                "The candidate lies at the truth in θ₀, but its θ₁ is 0.1 too large. A larger θ₁ makes each "
                "spike shorter, a larger θ₀ makes it longer, and both also shift all later spikes.",
                "Suppose that θ₁ has to stay too large, and only θ₀ may be changed.",
            ),
            page="Landscape",
            sets={"candidate_theta0": 0.4, "candidate_theta1": 0.5},
            free=("candidate_theta0", "candidate_theta1"),
            shows=("fit", "map"),
            covers=("map",),
            question=Choice(
                ask="What brings the curve closest to the dots again?",
                hint="Move θ₀ both ways, and watch the last spikes: they show best whether the timing is right.",
                options=(
                    Option(
                        "a larger θ₀",
                        "That makes the spikes as long as before, but they come too late, and that counts for more.",
                    ),
                    Option(
                        "a smaller θ₀",
                        "Then the spikes come in time again, which counts for more than their length: see the "
                        "slanted valley on the map.",
                    ),
                    Option(
                        "nothing can",
                        "Try it: with another θ₀ the curve is nearly as close to the dots as the truth is.",
                    ),
                ),
                truth=_way_to_follow,
            ),
            claims=(Claim("is 0.1 too large", lambda: 0.5 - facts.THETA[1]),),
        ),
        Step(
            title="What it is worth to know one of them",
            text=(
                "With noise, an estimate of θ₀ has an uncertainty. As θ₀ and θ₁ can stand in for each other, an error "
                "in one goes with an error in the other. On the map all pairs in the darkest valley are possible.",
                "Suppose that somebody measures θ₁ and tells you its value. Then only the orange line is left.",
            ),
            page="Landscape",
            sets={"candidate_theta0": 0.4},
            shows=("map",),
            question=Choice(
                ask="What happens to the uncertainty of θ₀?",
                hint="See the valley on the map: compare its whole extent in θ₀ with its width along a line of one θ₁.",
                options=(
                    Option("it stays the same", "It would if the valley were not slanted: then θ₁ would not matter."),
                    Option(
                        "it falls by a tenth", "The valley is slanted and narrow: a line across it is much shorter."
                    ),
                    Option(
                        "it falls to about a quarter",
                        "The line at one θ₁ cuts the slanted valley across: the uncertainty becomes about 4 times "
                        "smaller.",
                    ),
                ),
                truth=_told,
            ),
            claims=(Claim("about 4 times", _gain_when_told),),
        ),
        Step(
            title="A neuron at rest",
            text=(
                "This neuron is silent: after a moment u rests at a fixed point. The truth is θ₀ = −0.1 and θ₁ = 1.1; "
                "the candidate has θ₀ = 0 and θ₁ = 1.2. The noise has a standard deviation of 0.35.",
                "After your answer you see both curves, and the loss J along the straight line from one θ to the "
                "other, a slice of the map.",
            ),
            page="Landscape",
            sets={
                "theta0": SILENT[0],
                "theta1": SILENT[1],
                "candidate_theta0": AS_SILENT[0],
                "candidate_theta1": AS_SILENT[1],
            },
            shows=("fit", "slice"),
            covers=("fit", "slice"),
            question=Choice(
                ask="Can the 1,000 samples tell the truth from this candidate?",
                hint="Where it rests, u is a single number, but two parameters are unknown.",
                options=(
                    Option("yes, easily", "Between spiking neurons as far apart they could. Here both rest at one u."),
                    Option(
                        "no",
                        "The two curves are never further apart than 0.02, and the slice of J between them is flat. "
                        "One combination of θ₀ and θ₁ is known, the other is not.",
                    ),
                    Option("only in θ₀", "The resting u depends on both together: neither is known by itself."),
                ),
                truth=_told_apart,
            ),
            claims=(
                Claim("of 0.35", lambda: published_noise().marginal_sd),
                Claim("1,000 samples", lambda: facts.potential(*SILENT).size),
                Claim("than 0.02", _furthest_apart),
            ),
            holds=(lambda: facts_noise.misfit_between(facts.THETA, SPIKING_AS_FAR) > DISTINCT_MISFIT,),
        ),
        Step(
            title="What inverse means",
            text=(
                "The forward problem has one answer. The inverse problem asks which parameters explain the data within "
                "the noise: a search, and its answer is a set of parameters. That set can be small, a long valley, or "
                "several valleys.",
                "Move the truth and the candidate, and watch how the valley changes.",
            ),
            page="Landscape",
            sets={"candidate_theta0": 0.5, "candidate_theta1": 0.5},
            free=("theta0", "theta1", "sigma", "t_end", "candidate_theta0", "candidate_theta1", "beside"),
        ),
    ),
)
