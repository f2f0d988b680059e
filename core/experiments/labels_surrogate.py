"""The labels of codes of surrogates, see `core.experiments.labels`."""

from core.experiments.estimators import FLOW_MAP, FRESH_THETA, MODES, REGRESSION, SOLVER

SURROGATE_LABELS = {
    SOLVER: "solver",
    FLOW_MAP: "flow map",
    REGRESSION: "regression on modes",
    MODES: "the same modes, best coefficients",
}
SURROGATE_METRIC_LABELS = {
    "error_median": "median error over {at:g} ms",
    "error_90": "90 % quantile over {at:g} ms",
    "spike_late": "spike {at:g}: median |Δt| [ms]",
    "spikes_missed": "share of spikes missed",
    "map_near": "share of MAPs within 0.2 sd",
    "map_off": "MAP off [sd], median",
    "minimum_near": "share of minima within a grid cell",
    "cost": "µs a trajectory",
    "cost_with_derivatives": "µs with derivatives",
    "share_of_time": "share of the time",
    "step_error_u": "RMS error of u",
    "step_error_v": "RMS error of v",
    "delay": "mean delay [10⁻⁶ ms]",
    "share_of_delay": "share of all delays",
}
SURROGATE_REGIME_LABELS = {
    FRESH_THETA: "fresh θ of the prior",
    "rise": "rise of a spike",
    "active-branch": "active branch",
    "upper-knee": "upper knee",
    "fall": "fall of a spike",
    "recovery-branch": "recovery branch",
    "lower-knee": "lower knee",
}
