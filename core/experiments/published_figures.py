"""Published figures of other authors, as measurements on 2,000 test traces of the published prior."""

from core.experiments.estimators import (
    CEREBRAS,
    PUBLISHED_CPU,
    PUBLISHED_PRECISION,
    SPECTRUM,
    TIME_AND_SPECTRUM,
    TIME_SERIES,
)
from core.experiments.records import Key, Measurement
from core.maps.recipes import REFERENCE_SIZE

PAPER, TENSORFLOW, PYTORCH = "paper", "authors-tensorflow", "authors-pytorch"
SOURCE = "Rudi, Bessac and Lenzi (2021), arXiv:2012.06691"

# The CNN in SOURCE: Median-APE and R², each the mean over both parameters, for the training sizes N in _SIZES.
_SIZES = (500, 1000, 4000, 8000)
_MEDIAN_APE = {
    "clean-clean": (0.023, 0.014, 0.014, 0.014),
    "clean-noisy": (0.169, 0.174, 0.204, 0.251),
    "noisy-noisy": (0.098, 0.096, 0.060, 0.053),
}
_R_SQUARED = {
    "clean-clean": (0.990, 0.995, 0.997, 0.998),
    "clean-noisy": (0.788, 0.763, 0.710, 0.617),
    "noisy-noisy": (0.921, 0.938, 0.970, 0.976),
}
# The CNN in SOURCE with N = 8,000: squared bias and centred MSE of one simulated trace, at the median of the errors.
# SOURCE does not say whether the reference is noisy.
_SERIES = {"clean-clean": (2.8e-6, 0.061), "clean-noisy": (1.8e-3, 2.001), "noisy-noisy": (1.2e-3, 0.536)}
# The authors' own code with N = 1,024 and noise: R² of θ₀, of θ₁, and their mean.
_RUNS = {TENSORFLOW: (0.9625, 0.9344, 0.9484), PYTORCH: (0.9605, 0.9285, 0.9445)}
# The CNN of θ₀, θ₁, σ and ρ: R² of each, by what the CNN is shown and by N. From the talk on SOURCE.
JOINT_SIZES = (1000, 8000)
JOINT_PARAMETERS = ("theta0", "theta1", "sigma", "rho")
_JOINT_R_SQUARED = {
    (TIME_SERIES, 1000): (0.914, 0.812, -0.62, -0.80),
    (SPECTRUM, 1000): (0.460, 0.577, 0.524, 0.603),
    (TIME_AND_SPECTRUM, 1000): (0.935, 0.856, 0.589, 0.645),
    (TIME_SERIES, 8000): (0.962, 0.933, 0.627, 0.557),
    (SPECTRUM, 8000): (0.580, 0.797, 0.669, 0.721),
    (TIME_AND_SPECTRUM, 8000): (0.968, 0.942, 0.684, 0.722),
}
# The CNN of mean and covariance: median relative errors of both, by the regime of noise. From the talk on SOURCE, which
# does not give N. In the order of _MEDIAN_APE.
_MEAN_ERRORS, _COVARIANCE_ERRORS = (0.032, 0.215, 0.093), (0.124, 0.229, 0.161)
# Seconds in which dense networks of eight layers of these widths were trained: the talk on SOURCE. The last network had
# mixed precision on the CS-2, the others single precision.
WIDTHS = (32, 128, 512, 2048)
_TRAINING_SECONDS = {
    (PUBLISHED_CPU, "total_seconds"): (21.0, 47.9, 221.6, 2576.2),
    (CEREBRAS, "total_seconds"): (178.6, 177.6, 191.1, 810.4),
    (CEREBRAS, "training_seconds"): (4.9, 4.6, 5.7, 8.9),
}

PUBLISHED = tuple(
    Measurement(key, value)
    for key, value in (
        *(
            (Key(PAPER, metric, "mean", regime, n), value)
            for metric, table in (("median_ape", _MEDIAN_APE), ("r2", _R_SQUARED))
            for regime, values in table.items()
            for n, value in zip(_SIZES, values, strict=True)
        ),
        *(
            (Key(PAPER, metric, "", regime, _SIZES[-1]), value)
            for regime, values in _SERIES.items()
            for metric, value in zip(("squared_bias_clean", "centred_mse_clean"), values, strict=True)
        ),
        *(
            (Key(run, "r2", parameter, "noisy-noisy", REFERENCE_SIZE), value)
            for run, values in _RUNS.items()
            for parameter, value in zip(("theta0", "theta1", "mean"), values, strict=True)
        ),
        *(
            (Key(PAPER, "r2", parameter, inputs, n), value)
            for (inputs, n), values in _JOINT_R_SQUARED.items()
            for parameter, value in zip(JOINT_PARAMETERS, values, strict=True)
        ),
        *(
            (Key(PAPER, error, "", regime), value)
            for error, values in (("mean_error", _MEAN_ERRORS), ("covariance_error", _COVARIANCE_ERRORS))
            for regime, value in zip(_MEDIAN_APE, values, strict=True)
        ),
        *(
            (Key(machine, metric, "", PUBLISHED_PRECISION, at=width), value)
            for (machine, metric), values in _TRAINING_SECONDS.items()
            for width, value in zip(WIDTHS, values, strict=True)
        ),
    )
)
