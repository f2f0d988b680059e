"""Lesson: what a learned inverse map does, and what it makes of data that it was not trained for."""

from dataclasses import replace

import numpy as np

from core.models.fitzhugh_nagumo.simulate import simulate_potential
from core.models.spikes import spike_timing
from core.optimisation.minima import GRID_POINTS_A_SIDE
from core.published import GAMMA, ZETA, time_grid
from dashboard.lessons import facts
from dashboard.lessons.estimates import miss_of, novelty_of, off_and_sd, place_of, sds_off, shipped_map
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Option, Pin
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene

OTHER_GAMMA = 4.0  # where the maps take γ = 3 for granted
QUIET_GAMMA = 3.5  # wrong too, but without an alarm
LARGEST_KNOWN = 1.0  # score above which a trace is unlike the training
CNN, CLEAN_CNN, BEST = "cnn-noisy", "cnn-clean", "best"
HIDING = ("estimates", "spread", "resimulated", "table")


def _simulated(scene: Scene) -> int:
    """Return 0 where the published CNN simulates no neuron for an estimate, 1 where it does."""
    return 0 if shipped_map(CNN).recipe.learned_steps == 0 else 1


def _further_off(scene: Scene) -> int:
    """Return 0 if the clean-trained CNN is further off, 1 if the other one is, 2 if both are about as far off."""
    clean, noisy = miss_of(CLEAN_CNN, scene.experiment), miss_of(CNN, scene.experiment)
    return 0 if clean > 1.5 * noisy else 1 if noisy > 1.5 * clean else 2


def _how_sure(scene: Scene) -> int:
    off = sds_off(BEST, scene.experiment)
    return 0 if off < 2 else 1 if off < 10 else 2


def _has_alarm(scene: Scene) -> int:
    return 0 if novelty_of(BEST, replace(scene.experiment, gamma=QUIET_GAMMA)) > LARGEST_KNOWN else 1


def _rate(theta: tuple[float, float], gamma: float) -> float:
    """Return the spike rate in 1/s of a neuron with the published stimulus."""
    u = simulate_potential(np.array([*theta, ZETA, gamma]), time_grid())
    return float(spike_timing(np.asarray(u, dtype=float), time_grid())[0])


def _both_fire_more_slowly() -> bool:
    """Return whether the neuron with the other γ fires more slowly, and that with the CNN's larger θ does too."""
    found = place_of(CNN, replace(Experiment(), gamma=OTHER_GAMMA))
    published, damped, taken = (
        _rate(facts.THETA, GAMMA),
        _rate(facts.THETA, OTHER_GAMMA),
        _rate(found, GAMMA),
    )
    is_larger = found[0] > facts.THETA[0] and found[1] > facts.THETA[1]
    return is_larger and max(damped, taken) < published


NETWORK = Lesson(
    "network",
    "A network that learned to invert: what it has seen, and what it has not",
    "You can say what an inverse map does, what an answer costs, and when its answer must not be believed.",
    (
        Step(
            title="The other way round",
            text=(
                "The neuron model makes a trace from θ. A search then tries one θ after the other until the curve fits "
                "the trace.",
                "An inverse map is a network that was trained on many simulated pairs of θ and trace.",
            ),
            page="Neuron",
            shows=("potential",),
            question=Choice(
                ask="What does a trained inverse map do with a new trace?",
                hint="It has seen many traces together with the θ that made them.",
                options=(
                    Option("it gives θ at once", "Trace in, θ out: no start, no steps. The training did the work."),
                    Option("it simulates the trace", "That is the neuron model, which goes from θ to the trace."),
                    Option("it lowers the loss step by step", "That is a search, which needs a start and many steps."),
                ),
                truth=lambda scene: 0,
            ),
        ),
        Step(
            title="What an answer costs",
            text=(
                "The map “cnn-noisy” is the published network, a CNN (convolutional network). The search for the MAP, "
                "the best fit, first simulates 4,096 neurons, all over the prior’s box. Then it goes downhill from the "
                "best of them. The map shows the loss J in this box.",
            ),
            page="Landscape",
            shows=("map",),
            question=Choice(
                ask="How many neurons does cnn-noisy simulate to answer for one trace?",
                hint="A network multiplies the samples of the trace by its weights, layer by layer.",
                options=(
                    Option(
                        "none",
                        "It only multiplies and adds, while the search simulates 4,096 neurons before its first step "
                        "downhill. The simulations for the map were all done before its training.",
                    ),
                    Option("one", "It does not check its answer: whether it fits, only a simulation could tell."),
                    Option("as many as the search", "It simulated many before its training, and none for a new trace."),
                ),
                truth=_simulated,
            ),
            claims=(Claim("4,096 neurons", lambda: GRID_POINTS_A_SIDE**2),),
        ),
        Step(
            title="Trained without noise",
            text=(
                "Two networks of the same kind: “cnn-clean” was trained on traces without noise, “cnn-noisy” on traces "
                "with noise. The data here have noise, with σ = 0.07 ms.",
            ),
            page="Inverse map",
            covers=HIDING,
            question=Choice(
                ask="Which of the two estimates is further off the truth?",
                hint="Think of what a network could use in clean traces, and noise destroys.",
                options=(
                    Option(
                        "that of cnn-clean",
                        "It relies on fine details of the trace, and noise hides them. It has never seen noise.",
                    ),
                    Option("that of cnn-noisy", "Noise in training is not harmful: it teaches what to ignore."),
                    Option("both about the same", "They would be, if both had learned to ignore noise."),
                ),
                truth=_further_off,
            ),
        ),
        Step(
            title="Another neuron",
            text=(
                "All traces in the training of “cnn-noisy” had the damping γ = 3, as the data on screen have. So it "
                "takes this value for granted.",
                "Now suppose that the data come from a neuron with γ = 4, which fires more slowly. The true θ stays "
                "where it is.",
            ),
            page="Inverse map",
            then={"gamma": OTHER_GAMMA},
            shows=("estimates",),
            question=Pin(
                ask="Drop a pin where cnn-noisy will put its estimate of θ if γ = 4.",
                hint="It looks for a θ whose neuron with the trained damping fires more slowly too: both θ₀ and θ₁ "
                "larger.",
                right="It explains the slower spikes in the only way it knows: by another θ.",
                near="The direction is right: a larger θ also makes the spikes come more slowly.",
                far="It does not know γ. It takes the slower spikes for a sign of another θ, larger in both "
                "parameters.",
                plot="estimates",
                pinned="The estimate of cnn-noisy",
                truth=lambda scene: place_of(CNN, replace(scene.experiment, gamma=OTHER_GAMMA)),
                close=0.2,
                rough=0.45,
            ),
            claims=(Claim("γ = 4", lambda: OTHER_GAMMA),),
            holds=(_both_fire_more_slowly,),
        ),
        Step(
            title="Wrong, and how sure?",
            text=(
                "These are the data with γ = 4. The map “best” also gives a standard deviation (sd) with its estimate, "
                "and it too takes γ = 3 for granted.",
            ),
            page="Inverse map",
            sets={"gamma": OTHER_GAMMA},
            covers=HIDING,
            question=Choice(
                ask="How far is its estimate of θ₀ off the truth?",
                hint="Its sd was learned from its training. It does not measure how unlike another trace is.",
                options=(
                    Option("less than two of its sds", "This would be so if it had noticed that the trace is unlike."),
                    Option("a few of its sds", "It is surer than that: its sd is as small as for a trace it knows."),
                    Option(
                        "more than ten of its sds",
                        "It is off by 0.17 with an sd of 0.003: wrong, and sure of it. Its sd holds for noise, and not "
                        "for a neuron that it does not know.",
                    ),
                ),
                truth=_how_sure,
            ),
            claims=(
                Claim("γ = 3 ", lambda: GAMMA),
                Claim("by 0.17", lambda: off_and_sd(BEST, replace(Experiment(), gamma=OTHER_GAMMA))[0]),
                Claim("of 0.003:", lambda: off_and_sd(BEST, replace(Experiment(), gamma=OTHER_GAMMA))[1]),
            ),
        ),
        Step(
            title="Does an alarm sound?",
            text=(
                "The out-of-distribution score compares what the best fit leaves over with the noise of the training: "
                "above 1 a trace is unlike the training. For γ = 4 the score of “best” is 3.5.",
                "Now suppose that γ = 3.5. The estimate of θ then lies 0.40 away from the truth, as you see after your "
                "answer.",
            ),
            page="Inverse map",
            sets={"gamma": OTHER_GAMMA},
            then={"gamma": QUIET_GAMMA},
            question=Choice(
                ask="What is the score for γ = 3.5?",
                hint="The score can only see what no θ can explain.",
                options=(
                    Option(
                        "above 1: an alarm", "Another θ fits these data as well as noise allows: nothing is left over."
                    ),
                    Option(
                        "below 1: no alarm",
                        "A wrong θ explains the data, so nothing odd is left over. No alarm does not mean that the "
                        "answer is right.",
                    ),
                    Option("higher than for γ = 4", "The nearer γ is to the trained one, the less is left over."),
                ),
                truth=_has_alarm,
            ),
            claims=(
                Claim("above 1", lambda: LARGEST_KNOWN),
                Claim("below 1", lambda: LARGEST_KNOWN),
                Claim("is 3.5", lambda: novelty_of(BEST, replace(Experiment(), gamma=OTHER_GAMMA))),
                Claim("γ = 3.5", lambda: QUIET_GAMMA),
                Claim("lies 0.40", lambda: miss_of(BEST, replace(Experiment(), gamma=QUIET_GAMMA))),
            ),
        ),
        Step(
            title="What you know now",
            text=(
                "A map answers at once, for traces like those of its training. Noise, damping or stimulus that it has "
                "not seen make it wrong, and it need not notice.",
                "Move γ, ζ and σ, and watch which maps follow. “conditional” is told γ and ζ.",
            ),
            page="Inverse map",
            free=("theta0", "theta1", "zeta", "gamma", "sigma", "rho", "limit"),
        ),
    ),
)
