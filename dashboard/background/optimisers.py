"""The optimisers that can race: those that need no training, and the learned one, on the problems that it knows."""

from importlib import import_module

from core.learned_optimiser.kind import KIND, LEARNED, of_its_kind
from core.learned_optimiser.recipe import ANYWHERE
from core.optimisation.methods import METHODS, descend
from core.optimisation.path import OptimiserPath
from core.problem.problem import Problem

# What each is, in a few words.
KINDS = {**{name: method.kind for name, method in METHODS.items()}, LEARNED: KIND}


def racing(methods: tuple[str, ...], problem: Problem | None) -> tuple[str, ...]:
    """Return those of the methods that can run on a problem."""
    knows = problem is None or not of_its_kind(problem)
    return tuple(method for method in methods if method != LEARNED or knows)


def optimised(problem: Problem, start: tuple[float, ...], method: str) -> OptimiserPath:
    """Run one of KINDS from start, (p,)."""
    if method != LEARNED:
        return descend(problem, start, method)
    # PyTorch is imported once the learned optimiser is first asked for.
    learned, store = (import_module(f"core.learned_optimiser.{name}") for name in ("method", "store"))
    path: OptimiserPath = learned.learned_path(problem, start, store.load_steps(ANYWHERE))
    return path
