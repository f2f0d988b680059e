"""The labels of codes in tables and sentences, and the format of figures."""

from collections.abc import Mapping

from core.experiments.estimators import (
    AGAINST_LARGE,
    AGAINST_SMALL,
    AR1_NOISE,
    ASCENT,
    AT_END,
    BEST,
    BEST_MENDED,
    BEST_STOP,
    BOUND,
    CEREBRAS,
    CLEAN_TRACES,
    CNN,
    CNN_MENDED,
    DEEP_PRIOR,
    DENSE,
    DISCREPANCY,
    ENSEMBLE,
    EXACT,
    FIRST_LAYER,
    FIRST_NETWORK,
    FLOW,
    FROM_BEST,
    FROM_TRUTH,
    FUSED_STEP,
    GLOBAL_MAP,
    GPU_AUTOMATIC,
    GPU_BY_HAND,
    HELD_OUT,
    JOINT,
    JOINT_TRACES,
    KNOWN,
    LAPLACE,
    LAST_LAYER,
    LEAST_SQUARES,
    LINEARISED,
    MAP,
    MIXED_PRECISION,
    MIXTURE,
    NOISE_ANEW,
    NOISE_ANEW_AGAINST,
    NOISY_TRACES,
    ONE_PIECE,
    OURS,
    OURS_POLISHED,
    PERTURBED_MAPS,
    PLAIN_LOOP,
    POLISHED,
    PUBLISHED_CONSTANTS,
    PUBLISHED_CPU,
    PUBLISHED_PRECISION,
    RANDOM_CHANGE,
    REWEIGHTED,
    SAMPLED,
    SAVITZKY_GOLAY,
    SHIFT,
    SINGLE_PRECISION,
    SMOOTHED,
    SPIKES,
    STACKED,
    STOPS,
    TRUTH,
    TWO_LAYER,
    WHITE,
    WHITE_NOISE,
    WHITENED_PRIOR,
    WIENER,
    made_for,
    ratio_regime,
)
from core.experiments.labels_surrogate import SURROGATE_LABELS, SURROGATE_REGIME_LABELS
from core.experiments.least_squares_of_others import BOTH, PINTS, U_ALONE
from core.experiments.limit_conditional import REGIME, REGIONS, bounds_of, regime_of
from core.experiments.limit_four import REGIME as FOUR_REGIME
from core.experiments.limit_traces import WINDOWS
from core.experiments.limit_windows import regime_of as window_of
from core.experiments.metric_labels import INPUT_LABELS, METRIC_LABELS
from core.experiments.published_figures import PAPER, PYTORCH, TENSORFLOW
from core.experiments.records import Key, Measurement
from core.mean_field import sparse_spikes, two_layer
from core.symbols import symbol_of

LEAST_NEAR_ONE = 0.999  # such as an R², whose distance from one would not be seen with three digits


def shown(value: float) -> str:
    """Return a figure with three digits, or all digits before the decimal point.

    A figure just below one has five decimals, or six where five would round it to one.
    """
    if LEAST_NEAR_ONE <= value < 1:
        return next((text for decimals in (5, 6) if float(text := f"{value:.{decimals}f}") < 1), "1")
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}".replace("-", "−")


def region_label(region: int) -> str:
    """Return the parts of the ranges of ζ and γ that make a region, such as "ζ −0.8 to −0.533, γ 2 to 3"."""
    parts = zip("ζγ", bounds_of(region), strict=True)
    return ", ".join(f"{symbol} {shown(low)} to {shown(high)}" for symbol, (low, high) in parts)


def ratio_label(ratio: float) -> str:
    """Return how the steps of places are to those of sizes, such as "β = α/2"."""
    if ratio == 1:
        return "β = α"
    return f"β = {ratio:g}α" if ratio > 1 else f"β = α/{1 / ratio:g}"


STOP_LABELS = {
    HELD_OUT: "stopped by samples left out",
    DISCREPANCY: "stopped by the noise",
    BEST_STOP: "stopped by the truth",
    AT_END: "never stopped",
}
# The other estimators are shipped maps and optimisers, whose codes are their labels.
ESTIMATOR_LABELS = {
    PAPER: "published CNN",
    TENSORFLOW: "authors' TensorFlow run",
    PYTORCH: "authors' PyTorch run",
    CNN: "CNN, as published",
    DENSE: "dense, as published",
    OURS: "ours",
    CNN_MENDED: "CNN, mended",
    OURS_POLISHED: "ours, polished",
    BEST: "best",
    POLISHED: "best, polished",
    REWEIGHTED: "best, weighted draws",
    **{code: f"{label} from the best map" for code, label in FROM_BEST.items()},
    MIXTURE: "learned posterior, mixture",
    FLOW: "learned posterior, flow",
    KNOWN: "exact posterior, noise known",
    EXACT: "exact posterior, noise integrated out",
    SAMPLED: "posterior by importance sampling",
    WHITE: "exact posterior, white misfit",
    MAP: "MAP, noise known",
    LAPLACE: "Laplace, noise known",
    JOINT: "MAP with the noise",
    GLOBAL_MAP: "global MAP",
    LEAST_SQUARES: "least squares",
    FROM_TRUTH: "least squares from the truth",
    BOUND: "Cramér–Rao bound",
    TRUTH: "truth",
    PUBLISHED_CPU: "CPU",
    CEREBRAS: "Cerebras CS-2",
    PLAIN_LOOP: "plain PyTorch loop, CPU",
    FUSED_STEP: "ours, CPU",
    GPU_BY_HAND: "ours, GPU",
    GPU_AUTOMATIC: "captured autograd, GPU",
    **{
        f"{prior}-{stop}": f"{label}, {STOP_LABELS[stop]}"
        for prior, label in {DEEP_PRIOR: "deep prior", WHITENED_PRIOR: "deep prior, whitened loss"}.items()
        for stop in STOPS
    },
    SAVITZKY_GOLAY: "Savitzky–Golay, its window told by the truth",
    WIENER: "Wiener filter",
    **SURROGATE_LABELS,
    SPIKES: "spikes on the circle",
    TWO_LAYER: "two-layer network",
    LINEARISED: "MAP, linearised",
    FIRST_NETWORK: "best, first network only",
    BEST_MENDED: "best, mended",
    NOISE_ANEW: "dense-noisy, noise drawn anew",
    AGAINST_SMALL: "dense-noisy, against size 3",
    AGAINST_LARGE: "dense-noisy, against size 10",
    NOISE_ANEW_AGAINST: "dense-noisy, noise drawn anew, against size 10",
    SMOOTHED: "dense-noisy, mean under added noise",
    ENSEMBLE: "dense-noisy, mean of five",
}
REGIME_LABELS = {
    "clean-clean": "trained clean, tested clean",
    "clean-noisy": "trained clean, tested noisy",
    "noisy-noisy": "trained noisy, tested noisy",
    NOISY_TRACES: "noisy test traces",
    CLEAN_TRACES: "clean test traces",
    ONE_PIECE: "posterior in one piece",
    WHITE_NOISE: "white noise",
    AR1_NOISE: "AR(1) noise",
    "fresh": "fresh noisy traces",
    "fresh-clean": "fresh clean traces",
    **SURROGATE_REGIME_LABELS,
    **INPUT_LABELS,
    JOINT_TRACES: "noisy test traces, noise estimated",
    REGIME: "all ζ and γ",
    **{regime_of(region): region_label(region) for region in REGIONS},
    PUBLISHED_CONSTANTS: "published ζ and γ",
    **{window_of(n_times): f"{n_times:,} samples" for n_times in WINDOWS},
    FOUR_REGIME: "four unknowns",
    PUBLISHED_PRECISION: "published",
    SINGLE_PRECISION: "single precision",
    MIXED_PRECISION: "mixed precision",
    **{ratio_regime(ratio): ratio_label(ratio) for ratio in (*sparse_spikes.RATIOS, *two_layer.RATIOS)},
    RANDOM_CHANGE: "random perturbation",
    SHIFT: "constant shift of 0.05",
    STACKED: "stacked Jacobians",
    ASCENT: "ascent",
    FIRST_LAYER: "first hidden layer, sup norm 0.05",
    LAST_LAYER: "last hidden layer, sup norm 0.05",
    **{made_for(code): f"made for {ESTIMATOR_LABELS.get(code, code)}" for code in (*PERTURBED_MAPS, MAP, KNOWN)},
    **{set_up.name: set_up.title for set_up in (BOTH, U_ALONE, PINTS)},
}
_PRECISIONS = (PUBLISHED_PRECISION, SINGLE_PRECISION, MIXED_PRECISION)
_UNITS = {"sigma": " ms"}


def with_spread(measurement: Measurement) -> str:
    """Return the value, with its standard deviation over the seeds if it has one."""
    spread = "" if measurement.spread is None else f" ± {measurement.spread:.2g}".replace("-", "−")
    return shown(measurement.value) + spread


def figure_label(metric: str, parameter: str = "", at: float | None = None) -> str:
    """Return the name of a figure, such as "R² θ₀"."""
    return METRIC_LABELS[metric].format(of="" if parameter in ("", "mean") else f" {symbol_of(parameter)}", at=at)


def key_label(key: Key) -> str:
    """Return the full name of a figure, with estimator, regime and N."""
    where = [ESTIMATOR_LABELS.get(key.estimator, key.estimator), REGIME_LABELS[key.regime]]
    where += [] if key.n is None else [f"N = {key.n:,}"]
    where += [f"width {key.at:,.0f}"] if key.regime in _PRECISIONS and key.at else []
    return f"{', '.join(where)}: {figure_label(key.metric, key.parameter, key.at)}"


def traces_label(change: Mapping[str, float]) -> str:
    """Return the difference of traces from those of the training, such as "σ = 0.14 ms"."""
    return ", ".join(f"{symbol_of(name)} = {shown(value)}{_UNITS.get(name, '')}" for name, value in change.items())
