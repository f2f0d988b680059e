"""The part of the page Uncertainty that shows a learned posterior beside the exact one."""

from dataclasses import replace

import numpy as np
import pytest

from core.experiments.records import Key, stored
from core.maps.learned_posterior.posterior_map import load_posterior_map
from core.posterior.exact import posterior
from dashboard.pictures import support
from dashboard.scene.experiment import Experiment
from dashboard.scene.problem import problem_of
from dashboard.scene.scene import Scene
from dashboard.wording import learned_posterior as wording
from tests.dashboard.conftest import decoded

SHOWN = Experiment(below="learned")


def below(experiment: Experiment):
    """Return what stands below for an experiment at rest."""
    return support.picture(Scene(experiment, experiment))


def test_the_divergence_is_that_of_the_exact_posterior():
    learned, problem = load_posterior_map("theta"), problem_of(SHOWN, Scene(SHOWN, SHOWN).observation)
    exact = posterior(problem, learned.task.noise)
    law = learned.posteriors(problem.data[None])[0]
    rise = exact.cells.log_densities - law.log_density(exact.cells.centres)
    shown = below(SHOWN)
    metrics = {label: value for label, value, _ in shown.metrics}
    assert metrics["KL(exact ‖ learned)"] == f"{exact.masses @ rise:.3f} nats"
    assert float(metrics["KL(exact ‖ best)"].split()[0]) > exact.masses @ rise
    assert shown.answer.startswith("For this trace yes")


def test_the_particles_end_as_draws_of_the_posterior():
    (swarm,) = below(SHOWN).plots[1].figure["layout"]["meta"]["swarms"]
    ends = np.stack([decoded(swarm[axis]).reshape(-1, swarm["n"])[-1] for axis in "xy"])
    problem = problem_of(SHOWN, Scene(SHOWN, SHOWN).observation)
    exact = posterior(problem, load_posterior_map("theta").task.noise)
    sd = np.sqrt(np.diag(exact.covariance))
    standard_error = 1 / np.sqrt(swarm["n"])
    assert np.all(np.abs(ends.mean(axis=1) - exact.mean) / sd < 5 * standard_error)
    assert np.all(np.abs(ends.std(axis=1) / sd - 1) < 5 * standard_error)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [({"axis_y": "gamma"}, wording.OF_THETA), ({"t_end": 100.0}, wording.only_read(1000))],
)
def test_what_it_cannot_read_becomes_a_sentence(change, sentence):
    shown = below(replace(SHOWN, **change))
    assert shown.answer == sentence
    assert not shown.plots


def test_reasons_are_named_where_the_best_judge_tells_them_apart():
    assert wording.answer(0.7, (2, 1), at_edge=True).startswith(
        "Not quite for this trace: its 90 % region has 1 of 2 pieces, and the posterior is cut at an edge of the prior."
    )
    assert "70 of 100" in wording.answer(0.7, (1, 1), at_edge=False)


def test_the_stored_figures_are_quoted():
    result = stored("posteriors")
    median = result.value(Key("learned-mixture", "divergence_median", "", "fresh"))
    assert f"the median {median:.3f} nats" in wording.about_stored(result)
    assert "core.experiments posteriors" in wording.about_stored(None)
