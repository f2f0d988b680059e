"""What the Train page shows before a training: the prior on the plane of θ, what a map learns from it, and the form."""

from collections.abc import Mapping

import numpy as np

from core.maps.dataset import TRAINING_STREAM
from core.maps.test_sets import N_TEST, published_test_set
from core.published import N_TIMES, T_END, published_prior
from core.symbols import symbol_of
from dashboard.figures import training as figures
from dashboard.maps import shipped_maps
from dashboard.pictures import prior_story
from dashboard.pictures.controls import Control, box, button, drop_down, text
from dashboard.pictures.shown import Plot, Shown
from dashboard.scene.experiment import Experiment
from dashboard.scene.scene import Scene
from dashboard.scene.training import (
    CENTRE,
    COLUMNS,
    ENDS,
    NOISE,
    NUMBERS,
    OWN_PRESET,
    PARAMETERS,
    PRESETS,
    Form,
)
from dashboard.scene.training_choices import CHOICES
from dashboard.wording.numbers import compact, count, fixed
from dashboard.wording.training import about_choices, about_duration, about_prior, about_ranges

QUESTION = "What does a map learn from another prior?"
MOST_DOTS = 500  # of the training samples and of the test samples, the first ones
# The shipped map whose card says how long a training of a network takes.
TIMED = {"wide": "best", "cnn": "cnn-noisy", "dense": "dense-noisy"}
SECONDS_ASIDE = 10.0  # to start a training, and to test its map
FENCE = (0.8, 0.6)  # θ outside the box of the shipped map narrow

Group = dict[str, object]


def head(scene: Scene) -> Shown:
    """Return the question, and what a map of the prior on screen would learn."""
    form = scene.holdings.training
    why = [
        "A training sample is a θ drawn from the prior, and the noisy trace simulated from it. The network of an "
        "inverse map learns to tell θ from the trace. It never meets a θ that the prior leaves out.",
        f"Dark dots: {_dots_shown(form)} Blue dots: {count(MOST_DOTS)} of the {count(N_TEST)} test samples, whose θ "
        "always come from the published prior.",
        "The box holds every θ of the prior; the ellipse reaches one sd to each side. Drag the middle to move the "
        "prior, a corner to change the box, a diamond to change the sd. Or type into the boxes on the right.",
        "Why no estimate leaves the box: the network’s last layer gives a place in it, from 0 to 1 along each side.",
    ]
    answer = f"{about_prior(form.prior)} {prior_story.at_a_glance(scene)}".rstrip()
    return Shown("head", question=QUESTION, answer=answer, why=why)


def _n(form: Form) -> int:
    """Return the number of training samples, or the default where it cannot be read."""
    try:
        return int(form.number("train_samples"))
    except ValueError:
        return int(NUMBERS["train_samples"].default)


def _dots_shown(form: Form) -> str:
    n = _n(form)
    shown = f"all {count(n)}" if n <= MOST_DOTS else f"{count(MOST_DOTS)} of the N = {count(n)}"
    return f"{shown} training samples."


def expected_seconds(form: Form) -> float | None:
    """Return how long the training takes, or None where it cannot be known."""
    timed = shipped_maps()[0].get(TIMED[form.text("train_network")])
    try:
        n, epochs = form.number("train_samples"), form.number("train_epochs")
    except ValueError:
        return None
    if timed is None or timed.card["training"].get("device") == "cuda":  # a GPU’s time says nothing of a processor’s
        return None
    each = timed.card["training"]["seconds"] / (timed.recipe.data.n * timed.recipe.optimiser.epochs)
    return SECONDS_ASIDE + n * epochs * each


def picture(scene: Scene) -> Shown:
    """Return the plane of θ, where the hand moves the prior."""
    form, published = scene.holdings.training, published_prior()
    # The very samples of a training's first epoch, but for those that diverge, in the order in which they are drawn.
    samples = form.prior.sample(min(_n(form), MOST_DOTS), np.random.default_rng([TRAINING_STREAM, 0, 0]))
    names, view, prior = PARAMETERS, form.view, form.prior
    x, y = (min(max(mean, low), high) for mean, (low, high) in zip(prior.mean, view, strict=True))
    ends = [min(mean + sd, high) for mean, sd, (_, high) in zip(prior.mean, prior.sd, view, strict=True)]
    corners = {
        (getattr(prior, one)[0], getattr(prior, other)[1]): (f"train_{names[0]}_{one}", f"train_{names[1]}_{other}")
        for one in ("lower", "upper")
        for other in ("lower", "upper")
    }
    handles = [((x, y), CENTRE), *corners.items(), ((ends[0], y), (ENDS[0], "")), ((x, ends[1]), ("", ENDS[1]))]
    figure = figures.prior_plane(
        prior,
        published,
        samples,
        published_test_set().theta[:MOST_DOTS],
        view,
        ([(x, y)], list(corners), [(ends[0], y), (x, ends[1])]),
    )
    cross = button(
        "fence",
        "See a map fail outside its prior",
        value=True,
        help=f"Opens the page Inverse map with the shipped map “narrow” and the truth at ({compact(FENCE[0])}, "
        f"{compact(FENCE[1])}), outside its box: drag the truth across the violet fence there.",
    )
    return Shown("train-prior", [Plot("prior", figure, handles=handles)], tools=[cross])


def form(scene: Scene, name: str, problem: str, refused: str) -> list[Group]:
    """Return the groups of the form.

    name: of the map, as it was typed or as it is free. problem: what is wrong with it. refused: why the last training
    was not started.
    """
    typed, experiment = scene.holdings.training, scene.experiment
    seconds = expected_seconds(typed)
    presets = {**({OWN_PRESET: "as typed"} if typed.preset == OWN_PRESET else {}), **{each: each for each in PRESETS}}
    own_noise = typed.text("train_noise") == "own"
    constants = "ζ and γ"
    if not experiment.hidden:
        constants = f"ζ = {compact(experiment.zeta)} and γ = {compact(experiment.gamma)}"
    length = f"A trace lasts {fixed(T_END, 0)} ms, with {count(N_TIMES)} time points."
    varied = typed.text("train_estimates") == "four" or typed.text("train_constants") == "given"
    known = about_ranges() if varied else f"{constants} are those of the sidebar."
    return [
        {
            "title": "",
            "columns": 2,
            "items": [
                box("train_name", "name of the map", name, problem),
                _choice(typed, "train_network", "network"),
                _number(typed, "train_samples", "N"),
                _number(typed, "train_epochs"),
                drop_down("train_preset", "length", typed.preset, presets),
                _choice(typed, "train_noise", "noise in training"),
                _choice(typed, "train_estimates", "estimates"),
                *([] if typed.text("train_estimates") == "four" else [_choice(typed, "train_constants", "ζ and γ")]),
                _choice(typed, "train_inputs", "the network gets"),
                _choice(typed, "train_head", "the network gives"),
            ],
        },
        {"title": "", "items": [text(" ".join(about_choices(typed.chosen))), text(_disagreement(typed, experiment))]},
        {"title": "Prior of θ: Gaussian, cut off at the bounds", "columns": 4, "items": _boxes(typed, PARAMETERS)},
        *(
            [{"title": "Noise: Gaussian, cut off at the bounds", "columns": 4, "items": _boxes(typed, NOISE)}]
            if own_noise
            else ()
        ),
        {
            "title": "",
            "items": [
                text(f"{known} {length}"),
                text("" if seconds is None else about_duration(seconds)),
                button("train_start", "Train", value=True, primary=True),
                text(refused),
            ],
        },
    ]


def _choice(form: Form, name: str, label: str) -> Control:
    return drop_down(name, label, form.text(name), CHOICES[name])


def _disagreement(form: Form, experiment: Experiment) -> str:
    """Return the recipe's sentence where two choices do not agree; a number that is wrong has its own at its box."""
    if form.problems:
        return ""
    try:
        form.recipe(experiment.zeta, experiment.gamma)
    except ValueError as error:
        return str(error)
    return ""


def _number(form: Form, name: str, symbol: str = "") -> Control:
    return box(name, NUMBERS[name].label, form.text(name), form.problems.get(name, ""), symbol)


def _boxes(form: Form, names: tuple[str, ...]) -> list[Control]:
    """Return the boxes of a distribution, a row for each parameter."""
    units: Mapping[str, str] = {"sigma": " [ms]"}
    return [
        box(
            f"train_{name}_{column}",
            f"{column}{units.get(name, '')}",
            form.text(f"train_{name}_{column}"),
            form.problems.get(f"train_{name}_{column}", ""),
            symbol_of(name),
        )
        for name in names
        for column in COLUMNS
    ]
