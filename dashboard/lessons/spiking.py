"""Lesson: what makes the neuron spike, and where it stops."""

from functools import partial

import numpy as np

from core.models.fitzhugh_nagumo.equations import REST, fixed_points
from core.models.fitzhugh_nagumo.simulate import simulate
from core.models.spikes import SPIKE_THRESHOLD, regime, spike_timing
from core.published import GAMMA, ZETA, time_grid
from dashboard.lessons import facts
from dashboard.lessons.facts_spiking import (
    BEYOND,
    end_of_spiking,
    spikes_for_ever,
    stimulus_that_spikes,
    swings_before_it_spikes,
)
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Move, Option, Pin, Typed
from dashboard.scene.kinds import Number
from dashboard.scene.scene import Scene

CLEAN = {"sigma": 0.0}
SHORT = 60.0  # ms: few enough spikes to count
PICTURED = (0.0, 0.8, 0.4)  # θ₀ of the small curves; the last one is that on screen
BESIDE = 0.01  # in u: how far from the fixed point a neuron starts


def rate_and_duration(theta0: float) -> tuple[float, float]:
    """Return the spike rate in 1/s and the mean duration of a spike in ms."""
    u = facts.potential(theta0)
    rate, duration = spike_timing(u, time_grid(200.0, u.size))
    return float(rate), float(duration)


def _interval() -> float:
    """Return the mean time from spike to spike in ms."""
    return 1000 / rate_and_duration(facts.THETA[0])[0]


def _crossing() -> float:
    """Return u where the nullclines of the published neuron cross."""
    (point,) = fixed_points((*facts.THETA, ZETA, GAMMA))
    return point.u


def _from_beside(scene: Scene) -> int:
    """Return what becomes of a start right beside the fixed point: it returns, it stays, or it leaves and spikes."""
    parameters = scene.experiment.parameters
    (point,) = fixed_points(parameters)
    u = simulate(parameters, time_grid(), (point.u + BESIDE, point.v))[:, 0]
    if regime(u) == "spiking":
        return 2
    return 1 if abs(u[-1] - point.u - BESIDE) < BESIDE / 2 else 0


def _pictured(scene: Scene) -> int:
    """Return which small curve has the longest spikes among those that repeat: it has θ₀ = 0.8."""
    durations = [rate_and_duration(theta0)[1] if spikes_for_ever(theta0) else 0.0 for theta0 in PICTURED]
    return int(np.argmax(durations))


def _spikes_grow_longer() -> bool:
    """Return whether a spike lasts longer, and the rate is lower, the larger θ₀ is, up to the edge."""
    rates, durations = np.transpose(
        [rate_and_duration(theta0) for theta0 in (PICTURED[0], facts.THETA[0], PICTURED[1])]
    )
    return bool(np.all(np.diff(rates) < 0) and np.all(np.diff(durations) > 0))


def _beyond(scene: Scene) -> int:
    kind = regime(facts.potential(scene.experiment.theta0))
    return {"silent": 0, "excited": 1, "spiking": 2}[kind]


SPIKING = Lesson(
    "spiking",
    "A neuron that spikes, and where it stops",
    "You can say what θ₀, θ₁ and the stimulus ζ do to the neuron, and for which values it stops spiking.",
    (
        Step(
            title="Count the spikes",
            text=(
                "The model has two variables. u is the membrane potential, which is measured. v is the recovery, which "
                "follows u slowly and ends each spike.",
                "A spike is a rise of u above 1.5. The window is 60 ms long.",
            ),
            page="Neuron",
            sets={**CLEAN, "t_end": SHORT},
            shows=("potential",),
            question=Typed(
                ask="How many spikes does the neuron fire in this window?",
                hint="Count how often u rises steeply from about −2 to about 2. The last rise is at the right edge.",
                right="The spikes come at nearly equal distances: the neuron repeats itself.",
                near="Count once more: each rise above the dashed line is one, the last at the right edge.",
                far="Count each steep rise of u once: a spike lasts a few milliseconds at the top.",
                number=Number(name="spikes", symbol="spikes", default=0, least=0, most=100, whole=True),
                truth=lambda scene: facts.spikes_of(facts.THETA[0], t_end=scene.experiment.t_end),
                close=0,
                rough=1,
            ),
            claims=(
                Claim("above 1.5", lambda: SPIKE_THRESHOLD),
                Claim("about −2", lambda: facts.potential(facts.THETA[0]).min()),
                Claim("about 2", lambda: facts.potential(facts.THETA[0]).max()),
            ),
        ),
        Step(
            title="From spikes to a rate",
            text=(
                "The spike rate is one over the mean time from one spike to the next. Read that time from the plot of "
                "u: point at two neighbouring rises.",
            ),
            page="Neuron",
            sets={**CLEAN, "t_end": SHORT},
            shows=("potential",),
            question=Typed(
                ask="What is the spike rate, in spikes per second?",
                hint="There are 1,000 ms in a second: divide them by the time from spike to spike in ms.",
                right="From spike to spike it takes about 9 ms.",
                near="The method is right. Measure across several spikes and divide by the number of gaps.",
                far="Find the time from one rise to the next in ms, then see how often it fits into a second.",
                number=Number(name="rate", symbol="rate", default=0, least=0, most=100000),
                unit="per s",
                truth=lambda scene: rate_and_duration(facts.THETA[0])[0],
                close=8,
                rough=25,
            ),
            claims=(Claim("1,000 ms", lambda: 1000.0), Claim("about 9 ms", _interval)),
        ),
        Step(
            title="Why it does not come to rest",
            text=(
                "The phase plane shows u against v. On each nullcline one of the two stands still. Where they cross "
                "both do: that is a fixed point, here at u = 0.39. The plot calls it unstable.",
                "The neuron on screen runs round a closed curve, the limit cycle, where one turn is one spike.",
            ),
            page="Neuron",
            sets={**CLEAN, "t_end": SHORT},
            shows=("phase", "potential", "player"),
            question=Choice(
                ask="What does a neuron do that starts 0.01 away from this fixed point?",
                hint="A ball on top of a hill may stand still, but the smallest push is enough to set it rolling.",
                options=(
                    Option("it returns to the fixed point", "It would return if the point were stable."),
                    Option("it stays where it is", "Only a state exactly at the fixed point stays as it is."),
                    Option(
                        "it joins the limit cycle",
                        "Unstable means that a state beside the point is carried away. Here it ends on the cycle.",
                    ),
                ),
                truth=_from_beside,
            ),
            claims=(Claim("u = 0.39", _crossing), Claim("starts 0.01 away", lambda: BESIDE)),
        ),
        Step(
            title="Another offset",
            text=(
                "The offset θ₀ shifts the nullcline v′ = 0 sideways. With a larger θ₀ it crosses u′ = 0 further to the "
                "right, where u is high, and the neuron passes that place slowly.",
                "On screen θ₀ = 0.4. The small curves show u for three values of θ₀.",
            ),
            page="Neuron",
            sets={**CLEAN, "t_end": SHORT},
            then={"theta0": PICTURED[1]},
            shows=("potential", "phase"),
            question=Choice(
                ask="Which small curve is the neuron with θ₀ = 0.8?",
                hint="Compare how long u stays up in each turn with the curve on screen.",
                options=(
                    Option(
                        "A",
                        "Here the spikes are shorter than at θ₀ = 0.4: this neuron has a smaller θ₀.",
                        partial(facts.potential, PICTURED[0], t_end=SHORT),
                        "7 spikes of 1.9 ms in 60 ms",
                    ),
                    Option(
                        "B",
                        "It stays up longer in each turn, so a spike lasts longer and the rate is lower: see it large.",
                        partial(facts.potential, PICTURED[1], t_end=SHORT),
                        "5 spikes of 3.6 ms in 60 ms",
                    ),
                    Option(
                        "C",
                        "This is the curve on screen: its θ₀ is 0.4.",
                        partial(facts.potential, PICTURED[2], t_end=SHORT),
                        "7 spikes of 2.6 ms in 60 ms",
                    ),
                ),
                truth=_pictured,
            ),
            claims=(
                Claim("θ₀ = 0.8", lambda: PICTURED[1]),
                Claim("7 spikes", lambda: facts.spikes_of(PICTURED[0], t_end=SHORT)),
                Claim("of 1.9 ms", lambda: rate_and_duration(PICTURED[0])[1]),
                Claim("5 spikes", lambda: facts.spikes_of(PICTURED[1], t_end=SHORT)),
                Claim("of 3.6 ms", lambda: rate_and_duration(PICTURED[1])[1]),
                Claim("θ₀ is 0.4", lambda: PICTURED[2]),
                Claim("of 2.6 ms", lambda: rate_and_duration(PICTURED[2])[1]),
            ),
            holds=(
                lambda: facts.spikes_of(PICTURED[2], t_end=SHORT) == facts.spikes_of(PICTURED[0], t_end=SHORT),
                _spikes_grow_longer,
            ),
        ),
        Step(
            title="Where the spiking ends",
            text=(
                "The map shows the spike rate for each pair of θ₀ and θ₁. The star is the neuron on screen. Beyond an "
                "edge the neuron no longer spikes.",
            ),
            page="Neuron",
            sets=CLEAN,
            shows=("rates",),
            question=Pin(
                ask="Start at the star and increase θ₀ alone. Drop a pin where the spiking ends.",
                hint="θ₁ stays at 0.4: go straight to the right until the colours end.",
                right="A small change of θ₀ near this edge ends the spiking at once.",
                near="Close: go to the very edge of the colours, at the height of the star.",
                far="The pin belongs on the edge of the coloured region, to the right of the star, at θ₁ = 0.4.",
                plot="rates",
                pinned="The end of the spiking",
                truth=lambda scene: (end_of_spiking(), facts.THETA[1]),
                close=0.03,
                rough=0.15,
            ),
            claims=(Claim("stays at 0.4", lambda: facts.THETA[1]),),
        ),
        Step(
            title="Beyond the edge",
            text=("Now θ₀ = 0.95, beyond that edge. The neuron starts at u = 0 and v = 0, as always.",),
            page="Neuron",
            sets={**CLEAN, "theta0": 0.95},
            shows=("potential", "phase", "player"),
            covers=("potential", "phase", "player"),
            question=Choice(
                ask="What does u do?",
                hint="With a larger θ₀ the neuron stays up longer in each turn. Carry that on.",
                options=(
                    Option(
                        "it stays down",
                        "Towards this edge the spikes had become longer and longer, so u is up when they end.",
                    ),
                    Option(
                        "it goes up and stays up",
                        "The fixed point is stable now, and u is high there. Such a neuron is called excited.",
                    ),
                    Option("it spikes at random", "Nothing here is random: without noise the equations decide all."),
                ),
                truth=_beyond,
            ),
            claims=(Claim("u = 0 ", lambda: REST[0]), Claim("v = 0,", lambda: REST[1])),
            holds=(_spikes_grow_longer,),
        ),
        Step(
            title="The stimulus",
            text=(
                "At θ₀ = 0.9 the neuron rises once and no longer spikes. The stimulus ζ shifts the other nullcline, "
                "u′ = 0, up or down. "
                "It stands at −0.4.",
            ),
            page="Neuron",
            sets={**CLEAN, "theta0": BEYOND},
            shows=("potential", "phase"),
            free=("zeta",),
            question=Move(
                ask="Move ζ until the neuron just begins to spike again, and stop there.",
                hint="Try both directions in larger steps first. Then go back step by step while it still spikes.",
                right="At a lower ζ the nullclines cross further to the left again, and the fixed point is unstable. "
                "Just before, it is unstable too, but u only swings to and fro below 1.5.",
                near="Find the edge more closely: a little more to one side it spikes, to the other it does not.",
                far="Watch u: on one side of the value it spikes again and again, on the other it rises only once.",
                fields=("zeta",),
                truth=lambda scene: (stimulus_that_spikes(),),
                close=0.02,
                rough=0.08,
            ),
            claims=(Claim("stands at −0.4", lambda: ZETA), Claim("below 1.5", lambda: SPIKE_THRESHOLD)),
            holds=(swings_before_it_spikes,),
        ),
        Step(
            title="What you know now",
            text=(
                "θ₀ and θ₁ decide whether the neuron spikes, how often, and how long each spike lasts. Beyond the "
                "edge of the spiking the neuron stays up or down.",
                "Move θ₀, θ₁ and ζ, and look at the map of spike durations too.",
            ),
            page="Neuron",
            sets=CLEAN,
            free=("theta0", "theta1", "zeta", "firing", "several"),
        ),
    ),
)
