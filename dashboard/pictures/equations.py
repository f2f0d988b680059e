"""The equations of the model and of the data, with the values on screen."""

from dashboard.pictures.shown import Equation, Symbol
from dashboard.scene.experiment import Experiment
from dashboard.scene.settings import SLIDERS
from dashboard.wording.numbers import decimals_of, fixed


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
    """Return how noise makes the data of the potential."""
    sd = Symbol("σ/Δt", fixed(experiment.marginal_sd, 2), "sigma")
    return Equation("data", ["d = u + η,  ηₖ = ", _symbol("rho", experiment), " ηₖ₋₁ + εₖ,  sd(η) = ", sd])
