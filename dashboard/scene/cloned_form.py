"""The form of the page Train for a recipe that was trained already."""

from dataclasses import replace

from core.learning.training_settings import Cnn, PointEstimate
from core.maps.recipe import Recipe
from core.maps.recipes import PUBLISHED_DENSE
from core.priors import TruncatedGaussian
from core.published import GAMMA, ZETA, published_noise_prior
from dashboard.scene.training import COLUMNS, NOISE, PARAMETERS, Form
from dashboard.scene.training_choices import INPUT_KINDS
from dashboard.wording.numbers import compact

NO_PLACE = "The form has no place for all settings of this training, so that it stays as it was."
DIGITS = 15  # that tell a number in double precision


def form_of(recipe: Recipe) -> tuple[Form, float, float]:
    """Return the form that describes a recipe, and the ζ and γ that it needs in the sidebar.

    Raises ValueError with a sentence where the form has no place for a setting.
    """
    task = recipe.task
    known = dict(task.known)
    zeta, gamma = known.get("zeta", ZETA), known.get("gamma", GAMMA)
    estimates = (
        "with-noise" if task.estimates_noise else "theta" if len(task.prior.names) == len(PARAMETERS) else "four"
    )
    noise = "clean" if task.noise is None else "published" if task.noise == published_noise_prior() else "own"
    network = {Cnn(): "cnn", PUBLISHED_DENSE: "dense"}.get(recipe.body, "wide")
    typed = {
        "train_estimates": estimates,
        "train_constants": "sidebar" if task.given is None else "given",
        "train_network": network,
        "train_inputs": next(name for name, each in INPUT_KINDS.items() if type(each) is type(recipe.inputs)),
        "train_head": "point" if isinstance(recipe.head, PointEstimate) else "gaussian",
        "train_noise": noise,
        "train_samples": str(recipe.data.n),
        "train_epochs": str(recipe.optimiser.epochs),
    }
    try:
        prior = task.prior.select(PARAMETERS)
        typed |= _columns(prior)
        if noise == "own" and task.noise is not None:
            typed |= _columns(task.noise.select(NOISE))
        form = replace(Form(typed), prior=prior)
        if form.recipe(zeta, gamma) == recipe:
            return form, zeta, gamma
    except ValueError:
        pass
    raise ValueError(NO_PLACE)


def _columns(law: TruncatedGaussian) -> dict[str, str]:
    return {
        f"train_{name}_{column}": compact(getattr(law, column)[i], DIGITS)
        for i, name in enumerate(law.names)
        for column in COLUMNS
    }
