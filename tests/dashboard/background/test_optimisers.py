import numpy as np
import torch

from core.learned_optimiser.kind import LEARNED
from core.optimisation.methods import METHODS, descend
from dashboard.background.optimisers import KINDS, optimised, racing
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.problem import problem_of


def problem(**changes):
    experiment = Experiment(**changes)
    return problem_of(experiment, observe(experiment, None))


def test_the_learned_optimiser_races_on_the_published_problem_alone():
    assert racing(tuple(KINDS), problem()) == (*METHODS, LEARNED)
    assert racing(tuple(KINDS), problem(zeta=-0.5)) == tuple(METHODS)
    assert racing((LEARNED,), problem(t_end=20)) == ()
    assert racing((LEARNED,), None) == (LEARNED,)


def test_each_method_runs_by_its_name():
    torch.set_num_threads(1)
    posed, start = problem(), (0.1, 0.9)
    np.testing.assert_array_equal(
        optimised(posed, start, "Newton").positions, descend(posed, start, "Newton").positions
    )
    path = optimised(posed, start, LEARNED)
    assert path.method == LEARNED
    np.testing.assert_allclose(path.losses, posed.loss(path.positions, posed.step), rtol=1e-11)
