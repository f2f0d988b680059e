import json
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pytest

from core.models.fitzhugh_nagumo.equations import PARAMETER_NAMES
from core.optimisation.methods import METHODS
from dashboard.background.optimisers import KINDS
from dashboard.scene.address import from_address, to_address
from dashboard.scene.changes import change
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.settings import MOST_STARTS, NUMBERS

STORED = Path(__file__).parents[1] / "addresses.json"


def random_number(rng, field):
    least, most = NUMBERS[field].least, NUMBERS[field].most
    if NUMBERS[field].whole:
        return int(rng.integers(most + 1))
    if field == "t_end":  # ends on a sample
        return round(int(rng.integers(10, 5001)) * 0.2, 6)
    special = [value for value in (least, most, 0.0, -0.0, 1 / 3, 5e-324) if least <= value <= most]
    return float(rng.choice(special) if rng.random() < 0.3 else rng.uniform(least, most))


def random_experiment(rng):
    numbers = {field: random_number(rng, field) for field in NUMBERS}
    n_starts = int(rng.integers(MOST_STARTS + 1))
    axis_x, axis_y = rng.permutation(PARAMETER_NAMES)[:2].tolist()
    return Experiment(
        **numbers,
        hidden=bool(rng.integers(2)),
        regularised=bool(rng.integers(2)),
        limit=bool(rng.integers(2)),
        noise_known=bool(rng.integers(2)),
        whole_prior=bool(rng.integers(2)),
        all_unknown=bool(rng.integers(2)),
        below=str(rng.choice(["prediction", "profiles", "noise", "calibration", "learned", "samplers", "covariances"])),
        axis_x=axis_x,
        axis_y=axis_y,
        misfit=str(rng.choice(["ar1", "white"])),
        methods=tuple(method for method in KINDS if rng.random() < 0.5) or ("Adam",),
        starts=tuple(
            (float(x), float(y)) for x, y in rng.choice([rng.uniform(-100, 100), -0.0, 5e-324], (n_starts, 2))
        ),
        compared=tuple(
            rng.permutation(["best", "MAP and Laplace", "größer & kleiner=?#%"])[: rng.integers(4)].tolist()
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


def test_cleared_starts_travel():
    cleared, sentences = change(Experiment(starts=((0.1, 0.2),)), {"starts": ""})
    assert sentences == ()
    assert cleared.starts == ()
    assert from_address(to_address(cleared)) == (cleared, ())


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
        for field, quantity in NUMBERS.items():
            assert quantity.least <= getattr(experiment, field) <= quantity.most
        assert len(experiment.starts) <= MOST_STARTS
        assert np.all(np.abs(np.array(experiment.starts)) <= 100)
        assert set(experiment.methods) <= KINDS.keys()
        assert experiment.methods
        assert 10 <= experiment.n_times <= 5000


@pytest.mark.parametrize("stored", json.loads(STORED.read_text()), ids=lambda stored: stored["query"][:40])
def test_an_address_of_an_earlier_version_shows_what_it_showed(stored):
    """The file was written before settings had a table: addresses good and bad, and what they led to."""
    experiment, sentences = from_address(stored["query"])
    fields_now = json.loads(json.dumps(asdict(experiment)))
    assert {name: fields_now[name] for name in stored["experiment"]} == stored["experiment"]
    assert list(sentences) == stored["sentences"]
    data = observe(experiment, None).data
    shown = {"n": data.size, "first": data[0], "last": data[-1], "sum": np.sum(data)}
    assert shown == pytest.approx(stored["data"], rel=1e-9)
