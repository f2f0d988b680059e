import numpy as np
import pytest

from dashboard.wording.samplers import REACHED, End, Steps, about_samplers


def test_it_is_said_who_has_spread_and_who_is_not_there_yet():
    ends = [End("MALA", 1.0), End("HMC", REACHED), End("SVGD", 3.0)]
    assert about_samplers(ends, 1.0, None)[0] == (
        "An optimiser stops at a point; at temperature 1 MALA and HMC have spread to the exact posterior. SVGD "
        "is not there yet."
    )
    said = about_samplers(ends[2:], 0.01, None)[0]
    assert said.endswith("at temperature 0.01 no sampler has yet spread to the exact posterior.")


def test_a_sampler_that_got_there_from_one_start_is_in_one_list():
    said = about_samplers([End("MALA", 9.0), End("MALA", 1.0)], 100.0, None)[0]
    assert said.count("MALA") == 1
    assert said.endswith("spread to the exact posterior.")


def test_a_posterior_too_small_for_the_map_is_said_to_be():
    ends = [End("MALA", 1.0)]
    assert about_samplers(ends, 1.0, None, 0.01)[-1].startswith("At T = 1 the posterior is a speck")
    assert not any("speck" in line for line in about_samplers(ends, 100.0, None, 0.2))


def test_without_an_exact_posterior_that_is_said():
    assert "no exact posterior" in about_samplers([End("MALA", np.nan)], 1.0, None)[0]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0.001, "still an optimiser"),
        (0.05, "its variance is 3 % too large"),
        (0.5, "33 % too large"),
        (1.0, "far too wide"),
    ],
)
def test_the_step_of_langevin_decides_what_it_is(size, said):
    """The variance on a Gaussian is 1 / (1 − h/2) times the right one, as long as no step is cut."""
    lines = about_samplers([End("Langevin", 1.0)], 1.0, Steps(size, 312))
    assert said in " ".join(lines).replace("\u00a0", " ")
    assert not any("Langevin goes" in line for line in about_samplers([End("MALA", 1.0)], 1.0, None))
