"""The codes of what is measured: estimators and sets of traces; free of torch, so that pages can look figures up."""

# Maps: the published networks and ours, trained by the experiments; and the best of the shipped ones, alone, polished
# by Gauss–Newton, and by weighted draws.
CNN, DENSE, OURS = "cnn-published", "dense-published", "ours"
BEST, POLISHED, REWEIGHTED = "best", "best-polished", "best-reweighted"
# The exact posterior: with the noise known, with the noise integrated out, and of the white misfit.
KNOWN, EXACT, WHITE = "posterior-noise-known", "posterior-noise-integrated-out", "posterior-white-misfit"
MAP, LAPLACE, JOINT = "map-noise-known", "laplace-noise-known", "map-with-noise"
GLOBAL_MAP = "global-map"
LEAST_SQUARES, FROM_TRUTH = "least-squares", "least-squares-from-truth"
TRUTH, BOUND = "truth", "cramer-rao"

# Maps trained and tested on noisy traces; for what is not trained, the noisy test traces; the same with a noise whose σ
# is chosen, which is the argument of the measurement.
NOISY_REGIME, NOISY_TRACES, CHOSEN_SIGMA = "noisy-noisy", "noisy", "chosen-sigma"
