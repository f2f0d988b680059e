"""Lesson: an inverse map depends on the prior that it was trained on; so does a posterior, in another way."""

from dataclasses import replace
from typing import Any

import numpy as np

from core.published import published_prior
from dashboard.lessons.estimates import miss_of, off_and_sd, place_of, sds_off, shipped_map, with_settings
from dashboard.lessons.lesson import Claim, Lesson, Step
from dashboard.lessons.questions import Choice, Option, Pin
from dashboard.pictures.posterior import posterior_of
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.training import CENTRE, COLUMNS, ENDS, PARAMETERS
from dashboard.wording import entries

NARROW, BEST = "narrow", "best"
INSIDE = {"theta0": 0.2}
OUTSIDE: dict[str, Any] = {"theta0": 0.8, "theta1": 0.6}
NARROW_PRIOR = {"prior_width": 0.1, "whole_prior": True, "compared": (entries.PRIOR,)}
WEAK = {"sigma": 0.3, "t_end": 40.0}
BOXES = tuple(f"train_{name}_{column}" for name in PARAMETERS for column in COLUMNS)
FORM = (*BOXES, *CENTRE, *ENDS, "train_name", "train_preset", "train_start", "train_stop", "train_watched")
HIDING = ("posterior", "table", "said")
NEAR, FAR = 0.15, 0.85  # shares of the way from the truth to the prior's mean


def _outside(scene: Scene) -> tuple[float, float]:
    return place_of(NARROW, with_settings(scene, **OUTSIDE).experiment)


def _is_in_its_box_but_not_in_the_corner() -> bool:
    """Return whether the map's estimate of the new truth lies nearer to the box's middle than to the truth's corner."""
    lower, upper = shipped_map(NARROW).recipe.task.law.bounds.T
    corner, middle = np.clip((OUTSIDE["theta0"], OUTSIDE["theta1"]), lower, upper), (lower + upper) / 2
    found = np.array(place_of(NARROW, replace(Experiment(), **OUTSIDE)))
    is_inside = bool(np.all((lower <= found) & (found <= upper)))
    return is_inside and bool(np.linalg.norm(found - middle) < np.linalg.norm(found - corner))


def _how_sure(scene: Scene) -> int:
    off = sds_off(NARROW, scene.experiment)
    return 0 if off < 2 else 1 if off < 10 else 2


def _where(scene: Scene) -> int:
    """Return 0 where the posterior's mean of θ₀ is at the truth, 2 at the prior's mean, 1 in between."""
    found, true = posterior_of(scene), scene.experiment.theta0
    share = (found.mean[0] - true) / (found.problem.prior.mean[0] - true)
    return 0 if share < NEAR else 1 if share < FAR else 2


def _what_helps(scene: Scene) -> int:
    """Return 0 where the map of the wide prior is nearer to the truth than that of the narrow one."""
    return 0 if miss_of(BEST, scene.experiment) < miss_of(NARROW, scene.experiment) else 1


PRIOR = Lesson(
    "prior",
    "Another prior, another map: retrain it, and see it move",
    "You can say what the prior does to an inverse map and to a posterior, and train a map on a prior of your own.",
    (
        Step(
            title="Out of the box",
            text=(
                "The map “narrow” was trained only on θ in the small box that carries its name. The truth lies in this "
                "box, at θ₀ = 0.2 and θ₁ = 0.4, and “narrow” finds it.",
                "Now the truth moves to θ₀ = 0.8 and θ₁ = 0.6.",
            ),
            page="Inverse map",
            sets=INSIDE,
            then=OUTSIDE,
            shows=("estimates",),
            question=Pin(
                ask="Drop a pin where narrow will put its estimate of the new truth.",
                hint="Its last layer gives a place in the box of its prior, whatever the trace is.",
                right="It stays in its box. Where exactly is chance: it has never met a trace like this.",
                near="It stays in its box, and not even in the corner next to the truth: this trace is new to it.",
                far="Its estimates cannot leave the box in which all θ of its training lay.",
                plot="estimates",
                pinned="The estimate of narrow",
                truth=_outside,
                close=0.16,
                rough=0.36,
            ),
            claims=(Claim("θ₀ = 0.8", lambda: OUTSIDE["theta0"]), Claim("θ₁ = 0.6", lambda: OUTSIDE["theta1"])),
            holds=(_is_in_its_box_but_not_in_the_corner,),
        ),
        Step(
            title="Is it sure of it?",
            text=(
                "The truth now lies outside the box. “narrow” also gives a standard deviation (sd) with its estimate: "
                "how far off it expects to be.",
            ),
            page="Uncertainty",
            sets={**OUTSIDE, "compared": (NARROW,), "whole_prior": True},
            covers=HIDING,
            question=Choice(
                ask="How far does its estimate of θ₀ lie off the truth?",
                hint="It learned its sd from traces of its box too. None of them was like this one.",
                options=(
                    Option("less than two of its sds", "Then its sd would have grown a lot, which it never learned."),
                    Option("a few of its sds", "It is surer than that, since the sds in its training were all small."),
                    Option(
                        "more than ten of its sds",
                        "It is off by 0.49 with an sd of 0.012: wrong, and sure of it. A learned sd holds for traces "
                        "of the training alone.",
                    ),
                ),
                truth=_how_sure,
            ),
            claims=(
                Claim("by 0.49", lambda: off_and_sd(NARROW, replace(Experiment(), **OUTSIDE))[0]),
                Claim("of 0.012:", lambda: off_and_sd(NARROW, replace(Experiment(), **OUTSIDE))[1]),
            ),
        ),
        Step(
            title="The same for a posterior",
            text=(
                "A posterior has a prior too. Here its prior is made narrower: its sd is multiplied by w = 0.1, while "
                "its box stays. Its mean is θ₀ = 0.4, and the truth θ₀ = 0.8 lies far from it.",
                "The recording is long, T = 200 ms, with little noise.",
            ),
            page="Uncertainty",
            sets={**OUTSIDE, **NARROW_PRIOR},
            covers=HIDING,
            question=Choice(
                ask="Where does the mean of the posterior lie?",
                hint="The prior pulls, and each of many samples pulls as well. Compare their number.",
                options=(
                    Option(
                        "at the truth",
                        "This prior makes the truth unlikely but not impossible, and the samples outweigh it. A map "
                        "that has never seen such a θ has no such choice.",
                    ),
                    Option("halfway", "It would be, if prior and data were equally strong: these data are stronger."),
                    Option("at the prior’s mean", "This needs a stronger prior, or weaker data."),
                ),
                truth=_where,
            ),
            claims=(Claim("mean is θ₀ = 0.4", lambda: published_prior().mean[0]),),
        ),
        Step(
            title="Weaker data",
            text=(
                "The same prior and the same truth, but a short recording with strong noise: T = 40 ms and σ = 0.3 ms.",
            ),
            page="Uncertainty",
            sets={**OUTSIDE, **NARROW_PRIOR, **WEAK},
            covers=HIDING,
            question=Choice(
                ask="Where does the mean of the posterior lie now?",
                hint="The pull of the prior is as strong as before. There are fewer samples, and each is less exact.",
                options=(
                    Option("at the truth", "These data are too weak to outweigh a prior so far away and so narrow."),
                    Option("halfway", "Here the loss has valleys: the posterior lies in one, and not in between."),
                    Option(
                        "at the prior’s mean",
                        "Where the data tell little, the prior decides. This is as it should be, if the prior is "
                        "right.",
                    ),
                ),
                truth=_where,
            ),
        ),
        Step(
            title="What would help the map?",
            text=("Back to “narrow” and the truth at θ₀ = 0.8 and θ₁ = 0.6. You may train another map in its place.",),
            page="Inverse map",
            sets=OUTSIDE,
            covers=("estimates", "spread", "resimulated", "table"),
            question=Choice(
                ask="Which change lets a map find this truth?",
                hint="Think of what “narrow” has never seen, however long it was trained.",
                options=(
                    Option(
                        "a wider prior",
                        "A map can only give what its training held. “best”, trained on the whole published prior, is "
                        "near.",
                    ),
                    Option("more samples", "More samples from the same box hold nothing from outside of it."),
                    Option("a larger network", "A larger network learns the same box more exactly."),
                ),
                truth=_what_helps,
            ),
        ),
        Step(
            title="Train a map on your prior",
            text=(
                "Drag the corners of the box and the middle of the prior to where your map should look. The dark dots "
                "are samples of its training.",
                "Choose the length “quick” and press “Train”. It takes a minute or two. You can turn to the next step "
                "meanwhile.",
            ),
            page="Train",
            free=FORM,
        ),
        Step(
            title="See it move",
            text=(
                "Your map is in the table once it is trained, with its own box on the plane. Move the truth across the "
                "edge of that box, and watch its estimate.",
                "A posterior weighs prior and data anew for each trace. A map has learned its prior, and keeps it.",
            ),
            page="Inverse map",
            sets=OUTSIDE,
            free=("theta0", "theta1"),
        ),
    ),
)
