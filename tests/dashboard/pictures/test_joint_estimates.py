"""The table of joint estimates: the published figures beside those that the experiment has stored."""

import pytest

from core.experiments.records import Key
from dashboard.pictures import joint_estimates

PARAMETERS = ("theta0", "theta1", "sigma", "rho")
INPUTS = {"time-series": "time series", "spectrum": "Fourier spectrum", "time-and-spectrum": "time and Fourier"}
SIZES = (1000, 8000)
NOISE = {"time-series": (-0.625, -0.9), "spectrum": (0.4, 0.5), "time-and-spectrum": (0.53, 0.57)}  # R² with N = 1,000
GAINS = (0.05, 0.0, -0.01)  # in R² between two inputs


@pytest.fixture
def store(results):
    """Return a function that stores figures of every estimator, with or without those of the shipped map."""

    def run(with_map):
        found = {}
        for inputs, noise in NOISE.items():
            for n in SIZES:
                for parameter, value in zip(PARAMETERS, (0.9, 0.8, *noise), strict=True):
                    found[Key("cnn-published", "r2", parameter, inputs, n)] = value + (n == 8000) * 0.05
        others = {"ours": ("time-and-spectrum", 8000), "posterior-noise-integrated-out": ("joint", None)}
        others |= {"joint": ("time-and-spectrum", None)} if with_map else {}
        for place, (estimator, (regime, n)) in enumerate(others.items()):
            for parameter in PARAMETERS:
                found[Key(estimator, "r2", parameter, regime, n)] = 0.81 + place / 20
        for parameter, gain in zip(PARAMETERS, GAINS, strict=False):
            found[Key("cnn-published", "r2_above_spectrum", parameter, "time-series", 1000)] = gain
        results("joint", {"seeds": [0, 1], "sizes": SIZES, "map": "a print" if with_map else None}, found)

    return run


@pytest.mark.parametrize("with_map", [True, False])
def test_the_table_holds_the_published_figures_beside_the_measured_ones(store, with_map):
    store(with_map)
    head, *rows = joint_estimates.picture().table
    assert head == ["estimator", "N", "sees", "R² θ₀", "R² θ₁", "R² σ", "R² ρ"]
    rows = {(row[0]["text"], *row[1:3]): row[3:] for row in rows}
    expected = [("retrained CNN", n, sees) for n in ("1,000", "8,000") for sees in INPUTS.values()]
    expected.append(("our network", "8,000", "time and Fourier"))
    expected += [("joint", "", "time and Fourier")] if with_map else []
    assert list(rows) == [*expected, ("exact posterior mean", "", "")]
    # In brackets as the talk has them.
    assert rows["retrained CNN", "1,000", "time series"] == [
        "0.900 (0.914)", "0.800 (0.812)", "−0.625 (−0.620)", "−0.900 (−0.800)",
    ]  # fmt: skip
    assert rows["retrained CNN", "8,000", "time and Fourier"] == [
        "0.950 (0.968)", "0.850 (0.942)", "0.580 (0.684)", "0.620 (0.722)",
    ]  # fmt: skip
    assert rows["our network", "8,000", "time and Fourier"] == ["0.810"] * 4


def test_the_answer_is_what_the_spectrum_adds_and_how_near_the_limit_is(store):
    store(with_map=True)
    answer, about = joint_estimates.picture().said
    assert answer == (
        "The spectrum shows the noise: with N = 1,000 the CNN’s R² of σ and ρ is −0.625 and −0.900 from the time "
        "series, and 0.530 and 0.570 with its spectrum beside it. It is 0.810 and 0.810 for our network with N = 8,000 "
        "and 0.910 and 0.910 for ‘joint’, trained on ever new simulations and noise; the limit is 0.860 and "
        "0.860."
    )
    assert "A row with an N is the mean over 2 trainings; the paper does not say over how many." in about
    assert about.endswith(
        "Where two published R² of one parameter differ by more than 0.03, the better input is the better one here too "
        "in 2 of 3 pairs."
    )
    store(with_map=False)
    assert "joint" not in joint_estimates.picture().said[0]


def test_estimates_that_were_not_made_leave_their_command(results):
    assert joint_estimates.picture().said == [
        "Run “python -m core.experiments joint” to see how well θ₀, θ₁, σ and ρ are estimated together."
    ]
