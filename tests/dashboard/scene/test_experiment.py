from dataclasses import fields, replace
from itertools import permutations, product
from types import SimpleNamespace

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.optimisation.basins import basins, explore, start_grid
from core.optimisation.methods import METHODS
from core.optimisation.minima import map_estimate
from dashboard.scene import experiment as state
from dashboard.scene.experiment import MOST_STARTS, PRESETS, QUANTITIES, Experiment, change, from_address, to_address
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of
from tests.reference import reference_solution

SYMBOLS = {
    "theta0": "θ₀",
    "theta1": "θ₁",
    "zeta": "ζ",
    "gamma": "γ",
    "sigma": "σ",
    "rho": "ρ",
    "t_end": "T ",
    "seed": "seed",
    "candidate_theta0": "θ₀",
    "candidate_theta1": "θ₁",
    "candidate_zeta": "ζ",
    "candidate_gamma": "γ",
}


def random_number(rng, field):
    least, most = QUANTITIES[field].least, QUANTITIES[field].most
    if field == "seed":
        return int(rng.integers(most + 1))
    if field == "t_end":  # ends on a sample
        return round(int(rng.integers(10, 5001)) * 0.2, 6)
    special = [value for value in (least, most, 0.0, -0.0, 1 / 3, 5e-324) if least <= value <= most]
    return float(rng.choice(special) if rng.random() < 0.3 else rng.uniform(least, most))


def random_experiment(rng):
    numbers = {field: random_number(rng, field) for field in QUANTITIES}
    n_starts = int(rng.integers(MOST_STARTS + 1))
    axis_x, axis_y = rng.permutation(PARAMETER_NAMES)[:2].tolist()
    return Experiment(
        **numbers,
        hidden=bool(rng.integers(2)),
        regularised=bool(rng.integers(2)),
        limit=bool(rng.integers(2)),
        noise_known=bool(rng.integers(2)),
        whole_prior=bool(rng.integers(2)),
        below=str(rng.choice(["prediction", "profiles", "noise", "calibration"])),
        axis_x=axis_x,
        axis_y=axis_y,
        misfit=str(rng.choice(["ar1", "white"])),
        methods=tuple(method for method in METHODS if rng.random() < 0.5) or ("Adam",),
        starts=tuple(
            (float(x), float(y)) for x, y in rng.choice([rng.uniform(-100, 100), -0.0, 5e-324], (n_starts, 2))
        ),
        adding=bool(rng.integers(2)),
        beside=str(rng.choice(["fit", "surface", "race", "basins"])),
        explorer=str(rng.choice(list(METHODS))),
        explored=str(rng.choice(["grid-15", "prior-400"])),
        test_view=str(rng.choice(["scatter", "noise", "samples", "errors"])),
        regime=str(rng.choice(["noisy-noisy", "clean-noisy", "clean-clean"])),
        test_map=str(rng.choice(["", "best", "größer & kleiner=?#%"])),
        own_maps=str(rng.choice(["", "my-map-1,Zweite Karte", "größer & kleiner=?#%"])),
    )


def test_an_address_brings_back_every_digit():
    rng = np.random.default_rng(1)
    experiments = [random_experiment(rng) for _ in range(200)]
    written = [repr(experiment) for experiment in experiments]
    # The draw holds what the test is about; repr tells −0.0 from 0.0 and 1 from 1.0.
    assert any("-0.0," in text for text in written)
    assert any(not -0.2 <= experiment.theta0 <= 1.0 for experiment in experiments)
    for experiment, text in zip(experiments, written, strict=True):
        back, sentences = from_address(to_address(experiment))
        assert repr(back) == text
        assert sentences == ()


def test_the_defaults_are_the_published_set_up():
    experiment, sentences = from_address("")
    assert sentences == ()
    # Rudi, Bessac and Lenzi: prior mean (0.4, 0.4), ζ = −0.4, γ = 3, 1,000 samples, σ/Δt = 0.07/0.2, ρ = 0.8.
    assert experiment.parameters == (0.4, 0.4, -0.4, 3.0)
    assert (experiment.n_times, experiment.rho) == (1000, 0.8)
    assert experiment.marginal_sd == pytest.approx(0.35, rel=1e-15)


@pytest.mark.parametrize("field", SYMBOLS)
@pytest.mark.parametrize("text", ["abc", "nan", "inf", "-inf", "1e999", "-1e999", "0.4.4", "1,2,3", "0x10", "4e9"])
def test_an_invalid_number_becomes_a_sentence_and_changes_nothing(field, text):
    before = Experiment(starts=((0.1, 0.2),))
    after, sentences = change(before, {field: text})
    assert after == before
    assert len(sentences) == 1
    assert SYMBOLS[field] in sentences[0]


@pytest.mark.parametrize("field", SYMBOLS)
def test_an_invalid_number_in_an_address_leaves_the_default(field):
    after, (sentence,) = from_address(f"{field}=%E2%88%92x&hidden=1")
    assert after == Experiment(hidden=True)
    assert SYMBOLS[field] in sentence
    assert "−x" in sentence


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("gamma", "0"), ("gamma", "-3"), ("sigma", "-0.01"), ("rho", "1"), ("rho", "-1"), ("t_end", "1.9"),
        ("t_end", "1000.1"), ("seed", "-1"), ("seed", "1.5"), ("seed", "2147483648"), ("theta0", "1000.001"),
    ],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_refused(field, text):
    after, (sentence,) = change(Experiment(), {field: text})
    assert after == Experiment()
    assert SYMBOLS[field] in sentence
    assert text in sentence


@pytest.mark.parametrize(
    ("field", "value"),
    [("hidden", "maybe"), ("regularised", "2"), ("misfit", "grey"), ("axis_x", "theta2"), ("regime", ""), ("bogus", 1)],
)
def test_an_invalid_choice_becomes_a_sentence_that_names_it(field, value):
    after, (sentence,) = change(Experiment(), {field: value})
    assert after == Experiment()
    assert field.split("_")[0] in sentence.lower()


def test_valid_parts_are_taken_beside_invalid_ones():
    after, sentences = change(Experiment(), {"theta0": "0.1", "gamma": "x", "hidden": True, "rho": "y"})
    assert after == replace(Experiment(), theta0=0.1, hidden=True)
    assert len(sentences) == 2
    assert "γ" in sentences[0]
    assert "ρ" in sentences[1]


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("theta0", "0,5", 0.5),
        ("theta1", "−0.25", -0.25),
        ("zeta", " −0,7 ", -0.7),
        ("gamma", "\u00a03.5\u2009", 3.5),
        ("theta0", "+2", 2.0),
        ("sigma", "1e-3", 0.001),
        ("theta0", "−0", -0.0),
        ("seed", "12.0", 12),
        # The window ends on a sample: 100.09 ms is 500.45 intervals of 0.2 ms.
        ("t_end", "100.09", 100.0),
        ("t_end", "100,11", 100.2),
    ],
)
def test_typed_text_is_read_as_people_write_numbers(field, text, value):
    after, sentences = change(Experiment(), {field: text})
    assert sentences == ()
    assert repr(getattr(after, field)) == repr(value)


def test_the_axes_never_coincide():
    wishes = (None, *PARAMETER_NAMES)
    for (x, y), new_x, new_y in product(permutations(PARAMETER_NAMES, 2), wishes, wishes):
        before = Experiment(axis_x=x, axis_y=y, starts=((0.1, 0.2),))
        wanted = {"axis_x": new_x, "axis_y": new_y}
        after, sentences = change(before, {field: name for field, name in wanted.items() if name})
        assert sentences == ()
        assert after.axis_x != after.axis_y
        # Only two wishes for the same parameter cannot both come true.
        if new_x:
            assert after.axis_x == new_x
        if new_y and new_y != new_x:
            assert after.axis_y == new_y
        # A start is a point on the old plane.
        assert (after.starts == ()) == (after.axes != before.axes)


@pytest.mark.parametrize("field", ["theta0", "start", "starts"])
def test_no_long_text_meets_the_pattern_of_a_number(field, monkeypatch):
    """A pattern that backtracks takes 14 s for these 32,000 digits, and holds every visitor meanwhile."""
    matched = []
    monkeypatch.setattr(state, "_NUMBER", SimpleNamespace(fullmatch=lambda text: matched.append(text)))
    after, (sentence,) = change(Experiment(), {field: "1" * 32_000 + "x,1"})
    assert after == Experiment()
    assert len(sentence) < 150
    assert matched == []
    change(Experiment(), {field: "1,2"})
    assert matched


def test_a_number_of_more_than_forty_characters_is_refused_whatever_it_is():
    digits = "0." + "3" * 38
    assert change(Experiment(), {"theta0": digits})[0].theta0 == 1 / 3
    after, (sentence,) = change(Experiment(), {"theta0": digits + "3"})
    assert after == Experiment()
    assert sentence.startswith("θ₀ must be a number of at most 40 characters; “0.333333333333333333…” is longer.")


def test_a_comma_that_can_stand_between_thousands_is_not_guessed():
    after, (sentence,) = change(Experiment(), {"theta0": "1,234"})
    assert after == Experiment()
    assert sentence.startswith(
        "θ₀ can be read in two ways: write “1,234” with a point, or without marks for thousands."
    )


def test_many_parts_that_are_not_valid_give_few_short_sentences():
    after, sentences = from_address("&".join(f"part{i}={'x' * 30}" for i in range(180)))
    assert after == Experiment()
    assert len(sentences) == 9
    assert sentences[-1] == "Parts that are not valid either: 172."
    assert max(map(len, from_address(f"upload={'x' * 7000}")[1])) < 300
    assert change(Experiment(), {"test_map": "x" * 41})[0] == Experiment()


def test_an_upload_does_not_travel_and_the_link_says_so():
    back, (sentence,) = from_address(to_address(Experiment(theta0=0.1, upload="patch clamp 7.csv")))
    assert back == Experiment(theta0=0.1)
    assert "patch clamp 7.csv" in sentence


def test_the_names_of_many_maps_travel():
    experiment = Experiment(own_maps=",".join(f"retina-{i:02d}" for i in range(30)))
    assert from_address(to_address(experiment)) == (experiment, ())


def test_a_click_replaces_the_starts_or_adds_one_up_to_five():
    once, _ = change(Experiment(), {"start": "0.1,0.2"})
    assert once.starts == ((0.1, 0.2),)
    assert change(once, {"start": "-0.3,1"})[0].starts == ((-0.3, 1.0),)
    more = replace(once, adding=True)
    for i in range(4):
        more, sentences = change(more, {"start": f"0.5,{i}"})
        assert sentences == ()
    assert more.starts == ((0.1, 0.2), (0.5, 0.0), (0.5, 1.0), (0.5, 2.0), (0.5, 3.0))
    after, (sentence,) = change(more, {"start": "0,0"})
    assert after == more
    assert sentence.startswith("At most 5 starts")


def test_the_first_start_turns_from_the_fit_to_the_race_and_later_ones_leave_the_choice():
    raced, _ = change(Experiment(), {"start": "0,0"})
    assert raced.beside == "race"
    assert change(replace(raced, beside="fit"), {"start": "1,1"})[0].beside == "fit"
    assert change(Experiment(beside="basins"), {"start": "0,0"})[0].beside == "basins"
    # A link holds what its sender chose.
    kept = replace(raced, beside="fit")
    assert from_address(to_address(kept)) == (kept, ())


def test_cleared_starts_travel():
    cleared, sentences = change(Experiment(starts=((0.1, 0.2),)), {"starts": ""})
    assert sentences == ()
    assert cleared.starts == ()
    assert from_address(to_address(cleared)) == (cleared, ())


@pytest.mark.parametrize(
    "text", ["abc", "1", "1,2,3", "0.1;0.2", "nan,0", "0,inf", "0.1,1e9", "1,2;", ";1,2", "0,0;" * 5 + "0,0", "0x1,1"]
)
def test_starts_that_make_no_sense_become_a_sentence_and_change_nothing(text):
    before = Experiment(starts=((0.1, 0.2),), beside="race")
    after, (sentence,) = change(before, {"starts": text})
    assert after == before
    assert "start" in sentence
    assert sentence.endswith("What was there stays.")


def test_methods_are_named_in_their_order_and_never_none():
    before = Experiment()
    assert change(before, {"methods": "Nelder–Mead, Adam,Adam"})[0].methods == ("Adam", "Nelder–Mead")
    for text, fragment in (("", "at least one"), ("Adam,Simplex", "“Simplex” is not a method")):
        after, (sentence,) = change(before, {"methods": text})
        assert after == before
        assert fragment in sentence


def hostile_queries():
    rng = np.random.default_rng(2)
    names = [field.name for field in fields(Experiment)] + ["", "theta0[]", "__class__", "parameters", "𝜃"]
    values = [
        "", "0", "1", "-0", "nan", "1e308", "1e-400", "9" * 500, "1_0", "%00", "%ff%fe", "%", "%u0040", "true", "None",
        "theta0", "zeta", "../../etc/passwd", "<script>", "';--", "٣", "½", "1+1", "\u202e1", "\n", "&&&", "=", ";",
    ]  # fmt: skip
    for _ in range(1500):
        parts = [f"{rng.choice(names)}={rng.choice(values)}" for _ in range(rng.integers(1, 8))]
        yield str(rng.choice(["&", "&", "&&", ";"])).join(parts)
    for _ in range(500):
        yield "".join(chr(code) for code in rng.integers(1, 0xD800, rng.integers(1, 60)))
    yield "theta0=" + "1" * 1_000_000
    yield "&".join(f"bogus{i}=1" for i in range(200_000))
    yield "a" * 5_000_000


def test_no_query_string_raises_or_leaves_an_impossible_experiment():
    for query in hostile_queries():
        experiment, sentences = from_address(query)
        assert all(isinstance(sentence, str) and sentence for sentence in sentences)
        assert len(sentences) <= 10
        assert max(map(len, sentences), default=0) < 300
        assert experiment.axis_x != experiment.axis_y
        for field, quantity in QUANTITIES.items():
            assert quantity.least <= getattr(experiment, field) <= quantity.most
        assert len(experiment.starts) <= MOST_STARTS
        assert np.all(np.abs(np.array(experiment.starts)) <= 100)
        assert set(experiment.methods) <= METHODS.keys()
        assert experiment.methods
        assert 10 <= experiment.n_times <= 5000


def crossings(name, **changes):
    preset = replace(PRESETS[name][1], **changes)
    u = reference_solution(preset.parameters, np.arange(preset.n_times) * 0.2)[:, 0]
    return int(np.sum((u[1:] > 1.5) & (u[:-1] <= 1.5))), u


def test_the_presets_do_what_their_sentences_say():
    assert crossings("Published default")[0] > 10
    assert crossings("Silent")[0] == 0
    count, u = crossings("Excited")
    assert count == 1
    assert u[500:].min() > 0
    edge = PRESETS["Near the bifurcation"][1]
    assert crossings("Near the bifurcation")[0] > 10
    assert crossings("Near the bifurcation", theta0=edge.theta0 + 0.01)[0] <= 1
    drowned = PRESETS["Drowned in noise"][1]
    assert drowned.marginal_sd > 0.95 * crossings("Drowned in noise")[1].std()


@pytest.mark.parametrize("method", ["L-BFGS-B", "Levenberg–Marquardt"])
def test_most_descents_of_the_preset_of_many_minima_end_in_a_wrong_one(method):
    """On the window that the inverse maps read. The lowest minimum is that of the survey of the whole box."""
    preset = PRESETS["Many minima"][1]
    assert preset.t_end == 200
    problem = problem_of(preset, observe(preset, None))
    starts = start_grid(problem.bounds, 5)
    found = basins(problem, method, starts, dict(explore(problem, method, starts)))
    lowest = float(problem.loss(map_estimate(problem).mean[0], problem.step))
    assert len(found.minima) >= 5
    assert np.mean(found.losses < lowest + 0.5) < 0.4
    assert np.mean(found.labels > 0) > 0.5
