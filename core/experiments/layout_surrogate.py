"""The tables of the surrogates beside the solver."""

from core.experiments.estimators import FLOW_MAP, FRESH_THETA, MODES, REGRESSION, SOLVER
from core.experiments.labels import REGIME_LABELS
from core.experiments.records import Result
from core.experiments.tables import Figures, Line, Table, estimators, metrics

_INFERENCE = ("map_near", "map_off", "minimum_near", "divergence_median", "divergence_90")
_STEP = ("share_of_time", "step_error_u", "step_error_v", "delay", "share_of_delay")


def surrogate(result: Result, figures: Figures) -> list[Table]:
    """Return tables of the errors, the spike times, the inferences, the costs, and of single steps by place."""
    settings, theta = result.settings, {"regime": FRESH_THETA}
    ways = estimators(FLOW_MAP, REGRESSION, MODES)
    errors = metrics(*((name, "", at) for name in ("error_median", "error_90") for at in settings["windows_ms"]))
    spikes = metrics(*(("spike_late", "", k) for k in settings["spikes"]), ("spikes_missed", ""))
    inference = metrics(*((name, "") for name in _INFERENCE))
    costs = metrics(("cost", ""), ("cost_with_derivatives", ""))
    places: list[Line] = [(REGIME_LABELS[place], {"regime": place}) for place in settings["places"]]
    steps = metrics(*((name, "") for name in _STEP))
    return [
        figures.table("Relative errors of traces", "surrogate", ways, errors, theta),
        figures.table("Spike times", "surrogate", ways, spikes, theta),
        figures.table("Inference from fresh noisy traces", "surrogate", ways, inference, {"regime": "fresh"}),
        figures.table("Cost", "by", estimators(SOLVER, FLOW_MAP, REGRESSION), costs, theta),
        figures.table(
            "One step of the flow map by its place in the cycle", "place", places, steps, {"estimator": FLOW_MAP}
        ),
    ]
