"""Lesson: data from something that the model is not, and how one notices."""

from collections.abc import Mapping

import numpy as np

from core.estimate import Outcome
from core.models.spikes import SPIKE_THRESHOLD, spike_counts
from core.published import ZETA, published_prior, time_grid
from dashboard.lessons import facts, facts_misfit
from dashboard.lessons.facts_misfit import HELD, OTHER_ZETA, OUTSIDE
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Move, Option, Order, Typed
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Number
from dashboard.scene.observation import Trace
from dashboard.scene.scene import Scene

AT_TRUTH = {"candidate_theta0": facts.THETA[0], "candidate_theta1": facts.THETA[1]}
RESIDUAL = {**AT_TRUTH, "beside": "residual"}
AT_FIT = (0.442, 0.361)  # the best fit with the wrong stimulus
FITTED = {"candidate_theta0": AT_FIT[0], "candidate_theta1": AT_FIT[1]}
AT_FIT_TO_OTHER = {"candidate_theta0": 0.322, "candidate_theta1": 1.2}  # to the other neuron
AS_NOISE = 1.1  # times the noise, up to which a residual counts as noise
ALONE = {"compared": ()}  # no inverse map beside the posterior
RECORDINGS = {
    "a truth outside of the prior": facts_misfit.outside_prior,
    "another kind of neuron": facts_misfit.other_neuron,
    "a stimulus assumed wrong": facts_misfit.other_stimulus,
}


def _at_first() -> Scene:
    """Return the scene of the first two steps."""
    return Scene(Experiment(), Experiment())


def _looks(scene: Scene) -> int:
    """Return how the residual of the truth looks if its noise is taken as white: too large, slow, or as before."""
    if facts_misfit.whitened(scene, assumed_white=True).std() > AS_NOISE:
        return 0
    return 1 if facts_misfit.neighbours(scene, assumed_white=True) > 0.5 else 2


def _left_over(scene: Scene) -> int:
    """Return whether the best fit leaves more than noise, as much, or less, where the stimulus is wrong."""
    ratio = facts_misfit.fit_of(facts_misfit.other_stimulus()).residual_ratio
    return 0 if ratio > AS_NOISE else 1 if ratio > 1 / AS_NOISE else 2


def _box_begins() -> float:
    """Return the lowest θ₀ that the prior allows."""
    return float(published_prior().lower[0])


def _where(scene: Scene) -> int:
    """Return whether the best fit lies in the middle of the box, at the edge next to the truth, or at the truth."""
    theta0, _ = facts_misfit.best_fit(facts_misfit.outside_prior())
    return 2 if abs(theta0 - OUTSIDE) < 0.05 else 1 if theta0 - _box_begins() < 0.05 else 0


def _is_fit(trace: Trace, candidate: Mapping[str, float]) -> bool:
    """Return whether a candidate is the best fit to a recording, to the digits that it has."""
    return bool(np.allclose(facts_misfit.best_fit(trace), [*candidate.values()], atol=1e-3))


def _by_misfit(scene: Scene) -> tuple[int, ...]:
    return tuple(np.argsort([facts_misfit.excess(trace()) for trace in RECORDINGS.values()]).tolist())


def _is_like_ours() -> bool:
    """Return whether the other neuron spikes about as often as the published one, and no θ explains it."""
    other, ours = int(spike_counts(facts_misfit.other_neuron().u)), facts.spikes_of(facts.THETA[0])
    return abs(other - ours) <= 3 and facts_misfit.fit_of(facts_misfit.other_neuron()).outcome == Outcome.UNEXPLAINED


MISFIT = Lesson(
    "misfit",
    "Data that the model cannot make",
    "You can tell from what a fit leaves over whether the model made the data, and you know what does not show there.",
    (
        Step(
            title="What the right model leaves over",
            text=(
                "The candidate is the truth here. What it leaves over, data minus curve, is the residual: noise alone.",
                "Whitened means: freed of its correlation, and divided by its standard deviation (sd). Then the 1,000 "
                "values scatter independently, with an sd of about 1. The misfit is half the sum of their squares.",
            ),
            page="Landscape",
            sets=RESIDUAL,
            shows=("residual", "fit"),
            question=Typed(
                ask="About how large is the misfit where the model is right?",
                hint="The mean of the squares is about 1. Add them up for all samples, and take half.",
                right="It is half the number of samples. A misfit far above it shows that the model cannot make the "
                "data.",
                near="That is the right size. Take half the number of samples.",
                far="Each sample adds one half on average.",
                number=Number(name="misfit", symbol="misfit", default=0, least=0, most=1_000_000),
                truth=lambda scene: scene.experiment.n_times / 2,
                close=60,
                rough=600,
            ),
            claims=(
                Claim("the 1,000 values", lambda: time_grid().size),
                Claim("sd of about 1.", lambda: facts_misfit.whitened(_at_first(), assumed_white=False).std()),
                Claim("squares is about 1.", lambda: facts_misfit.whitened(_at_first(), assumed_white=False).var()),
            ),
        ),
        Step(
            title="The wrong noise",
            text=(
                "The data and the curve are the same. But now the noise is taken as white, although neighbouring "
                "samples of it are alike, with ρ = 0.8.",
            ),
            page="Landscape",
            sets={**RESIDUAL, "misfit": "white"},
            shows=("residual", "fit"),
            covers=("residual",),
            question=Choice(
                ask="What does the whitened residual look like now?",
                hint="White noise is whitened by its sd alone. Nothing takes the correlation away.",
                options=(
                    Option("larger than before", "The sd is right, so the size is right too. Look at neighbours."),
                    Option(
                        "slower than before",
                        "Neighbours correlate with 0.8. The residual wanders, which white noise does not: the noise "
                        "model is wrong, though the misfit is still about half the number of samples.",
                    ),
                    Option("just as before", "Before, the correlation was taken out. Now it stays in."),
                ),
                truth=_looks,
            ),
            claims=(Claim("correlate with 0.8", lambda: facts_misfit.neighbours(_at_first(), assumed_white=True)),),
            holds=(
                lambda: facts_misfit.neighbours(_at_first(), assumed_white=False) < 0.1,
                lambda: abs(float(np.mean(facts_misfit.whitened(_at_first(), assumed_white=True) ** 2)) - 1) < 0.15,
            ),
        ),
        Step(
            title="Intervals that miss",
            text=(
                "Still the noise is taken as white. Draw new noise many times. Each time the posterior has a region "
                "that should hold the truth with a probability of 90 %.",
            ),
            page="Uncertainty",
            sets={**ALONE, "misfit": "white"},
            free=("seed",),
            covers=("posterior", "table", "said"),
            question=Typed(
                ask="In how many per cent of the draws does it hold the truth?",
                hint="Neighbouring samples repeat each other, but all are counted. So the region is too small.",
                right="The region is only as good as the noise model. With the right one it holds the truth as often "
                "as it says.",
                near="It misses that often, roughly. Draw new noise and look.",
                far="The region is too small by far, but it does not miss each time.",
                number=Number(name="share", symbol="share", default=0, least=0, most=100),
                unit="%",
                truth=lambda scene: facts_misfit.coverage(assumed_white=True),
                close=10,
                rough=20,
            ),
            claims=(Claim("90 %", lambda: 100 * HELD),),
            holds=(lambda: abs(facts_misfit.coverage(assumed_white=False) - 100 * HELD) < 3,),
        ),
        Step(
            title="A stimulus assumed wrong",
            text=(
                "Here is another recording. Its neuron has θ₀ = 0.4 and θ₁ = 0.4, and its stimulus was ζ = −0.3. But "
                "the model assumes ζ = −0.4.",
                "The candidate begins at the true θ₀, with θ₁ = 0.361.",
            ),
            page="Landscape",
            trace=facts_misfit.other_stimulus,
            sets={**FITTED, "candidate_theta0": facts.THETA[0]},
            shows=("fit",),
            free=("candidate_theta0",),
            question=Move(
                ask="Move θ₀ until the curve runs through the dots.",
                hint="The spikes of the recording come later than those of the curve. A larger θ₀ delays them.",
                right="The curve fits, and θ is wrong: it stands in for the stimulus.",
                near="Compare the last spikes: a small error in θ₀ adds up until there.",
                far="At the true θ₀ the spikes drift apart. Look for the value at which all of them meet.",
                fields=("candidate_theta0",),
                truth=lambda scene: facts_misfit.best_fit(facts_misfit.other_stimulus())[:1],
                close=0.01,
                rough=0.03,
            ),
            claims=(Claim("ζ = −0.3", lambda: OTHER_ZETA),),
            holds=(
                lambda: (
                    facts_misfit.rate(*facts.THETA, OTHER_ZETA) < facts_misfit.rate(facts.THETA[0], AT_FIT[1], ZETA)
                ),
                lambda: facts_misfit.rate(*AT_FIT, ZETA) < facts_misfit.rate(facts.THETA[0], AT_FIT[1], ZETA),
            ),
        ),
        Step(
            title="Does the residual tell?",
            text=("The same recording with its best fit, at θ₀ = 0.442 and θ₁ = 0.361. The truth is 0.4 in both.",),
            page="Landscape",
            trace=facts_misfit.other_stimulus,
            sets={**FITTED, "beside": "residual"},
            shows=("residual", "fit"),
            covers=("residual",),
            question=Choice(
                ask="What does this fit leave over?",
                hint="The curve ran through the dots. A residual shows only what no θ can explain.",
                options=(
                    Option("more than noise", "It would, if no θ could stand in for the wrong stimulus."),
                    Option(
                        "no more than noise",
                        "Nothing in these data tells. Yet θ₀ is off by tens of its sds: sure and wrong. Only a "
                        "measured ζ helps, or to leave ζ unknown too.",
                    ),
                    Option("less than noise", "A fit with two parameters cannot follow the noise of 1,000 samples."),
                ),
                truth=_left_over,
            ),
            claims=(
                Claim("truth is 0.4", lambda: facts.THETA[0]),
                Claim("1,000 samples", lambda: facts_misfit.other_stimulus().u.size),
            ),
            holds=(
                lambda: facts_misfit.sds_off() > 20,
                lambda: _is_fit(facts_misfit.other_stimulus(), FITTED),
                lambda: facts.THETA[0] == facts.THETA[1],
            ),
        ),
        Step(
            title="A prior that excludes the truth",
            text=("In this recording the truth is θ₀ = −0.5 and θ₁ = 0.4. But the prior is zero for θ₀ below −0.2.",),
            page="Uncertainty",
            trace=facts_misfit.outside_prior,
            sets={**ALONE, "whole_prior": True},
            covers=("posterior", "table", "said"),
            question=Choice(
                ask="What does the posterior look like?",
                hint="It weighs only what the prior allows, and the data still prefer some of it by far.",
                options=(
                    Option("spread over the box", "Of all that is allowed, one place fits far better than the rest."),
                    Option(
                        "a narrow spot at the edge",
                        "It is as narrow as ever, and the truth is not in it. There are two signs: it presses "
                        "against the edge, and the misfit is 1.25 times half the number of samples.",
                    ),
                    Option("a spot at the truth", "No data can lift a density above zero where the prior is zero."),
                ),
                truth=_where,
            ),
            claims=(
                Claim("θ₀ = −0.5", lambda: OUTSIDE),
                Claim("below −0.2", _box_begins),
                Claim("is 1.25 times", lambda: facts_misfit.excess(facts_misfit.outside_prior())),
            ),
        ),
        Step(
            title="Another kind of neuron",
            text=(
                "The last recording is of a Morris–Lecar neuron: other equations, for other ion channels. It was "
                "scaled to the range of u, and spikes about as often as our neuron.",
                "The curve is the best fit of our model. Each recording has such a fit, and its misfit tells how good "
                "it is.",
            ),
            page="Landscape",
            trace=facts_misfit.other_neuron,
            sets={**AT_FIT_TO_OTHER, "beside": "residual"},
            shows=("fit", "residual"),
            covers=("residual",),
            question=Order(
                ask="Order the recordings by the misfit of their best fit, the lowest first.",
                hint="Ask of each one whether some allowed θ can make its spikes come in time, and have their shape.",
                right="A wrong stimulus hides, a wrong prior shows a little, the wrong equations show most: here the "
                "best fit does not even spike, since spikes in the wrong place cost more than none.",
                near="One pair is the wrong way round: think of what the last steps left over.",
                far="Other equations make spikes of another shape, which no θ can imitate.",
                entries=tuple(RECORDINGS),
                truth=_by_misfit,
            ),
            holds=(
                _is_like_ours,
                lambda: _is_fit(facts_misfit.other_neuron(), AT_FIT_TO_OTHER),
                lambda: facts.potential(*AT_FIT_TO_OTHER.values()).max() < SPIKE_THRESHOLD,
            ),
        ),
        Step(
            title="What you know now",
            text=(
                "A residual that is not noise, a misfit far above half the number of samples, an estimate at the edge "
                "of the prior: each is a sign. But without a sign the model can be wrong too, and the estimate sure.",
                "Switch the noise model under “Options”, move the candidate, and watch the residual.",
            ),
            page="Landscape",
            sets=RESIDUAL,
            free=("candidate_theta0", "candidate_theta1", "misfit", "sigma", "rho", "beside"),
        ),
    ),
)
