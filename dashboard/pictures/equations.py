"""The equations of the Uncertainty page, with the numbers on screen."""

import numpy as np

from core.problem.problem import Problem
from core.symbols import symbol_of
from dashboard.pictures.shown import Equation, Symbol
from dashboard.scene.experiment import Experiment
from dashboard.wording.numbers import compact, fixed


def equations_of(problem: Problem, experiment: Experiment) -> list[Equation]:
    """Return the posterior, its likelihood with the noise on screen, and its prior."""
    names = ", ".join(map(symbol_of, problem.unknown))
    sigma, rho = fixed(experiment.sigma, 3), fixed(experiment.rho, 2)
    known = (sigma, rho if experiment.misfit == "ar1" else fixed(0, 0)) if experiment.noise_known else ("?", "?")
    noise: list[str | Symbol] = [Symbol("σ", known[0], "sigma"), " and ", Symbol("ρ", known[1], "rho")]
    return [
        Equation("posterior", [f"p({names} | d) ∝ p(d | {names}) p({names})"]),
        Equation("likelihood", ["d = u + η,  η ~ AR(1): ", *noise]),
        Equation("prior", [", ".join(_prior(problem, i) for i in range(2))]),
    ]


def _prior(problem: Problem, i: int) -> str:
    symbol, prior = symbol_of(problem.unknown[i]), problem.prior
    if np.isinf(prior.sd[i]):
        return f"{symbol} ~ U({compact(prior.lower[i], 3)}, {compact(prior.upper[i], 3)})"
    return f"{symbol} ~ N({compact(prior.mean[i], 3)}, {compact(prior.sd[i], 3)}²)"
