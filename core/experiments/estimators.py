"""Codes of estimators and sets of traces in keys. This file does not import torch, so that pages load it quickly."""

# Maps that the experiments train: the published networks and our own. Then the best shipped map: alone, refined by
# Gauss–Newton steps, and refined by weighted draws.
CNN, DENSE, OURS = "cnn-published", "dense-published", "ours"
CNN_MENDED = "cnn-mended"  # the published CNN of clean traces, with descents of the misfit
OURS_POLISHED = "ours-polished"  # our network, refined by Gauss–Newton steps
BEST, POLISHED, REWEIGHTED = "best", "best-polished", "best-reweighted"
MIXTURE, FLOW = "learned-mixture", "learned-flow"  # the learned posterior of θ, and the flow in its last frame
JOINT_MAP = "joint"  # the shipped map of θ₀, θ₁, σ and ρ
# Shipped maps that are told ζ and γ, that read windows, and that estimate all four; and the published CNN as shipped.
CONDITIONAL_MAP, WINDOW_MAP, FOUR_MAP, CNN_MAP = "conditional", "window", "four", "cnn-noisy"
# The exact posterior: with known noise, with the noise integrated out, and with the white misfit.
KNOWN, EXACT, WHITE = "posterior-noise-known", "posterior-noise-integrated-out", "posterior-white-misfit"
SAMPLED = "posterior-by-importance-sampling"  # of more than two parameters, with the noise integrated out
MAP, LAPLACE, JOINT = "map-noise-known", "laplace-noise-known", "map-with-noise"
GLOBAL_MAP = "global-map"
LEAST_SQUARES, FROM_TRUTH = "least-squares", "least-squares-from-truth"
TRUTH, BOUND = "truth", "cramer-rao"
LABELS = "labels"  # the local Gaussians of traces

# From the best map's estimate: learned steps, damped Gauss–Newton steps, and L-BFGS-B.
STEPS, GAUSS_NEWTON, QUASI_NEWTON = "learned-steps-from-best", "gauss-newton-from-best", "l-bfgs-b-from-best"
FROM_BEST = {STEPS: "learned steps", GAUSS_NEWTON: "Gauss–Newton", QUASI_NEWTON: "L-BFGS-B"}

# Regimes: maps trained and tested on noisy traces; the noisy or the clean test traces, for estimators without training;
# and test traces with a chosen σ, which is the entry `at` of the key.
NOISY_REGIME, NOISY_TRACES, CLEAN_TRACES, CHOSEN_SIGMA = "noisy-noisy", "noisy", "clean", "chosen-sigma"

# What the maps of θ₀, θ₁, σ and ρ are shown of noisy traces; and the same traces, for estimators without training.
TIME_SERIES, SPECTRUM, TIME_AND_SPECTRUM, JOINT_TRACES = "time-series", "spectrum", "time-and-spectrum", "joint"
# The published test traces, for estimators that are told ζ and γ.
PUBLISHED_CONSTANTS = "published-constants"

# Perturbed traces: the linearised MAP, the first network of the best map, and what a perturbation is made by or for.
LINEARISED, FIRST_NETWORK = "map-linearised", "best-first-network"
SHIPPED_MAPS = (
    "best", "cnn-clean", "cnn-noisy", "conditional", "dense-clean", "dense-noisy", "four", "joint", "narrow", "window",
)  # fmt: skip
PERTURBED_MAPS = (*SHIPPED_MAPS, FIRST_NETWORK)
RANDOM_CHANGE, SHIFT = "random-change", "constant-shift"
STACKED, ASCENT, FIRST_LAYER, LAST_LAYER = "stacked-jacobians", "ascent", "first-hidden-layer", "last-hidden-layer"

# Cures of a published network that is trained on noisy traces: noise drawn anew in each epoch, training against
# perturbations of a size, both, the mean under added noise, and the mean of several networks.
DENSE_MAP, NOISE_ANEW, AGAINST_SMALL, AGAINST_LARGE = "dense-noisy", "noise-anew", "against-3", "against-10"
NOISE_ANEW_AGAINST, SMOOTHED, ENSEMBLE = "noise-anew-against-10", "smoothed", "ensemble"
BEST_MENDED = "best-mended"  # as it is shipped, at traces that are perturbed for its network
CURES = (NOISE_ANEW, AGAINST_SMALL, AGAINST_LARGE, NOISE_ANEW_AGAINST, SMOOTHED, ENSEMBLE)

# Traces whose posterior is in one piece, for samplers; those in several pieces have a regime each.
ONE_PIECE = "one-piece"

# Training as particles: spikes on the circle, and a student of a two-layer network. A regime is a ratio β/α of steps.
SPIKES, TWO_LAYER = "spikes", "two-layer"

# Denoising: an untrained network whose loss is plain or whitened, where it is stopped, and filters. Then the noises.
DEEP_PRIOR, WHITENED_PRIOR = "deep-prior", "deep-prior-whitened"
HELD_OUT, DISCREPANCY, BEST_STOP, AT_END = STOPS = ("held-out", "discrepancy", "best", "end")
SAVITZKY_GOLAY, WIENER = "savitzky-golay", "wiener"
WHITE_NOISE, AR1_NOISE = "white-noise", "ar1-noise"

# What gives a trajectory: the solver, surrogates of it, and the best coefficients in the basis of the regression. Then
# the regime of fresh parameters of the prior.
SOLVER, FLOW_MAP, REGRESSION, MODES = "solver", "flow-map", "regression", "best-coefficients"
FRESH_THETA = "fresh-theta"

# Trainings of dense networks: the published ones on a processor and on a Cerebras CS-2; a plain loop in PyTorch and
# steps by hand on the processor; and on a GPU, CUDA graphs of steps by hand and of automatic differentiation.
PUBLISHED_CPU, CEREBRAS = "published-cpu", "cerebras-cs-2"
PLAIN_LOOP, FUSED_STEP = "plain-loop", "fused-step"
GPU_BY_HAND, GPU_AUTOMATIC = "gpu-by-hand", "gpu-automatic"
# Their regimes, in which the width is the entry `at` of the key.
PUBLISHED_PRECISION, SINGLE_PRECISION, MIXED_PRECISION = "published-precision", "single-precision", "mixed-precision"


def made_for(estimator: str) -> str:
    """Return the regime of traces with a universal perturbation that is made for an estimator."""
    return f"made-for-{estimator}"


def ratio_regime(ratio: float) -> str:
    """Return the regime of particles whose places move by a step β = ratio × α."""
    return f"ratio-{ratio:g}"
