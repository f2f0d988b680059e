"""Lesson: what a posterior says, from a region on the map to its needle, its edge and its ridge."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.posterior.exact import Posterior
from core.published import published_prior
from dashboard.lessons import facts
from dashboard.lessons.estimates import with_settings
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import HELD, Choice, Option, Region, Typed
from dashboard.pictures.posterior import posterior_of
from dashboard.scene.experiment import Experiment
from dashboard.scene.kinds import Number
from dashboard.scene.scene import Scene
from dashboard.wording.shape import region_area

NOISY = {"sigma": 0.3, "t_end": 60.0}  # little data, so that the region is large enough to draw
SHORT, LONG = 100.0, 200.0  # ms
EDGE = {"theta0": 1.0}
SILENT = {"theta0": 0.8, "zeta": 0.0, "seed": 2}
ALONE: dict[str, Any] = {"compared": ()}  # no inverse map beside the posterior
WHITE = {**ALONE, "misfit": "white"}
HIDING = ("posterior", "table", "said")
NEEDLE = 3.0  # times as long as wide: a ridge or a needle


def _sds(found: Posterior) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.diag(found.covariance)))


def _best_known(scene: Scene) -> int:
    """Return 0 for θ₀, 1 for θ₁, 2 for a combination of both that is known better by far than either."""
    found = posterior_of(scene)
    across = np.sqrt(np.linalg.eigvalsh(found.covariance)[0])
    sds = _sds(found)
    return 2 if NEEDLE * across < sds.min() else int(np.argmin(sds))


def _gain(scene: Scene) -> float:
    """Return how many times smaller the sd of θ₀ is in the long window than in the short one."""
    short, long = (_sds(posterior_of(with_settings(scene, t_end=t_end)))[0] for t_end in (SHORT, LONG))
    return float(short / long)


def _at_edge(scene: Scene) -> int:
    """Return 1 where the posterior of θ₀ reaches the edge of the prior's box, 0 where it ends before."""
    found = posterior_of(scene)
    return 1 if found.problem.bounds[0, 1] - found.mean[0] < 3 * _sds(found)[0] else 0


def _long(scene: Scene) -> int:
    """Return 1 where the posterior is many times as long as wide, 0 where it is round."""
    least, most = np.sqrt(np.linalg.eigvalsh(posterior_of(scene).covariance))
    return 1 if most > NEEDLE * least else 0


def _white_over_coloured(scene: Scene) -> float:
    """Return the area of the 90 % region for white noise, over the one for the noise that there is."""
    white = region_area(posterior_of(with_settings(scene, misfit="white")), 0.9)
    coloured = region_area(posterior_of(with_settings(scene, misfit="ar1")), 0.9)
    return white / coloured


def _white_area() -> float:
    experiment = replace(Experiment(), **ALONE)
    return _white_over_coloured(Scene(experiment, experiment))


def _white_is(scene: Scene) -> int:
    ratio = _white_over_coloured(scene)
    return 0 if ratio < 0.95 else 1 if ratio > 1.05 else 2


def _truth_at(sets: Mapping[str, Any]) -> float:
    """Return the mass of the smallest region that holds the truth of a step with these settings."""
    experiment = replace(Experiment(), **sets)
    found = posterior_of(Scene(experiment, experiment))
    return float(found.credibility([experiment.theta0, experiment.theta1]))


CERTAINTY = Lesson(
    "certainty",
    "How sure can one be: posterior, needle, edge",
    "You can read a posterior: how large it is, which combination is known best, and where it cannot be trusted.",
    (
        Step(
            title="Where can the truth be?",
            text=(
                "A short recording with strong noise: σ = 0.3 ms and T = 60 ms. The map shows the loss J; a cross "
                "marks the least J (MAP).",
                "The truth is hidden. It need not lie at the least J, since noise has moved it.",
            ),
            page="Landscape",
            sets={**NOISY, "hidden": True, "candidate_theta0": 0.0, "candidate_theta1": 1.0},
            then={"hidden": False},
            shows=("map",),
            question=Region(
                ask="Draw an ellipse that holds the truth with a probability of 90 %, as small as you can.",
                hint="It lies around the least J, along its valley. A rise of J by a few units is already unlikely.",
                right="You have drawn a credible region of the posterior: what the data and the prior leave possible.",
                near="The place is good. The region should hold nine tenths of the probability, and not more.",
                far="The region follows the dark valley around the least J; all other valleys lie far too high.",
                plot="map",
                posterior=posterior_of,
            ),
            claims=(Claim("90 %", lambda: 100 * HELD),),
        ),
        Step(
            title="The needle",
            text=(
                "Now with T = 200 ms and σ = 0.07 ms. The posterior is so narrow that the page zooms in. Look at its "
                "shape, and at the numbers along the axes.",
            ),
            page="Uncertainty",
            sets=ALONE,
            covers=("table", "said"),
            question=Choice(
                ask="What do the data tell best?",
                hint="Compare the width across the needle with the width along each axis.",
                options=(
                    Option("θ₀", "θ₀ alone has the whole length of the needle to move, if θ₁ moves with it."),
                    Option("θ₁", "Along θ₁ the needle is longer than along θ₀: this is known least of all."),
                    Option(
                        "a combination of both",
                        "Across the needle little is possible. Along it, a larger θ₁ makes up for a smaller θ₀.",
                    ),
                ),
                truth=_best_known,
            ),
        ),
        Step(
            title="A recording twice as long",
            text=(
                "Here T = 100 ms. If all samples told the same, twice as many would make the sd smaller by the square "
                "root of two. But in a longer recording small errors of θ also shift the later spikes further.",
                "After your answer, move T and read the sd in the table.",
            ),
            page="Uncertainty",
            sets={**ALONE, "t_end": SHORT},
            free=("t_end",),
            covers=HIDING,
            question=Typed(
                ask="How many times smaller is the sd of θ₀ with T = 200 ms?",
                hint="It is more than the square root of two, since late spikes tell more than early ones.",
                right="A small error in θ₀ adds up from spike to spike, so late spikes tell the most.",
                near="That is nearly it: late spikes tell more than early ones.",
                far="The gain lies between the square root of two and a little more than two.",
                number=Number(name="gain", symbol="times smaller", default=1, least=0, most=1000),
                truth=_gain,
                close=0.25,
                rough=0.6,
            ),
            claims=(Claim("T = 200 ms", lambda: LONG),),
        ),
        Step(
            title="A truth at the edge",
            text=(
                "The prior is zero outside its box, where θ₀ ends at 1. Now the truth has θ₀ = 1 and θ₁ = 0.4, on "
                "this edge.",
            ),
            page="Uncertainty",
            sets={**ALONE, **EDGE},
            covers=HIDING,
            question=Choice(
                ask="What does the posterior look like?",
                hint="Think of which places the prior allows on each side of the truth.",
                options=(
                    Option(
                        "an ellipse around the truth",
                        "Half of such an ellipse would lie outside the box, where the prior is zero.",
                    ),
                    Option(
                        "cut off at the edge",
                        "It lies on one side of the edge only, so its mean lies inside and not at the truth. No "
                        "Gaussian has this shape. Here noise has pushed it so far that the truth is outside of the "
                        "90 % line, as happens to one truth in ten.",
                    ),
                    Option(
                        "spread over the whole box",
                        "The data still exclude nearly all of the box: the edge takes away, it does not add.",
                    ),
                ),
                truth=_at_edge,
            ),
            claims=(Claim("ends at 1", lambda: published_prior().upper[0]), Claim("90 %", lambda: 100 * HELD)),
            holds=(lambda: _truth_at({**ALONE, **EDGE}) > HELD,),
        ),
        Step(
            title="A silent neuron",
            text=(
                "With ζ = 0 and θ₀ = 0.8 the neuron fires 1 spike at the beginning, and is silent from then on. What "
                "the data show is mostly the constant potential at which it rests.",
            ),
            page="Uncertainty",
            sets={**ALONE, **SILENT},
            covers=HIDING,
            question=Choice(
                ask="What does the posterior look like?",
                hint="Count the numbers that a constant potential can tell, and the unknown ones.",
                options=(
                    Option(
                        "a small round spot",
                        "For this both parameters would have to be known, and a constant potential tells one number.",
                    ),
                    Option(
                        "a long ridge",
                        "The resting potential fixes one combination of θ₀ and θ₁ well. Along the ridge only the one "
                        "spike at the beginning tells them apart, and it tells little.",
                    ),
                    Option(
                        "several separate spots",
                        "Separate spots belong to different numbers of spikes, and here there is hardly any.",
                    ),
                ),
                truth=_long,
            ),
            claims=(Claim("1 spike", lambda: facts.spikes_of(SILENT["theta0"], zeta=SILENT["zeta"])),),
        ),
        Step(
            title="The wrong noise",
            text=(
                "Noise with ρ = 0.8 changes slowly: neighbouring samples are wrong in the same direction. White noise "
                "would be drawn anew for each sample.",
                "The picture takes the noise as white. You can switch the noise model after your answer.",
            ),
            page="Uncertainty",
            sets=WHITE,
            free=("misfit",),
            covers=HIDING,
            question=Choice(
                ask="What happens to the area of the region if the noise is taken as white?",
                hint="White noise makes every sample tell something new. With ρ near one, neighbours tell the same.",
                options=(
                    Option(
                        "it gets too small",
                        "Neighbouring samples repeat each other, but are counted as independent. The area is 0.78 "
                        "times the right one, and it lies elsewhere: the truth is even outside of the 90 % line.",
                    ),
                    Option("it gets too large", "Fewer independent samples would do this: here too many are counted."),
                    Option("it stays the same", "The same samples count differently if they are taken as independent."),
                ),
                truth=_white_is,
            ),
            claims=(Claim("90 %", lambda: 100 * HELD), Claim("is 0.78 times", _white_area)),
            holds=(lambda: _truth_at(WHITE) > HELD,),
        ),
        Step(
            title="What you know now",
            text=(
                "A posterior is what data and prior leave possible. It can be a needle, a ridge, or cut off; its size "
                "is only right if the noise is.",
                "Move the truth, the noise and the window, and predict the shape before you let go.",
            ),
            page="Uncertainty",
            sets=ALONE,
            free=("theta0", "theta1", "zeta", "sigma", "rho", "t_end", "misfit", "whole_prior", "compared"),
        ),
    ),
)
