"""Lesson: why the loss has valleys."""

import numpy as np

from dashboard.lessons import facts
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Move, Option, Pin, Typed
from dashboard.scene.kinds import Number
from dashboard.scene.scene import Scene

QUIET = {"sigma": 0.01, "misfit": "white", "regularised": False}
SHORT, LONG = 200.0, 400.0  # ms
END_OF_COUNT = 0.8  # θ₀ up to which wrong valleys are counted


def next_valley() -> tuple[float, int]:
    """Return θ₀ and the spikes of the first valley right of the truth."""
    return next(valley for valley in facts.line().valleys if valley[0] > facts.THETA[0] + 0.01)


def between() -> float:
    """Return θ₀ of the ridge between the truth and the valley right of it."""
    line = facts.line()
    inside = (line.theta0 > facts.THETA[0]) & (line.theta0 < next_valley()[0])
    return float(line.theta0[inside][np.argmax(line.loss[inside])])


def _ridge_over_flat() -> float:
    """Return how many times the loss on that ridge is the loss of a curve without spikes."""
    line = facts.line()
    return float(line.loss[np.argmin(abs(line.theta0 - between()))] / facts.flat_loss())


def _valleys_of(t_end: float) -> int:
    """Return how many valleys lie between the truth and the end of the range in which they are counted."""
    return sum(facts.THETA[0] < theta0 < END_OF_COUNT for theta0, _ in facts.line(t_end).valleys)


def _has_twice_as_many_spikes() -> bool:
    """Return whether the longer recording holds twice as many spikes, but for one at its end."""
    short, long = (facts.spikes_of(facts.THETA[0], t_end=t_end) for t_end in (SHORT, LONG))
    return abs(long - 2 * short) <= 1


def _which_is_more(scene: Scene) -> int:
    short, long = _valleys_of(SHORT), _valleys_of(LONG)
    return 0 if long > short else 1 if long < short else 2


VALLEYS = Lesson(
    "valleys",
    "Why the loss has valleys",
    "You can say why a search that only goes downhill gets stuck, and what each wrong valley stands for.",
    (
        Step(
            title="Lay one spike train on another",
            text=(
                "The dots are a recording with next to no noise; the orange curve is your candidate. Only θ₀ is "
                "unknown here. Loss J measures the squared distance between curve and dots.",
            ),
            page="Landscape",
            sets={**QUIET, "candidate_theta0": 0.62},
            free=("candidate_theta0",),
            shows=("fit",),
            question=Move(
                ask="Move θ₀ until the orange spikes lie on the dots.",
                hint="Where the curve fires too seldom, θ₀ is too large. Count the spikes first, then align them.",
                right="All the spikes meet: the loss is next to nothing beside that of its surroundings.",
                near="The spikes drift apart towards the end of the recording: a small error in θ₀ adds up.",
                far="The spikes of the curve come at other times, and at a much larger θ₀ there are fewer of them. "
                "Compare the last spikes.",
                fields=("candidate_theta0",),
                truth=lambda scene: (scene.experiment.theta0,),
                close=0.006,  # one step of the slider, and what rounding adds
                rough=0.03,
            ),
        ),
        Step(
            title="Half a spike late",
            text=(
                "Now imagine that the spikes of your curve fall just between those of the data. Compare with a curve "
                "that does not spike at all and stays at the mean.",
            ),
            page="Landscape",
            sets={**QUIET, "candidate_theta0": 0.5},
            shows=("fit",),
            question=Choice(
                ask="Which of the two has the larger loss?",
                hint="Where the curve spikes the data do not, and the other way round: both count.",
                options=(
                    Option(
                        "the spikes in between",
                        "A spike in the wrong place is paid for twice: once where it is, once where it should be. "
                        "That is why ridges stand between the valleys.",
                    ),
                    Option("the flat curve", "The flat curve misses each spike once; a late spike train misses twice."),
                    Option("both the same", "They would be equal if a misplaced spike cost nothing of its own."),
                ),
                truth=lambda scene: 0 if _ridge_over_flat() > 1 else 1,
            ),
        ),
        Step(
            title="The next valley",
            text=(
                "The loss J along θ₀ has several valleys, with θ₁ held at the truth. The deepest is the truth, where "
                "the neuron fires 22 spikes. The next one to the right lies at θ₀ = 0.58.",
                "Move the candidate there. After your answer you see J along θ₀, with a number of spikes in each "
                "valley.",
            ),
            page="Landscape",
            sets={**QUIET, "candidate_theta0": 0.45},
            free=("candidate_theta0",),
            shows=("fit", "slice"),
            covers=("slice",),
            question=Typed(
                ask="How many spikes does the neuron fire in the first valley to the right of the truth?",
                hint="Count the orange spikes, or count by how many they are fewer at the end of the recording.",
                right="One spike fewer: the others can be aligned again, and the loss falls.",
                near="Nearly: count the spikes of the orange curve once more.",
                far="Each valley stands for one number of spikes. Its neighbour is near the truth’s.",
                number=Number(name="spikes", symbol="spikes", default=0, least=0, most=100, whole=True),
                truth=lambda scene: next_valley()[1],
                close=0,
                rough=1,
            ),
            claims=(
                Claim("22 spikes", lambda: facts.spikes_of(facts.THETA[0])),
                Claim("θ₀ = 0.58", lambda: next_valley()[0]),
            ),
        ),
        Step(
            title="The valley on the map",
            text=("On the map of both parameters dark is low. The line of the last step runs level at θ₁ = 0.4.",),
            page="Landscape",
            sets={**QUIET, "candidate_theta0": 0.45},
            shows=("map",),
            question=Pin(
                ask="Drop a pin into the valley with one spike fewer, on the line θ₁ = 0.4.",
                hint="It lies to the right of the truth’s valley, behind the first light ridge.",
                right="A search that only goes downhill and starts anywhere in this valley ends here.",
                near="Close: the bottom of the valley lies a little beside your pin.",
                far="The valley next to the truth’s, to its right, is the one with one spike fewer.",
                plot="map",
                pinned="The valley with one spike fewer",
                truth=lambda scene: (next_valley()[0], facts.THETA[1]),
                close=0.04,
                rough=0.1,
            ),
        ),
        Step(
            title="A longer recording",
            text=(
                "A recording twice as long holds twice as many spikes. That makes the truth’s valley narrower: the "
                "data say more.",
                "After your answer, move the window from T = 200 ms to 400 ms and count.",
            ),
            page="Landscape",
            sets=QUIET,
            free=("t_end",),
            shows=("slice", "fit"),
            covers=("slice",),
            question=Choice(
                ask="What happens to the number of wrong valleys?",
                hint="Each number of spikes between the truth’s and the candidate’s has a valley of its own.",
                options=(
                    Option(
                        "more of them",
                        "More spikes can be lost one by one: up to θ₀ = 0.8 there are 9 wrong valleys instead of 3.",
                    ),
                    Option("fewer of them", "A longer recording tells more about θ, but it makes the search harder."),
                    Option(
                        "as many as before", "There is one for each spike that can be lost, and there are more spikes."
                    ),
                ),
                truth=_which_is_more,
            ),
            claims=(
                Claim("400 ms", lambda: LONG),
                Claim("θ₀ = 0.8", lambda: END_OF_COUNT),
                Claim("9 wrong", lambda: _valleys_of(LONG)),
                Claim("of 3.", lambda: _valleys_of(SHORT)),
            ),
            holds=(_has_twice_as_many_spikes,),
        ),
        Step(
            title="What you know now",
            text=(
                "Near the truth each valley is a number of spikes; each ridge is a spike train half a spike late. A "
                "search that only goes downhill ends in the valley in which it starts.",
                "Move the candidate and the window T: the valleys close in on each other as T grows.",
            ),
            page="Landscape",
            sets=QUIET,
            free=("candidate_theta0", "candidate_theta1", "t_end", "beside", "start"),
        ),
    ),
)
