import pytest

from core.perturbations.target import Arrival
from dashboard.wording import perturbations as wording
from dashboard.wording.entries import EXACT_MEAN

N = 1000  # samples, whose noise has the size √1000 = 31.6


@pytest.mark.parametrize(
    ("effect", "verdict"),
    [
        (wording.Effect(60.0, 0.4, 15.0, 45.0), "dense is fooled."),
        (wording.Effect(10.0, 9.0, 0.3, 0.5), "dense is not fooled, the data now speak of another neuron."),
        (wording.Effect(1.0, 0.5, 20.0, 21.0), "dense was 20 sd off before, and is 21 sd off now."),
        (wording.Effect(1.0, 1.0, 0.3, 0.4), "dense is not fooled."),
        (wording.Effect(1.0, 1.0, 0.3, 2.1), "dense is not fooled."),  # within the 90 % region, to 2.146 sds
        (wording.Effect(1.0, 1.0, 0.3, 2.2), "dense is fooled."),
    ],
)
def test_the_verdict_compares_with_the_exact_posterior(effect, verdict):
    said = wording.answer("dense", 3.0, N, effect)
    assert said.startswith("A perturbation of size 3 (the noise has 31.6) moves dense by ")
    assert said.endswith(verdict)


def test_of_the_exact_mean_it_is_said_that_the_data_have_changed():
    said = wording.answer(EXACT_MEAN, 3.0, N, wording.Effect(3.1, 3.1, 0.0, 0.0))
    assert said.endswith("moves exact posterior mean by 3.1 sd: the data now speak of another neuron.")


def test_what_takes_an_estimate_to_a_target_stands_beside_what_the_data_need():
    said = wording.about_target(Arrival.THERE, "dense", 1.95, 4.123, N)
    assert said.endswith("takes dense to the target. To make it the best fit, the data need at least 4.12.")
    assert "drag it nearer" in wording.about_target(Arrival.NOT_THERE, "dense", 1.95, 4.1, N)
