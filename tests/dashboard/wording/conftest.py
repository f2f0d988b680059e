import pytest

from core.posterior.exact import posterior
from dashboard.figures.density import raster, window
from dashboard.scene.experiment import Experiment
from dashboard.scene.observation import observe
from dashboard.scene.presets import PRESETS
from dashboard.scene.problem import problem_of
from dashboard.wording.shape import shape_of

CASES = {
    "needle": Experiment(),
    "silent": PRESETS["Silent"][1],
    "excited": PRESETS["Excited"][1],
    "white": Experiment(misfit="white", seed=7),
}


@pytest.fixture(scope="session")
def found():
    """The posteriors of the cases."""
    return {name: posterior(problem_of(each, observe(each, None))) for name, each in CASES.items()}


@pytest.fixture(scope="session")
def shapes(found):
    """What each of them looks like."""
    return {name: shape_of(each, raster(each, window(each)).pieces(0.9)) for name, each in found.items()}
