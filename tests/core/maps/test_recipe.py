import dataclasses
import json
import re

import pytest

from core.learning.training_settings import (
    Adam,
    Cnn,
    Dense,
    GaussianEstimate,
    GaussianLikelihood,
    InitialWeights,
    PointEstimate,
    Residual,
    Spectrum,
    SquaredError,
    TimeSeriesAndSpectrum,
    WhitenedTimeSeries,
    WhitenedTimeSeriesAndSpectrum,
)
from core.maps.inverse_map import PRETRAINED
from core.maps.recipe import Fixed, NewNoise, NewSimulations
from core.maps.recipe_file import recipe_as_json, recipe_from_json
from core.maps.recipes import (
    PUBLISHED_DENSE,
    best_recipe,
    conditional_recipe,
    conditional_task,
    fitzhugh_nagumo_task,
    four_recipe,
    gaussian_recipe,
    joint_recipe,
    narrow_recipe,
    our_covariance_recipe,
    our_joint_recipe,
    our_recipe,
    point_recipe,
    published_covariance_recipe,
    published_joint_recipe,
    published_recipe,
    published_task,
    quick_recipe,
    window_recipe,
)
from core.maps.train import key_of
from core.noise import Noise
from core.priors import TruncatedGaussian
from core.published import published_noise_prior, published_prior

POINT = point_recipe(published_task(), Cnn(), 200, Adam(12))
GAUSSIAN = gaussian_recipe(published_task(), Dense((64, 32)), NewSimulations(200), 12)
CLEAN = published_task(noisy=False)
WINDOW = dataclasses.replace(published_task(), n_times=(100, 2000))
ONLY_DENSE = "Only dense layers take known parameters or the length of a trace beside it: choose a dense body."


@pytest.mark.parametrize(
    ("recipe", "changes", "sentence"),
    [
        (
            POINT,
            {"loss": GaussianLikelihood()},
            "A Gaussian likelihood needs a Gaussian head: choose that head, or the squared error as the loss.",
        ),
        (
            GAUSSIAN,
            {"loss": SquaredError()},
            "The squared error teaches a Gaussian head no covariance: choose the Gaussian likelihood as the loss, or a "
            "point head.",
        ),
        (
            POINT,
            {"learned_steps": 1},
            "A learned step refines a Gaussian: choose a Gaussian head, or no learned step.",
        ),
        (
            GAUSSIAN,
            {"task": CLEAN},
            "A learned step weighs the misfit by the noise: choose noisy traces, or no such step.",
        ),
        (
            POINT,
            {"task": CLEAN, "data": NewNoise(200)},
            "Clean traces have no noise to draw anew: choose fixed data, new simulations, or noisy traces.",
        ),
        (
            GAUSSIAN,
            {"data": NewSimulations(200, 12)},
            "Simulations that last 12 epochs are never drawn anew in a training of 12: choose new noise, which is the "
            "same, or more epochs.",
        ),
        (
            gaussian_recipe(CLEAN, Dense((64, 32)), NewSimulations(200), 12),
            {"data": NewSimulations(200, 13)},
            "Simulations that last 13 epochs are never drawn anew in a training of 12: choose fixed data, which is the "
            "same, or more epochs.",
        ),
        (GAUSSIAN, {"learned_steps": 5}, "The number of learned steps must lie between 0 and 4; it is 5."),
        (GAUSSIAN, {"learned_steps": -1}, "The number of learned steps must lie between 0 and 4; it is −1."),
        (GAUSSIAN, {"learned_steps": True}, "The number of learned steps must be a whole number."),
        (GAUSSIAN, {"task": conditional_task(), "body": Cnn()}, ONLY_DENSE),
        (GAUSSIAN, {"task": WINDOW, "body": Residual((8,))}, ONLY_DENSE),
        *(
            (
                GAUSSIAN,
                {"task": WINDOW, "inputs": inputs},
                "Traces of different lengths have no common frequencies: choose the time series alone.",
            )
            for inputs in (Spectrum(), TimeSeriesAndSpectrum(), WhitenedTimeSeriesAndSpectrum(Noise(0.8, 0.35)))
        ),
        (
            POINT,
            {"keeps_last_epoch": "yes"},
            "A training needs to know whether it keeps its last epoch: true or false.",
        ),
        (GAUSSIAN, {"seed": -1}, "The seed must lie between 0 and 9,223,372,036,854,775,807; it is −1."),
        (GAUSSIAN, {"seed": None}, "The seed must be a whole number."),
        (GAUSSIAN, {"body": "cnn"}, "The body of a recipe must be of a known kind."),
    ],
)
def test_settings_that_contradict_each_other_are_refused(recipe, changes, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        dataclasses.replace(recipe, **changes)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Fixed(99), "The number of samples N must lie between 100 and 100,000; it is 99."),
        (lambda: NewNoise(100_001), "The number of samples N must lie between 100 and 100,000; it is 100,001."),
        (lambda: Fixed(200.5), "The number of samples N must be a whole number."),
        (lambda: NewSimulations(200, 0), "The number of epochs that simulations last must lie between 1 and 1,000; it "
                                         "is 0."),
        (lambda: Adam(0), "The number of epochs must lie between 1 and 1,000; it is 0."),
        (lambda: Adam(1001), "The number of epochs must lie between 1 and 1,000; it is 1,001."),
        (lambda: Adam(batch_size=True), "The number of epochs and the batch size must be whole numbers."),
        (lambda: Adam(learning_rate=float("inf")), "The learning rate must be a number above zero, and at most one."),
        (lambda: Adam(learning_rate=1.5), "The learning rate must be a number above zero, and at most one."),
        (lambda: Adam(betas=(0.9, 1.0)), "The betas of Adam must lie between 0 and 1, and below 1."),
        (lambda: Adam(betas=(0.9,)), "Adam needs two finite numbers as betas."),
        (lambda: Adam(gradient_clip=0.0), "The norm at which gradients are clipped must be a number above zero, or "
                                          "nothing."),
        (lambda: Adam(half_precision=1), "A training needs to know whether it works in half precision: true or false."),
        (lambda: Dense(()), "From 1 to 16 layers can have widths, each from 1 to 4,096."),
        (lambda: Residual((8, 0)), "From 1 to 16 layers can have widths, each from 1 to 4,096."),
        (lambda: Dense([8]), "The widths of layers must be whole numbers."),
        *((lambda dropout=dropout: Dense((8,), dropout),
           "The probability of dropout must be a number from 0 to below 1.")
          for dropout in (-0.1, 1.0, float("nan"), "0.2", None)),
        (lambda: GaussianLikelihood(1.5), "The β of a Gaussian likelihood must be a number from 0 to 1."),
        (lambda: WhitenedTimeSeries(None), "A whitened time series needs the noise that it is whitened for."),
        (lambda: WhitenedTimeSeries(Noise(0.5, 1e-50)), "The standard deviation of the noise that is whitened must lie "
                                                        "between 0.0001 and 10,000; it is 1e−50."),
    ],
)  # fmt: skip
def test_a_number_out_of_range_ends_in_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        make()


@pytest.mark.parametrize(("task", "data"), [(published_task(), NewNoise(200)), (CLEAN, Fixed(200))])
def test_a_training_that_ends_before_new_simulations_come_is_one_on_the_same(task, data):
    few, more = (quick_recipe(task, 200, epochs) for epochs in (4, 5))
    assert (few.data, more.data) == (data, NewSimulations(200))
    assert few.learned_steps == more.learned_steps == int(task.noise is not None)


def test_equal_recipes_are_written_alike():
    def recipe(number):
        unit = TruncatedGaussian(("theta0", "theta1"), *((number(value),) * 2 for value in (0, 1, -1, 1)))
        columns = ((number(0), number(1)), (number(1), number(1)), (-0.5, number(0)), (0.5, number(2)))
        noise = TruncatedGaussian(("rho", "sigma"), *columns)
        optimiser = Adam(5, learning_rate=number(1), betas=(number(0), number(0)), gradient_clip=number(1))
        made = gaussian_recipe(fitzhugh_nagumo_task(unit, noise, number(0), number(3)), Dense((8,)), Fixed(200), 5)
        inputs, loss = WhitenedTimeSeries(Noise(number(0), number(1))), GaussianLikelihood(number(1))
        return dataclasses.replace(made, optimiser=optimiser, inputs=inputs, loss=loss)

    assert recipe(int) == recipe(float)
    assert key_of(recipe(int)) == key_of(recipe(float))


RECIPES = {
    "published": published_recipe(Cnn(), 8000, noisy=True, seed=2),
    "published, clean": published_recipe(PUBLISHED_DENSE, 500, noisy=False),
    "ours": our_recipe(8000, noisy=True),
    "ours, clean": our_recipe(8000, noisy=False),
    "best": best_recipe(),
    "joint": joint_recipe(),
    "told": conditional_recipe(),
    "four": four_recipe(),
    "window": window_recipe(),
    "joint, published": published_joint_recipe(Spectrum(), 1000),
    "joint, published, both": published_joint_recipe(TimeSeriesAndSpectrum(), 8000, seed=1),
    "joint, ours": our_joint_recipe(8000),
    "mean and covariance, published": published_covariance_recipe(1000, noisy=False),
    "mean and covariance, ours": our_covariance_recipe(8000, noisy=True, seed=2),
    "dropout": point_recipe(published_task(), Dense((32,) * 8, 0.2), 1000, Adam()),
    "told and window": dataclasses.replace(
        window_recipe(), task=dataclasses.replace(conditional_task(), n_times=(100, 500), estimates_noise=True)
    ),
    "quick": quick_recipe(
        fitzhugh_nagumo_task(published_prior(), published_noise_prior(), zeta=-0.3, gamma=1 / 3), 123, 4
    ),
    "without precedent": dataclasses.replace(
        POINT, head=GaussianEstimate(), loss=GaussianLikelihood(0.25), initial_weights=InitialWeights.FLAT
    ),
}


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_survive_json(name):
    written = json.dumps(recipe_as_json(RECIPES[name]), allow_nan=False)
    assert recipe_from_json(json.loads(written)) == RECIPES[name]


def test_recipes_of_earlier_versions_keep_their_names():
    """As versions without given parameters, windows, dropout or kept last epochs wrote them, and named trainings."""
    keys = {
        "7385fb29465606ce": published_recipe(Cnn(), 8000, noisy=True),
        "8b91f67af2e5cafa": our_recipe(8000, noisy=False),
        "a55195fb3997d54b": narrow_recipe(),
    }
    for key, recipe in keys.items():
        assert key_of(recipe) == key
        content = recipe_as_json(recipe)
        assert content["task"].keys() == {"model", "prior", "known", "noise"}
        assert content["body"].keys() <= {"kind", "widths"}
        assert "keeps_last_epoch" not in content


@pytest.mark.parametrize("name", ["cnn-clean", "cnn-noisy", "dense-clean", "dense-noisy", "narrow"])
def test_recipes_of_cards_are_written_as_they_were_read(name):
    content = json.loads((PRETRAINED / f"{name}.json").read_text())["recipe"]
    assert recipe_as_json(recipe_from_json(content)) == content


def test_what_is_new_in_a_recipe_is_written_where_it_is_used():
    """JSON has no infinite numbers: the standard deviation of a uniform distribution is null."""
    told = recipe_as_json(RECIPES["told and window"])["task"]
    assert told["given"] == {"names": ["zeta", "gamma"], "mean": [-0.4, 3.5], "sd": [None, None],
                             "lower": [-0.8, 2.0], "upper": [0.0, 5.0]}  # fmt: skip
    assert (told["n_times"], told["estimates_noise"], told["known"]) == ([100, 500], True, {})
    assert recipe_as_json(RECIPES["four"])["task"]["prior"]["sd"] == [0.3, 0.4, None, None]
    assert recipe_as_json(RECIPES["dropout"])["body"]["dropout"] == 0.2
    assert "given" not in recipe_as_json(RECIPES["window"])["task"]
    assert recipe_as_json(RECIPES["joint, published"])["keeps_last_epoch"] is True
    keys = [key_of(recipe) for recipe in RECIPES.values()]
    assert len(set(keys)) == len(keys)


def test_the_seven_choices_of_the_published_networks_and_of_ours():
    assert POINT.head == PointEstimate()
    assert (POINT.initial_weights, POINT.optimiser.betas, POINT.optimiser.gradient_clip) == (
        InitialWeights.GLOROT, (0.9, 0.999), None
    )  # fmt: skip
    assert not POINT.optimiser.half_precision
    assert (GAUSSIAN.initial_weights, GAUSSIAN.optimiser.betas, GAUSSIAN.optimiser.gradient_clip) == (
        InitialWeights.FLAT, (0.9, 0.98), 0.5
    )  # fmt: skip
    assert GAUSSIAN.optimiser.half_precision
    assert GAUSSIAN.inputs == WhitenedTimeSeries(Noise(0.8, 0.07 / 0.2))
    # A learned step simulates at each estimate: only where simulations are not counted.
    assert (GAUSSIAN.learned_steps, our_recipe(8000, noisy=True).learned_steps, best_recipe().learned_steps) == (
        1, 0, 2
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda recipe: recipe.pop("task"), "The recipe is not complete: the recipe lacks task."),
        (lambda recipe: recipe["task"].pop("prior"), "The recipe is not complete: the task lacks prior."),
        (lambda recipe: recipe.update(nonsense=1),
         "The recipe has an entry that is not known: “nonsense”, in the recipe."),
        (lambda recipe: recipe["head"].update(widths=[8]),
         "The recipe has an entry that is not known: “widths”, in the head."),
        (lambda recipe: recipe["task"]["prior"].pop("sd"), "The recipe is not complete: the prior lacks sd."),
        (lambda recipe: recipe["task"]["prior"].update(sd=3),
         "The recipe is not valid: all entries of the prior must be lists."),
        (lambda recipe: recipe["task"]["prior"].update(sd=[0.3]),
         "Each parameter needs a mean, a standard deviation and two bounds."),
        (lambda recipe: recipe["task"]["prior"].update(mean=["0.4", 0.4]),
         "The distribution of θ₀ needs a finite mean and finite bounds."),
        (lambda recipe: recipe["task"].update(given=[]),
         "The recipe is not complete: the distribution of the given parameters must be an object with the entries "
         "names, mean, sd, lower, upper."),
        (lambda recipe: recipe["task"].update(given={"names": ["zeta"]}),
         "The recipe is not complete: the distribution of the given parameters lacks mean, sd, lower, upper."),
        (lambda recipe: recipe["task"].update(n_times=1000),
         "The smallest and the largest number of samples must be whole numbers."),
        (lambda recipe: recipe["task"].update(n_times=[100, 1e9]),
         "The smallest and the largest number of samples must be whole numbers."),
        (lambda recipe: recipe["task"].update(estimates_noise="yes"),
         "A task needs to know whether the noise is estimated: true or false."),
        (lambda recipe: recipe["task"].update(window=[1, 2]),
         "The recipe has an entry that is not known: “window”, in the task."),
        (lambda recipe: recipe["body"].update(dropout=None),
         "The probability of dropout must be a number from 0 to below 1."),
        (lambda recipe: recipe["optimiser"].update(dropout=0.1),
         "The recipe has an entry that is not known: “dropout”, in the optimiser."),
        (lambda recipe: recipe.update(learned_steps=5),
         "The number of learned steps must lie between 0 and 4; it is 5."),
        (lambda recipe: recipe["task"].update(known=[1]),
         "The recipe is not valid: the known values must be an object of names and numbers."),
        (lambda recipe: recipe["optimiser"].update(epochs="many"),
         "The number of epochs and the batch size must be whole numbers."),
        (lambda recipe: recipe.update(seed=True), "The seed must be a whole number."),
        (lambda recipe: recipe["body"].update(widths=[8] * 400),
         "From 1 to 16 layers can have widths, each from 1 to 4,096."),
        (lambda recipe: recipe.update(body={"kind": []}),
         "The body of a recipe must be of one of the kinds dense, cnn, residual."),
        (lambda recipe: recipe.update(initial_weights="zero"),
         "The initial weights of a recipe must be one of: Glorot uniform; uniform with variance 1/(3 inputs)."),
        (lambda recipe: recipe["inputs"]["noise"].update(rho="0.8"),
         "The recipe is not valid: the noise of the inputs must have finite numbers."),
        (lambda recipe: recipe["inputs"]["noise"].update(rho=1.0),
         "A noise needs a standard deviation above zero and a correlation ρ strictly between −1 and 1."),
        (lambda recipe: recipe.update(loss={"kind": "squared error"}), "The squared error teaches a Gaussian head no "
         "covariance: choose the Gaussian likelihood as the loss, or a point head."),
    ],
)  # fmt: skip
def test_a_recipe_of_a_file_that_is_not_valid_ends_in_a_plain_sentence(spoil, sentence):
    content = json.loads(json.dumps(recipe_as_json(GAUSSIAN)))
    spoil(content)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        recipe_from_json(content)
