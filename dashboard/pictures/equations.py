"""The equations of the pages, with the values on screen."""

import numpy as np

from core.problem.problem import Problem
from core.symbols import symbol_of
from dashboard.pictures.shown import Equation, Symbol
from dashboard.scene.experiment import Experiment
from dashboard.scene.settings import SLIDERS
from dashboard.wording.numbers import compact, decimals_of, fixed


def _symbol(name: str, experiment: Experiment, known: bool = True) -> Symbol:
    """Return the symbol of a setting, with its value unless that is not known."""
    row = SLIDERS[name]
    return Symbol(row.symbol, fixed(getattr(experiment, name), decimals_of(row.step)) if known else "?", name)


def model_equations(experiment: Experiment, known: bool) -> list[Equation]:
    """Return the differential equations of the neuron; known: whether θ may be seen."""
    theta0, theta1 = (_symbol(name, experiment, known) for name in ("theta0", "theta1"))
    zeta, gamma = (_symbol(name, experiment) for name in ("zeta", "gamma"))
    return [
        Equation("potential", ["u′ = ", gamma, " (u − u³/3 + v + ", zeta, ")"]),
        Equation("recovery", ["v′ = −(u − ", theta0, " + ", theta1, " v) / ", gamma]),
    ]


def data_equation(experiment: Experiment) -> Equation:
    """Return how noise makes the data of the potential: what is fresh in it is drawn anew at each sample."""
    sd = Symbol("σ/Δt", fixed(experiment.marginal_sd, 2), "sigma")
    return Equation(
        "data", ["d = u + η,  ηₖ = ", _symbol("rho", experiment), " ηₖ₋₁ + ", Symbol("εₖ", "fresh"), ",  sd(η) = ", sd]
    )


def posterior_equations(problem: Problem, experiment: Experiment) -> list[Equation]:
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
