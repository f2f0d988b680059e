import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# In a process of its own: the kernels of this one have been called by other tests.
PROGRAM = """
from core.models.fitzhugh_nagumo import gradient, hessian, misfit, sensitivities
from core.models.fitzhugh_nagumo import simulate as simulation
from core.problem import landscape
from core.posterior.laplace import laplace
from core.optimisation.methods import METHODS, descend
from core.posterior.exact import posterior
from core.published import published_noise_prior
from dashboard.__main__ import compile_engine
from dashboard.scene.observation import observe
from dashboard.scene.problem import landscape_of, problem_of
from dashboard.scene.experiment import Experiment

modules = (gradient, hessian, landscape, misfit, sensitivities, simulation)
values = [value for module in modules for value in vars(module).values()]
values += [value.__wrapped__ for value in values if hasattr(value, "__wrapped__")]
kernels = [value for value in values if hasattr(value, "signatures")]
compiled = lambda: [(kernel.py_func.__name__, len(kernel.signatures)) for kernel in kernels]
compile_engine()
before = compiled()
problem = problem_of(Experiment(), observe(Experiment(), None))
for released in (False, True):
    landscape_of(problem, 100, released)
for method in METHODS:
    descend(problem, (0.5, 0.3), method)
posterior(problem, published_noise_prior())
laplace(problem)
print(compiled() == before, dict(before)["_fused_blocks"], dict(before)["_adjoint_blocks"])
"""


def test_no_page_waits_for_the_compiler_after_the_warm_up():
    """The fused misfit is compiled in two precisions, the adjoint in one."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "True 2 1"
