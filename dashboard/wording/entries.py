"""What stands beside the maps in tables and legends; no map can be called like any of it."""

from core.experiments import estimators as codes
from core.experiments.published_figures import PAPER

DATA = "data"
TRUTH = "truth"
PRIOR = "prior"
MAP = "MAP"
LAPLACE = "Laplace"
MAP_AND_LAPLACE = "MAP and Laplace"
LOCAL_GAUSSIAN = "local Gaussian, the label"
MAP_WITH_NOISE = "MAP together with σ and ρ"
EXACT = "exact"
EXACT_POSTERIOR = "exact posterior"
EXACT_MEAN = "exact posterior mean"
EACH_MAP = "estimates"
EXACT_MEANS = "exact posterior means"
SIGMA_NOW = "σ now"
MAPS_OF_DRAWS = "MAP of each draw"
BIAS, SPREAD = "bias", "spread"
NOISE, RESIDUAL = "noise", "residual"
NOISE_CURVE, NOISE_BAND = "AR(1)", "90 % of AR(1) noise"
# What the curves of stored measurements are called, by estimator; a map is called by its name.
STORED = {
    codes.POLISHED: "best after polishing",
    codes.REWEIGHTED: "best after weighted draws",
    codes.LAPLACE: LAPLACE,
    codes.EXACT: EXACT_POSTERIOR,
    PAPER: "paper’s CNN",
    codes.CNN: "retrained CNN",
    codes.DENSE: "retrained dense network",
    codes.OURS: "our network",
}
# The same of times of a training: estimator, metric and precision.
TIMES = {
    (codes.PUBLISHED_CPU, "total_seconds", codes.PUBLISHED_PRECISION): "published, CPU",
    (codes.CEREBRAS, "total_seconds", codes.PUBLISHED_PRECISION): "published, CS-2, total",
    (codes.CEREBRAS, "training_seconds", codes.PUBLISHED_PRECISION): "published, CS-2, training alone",
    (codes.PLAIN_LOOP, "training_seconds", codes.SINGLE_PRECISION): "plain PyTorch loop, CPU",
    (codes.FUSED_STEP, "training_seconds", codes.SINGLE_PRECISION): "ours, CPU",
    (codes.GPU_AUTOMATIC, "training_seconds", codes.SINGLE_PRECISION): "PyTorch graph, GPU",
    (codes.GPU_AUTOMATIC, "training_seconds", codes.MIXED_PRECISION): "PyTorch graph, GPU, mixed precision",
    (codes.GPU_BY_HAND, "training_seconds", codes.SINGLE_PRECISION): "ours, GPU",
    (codes.GPU_BY_HAND, "training_seconds", codes.MIXED_PRECISION): "ours, GPU, mixed precision",
}
IDEAL = "as it should be"
# On the page Train.
YOUR_PRIOR = "your prior"
PUBLISHED_PRIOR = "published prior"
TRAINING_SAMPLES = "training samples"
TEST_SAMPLES = "test samples"
INSIDE = "inside its box"
OUTSIDE = "outside its box"
LEAST_LOSS = "measure of least loss"
PARTICLES = "particles"
# The learned posterior.
LEARNED, FLOW = "learned", "particles of the flow"
# Perturbed traces.
PERTURBED, PERTURBATION, TARGET = "perturbed data", "perturbation δ", "target"
SCORE_ALARM, PREDICTIVE_ALARM = "out-of-distribution score above 1", "posterior predictive check"
EXACT_BEFORE, EXACT_AFTER, WAY = "exact, before", "exact, after", "its way"
ONE_A_UNIT, SIZE_NOW = "1 sd a unit", "size now"
# Denoised traces.
DEEP_PRIOR, AT_ITERATION = "deep prior, stopped", "deep prior at k"
SAVITZKY_GOLAY, WIENER = "Savitzky–Golay", "Wiener"
HELD_OUT_MISFIT, MISFIT, ERROR = "left out", "fitted", "error"
STOPPED, NOW = "stop", "k now"
# Surrogates.
SOLVER, FLOW_MAP, REGRESSION = "solver", "flow map", "regression on modes"
ORBIT, LATE, EARLY = "orbit", "a step makes it late", "early"
# Steps from an estimate.
LEARNED_STEPS, GAUSS_NEWTON_STEPS, QUASI_NEWTON_STEPS = "learned steps", "Gauss–Newton", "L-BFGS-B"
START_OF_STEPS, STEPS_NOW = "best", "K now"

ENTRIES = (
    DATA, TRUTH, PRIOR, MAP, LAPLACE, MAP_AND_LAPLACE, LOCAL_GAUSSIAN, MAP_WITH_NOISE, EXACT,
    EXACT_POSTERIOR, EXACT_MEAN,
    EACH_MAP, EXACT_MEANS, SIGMA_NOW, MAPS_OF_DRAWS, BIAS, SPREAD, NOISE, RESIDUAL, NOISE_CURVE, NOISE_BAND,
    *STORED.values(), *TIMES.values(), IDEAL, YOUR_PRIOR, PUBLISHED_PRIOR, TRAINING_SAMPLES, TEST_SAMPLES, INSIDE,
    OUTSIDE, LEAST_LOSS, PARTICLES, LEARNED, FLOW, PERTURBED, PERTURBATION, TARGET, EXACT_BEFORE, EXACT_AFTER, WAY,
    ONE_A_UNIT, SIZE_NOW, DEEP_PRIOR, AT_ITERATION, SAVITZKY_GOLAY, WIENER, HELD_OUT_MISFIT, MISFIT, ERROR,
    STOPPED, NOW, SOLVER, FLOW_MAP, REGRESSION, ORBIT, LATE, EARLY, LEARNED_STEPS, GAUSS_NEWTON_STEPS,
    QUASI_NEWTON_STEPS, START_OF_STEPS, STEPS_NOW,
)  # fmt: skip
