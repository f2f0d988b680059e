from dataclasses import replace

import numpy as np
import pytest

from core.optimisation.basins import basins, explore, start_grid
from core.optimisation.minima import map_estimate
from dashboard.scene.observation import observe
from dashboard.scene.presets import PRESETS
from dashboard.scene.problem import problem_of
from tests.reference import reference_solution


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
