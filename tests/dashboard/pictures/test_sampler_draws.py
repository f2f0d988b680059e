"""The part of the page Uncertainty that shows draws of samplers on the exact posterior."""

from dataclasses import replace

import numpy as np
import pytest

from core.posterior.exact import posterior
from dashboard.pictures import support
from dashboard.scene.experiment import Experiment
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene
from dashboard.wording import samplers as wording
from tests.dashboard.conftest import decoded

SHOWN = Experiment(below="samplers", drawn_by=("Affine ensemble", "HMC"))


def below(experiment: Experiment):
    """Return what stands below for an experiment at rest."""
    return support.picture(Scene(experiment, experiment))


def test_the_particles_end_as_draws_of_the_exact_posterior():
    shown = below(SHOWN)
    exact = posterior(problem_of(SHOWN, Scene(SHOWN, SHOWN).observation))
    sd = np.sqrt(np.diag(exact.covariance))
    swarms = shown.plots[0].figure["layout"]["meta"]["swarms"]
    assert len(swarms) == 2
    for swarm in swarms:
        begin, *_, end = np.stack([decoded(swarm[axis]).reshape(-1, swarm["n"]) for axis in "xy"], axis=-1)
        standard_error = 1 / np.sqrt(swarm["n"])
        assert np.all(np.abs(begin.mean(axis=0) - exact.mode) < 0.005)  # they start at the best fit
        assert np.all(np.abs(end.mean(axis=0) - exact.mean) / sd < 4 * standard_error)
        assert np.all(np.abs(end.std(axis=0) / sd - 1) < 4 * standard_error)
    assert shown.answer == "Yes: Affine ensemble and HMC have spread to it from the best fit."
    assert [name for name, *_ in shown.metrics] == ["Affine ensemble", "HMC"]


def test_the_noise_of_the_sidebar_is_known_also_where_the_page_integrates_it_out():
    known, open_noise = (below(replace(SHOWN, noise_known=known)).plots[0].figure["data"][0] for known in (True, False))
    assert np.array_equal(decoded(known["z"]), decoded(open_noise["z"]))


@pytest.mark.parametrize("axis", ["theta1", "gamma"])
def test_the_learned_posterior_stands_beside_them_where_it_can_be_read(axis):
    names = {trace.get("name") for trace in below(replace(SHOWN, axis_y=axis)).plots[0].figure["data"]}
    assert {"exact", "Laplace"} <= names
    assert ({"learned", "best"} <= names) == (axis == "theta1")


def test_without_a_sampler_the_page_says_what_to_do():
    shown = below(replace(SHOWN, drawn_by=()))
    assert shown.answer == wording.TICK_ONE
    assert shown.metrics == []


def test_it_is_said_which_have_not_arrived():
    ends = [wording.End("HMC", 1.2), wording.End("SVGD", 3.0)]
    assert wording.about_agreement(ends) == "HMC: yes. SVGD: not yet."
    assert wording.about_agreement(ends[1:]) == "Not yet: SVGD has not spread to it."
